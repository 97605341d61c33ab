"""Prompt generators, one file each."""
