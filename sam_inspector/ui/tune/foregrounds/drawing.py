"""An image dimmed where it is no foreground, with the foreground's outline; drawn on the file thread."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

OUTLINE_RGB = (86, 180, 233)  # the mask's colour, #56B4E9
LEFT_OF_GROUND = 0.35
"""How bright what is no foreground stays."""


def foreground_picture(pixels: NDArray[np.uint8], mask: NDArray[np.bool_], longest_px: int) -> QImage:
    """Draw it.

    Parameters
    ----------
    pixels
        uint8 `(H, W, 3)`, RGB.
    mask
        bool `(H, W)`
    longest_px
        The picture's longest side; a smaller image stays as it is.
    """
    height, width = mask.shape
    scale = min(1.0, longest_px / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    inside = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA).reshape(size[1], size[0]) >= 0.5
    dimmed = np.rint(small * np.float32(LEFT_OF_GROUND)).astype(np.uint8)
    drawn = np.ascontiguousarray(np.where(inside[..., None], small, dimmed))
    contours, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    thickness = max(2, round(max(size) / 400))
    cv2.drawContours(drawn, contours, -1, OUTLINE_RGB, thickness, cv2.LINE_AA)
    return QImage(drawn.data, size[0], size[1], 3 * size[0], QImage.Format.Format_RGB888).copy()
