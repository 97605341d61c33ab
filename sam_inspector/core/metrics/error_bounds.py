"""How far metrics from counts in bins can be from those of the very scores.

Inside a bin the order of the pixels is unknown, unless all have one score. Each metric is taken with the best and the
worst order that the counts allow, and the bound is the larger distance from the value given, for which a bin is a tie.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ErrorBounds:
    """The largest possible difference of each metric from its exact value; 0 means exact."""

    p_auroc: float = 0.0
    ap: float = 0.0
    f1_max: float = 0.0
    aupro: float = 0.0

    @property
    def largest(self) -> float:
        """The largest of the four."""
        return max(self.p_auroc, self.ap, self.f1_max, self.aupro)


def error_bounds(
    positives: NDArray[np.float64],
    negatives: NDArray[np.float64],
    region_shares: NDArray[np.float64],
    tied: NDArray[np.bool_],
    fpr_limit: float,
) -> ErrorBounds:
    """The bounds of one tally.

    Parameters
    ----------
    positives, negatives, region_shares
        float64 `(n,)`, from the bin of the highest scores to that of the lowest; no class may be empty.
    tied
        bool `(n,)`: whether the scores of a bin are truly equal.
    fpr_limit
        Where AUPRO ends.
    """
    unknown = ~tied
    return ErrorBounds(
        _area_bound(positives, negatives, unknown, 1.0),
        _average_precision_bound(positives, negatives, unknown),
        _best_f1_bound(positives, negatives, unknown),
        _area_bound(region_shares, negatives, unknown, fpr_limit),
    )


def _area_bound(
    hits: NDArray[np.float64], negatives: NDArray[np.float64], unknown: NDArray[np.bool_], limit: float
) -> float:
    """Of `ThresholdCurve.area`.

    Over the negatives of a bin the true curve rises from its left to its right end in any way: at best at once, at
    worst at the very end, as against a straight line. Up to 1 that is half of (hits × negatives) summed over bins.
    """
    ends = np.concatenate([[0.0], np.cumsum(negatives)]) / negatives.sum()
    widths = np.diff(np.minimum(ends, limit))
    whole = np.diff(ends)
    counted = np.divide(widths, whole, out=np.zeros_like(widths), where=whole > 0)  # below 1 in the bin that is cut
    return float(np.sum(hits * widths * (1 - counted / 2), where=unknown) / hits.sum() / limit)


def _average_precision_bound(
    positives: NDArray[np.float64], negatives: NDArray[np.float64], unknown: NDArray[np.bool_]
) -> float:
    hits = np.cumsum(positives)
    alarms = np.cumsum(negatives)
    equal = positives * hits / np.maximum(hits + alarms, 1)
    # At best the positives are one tie above the negatives. At worst they follow these one by one, the j-th with a
    # precision of (earlier hits + j) / (earlier hits + j + alarms), which grows with j: its integral is below the sum.
    best = positives * hits / np.maximum(hits + alarms - negatives, 1)
    before = hits - positives + alarms
    worst = positives - alarms * np.log1p(positives / np.maximum(before, 1))
    gain, loss = np.sum(best - equal, where=unknown), np.sum(equal - worst, where=unknown)
    return float(max(gain, loss) / hits[-1])


def _best_f1_bound(positives: NDArray[np.float64], negatives: NDArray[np.float64], unknown: NDArray[np.bool_]) -> float:
    hits = np.cumsum(positives)
    alarms = np.cumsum(negatives)
    # The lower end of a bin is a threshold in any order, so the value is reached; more is got at best with all of a
    # bin's positives and none of its negatives.
    reached = 2 * hits / (hits[-1] + hits + alarms)
    at_best = 2 * hits / (hits[-1] + hits + alarms - negatives)
    return float(np.where(unknown, at_best, reached).max() - reached.max())
