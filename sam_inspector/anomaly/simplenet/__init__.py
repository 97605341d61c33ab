"""SimpleNet: a small network learns to tell the features of normal images from the same with noise."""
