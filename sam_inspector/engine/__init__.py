"""Use cases, synchronous and free of Qt."""
