"""Tuning SAM (SPT) over files: what is asked for, the images, the training, its files, and the ablation."""
