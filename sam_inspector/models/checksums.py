"""SHA-256 of files that may be gigabytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from sam_inspector.core.errors import Cancelled

BLOCK_BYTES = 1 << 22


def file_sha256(path: Path, *, cancelled: Callable[[], bool], seen: Callable[[int], None] | None = None) -> str:
    """SHA-256 of a file, hexadecimal, lower case.

    Parameters
    ----------
    seen
        Called with the number of bytes read so far.

    Raises
    ------
    Cancelled
        When `cancelled` said so.
    OSError
        When the file can't be read.
    """
    digest = hashlib.sha256()
    done = 0
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
            done += len(block)
            if cancelled():
                raise Cancelled(f"Checking {path.name} was cancelled.")
            if seen is not None:
                seen(done)
    return digest.hexdigest()
