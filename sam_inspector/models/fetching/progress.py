"""What a fetch tells its caller, and what it asks."""

from __future__ import annotations

import time
from collections.abc import Callable

Report = Callable[[float, str], None]
"""Called with a fraction in [0, 1] and a line of text."""

IsCancelled = Callable[[], bool]

REPORT_EVERY_S = 0.1


class SourceFailed(Exception):
    """A source did not give the file; the message says why in a few words, and the next source is tried."""


def size_text(size_bytes: int) -> str:
    """`40.7 MB`, in decimal units."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size_bytes >= size:
            return f"{size_bytes / size:.1f} {unit}"
    return f"{size_bytes} bytes"


def share(report: Report, start: float, end: float) -> Report:
    """The report of a step that takes from `start` to `end` of the whole."""

    def scaled(fraction: float, text: str) -> None:
        report(start + (end - start) * fraction, text)

    return scaled


class ByteCount:
    """Reports bytes as they come, a few times a second."""

    def __init__(self, report: Report, text: str, total_bytes: int) -> None:
        self._report = report
        self._text = text
        self._total = max(total_bytes, 1)
        self._next = 0.0

    def at(self, done_bytes: int) -> None:
        """Say that so many bytes are done."""
        now = time.monotonic()
        if now < self._next and done_bytes < self._total:
            return
        self._next = now + REPORT_EVERY_S
        done = min(done_bytes, self._total)
        self._report(done / self._total, f"{self._text}: {size_text(done)} of {size_text(self._total)}")
