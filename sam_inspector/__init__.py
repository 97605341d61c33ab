"""SAM Inspector: segment visual defects with SAM and score every mask as it appears."""

__version__ = "0.1.0"
