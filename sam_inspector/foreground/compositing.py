"""Pixels of an object set before another background, or before none."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

IMAGENET_MEAN_RGB = (124, 116, 104)
"""What becomes nearly 0 when a network subtracts the mean of ImageNet: nothing to see."""


def insert_background(
    pixels: NDArray[np.uint8], mask: NDArray[np.bool_], background: NDArray[np.uint8], *, feather_px: float = 1.0
) -> NDArray[np.uint8]:
    """Set an object before a background: `I' = m I + (1 - m) B`, m the mask with a soft edge.

    Parameters
    ----------
    pixels, background
        uint8 `(H, W, 3)`, RGB.
    mask
        bool `(H, W)`: the object.
    feather_px
        Standard deviation of the edge's blur in pixels; 0 for a hard edge.

    Returns
    -------
    uint8 `(H, W, 3)`; more than four blurs inside the object the pixels are untouched.
    """
    if feather_px <= 0:
        return np.where(mask[..., None], pixels, background)
    reach = int(np.ceil(4 * feather_px))
    side = 2 * reach + 1
    soft = cv2.GaussianBlur(mask.astype(np.float32), (side, side), feather_px, borderType=cv2.BORDER_REPLICATE)
    # A sum of weights may miss 1 by a rounding, which must not let the background through.
    inside = cv2.erode(mask.astype(np.uint8), np.ones((side, side), np.uint8)).astype(bool)
    share = np.where(inside, np.float32(1), soft.clip(0, 1))[..., None]
    mixed = share * pixels.astype(np.float32) + (1 - share) * background.astype(np.float32)
    return np.asarray(np.rint(mixed), np.uint8)


def remove_background(
    pixels: NDArray[np.uint8], mask: NDArray[np.bool_], fill: tuple[int, int, int] = IMAGENET_MEAN_RGB
) -> NDArray[np.uint8]:
    """Fill all that is not the object.

    Parameters
    ----------
    pixels
        uint8 `(H, W, 3)`, RGB.
    mask
        bool `(H, W)`: the object.
    fill
        RGB, the same in training and in tests.
    """
    return np.where(mask[..., None], pixels, np.array(fill, np.uint8))
