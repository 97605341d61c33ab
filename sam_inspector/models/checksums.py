"""Digests of files that may be gigabytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sam_inspector.core.errors import Cancelled

BLOCK_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class Digest:
    """What a file must hash to.

    Attributes
    ----------
    algorithm
        Name in `hashlib`: `sha256`, `sha512`, …
    value
        Hexadecimal, lower case.
    """

    algorithm: str
    value: str

    @property
    def title(self) -> str:
        """As people write the algorithm: `SHA-256`."""
        return self.algorithm.upper().replace("SHA", "SHA-")


def file_digest(
    path: Path, algorithm: str, *, cancelled: Callable[[], bool], seen: Callable[[int], None] | None = None
) -> str:
    """Digest of a file, hexadecimal, lower case.

    Parameters
    ----------
    algorithm
        Name in `hashlib`.
    seen
        Called with the number of bytes read so far.

    Raises
    ------
    Cancelled
        When `cancelled` said so.
    OSError
        When the file can't be read.
    """
    # Against damage, not against forgers: those are kept out by the SHA-256 of the file that is wanted.
    digest = hashlib.new(algorithm, usedforsecurity=False)
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


def file_sha256(path: Path, *, cancelled: Callable[[], bool], seen: Callable[[int], None] | None = None) -> str:
    """SHA-256 of a file; as `file_digest`."""
    return file_digest(path, "sha256", cancelled=cancelled, seen=seen)
