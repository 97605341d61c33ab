"""The Tune workspace: networks trained on a person's own images."""
