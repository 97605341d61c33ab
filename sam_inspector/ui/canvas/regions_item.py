"""Where generated points come from: a line with narrow gaps around the extreme region, its ring tinted and dotted.

Like the error view's hatching, dots and dashes have the same size at every zoom, and move with the image.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPaintEvent, QPen, QTransform
from PySide6.QtWidgets import QWidget

from sam_inspector.ui import theme
from sam_inspector.ui.canvas.layer_items import DeviceItem
from sam_inspector.ui.canvas.legend import PADDING, SWATCH, Legend
from sam_inspector.ui.canvas.lines import STEPS, dashed_lines, line_colours
from sam_inspector.ui.canvas.overlays import RegionsOverlay
from sam_inspector.ui.canvas.pyramid import Raster, indexed_image, warp_to_device

DASH_PX, GAP_PX = 9.0, 3.0
DOT_PX, DOT_RIM_PX, PERIOD_PX = 2.8, 4.0, 6
GROUND = "#55585D"
"""Under the signs of the legend: they are made for images, not for a white panel."""
RIM = 0.5
"""Opacity of the dark rims."""
TINT = 0.25
"""Opacity of the ring between its dots."""


class RegionsItem(DeviceItem[RegionsOverlay]):
    """The extreme region and its ring."""

    def compose(
        self, overlay: RegionsOverlay, raster: Raster, transform: QTransform, area: QRect, ratio: float, opacity: float
    ) -> QImage:
        """The tint, then dots, then dashes over them, all in device pixels."""
        ring = warp_to_device(raster, transform, area, cv2.INTER_LINEAR)
        origin = (area.left() - round(transform.dx()), area.top() - round(transform.dy()))
        dots = dotted(ring, ratio, origin)
        matrix = np.array(
            [
                [transform.m11(), 0, transform.dx() - area.left()],
                [0, transform.m22(), transform.dy() - area.top()],
            ]
        )
        outline = overlay.outlines[raster.level_for(transform.m11())]
        dashes = dashed_lines(outline, matrix, (area.width(), area.height()), ratio, DASH_PX, GAP_PX)
        return tinted(ring, np.where(dashes > 0, dashes, dots), opacity)


def tinted(coverage: NDArray[np.uint8], lines: NDArray[np.uint8], opacity: float) -> QImage:
    """Lines, as indices into `lines.line_colours`, over a tint; uint8 `(h, w)` both."""
    red, green, blue = (int(theme.POINT_REGIONS[place : place + 2], 16) for place in (1, 3, 5))
    drawn = indexed_image(
        coverage, [QColor(red, green, blue, round(alpha * TINT * opacity)).rgba() for alpha in range(256)]
    )
    painter = QPainter(drawn)
    painter.drawImage(0, 0, indexed_image(lines, line_colours(theme.POINT_REGIONS, RIM, opacity)))
    painter.end()
    return drawn


def dotted(coverage: NDArray[np.uint8], ratio: float, origin: tuple[int, int] = (0, 0)) -> NDArray[np.uint8]:
    """Dots in every other place of a grid, where an area is.

    Parameters
    ----------
    coverage
        uint8 `(h, w)` in device pixels: 0 outside, 255 inside.
    ratio
        Device pixels for one logical pixel.
    origin
        `(x, y)` of the first pixel, by which the dots are placed.

    Returns
    -------
    uint8 `(h, w)`, indices into `lines.line_colours`.
    """
    tile = _dots(ratio)
    tile = np.roll(tile, (-origin[1], -origin[0]), (0, 1))
    height, width = coverage.shape
    side = len(tile)
    pattern = np.tile(tile, (-(-height // side), -(-width // side)))[:height, :width]
    return np.ascontiguousarray(np.where(coverage > 127, pattern, np.uint8(0)))


@lru_cache(maxsize=8)
def _dots(ratio: float) -> NDArray[np.uint8]:
    """Two dots, so placed that the repeated tile has every other place of a grid filled."""
    step = max(2, round(PERIOD_PX * ratio))
    rows, columns = np.mgrid[: 2 * step, : 2 * step]
    away = np.full(rows.shape, np.inf)
    for x, y in ((0, 0), (step, step), (2 * step, 0), (0, 2 * step), (2 * step, 2 * step)):
        away = np.minimum(away, np.hypot(columns - x, rows - y))
    line, rim = (np.clip(width * ratio / 2 + 0.5 - away, 0, 1) for width in (DOT_PX, DOT_RIM_PX))
    return np.asarray(np.rint(line * (STEPS - 1)) + np.rint(rim * (STEPS - 1)) * STEPS, np.uint8)


class RegionsLegend(Legend):
    """The two signs, each with its name and the points that come from there; names alone where there is no room."""

    ENTRIES = (("Extreme region", "positive points"), ("Ring", "negative points"))

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._short = False
        self._has_ring = True

    def set_has_ring(self, has_ring: bool) -> None:
        """Whether there is a ring to name."""
        self._has_ring = has_ring
        self.update()

    def texts(self) -> list[str]:
        """The words of each sign, as shown."""
        return [name if self._short else f"{name}: {points}" for name, points in self.ENTRIES[: 1 + self._has_ring]]

    def fit_into(self, width: int) -> None:
        """Take the size needed, with names alone where more would hide much of the image."""
        for self._short in (False, True):
            needed = PADDING + sum(self._entry_width(words) + PADDING for words in self.texts())
            if needed <= 2 * width / 3:
                break
        self.resize(needed, QFontMetrics(self.font()).height() + PADDING + 4)

    def _entry_width(self, words: str) -> int:
        return SWATCH.width() + 10 + QFontMetrics(self.font()).horizontalAdvance(words)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the card, the swatches and the words."""
        painter = self.begin()
        x, height = PADDING, self.height()
        for place, words in enumerate(self.texts()):
            swatch = QRectF(x, round((height - SWATCH.height()) / 2), SWATCH.width(), SWATCH.height())
            (_paint_extreme if place == 0 else _paint_ring)(painter, swatch)
            painter.setPen(QColor(theme.colours().text))
            area = QRectF(x + SWATCH.width() + 8, 0, self.width(), height)
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
            x += self._entry_width(words) + PADDING
        painter.end()


def _paint_extreme(painter: QPainter, place: QRectF) -> None:
    painter.fillRect(place, QColor(GROUND))
    pen = QPen(QColor(theme.POINT_REGIONS), 2)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setDashPattern([DASH_PX / 2, GAP_PX / 2])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(place.adjusted(2.5, 2.5, -2.5, -2.5))


def _paint_ring(painter: QPainter, place: QRectF) -> None:
    painter.fillRect(place, QColor(GROUND))
    whole = np.full((round(place.height()), round(place.width())), 255, np.uint8)
    painter.drawImage(place, tinted(whole, dotted(whole, 1.0, (-3, -4)), 1.0))
