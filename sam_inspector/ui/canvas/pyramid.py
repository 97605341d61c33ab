"""Rasters at several sizes, so that a large picture paints as fast as a small one; built off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QImage, QPainter, QTransform

SMALLEST_LEVEL_PX = 256
"""A raster whose longer side is no more than this is not halved again."""

Pixels = NDArray[np.uint8]
Rect = tuple[float, float, float, float]
"""`(x, y, width, height)` in scene coordinates, which count pixel edges."""


def halve_mean(pixels: Pixels) -> Pixels:
    """Half the size, rounded up, each pixel the mean of those it covers."""
    height, width = pixels.shape[:2]
    small = cv2.resize(pixels, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA)
    return small.astype(np.uint8, copy=False)


def halve_max(pixels: Pixels) -> Pixels:
    """Half the size, rounded up, each pixel the highest of those it covers, so that nothing small is lost."""
    height, width = pixels.shape[:2]
    padded = cv2.copyMakeBorder(pixels, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    return np.maximum(
        np.maximum(padded[0::2, 0::2], padded[0::2, 1::2]), np.maximum(padded[1::2, 0::2], padded[1::2, 1::2])
    )


@dataclass(frozen=True, eq=False, slots=True)
class Raster:
    """One picture at full size, half, a quarter and so on.

    Attributes
    ----------
    levels
        uint8 `(h, w)` or `(h, w, 3)` each, C-contiguous, the full size first.
    rect
        The part of the scene that every level fills.
    """

    levels: tuple[Pixels, ...]
    rect: Rect

    @classmethod
    def build(cls, pixels: Pixels, rect: Rect, halve: Callable[[Pixels], Pixels] = halve_mean) -> Raster:
        """Build all levels of `pixels`, which fill `rect`."""
        levels = [np.ascontiguousarray(pixels)]
        while max(levels[-1].shape[:2]) > SMALLEST_LEVEL_PX:
            levels.append(halve(levels[-1]))
        return cls(tuple(levels), rect)

    def level_for(self, scale: float) -> int:
        """The smallest level that still has a pixel for every device pixel, at `scale` device pixels a scene unit."""
        level_scale = scale * self.rect[2] / max(self.levels[0].shape[1], 1)
        level = 0
        while level + 1 < len(self.levels) and level_scale <= 0.5:
            level_scale *= 2
            level += 1
        return level

    def crop(self, exposed: QRectF, scale: float) -> tuple[Pixels, QRectF] | None:
        """What is needed to paint `exposed`, with the scene rectangle it fills; None when they don't meet."""
        x, y, width, height = self.rect
        pixels = self.levels[self.level_for(scale)]
        rows, columns = pixels.shape[:2]
        unit_x, unit_y = width / columns, height / rows
        # A pixel more on each side gives smooth scaling its neighbours.
        left = max(int((exposed.left() - x) // unit_x) - 1, 0)
        top = max(int((exposed.top() - y) // unit_y) - 1, 0)
        right = min(int((exposed.right() - x) // unit_x) + 2, columns)
        bottom = min(int((exposed.bottom() - y) // unit_y) + 2, rows)
        if left >= right or top >= bottom:
            return None
        target = QRectF(x + left * unit_x, y + top * unit_y, (right - left) * unit_x, (bottom - top) * unit_y)
        return np.ascontiguousarray(pixels[top:bottom, left:right]), target


@dataclass(frozen=True, eq=False, slots=True)
class ImagePyramid:
    """An image ready to be painted at any zoom.

    Attributes
    ----------
    width, height
        Size of the image in pixels.
    raster
        RGB, uint8 `(h, w, 3)` each level; the first is the caller's own array where that is C-contiguous.
    """

    width: int
    height: int
    raster: Raster

    @classmethod
    def from_pixels(cls, pixels: NDArray[np.uint8]) -> ImagePyramid:
        """Build it from RGB, uint8 `(H, W, 3)`; takes a third more memory than the image. Needs no GUI thread."""
        height, width = pixels.shape[:2]
        return cls(width, height, Raster.build(pixels, (0.0, 0.0, float(width), float(height))))


def device_matrix(rect: Rect, shape: tuple[int, ...], transform: QTransform, area: QRect) -> NDArray[np.float64]:
    """From pixels of a raster's level to device pixels of `area`, by pixel edges; float64 `(2, 3)`."""
    x, y, width, height = rect
    return np.array(
        [
            [width / shape[1] * transform.m11(), 0, x * transform.m11() + transform.dx() - area.left()],
            [0, height / shape[0] * transform.m22(), y * transform.m22() + transform.dy() - area.top()],
        ]
    )


def warp_to_device(raster: Raster, transform: QTransform, area: QRect, interpolation: int) -> Pixels:
    """The part of a raster that `area` shows, uint8 in device pixels, from the level that fits the zoom."""
    pixels = raster.levels[raster.level_for(transform.m11())]
    matrix = device_matrix(raster.rect, pixels.shape, transform, area)
    # OpenCV places pixels by their centres, here as in the source.
    matrix[:, 2] += (matrix[0, 0] + matrix[0, 1]) / 2 - 0.5, (matrix[1, 0] + matrix[1, 1]) / 2 - 0.5
    # A source beyond 32,767 pixels is more than OpenCV warps, but the fitting level is never that large on screen.
    left, top, right, bottom = _source_window(matrix, pixels.shape, area)
    if left >= right or top >= bottom:
        return np.zeros((area.height(), area.width()), np.uint8)
    matrix[:, 2] += matrix[:, :2] @ (left, top)
    window = np.ascontiguousarray(pixels[top:bottom, left:right])
    warped = cv2.warpAffine(window, matrix, (area.width(), area.height()), flags=interpolation)
    return np.asarray(warped, np.uint8)


def _source_window(matrix: NDArray[np.float64], shape: tuple[int, ...], area: QRect) -> tuple[int, int, int, int]:
    """What of the source is needed, a pixel more on each side: left, top, right, bottom."""
    spans = []
    for axis, (length, size) in enumerate(((area.width(), shape[1]), (area.height(), shape[0]))):
        scale, shift = matrix[axis, axis], matrix[axis, 2]
        first, last = -shift / scale, (length - shift) / scale
        spans.append((max(0, int(np.floor(first)) - 1), min(size, int(np.ceil(last)) + 2)))
    (left, right), (top, bottom) = spans
    return left, top, right, bottom


def device_scale(painter: QPainter) -> float:
    """Device pixels for one scene unit."""
    return abs(painter.deviceTransform().m11())


def rgb_image(pixels: Pixels) -> QImage:
    """Wrap RGB, uint8 `(h, w, 3)`; the array must outlive the image."""
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, width * 3, QImage.Format.Format_RGB888)


def indexed_image(pixels: Pixels, colours: Sequence[int]) -> QImage:
    """Colour uint8 `(h, w)` by a table of up to 256 ARGB values."""
    height, width = pixels.shape
    image = QImage(pixels.data, width, height, width, QImage.Format.Format_Indexed8)
    image.setColorTable(colours)
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def paint_raster(
    painter: QPainter, exposed: QRectF, raster: Raster, to_image: Callable[[Any], QImage], *, smooth: bool
) -> None:
    """Paint the exposed part of a raster in scene coordinates, from the level that fits the zoom."""
    found = raster.crop(exposed, device_scale(painter))
    if found is None:
        return
    pixels, target = found
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    painter.drawImage(target, to_image(pixels))
