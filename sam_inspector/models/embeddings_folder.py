"""Where window and shell keep what they encoded; apart from the cache, for the window asks before torch is there."""

from __future__ import annotations

from pathlib import Path

import platformdirs


def embeddings_folder() -> Path:
    """A folder among the user's caches; it may be deleted at any time."""
    return platformdirs.user_cache_path("sam-inspector", appauthor=False) / "embeddings"
