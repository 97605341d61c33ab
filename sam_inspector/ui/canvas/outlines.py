"""Outlines of masks: traced once off the GUI thread, then cut to what is on screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QByteArray, QDataStream, QRectF
from PySide6.QtGui import QPainterPath

from sam_inspector.ui.canvas.pyramid import Pixels, Raster

EXACT_UP_TO = 4_000_000
"""Pixels of a raster up to which its outline follows the pixel edges; above that, the pixel centres."""
WHOLE_PATH_UP_TO = 20_000
"""Points of an outline up to which all of it is drawn at once, wherever the view is."""
WHOLE_PATH_UP_TO_PX = 60_000
"""The same for its length in pixels on screen, which is what dashes cost."""


@dataclass(frozen=True, eq=False, slots=True)
class Outline:
    """Closed lines.

    Attributes
    ----------
    points
        float32 `(N, 2)`, `(x, y)` in scene coordinates; each line ends with its first point.
    starts
        bool `(N,)`: True where a new line begins.
    """

    points: NDArray[np.float32]
    starts: NDArray[np.bool_]

    def length(self) -> float:
        """Length of all lines, in scene units."""
        if len(self.points) < 2:
            return 0.0
        steps = np.abs(np.diff(self.points, axis=0)).max(axis=1)
        return float(steps[~self.starts[1:]].sum())

    def path(self, exposed: QRectF, scale: float) -> QPainterPath:
        """The lines as a path; of a long outline only the segments near `exposed`.

        Cutting moves the dashes of a dashed line, so that a short outline is never cut.
        """
        if len(self.points) <= WHOLE_PATH_UP_TO and self.length() * scale <= WHOLE_PATH_UP_TO_PX:
            return _path(self.points, self.starts)
        inside = (
            (self.points[:, 0] >= exposed.left() - exposed.width())
            & (self.points[:, 0] <= exposed.right() + exposed.width())
            & (self.points[:, 1] >= exposed.top() - exposed.height())
            & (self.points[:, 1] <= exposed.bottom() + exposed.height())
        )
        keep = inside.copy()
        keep[:-1] |= inside[1:] & ~self.starts[1:]
        keep[1:] |= inside[:-1] & ~self.starts[1:]
        starts = self.starts.copy()
        starts[1:] |= ~keep[:-1]
        return _path(self.points[keep], starts[keep])


EMPTY_OUTLINE = Outline(np.zeros((0, 2), np.float32), np.zeros(0, bool))


def trace(raster: Raster) -> tuple[Outline, ...]:
    """Outline what is above 0 on every level of a raster, holes included."""
    return tuple(_trace_level(pixels, raster) for pixels in raster.levels)


def _trace_level(pixels: Pixels, raster: Raster) -> Outline:
    rows, columns = pixels.shape
    traced: Any = (pixels > 0).astype(np.uint8)
    exact = pixels.size <= EXACT_UP_TO
    if exact:
        # Twice the size, a contour runs a quarter of a pixel inside the edge instead of half a pixel.
        traced = cv2.resize(traced, (columns * 2, rows * 2), interpolation=cv2.INTER_NEAREST)
    lines, _ = cv2.findContours(traced, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if not lines:
        return EMPTY_OUTLINE
    closed = [np.concatenate([line, line[:1]])[:, 0] for line in lines]
    points = np.asarray((np.concatenate(closed) + 0.5) / (2 if exact else 1), np.float32)
    starts = np.zeros(len(points), bool)
    starts[np.cumsum([0] + [len(line) for line in closed[:-1]])] = True
    x, y, width, height = raster.rect
    points *= np.array([width / columns, height / rows], np.float32)
    points += np.array([x, y], np.float32)
    return Outline(points, starts)


def _path(points: NDArray[np.float32], starts: NDArray[np.bool_]) -> QPainterPath:
    """A path through a stream: a call for every point would take a hundred times longer."""
    path = QPainterPath()
    if not len(points):
        return path
    elements = np.empty(len(points), dtype=[("kind", ">i4"), ("x", ">f8"), ("y", ">f8")])
    elements["kind"] = np.where(starts, 0, 1)
    elements["kind"][0] = 0
    elements["x"], elements["y"] = points[:, 0], points[:, 1]
    count = np.array([len(points)], ">i4").tobytes()
    last_start_and_fill_rule = np.array([0, 0], ">i4").tobytes()
    # Without an open mode the stream keeps the bytes; with one it would only point at them.
    stream = QDataStream(QByteArray(count + elements.tobytes() + last_start_and_fill_rule))
    stream >> path
    return path
