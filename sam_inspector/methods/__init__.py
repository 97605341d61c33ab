"""The published systems, one place and one row each."""
