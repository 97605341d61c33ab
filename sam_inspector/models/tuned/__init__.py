"""SAM tuned on a person's own defects: what is added to its decoder, the file it is kept in, and the segmenter."""
