"""Outlines of masks as lines of points, traced once, off the GUI thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.ui.canvas.pyramid import Pixels, Raster

EXACT_UP_TO = 4_000_000
"""Pixels of a raster up to which its outline follows the pixel edges; above that, the pixel centres."""


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
