"""How well a mask parts an image into two kinds, judged by an encoder's features, with no threshold and no labels.

The measure is Otsu's (1979) between-class variance, for vectors instead of gray values: the share of the features'
variance that lies between the mean inside and the mean outside.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

LEAST_NEW = 0.005
"""A further mask is looked at when it adds at least this share of the image."""


class Separation:
    """Judges masks of one image.

    Parameters
    ----------
    features
        float32 `(C, h, w)`; the grid lies evenly over the image.
    """

    def __init__(self, features: NDArray[np.float32]) -> None:
        channels, self._height, self._width = features.shape
        flat = features.reshape(channels, -1).astype(np.float64)
        self._flat = flat - flat.mean(axis=1, keepdims=True)
        self._variance = float((self._flat**2).sum() / self._flat.shape[1])

    def of(self, mask: NDArray[np.bool_]) -> float:
        """The share for a mask, bool of any size over the whole image: from 0 to 1; 0 for an empty or full one."""
        size = (self._width, self._height)
        weights = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA).ravel().astype(np.float64)
        inside = float(weights.mean())
        if self._variance <= 0 or not 1e-6 < inside < 1 - 1e-6:
            return 0.0
        difference = self._flat @ weights / weights.size
        return float(difference @ difference / (inside * (1 - inside)) / self._variance)


def best_union(
    masks: Sequence[NDArray[np.bool_]], scores: Sequence[float], separation: Separation, *, alike: float
) -> NDArray[np.bool_] | None:
    """The union of masks that parts the image best: one of the best, and others as long as they help.

    Parameters
    ----------
    masks
        bool `(h, w)`, all of one size.
    scores
        How sure the model is of each. Of masks that part the image alike the surest counts.
    alike
        Shares of variance that differ by no more than this part of the larger one are alike.

    Returns
    -------
    bool `(h, w)`, or None without masks.
    """
    if not masks:
        return None
    shares = np.array([separation.of(mask) for mask in masks])
    best = shares >= (1 - alike) * shares.max()
    first = int(np.argmax(np.where(best, np.array(scores), -np.inf)))
    union, share = masks[first], float(shares[first])
    while True:
        wider = [union | mask for mask in masks if np.count_nonzero(mask & ~union) >= LEAST_NEW * mask.size]
        widest = [separation.of(mask) for mask in wider]
        if not widest or max(widest) <= share * (1 + alike):
            return union
        union, share = wider[int(np.argmax(widest))], max(widest)
