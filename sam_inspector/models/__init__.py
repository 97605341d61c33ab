"""Checkpoints and the networks that load them."""
