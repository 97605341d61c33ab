"""Files in and out: images, masks, datasets, saved work, exports; no torch."""
