"""The difference of two masks as it looks: solid where both are right, each other class hatched in its own way.

Hatching is drawn at the screen's resolution and always has the same width; it moves with the image.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QTransform
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from sam_inspector.ui import theme
from sam_inspector.ui.canvas.layer_items import DeviceItem, ImageItem
from sam_inspector.ui.canvas.pyramid import (
    Pixels,
    Raster,
    device_scale,
    indexed_image,
    paint_raster,
    warp_to_device,
)
from sam_inspector.ui.compare.difference import BOTH, NEITHER, ONLY_FIRST, ONLY_SECOND, DifferenceOverlay

PERIOD_PX = 8
STRIPE = (1, 2, 2, 2, 1, 0, 0, 0)
"""Coverage across one period of a stripe, in steps, its edges softened."""
_STEPS = max(STRIPE) + 1
_CLASSES = NEITHER + 1
TINT = 0.35
"""Opacity between the stripes, of that on them."""
SOLID = 0.62
HATCHED = 0.92
CLASS_COLOURS = {
    BOTH: theme.TRUE_POSITIVE,
    ONLY_FIRST: theme.WARNING,
    ONLY_SECOND: theme.POINT_REGIONS,
    NEITHER: "#111214",
}


class DifferenceItem(DeviceItem[Any]):
    """Solid or hatched by class."""

    MARGIN_PX = 0.0

    def compose(
        self,
        overlay: DifferenceOverlay,
        raster: Raster,
        transform: QTransform,
        area: QRect,
        ratio: float,
        opacity: float,
    ) -> QImage:
        """Classes in device pixels, hatched."""
        classes = warp_to_device(raster, transform, area, cv2.INTER_NEAREST)
        origin = (area.left() - round(transform.dx()), area.top() - round(transform.dy()))
        return indexed_image(hatched(classes, PERIOD_PX * max(1, round(ratio)), origin), colour_table(opacity))


class GrayImageItem(ImageItem):
    """The image without its colours, so that those of the difference stand out."""

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint the level that fits the zoom."""
        if self.pyramid is None:
            return
        area = option.exposedRect & QRectF(0, 0, self.pyramid.width, self.pyramid.height)
        paint_raster(painter, area, self.pyramid.raster, _gray_image, smooth=device_scale(painter) < 1)


def _gray_image(pixels: Pixels) -> QImage:
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    height, width = gray.shape
    return QImage(gray.data, width, height, width, QImage.Format.Format_Grayscale8).copy()


def hatched(classes: NDArray[np.uint8], period: int, origin: tuple[int, int] = (0, 0)) -> NDArray[np.uint8]:
    """Add to each pixel's class how much of a stripe covers it, and whether it is on an edge.

    Stripes rise for `ONLY_FIRST`, fall for `ONLY_SECOND` and stand for `NEITHER`.

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
    across = np.array([STRIPE[place * len(STRIPE) // period] for place in range(period)], np.uint8)
    rows, columns = np.arange(period)[:, None] + origin[1], np.arange(period)[None, :] + origin[0]
    steps = np.zeros((height, width), np.uint8)
    repeats = (-(-height // period), -(-width // period))
    for kind, place in ((ONLY_FIRST, columns + rows), (ONLY_SECOND, columns - rows), (NEITHER, columns + 0 * rows)):
        tiled = np.tile(across[place % period], repeats)[:height, :width]
        np.copyto(steps, tiled, where=classes == kind)
    edge = (cv2.erode(classes, np.ones((3, 3), np.uint8)) != classes).view(np.uint8)
    return np.ascontiguousarray(classes + np.uint8(_CLASSES) * (steps + np.uint8(_STEPS) * edge))


@lru_cache(maxsize=16)
def colour_table(opacity: float) -> list[int]:
    """ARGB for every index that `hatched` can give."""
    table = []
    for index in range(2 * _STEPS * _CLASSES):
        rest, kind = divmod(index, _CLASSES)
        edge, step = divmod(rest, _STEPS)
        if kind not in CLASS_COLOURS:
            table.append(0)
            continue
        coverage = step / (_STEPS - 1)
        alpha = SOLID if kind == BOTH else HATCHED * (TINT + (1 - TINT) * coverage)
        colour = QColor(CLASS_COLOURS[kind])
        colour.setAlphaF(opacity * (HATCHED if edge else alpha))
        table.append(colour.rgba())
    return table


def paint_difference_swatch(painter: QPainter, rect: QRectF, kind: int) -> None:
    """The pattern of one class."""
    painter.fillRect(rect, QColor("#C9CBCE"))  # as on a gray image
    classes = np.full((round(rect.height()), round(rect.width())), kind, np.uint8)
    painter.drawImage(rect, indexed_image(hatched(classes, PERIOD_PX), colour_table(1.0)))
    painter.setPen(QPen(QColor(CLASS_COLOURS[kind]), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))


def class_names(letters: tuple[str, str], *, against_truth: bool) -> list[tuple[int, str]]:
    """Classes with their names, in the legend's order."""
    first, second = letters
    only = [(ONLY_FIRST, f"Only {first}"), (ONLY_SECOND, f"Only {second}")]
    return [(BOTH, "Both right"), *only, (NEITHER, "Both wrong")] if against_truth else [(BOTH, "Both"), *only]
