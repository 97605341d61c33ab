"""The error view: solid where mask and ground truth agree, hatched one way or the other where they differ.

Hatching is drawn at the screen's resolution and always has the same width; it moves with the image.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QTransform

from sam_inspector.ui import theme
from sam_inspector.ui.canvas.layer_items import DeviceItem
from sam_inspector.ui.canvas.overlays import FALSE_NEGATIVE, FALSE_POSITIVE, TRUE_POSITIVE, ErrorOverlay
from sam_inspector.ui.canvas.pyramid import Raster, indexed_image, warp_to_device

PERIOD_PX = 8
TINT = 0.3
"""Opacity between the stripes, of that on them."""
STRIPE = (0.5, 1.0, 1.0, 1.0, 0.5, 0.0, 0.0, 0.0)
"""Coverage across one period of a stripe, its edges softened."""
_STEPS = 3
_EDGE = 4 * _STEPS * _STEPS
CLASS_COLOURS = {
    TRUE_POSITIVE: theme.TRUE_POSITIVE,
    FALSE_POSITIVE: theme.FALSE_POSITIVE,
    FALSE_NEGATIVE: theme.FALSE_NEGATIVE,
}


class ErrorItem(DeviceItem[ErrorOverlay]):
    """True positives solid, false positives hatched one way, false negatives the other."""

    MARGIN_PX = 0.0

    def compose(
        self, overlay: ErrorOverlay, raster: Raster, transform: QTransform, area: QRect, ratio: float, opacity: float
    ) -> QImage:
        """Classes in device pixels, hatched."""
        classes = warp_to_device(raster, transform, area, cv2.INTER_NEAREST)
        origin = (area.left() - round(transform.dx()), area.top() - round(transform.dy()))
        return indexed_image(hatched(classes, PERIOD_PX * max(1, round(ratio)), origin), colour_table(opacity))


def hatched(classes: NDArray[np.uint8], period: int, origin: tuple[int, int] = (0, 0)) -> NDArray[np.uint8]:
    """Add to each pixel's class how much of a stripe covers it, and whether it is on an edge.

    Parameters
    ----------
    classes
        uint8 `(h, w)`, in device pixels.
    period
        Device pixels along a row from one stripe to the next.
    origin
        `(x, y)` of the first pixel, by which the stripes are placed.

    Returns
    -------
    uint8 `(h, w)`: indices into `colour_table`.
    """
    height, width = classes.shape
    across = np.array([round(STRIPE[place * len(STRIPE) // period] * (_STEPS - 1)) for place in range(period)])
    rows, columns = np.arange(period)[:, None] + origin[1], np.arange(period)[None, :] + origin[0]
    rising, falling = across[(columns + rows) % period], across[(columns - rows) % period]
    tile = (4 * (rising + _STEPS * falling)).astype(np.uint8)
    pattern = np.tile(tile, (-(-height // period), -(-width // period)))[:height, :width]
    edge = (cv2.erode(classes, np.ones((3, 3), np.uint8)) != classes).view(np.uint8)
    return np.ascontiguousarray(classes + pattern + edge * np.uint8(_EDGE))


@lru_cache(maxsize=16)
def colour_table(opacity: float) -> list[int]:
    """ARGB for every index that `hatched` can give; stripes are half as strong again as the solid class."""
    table = []
    for index in range(2 * _EDGE):
        edge, rest = divmod(index, _EDGE)
        steps, kind = divmod(rest, 4)
        falling, rising = divmod(steps, _STEPS)
        if kind not in CLASS_COLOURS:
            table.append(0)
            continue
        coverage = (falling if kind == FALSE_NEGATIVE else rising) / (_STEPS - 1)
        alpha = opacity
        if kind != TRUE_POSITIVE:
            strong = min(1.0, 1.5 * opacity)
            alpha = strong if edge else strong * (TINT + (1 - TINT) * coverage)
        elif edge:
            alpha = min(1.0, 1.5 * opacity)
        colour = QColor(CLASS_COLOURS[kind])
        colour.setAlphaF(alpha)
        table.append(colour.rgba())
    return table
