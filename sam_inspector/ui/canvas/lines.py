"""Outlines drawn in device pixels with OpenCV: what they cost depends on the screen, not on the mask.

Qt strokes a long antialiased path in time that grows faster than its length: the outline of a mask that follows a
texture took a second. Both functions give an index image for `line_colours`: sixteen steps of the line's coverage,
and sixteen of the dark rim that keeps it visible on any ground.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from sam_inspector.ui.canvas.outlines import Outline

STEPS = 16
LINE_PX, RIM_PX = 2.0, 4.0
DASH_PX, GAP_PX = 9.0, 7.0
THIN_BELOW = 0.5
"""Screen pixels an image pixel, below which lines are half as thick: a small defect must be seen between them."""
SHIFT = 4
"""Bits of fraction of OpenCV's drawing coordinates."""
BLUR_PX = 1.0


def edge_lines(coverage: NDArray[np.uint8], ratio: float, *, thin: bool = False) -> NDArray[np.uint8]:
    """The lines around a mask.

    Parameters
    ----------
    coverage
        uint8 `(h, w)` in device pixels: 0 outside, 255 inside.
    ratio
        Device pixels for one logical pixel.
    thin
        Draw them half as thick.

    Returns
    -------
    uint8 `(h, w)`, indices into `line_colours`.
    """
    blurred = cv2.GaussianBlur(coverage, (0, 0), BLUR_PX * ratio)
    line, rim = _edge_tables(thin)
    found: NDArray[np.uint8] = cv2.LUT(blurred, line) + cv2.LUT(blurred, rim) * np.uint8(STEPS)
    return found


@lru_cache(maxsize=2)
def _edge_tables(thin: bool) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Coverage of line and rim by the value of a step edge that was blurred: it tells the distance from the edge."""
    distances = np.linspace(-6, 6, 4001)
    # A Gaussian edge: value = 255 Φ(distance / σ), inverted by interpolation.
    values = np.cumsum(np.exp(-0.5 * (distances / BLUR_PX) ** 2))
    values *= 255 / values[-1]
    away = np.abs(np.interp(np.arange(256), values, distances))
    away[0] = away[255] = np.inf
    share = 0.5 if thin else 1.0
    line, rim = (np.clip(share * width / 2 + 0.5 - away, 0, 1) for width in (LINE_PX, RIM_PX))
    return tuple(np.rint(values * (STEPS - 1)).astype(np.uint8) for values in (line, rim))  # type: ignore[return-value]


def dashed_lines(
    outline: Outline,
    matrix: NDArray[np.float64],
    size: tuple[int, int],
    ratio: float,
    dash_px: float = DASH_PX,
    gap_px: float = GAP_PX,
    *,
    thin: bool = False,
) -> NDArray[np.uint8]:
    """Dashes along outlines.

    Parameters
    ----------
    matrix
        float64 `(2, 3)`, from the outline's coordinates to device pixels of the result.
    size
        `(width, height)` of the result.
    dash_px, gap_px
        Logical pixels.
    thin
        Draw them half as thick.

    Returns
    -------
    uint8 `(h, w)`, indices into `line_colours`.
    """
    share = 0.5 if thin else 1.0
    line, rim = share * LINE_PX, share * RIM_PX
    points = outline.points @ matrix[:, :2].T + matrix[:, 2] - 0.5
    # OpenCV's round ends add a line's width to every dash.
    dashes = _cut_into_dashes(points, outline.starts, size, (dash_px - line) * ratio, (gap_px + line) * ratio)
    lines = [np.rint(dash * (1 << SHIFT)).astype(np.int32) for dash in dashes]
    drawn = []
    for width in (line, rim):
        canvas = np.zeros((size[1], size[0]), np.uint8)
        cv2.polylines(canvas, lines, False, (255,), max(1, round(width * ratio)), cv2.LINE_AA, SHIFT)
        drawn.append(canvas // (256 // STEPS))
    return np.asarray(drawn[0] + drawn[1] * np.uint8(STEPS), np.uint8)


def _cut_into_dashes(
    points: NDArray[np.float64], starts: NDArray[np.bool_], size: tuple[int, int], dash: float, gap: float
) -> list[NDArray[np.float64]]:
    """Walk every line pixel by pixel, where it is in sight, and keep what lies in a dash.

    Each line begins with a dash, whatever part of it is in sight: panning does not move the dashes along the line.
    """
    if len(points) < 2:
        return []
    steps = np.hypot(*np.diff(points, axis=0).T)
    steps[starts[1:]] = 0.0  # the leap from one line to the next
    walked = np.concatenate([[0.0], np.cumsum(steps)])
    begins = walked[starts][np.cumsum(starts) - 1]
    segment = np.flatnonzero(_in_sight(points, size) & ~starts[1:])
    first = np.ceil(walked[segment])
    counts = np.maximum(np.ceil(walked[segment + 1]) - first, 0).astype(np.int64)
    if not counts.sum():
        return []
    owner = np.repeat(np.arange(len(segment)), counts)
    at = first[owner] + np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    owner = segment[owner]
    share = ((at - walked[owner]) / steps[owner])[:, None]
    places = points[owner] * (1 - share) + points[owner + 1] * share
    phase = (at - begins[owner]) % (dash + gap)
    shown = phase < dash
    broken = np.ones(len(at), bool)
    broken[1:] = (np.diff(at) != 1) | (begins[owner[1:]] != begins[owner[:-1]]) | (np.diff(phase) < 0) | ~shown[:-1]
    first_of_dash = np.flatnonzero(shown & broken)
    ends = np.append(first_of_dash[1:], len(at))
    return [places[start:end][shown[start:end]] for start, end in zip(first_of_dash, ends, strict=True)]


def _in_sight(points: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Which segments come near the picture, by their bounding boxes."""
    margin = 2 * RIM_PX
    near = np.ones(len(points) - 1, bool)
    for axis in (0, 1):
        low = np.minimum(points[:-1, axis], points[1:, axis])
        high = np.maximum(points[:-1, axis], points[1:, axis])
        near &= (high > -margin) & (low < size[axis] + margin)
    return near


@lru_cache(maxsize=32)
def line_colours(colour: str, rim_opacity: float, opacity: float) -> tuple[int, ...]:
    """ARGB for every index: the line over its black rim."""
    line = QColor(colour)
    table = []
    for index in range(256):
        rim, own = divmod(index, STEPS)
        over, under = own / (STEPS - 1), rim / (STEPS - 1) * rim_opacity
        alpha = over + under * (1 - over)
        share = over / alpha if alpha else 0.0
        shade = QColor(round(line.red() * share), round(line.green() * share), round(line.blue() * share))
        shade.setAlphaF(alpha * opacity)
        table.append(shade.rgba())
    return tuple(table)
