"""Giving freed memory back to the system.

Encoding an image takes and frees some hundred megabytes in large pieces. The C library of Linux keeps them for later,
in more and more places, so that a program that opens image after image seems to grow, although it holds no more.
"""

from __future__ import annotations

import ctypes
import sys


def return_freed_memory() -> None:
    """Hand back what is not in use, where the C library can (glibc); elsewhere nothing happens. Takes milliseconds."""
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
