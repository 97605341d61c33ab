"""ROC, precision–recall and PRO curves with as few points as a plot needs."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.metrics.region_overlap import FPR_LIMIT
from sam_inspector.core.metrics.threshold_curve import ThresholdCurve

POINTS = 200
DIGITS = 7
"""Decimals kept: a plot shows fewer, and result files stay small."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve as points to be joined by straight lines; `x` never falls."""

    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class MetricCurves:
    """The curves whose areas are the metrics.

    Attributes
    ----------
    roc
        Share of defect pixels that are hit over the share of the others that are falsely alarmed, from (0, 0) to
        (1, 1). Its area is AUROC.
    pr
        Precision over recall, in the steps of average precision, which is its area.
    pro
        Mean share of the regions that is covered over the share of false alarms, up to a limit. Its area divided by
        the limit is AUPRO. None for scores that have no regions, as those of images.
    """

    roc: Curve
    pr: Curve
    pro: Curve | None = None


def metric_curves(
    pixels: ThresholdCurve,
    regions: ThresholdCurve | None = None,
    *,
    fpr_limit: float = FPR_LIMIT,
    points: int = POINTS,
) -> MetricCurves:
    """The curves of what is hit and falsely alarmed at every threshold, each of at most `points` points."""
    return MetricCurves(
        thinned(*pixels.line(), points),
        thinned(*pixels.precision_line(), points),
        None if regions is None else thinned(*regions.line(fpr_limit), points),
    )


def thinned(x: NDArray[np.float64], y: NDArray[np.float64], points: int = POINTS) -> Curve:
    """A curve of at most `points` of the given points, its two ends among them.

    Begins with the straight line between the ends and takes in, again and again, the point that lies furthest from
    what there is (Douglas & Peucker 1973, stopped by the number of points rather than by a distance).

    Parameters
    ----------
    x, y
        float64 `(n,)`, n at least 1; plotted at one scale, so both should span about 1.
    points
        At least 2.
    """
    kept = {0, x.size - 1}
    pieces = [_furthest(x, y, 0, x.size - 1)]
    while len(kept) < points and pieces[0][0] < 0:
        _, middle, first, last = heapq.heappop(pieces)
        kept.add(middle)
        heapq.heappush(pieces, _furthest(x, y, first, middle))
        heapq.heappush(pieces, _furthest(x, y, middle, last))
    index = sorted(kept)
    return Curve(tuple(x[index].round(DIGITS).tolist()), tuple(y[index].round(DIGITS).tolist()))


def _furthest(x: NDArray[np.float64], y: NDArray[np.float64], first: int, last: int) -> tuple[float, int, int, int]:
    """Minus the distance of the point furthest from the line between two, that point, and the two."""
    if last - first < 2:
        return 0.0, first, first, last
    along, up = x[last] - x[first], y[last] - y[first]
    inner = np.s_[first + 1 : last]
    length = float(np.hypot(along, up))
    if length == 0:
        distances = np.hypot(x[inner] - x[first], y[inner] - y[first])
    else:
        distances = np.abs((x[inner] - x[first]) * up - (y[inner] - y[first]) * along) / length
    middle = int(np.argmax(distances))
    return -float(distances[middle]), first + 1 + middle, first, last
