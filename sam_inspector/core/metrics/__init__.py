"""The field's metrics, one family a file; a metric that is not defined for its input is None, never 0 or 1."""
