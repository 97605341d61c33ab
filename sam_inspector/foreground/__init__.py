"""The object of an image apart from its background: found, corrected, removed, or set before another background."""
