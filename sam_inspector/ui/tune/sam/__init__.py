"""Tuning SAM on a person's own defects: the form, how the training goes, and held-out images with their masks."""
