"""The one curve behind AUROC, AP, F1-max and AUPRO: what is hit and what is falsely alarmed at every threshold.

Positives and negatives are sorted apart. Between two neighbouring positive scores the false alarms alone change, so
the distinct positive scores are the only thresholds that matter, and a binary search counts the negatives above each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import InputError

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False, slots=True)
class SortedScores:
    """Scores of one class in ascending order.

    Attributes
    ----------
    values
        float `(n,)`, ascending; higher is more anomalous.
    weights
        float64 `(n,)`, how much each counts; None: 1 each.
    """

    values: Floats
    weights: NDArray[np.float64] | None = None

    @property
    def total(self) -> float:
        """Sum of the weights."""
        return float(self.values.size if self.weights is None else self.weights.sum())

    def weight_before(self, index: NDArray[np.intp]) -> NDArray[np.float64]:
        """Sum of the weights of the entries before each index."""
        if self.weights is None:
            return index.astype(np.float64)
        return np.concatenate([[0.0], np.cumsum(self.weights)])[index]


def sort_scores(values: Floats, weights: NDArray[np.float64] | None = None) -> SortedScores:
    """Sort the scores of one class, `(n,)`.

    Raises
    ------
    InputError
        When a score is not a number.
    """
    if weights is None:
        ordered = np.sort(values)
    else:
        order = np.argsort(values)
        ordered, weights = values[order], weights[order]
    if ordered.size and np.isnan(ordered[-1]):  # a sort puts NaN last
        raise InputError("The scores hold values that are not numbers (NaN), so no pixel can be ranked; mend the map.")
    return SortedScores(ordered, weights)


@dataclass(frozen=True, eq=False, slots=True)
class ThresholdCurve:
    """Hits and false alarms at every distinct positive score, highest first.

    Attributes
    ----------
    thresholds
        float `(k,)`, descending.
    hits
        float64 `(k,)`, weight of the positives with a score of at least the threshold; its last value is all of it.
    false_alarms
        float64 `(k,)`, weight of the negatives with a score of at least the threshold.
    false_alarms_above
        float64 `(k,)`, the same for a score above the threshold: the difference is tied with positives.
    negatives
        Weight of all negatives.
    """

    thresholds: Floats
    hits: NDArray[np.float64]
    false_alarms: NDArray[np.float64]
    false_alarms_above: NDArray[np.float64]
    negatives: float

    def line(self, limit: float = 1.0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The share of hits over the share of false alarms, from (0, 0) to a share of false alarms of `limit`.

        Ties are straight lines, as is the piece cut at the limit.

        Returns
        -------
        Shares of false alarms and shares of hits, float64 `(n,)` each, both ascending.
        """
        alarms = np.empty(2 * self.thresholds.size + 2)
        shares = np.empty_like(alarms)
        alarms[0], alarms[1:-1:2], alarms[2:-1:2], alarms[-1] = (
            0.0,
            self.false_alarms_above / self.negatives,
            self.false_alarms / self.negatives,
            1.0,
        )
        hit = self.hits / self.hits[-1]
        shares[:2], shares[2:-1:2], shares[3::2] = 0.0, hit, hit
        if limit < 1.0:
            end = int(np.searchsorted(alarms, limit, side="right"))
            share = np.interp(limit, alarms[end - 1 : end + 1], shares[end - 1 : end + 1])
            alarms, shares = np.append(alarms[:end], limit), np.append(shares[:end], share)
        return alarms, shares

    def precision_line(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Precision over recall in the steps that average precision sums, so that the area below is just that.

        Returns
        -------
        Recall, ascending from 0 to 1, and precision, float64 `(n,)` each.
        """
        recall = np.concatenate([[0.0], self.hits / self.hits[-1]])
        precision = self.hits / (self.hits + self.false_alarms)
        return np.stack([recall[:-1], recall[1:]], axis=1).ravel(), np.repeat(precision, 2)

    def area(self, limit: float = 1.0) -> float:
        """Area under the `line` up to a limit, divided by that."""
        alarms, shares = self.line(limit)
        return float(np.sum(np.diff(alarms) * (shares[1:] + shares[:-1])) / 2 / limit)

    def average_precision(self) -> float:
        """Sum over the thresholds of (gain in recall) × precision."""
        gain = np.diff(self.hits, prepend=0.0)
        return float(np.sum(gain * self.hits / (self.hits + self.false_alarms)) / self.hits[-1])

    def best_f1(self) -> tuple[float, float]:
        """The highest F1 over all thresholds, and the highest threshold that reaches it."""
        f1 = 2 * self.hits / (self.hits[-1] + self.hits + self.false_alarms)
        best = int(np.argmax(f1))
        return float(f1[best]), float(self.thresholds[best])


def threshold_curve(positives: SortedScores, negatives: SortedScores) -> ThresholdCurve | None:
    """The curve of two classes of scores; None unless both have entries."""
    if positives.values.size == 0 or negatives.values.size == 0:
        return None
    first = np.flatnonzero(np.append(True, positives.values[1:] != positives.values[:-1]))[::-1]
    thresholds = positives.values[first]
    # Binary searches in ascending order stay in the processor's cache.
    at_least = np.searchsorted(negatives.values, thresholds[::-1])[::-1]
    above = at_least.copy()
    tied = np.flatnonzero(negatives.values[np.minimum(at_least, negatives.values.size - 1)] == thresholds)
    above[tied] = np.searchsorted(negatives.values, thresholds[tied], side="right")
    return ThresholdCurve(
        thresholds,
        positives.total - positives.weight_before(first),
        negatives.total - negatives.weight_before(at_least),
        negatives.total - negatives.weight_before(above),
        negatives.total,
    )
