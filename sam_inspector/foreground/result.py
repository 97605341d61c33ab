"""The foreground of one image, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sam_inspector.foreground.settings import ForegroundMode

WHOLE = 0.99
"""A mask of at least this share of the image leaves no background to speak of."""
_EMPTY = "No foreground was found, so the whole image is used: correct its foreground by hand, or choose another way."
_FULL = (
    "The foreground found fills the whole image, so the whole image is used: correct it by hand, or choose another way."
)


@dataclass(frozen=True, eq=False, slots=True)
class ForegroundResult:
    """What belongs to the object.

    Attributes
    ----------
    mask
        bool `(H, W)`; never empty.
    mode
        How it was looked for.
    remark
        A sentence for the user, or nothing.
    fell_back
        Whether the whole image stands for a foreground that was not found; such an image is marked.
    corrected
        Whether a person drew it.
    """

    mask: NDArray[np.bool_]
    mode: ForegroundMode
    remark: str = ""
    fell_back: bool = False
    corrected: bool = False

    @property
    def share(self) -> float:
        """Share of the image, from 0 to 1."""
        return float(self.mask.mean())


def judged(found: NDArray[np.bool_], mode: ForegroundMode, *, corrected: bool = False) -> ForegroundResult:
    """The result for a cleaned mask, bool `(H, W)`; the whole image where it is empty or full.

    Mode `none` and a person may well mean the whole image; that is no falling back.
    """
    if not found.any():
        return ForegroundResult(np.ones(found.shape, bool), mode, _EMPTY, fell_back=True)
    if mode != "none" and not corrected and found.mean() >= WHOLE:
        return ForegroundResult(np.ones(found.shape, bool), mode, _FULL, fell_back=True)
    return ForegroundResult(found, mode, corrected=corrected)
