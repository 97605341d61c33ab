"""From an image to an anomaly map."""
