"""How large the sign of a point is: points close together on screen have smaller signs, so that each can be read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.prompts import Point, Prompts

FULL_PX = 16.0
SIZES_PX = (FULL_PX, 12.0, 9.0)
"""Diameters of a sign without its rim, the largest first; the last is the least that still tells plus from minus."""
RIM_PX = 1.0
"""Around every sign, on both sides."""
SMALL_BELOW = 0.5
"""Screen pixels an image pixel, below which all are smallest: a whole defect can be as small as a sign."""
REACH_PX = 2.0
"""The pointer is on a sign up to this far from its edge."""


class MarkerSizes:
    """The sizes of the signs of some prompts, at any zoom.

    Parameters
    ----------
    prompts
        Those whose signs can be grabbed.
    others
        Those that are also in sight.
    """

    def __init__(self, prompts: Prompts, others: Prompts | None = None) -> None:
        own = [point for item in prompts.items for point in item.points]
        more = [point for item in others.items for point in item.points] if others is not None else []
        self._gaps = dict(zip([*own, *more], nearest_distances([*own, *more]).tolist(), strict=True))

    def diameter(self, point: Point, scale: float) -> float:
        """Of the sign of a point, in screen pixels, at `scale` screen pixels an image pixel."""
        return SIZES_PX[-1] if scale < SMALL_BELOW else self._fitting(point, scale)

    def reach(self, point: Point, scale: float) -> float:
        """How far from a point the pointer still is on it, in screen pixels; small signs are as easy to hit."""
        return self._fitting(point, scale) / 2 + REACH_PX

    def _fitting(self, point: Point, scale: float) -> float:
        gap = self._gaps.get(point, np.inf) * scale
        return next((size for size in SIZES_PX if size + 2 * RIM_PX <= gap), SIZES_PX[-1])


def nearest_distances(points: list[Point]) -> NDArray[np.float64]:
    """Distance of each point to the nearest other one, `(n,)`; infinite for a single point.

    Every point is compared with those that follow it from left to right, as long as any of them could be nearer than
    what is found already: thousands of points take milliseconds.
    """
    places = np.asarray(points, np.float64).reshape(-1, 2)
    order = np.argsort(places[:, 0], kind="stable")
    x, y = places[order].T
    squares = np.full(len(places), np.inf)
    for step in range(1, len(places)):
        across = (x[step:] - x[:-step]) ** 2
        if (across >= np.maximum(squares[step:], squares[:-step])).all():
            break
        apart = across + (y[step:] - y[:-step]) ** 2
        squares[step:] = np.minimum(squares[step:], apart)
        squares[:-step] = np.minimum(squares[:-step], apart)
    found = np.empty(len(places))
    found[order] = np.sqrt(squares)
    return found
