"""The foreground as a network sees it that marks what is salient, as U²-Net."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Saliency:
    """What marks the foreground of an image without being asked for a place.

    Attributes
    ----------
    identity
        Name and version of its weights: masks of another one are not reused.
    foreground
        From pixels, uint8 `(H, W, 3)` RGB, to how salient each is, float32 `(H, W)` from 0 to 1.
    """

    identity: str
    foreground: Callable[[NDArray[np.uint8]], NDArray[np.float32]]


def find_salient(saliency: Saliency, pixels: NDArray[np.uint8], threshold: float) -> NDArray[np.bool_]:
    """What is at least as salient as the threshold, in an image uint8 `(H, W, 3)`; bool `(H, W)`."""
    return np.asarray(saliency.foreground(pixels) >= threshold, bool)
