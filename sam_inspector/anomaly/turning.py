"""References turned, since a part may lie at any angle."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def turned(pixels: NDArray[np.uint8], degrees: float) -> NDArray[np.uint8]:
    """The image turned about its centre, uint8 `(H, W, 3)` as before; corners are filled by reflection."""
    if degrees == 0:
        return pixels
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    out = cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return out.astype(np.uint8, copy=False)


def angles(rotations: int) -> list[float]:
    """Evenly spaced angles in degrees, 0 first."""
    return [360.0 * number / rotations for number in range(rotations)]
