"""Pixel metrics over a whole dataset in bounded memory, in a form that can be kept on disk image by image.

Pixels are counted by score, and `score_bins` says which scores count as one. The counts are exact as long as no more
than 2^17 float32 scores differ; beyond that there are more than 2^16 bins, and what they hide is bounded by
`error_bounds`. The sum of tallies is the same, bit for bit, whatever the order of the images.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import InputError
from sam_inspector.core.metrics.curves import POINTS, MetricCurves, metric_curves
from sam_inspector.core.metrics.error_bounds import ErrorBounds, error_bounds
from sam_inspector.core.metrics.overlap import check_same_shape
from sam_inspector.core.metrics.region_overlap import FPR_LIMIT, region_shares
from sam_inspector.core.metrics.score_bins import bin_scores, holds_one_score
from sam_inspector.core.metrics.threshold_curve import ThresholdCurve

SHARE_UNIT = 2.0**-40
"""Shares of regions are counted in whole units, whose sums do not depend on the order; this one has room for eight
million regions, and its rounding moves AUPRO by less than 1e-7."""


@dataclass(frozen=True, slots=True)
class PooledMetrics:
    """Metrics over the pixels of many images together; None where they are not defined.

    Attributes
    ----------
    p_auroc, ap, f1_max
        As `ranking.Ranking`.
    aupro
        As `region_overlap.aupro`, up to a false-positive rate of 0.3 unless told otherwise.
    error_bounds
        How far each can be from its exact value.
    """

    p_auroc: float | None = None
    ap: float | None = None
    f1_max: float | None = None
    aupro: float | None = None
    error_bounds: ErrorBounds = field(default_factory=ErrorBounds)


@dataclass(frozen=True, eq=False, slots=True)
class PixelTally:
    """How many pixels of which kind have which score.

    Attributes
    ----------
    bins
        float32 `(n,)`, ascending, at most 2^17: the bins that hold anything, as `score_bins` names them.
    negatives, positives
        int64 `(n,)`: pixels without and with a defect in each.
    region_shares
        int64 `(n,)`: sum over the defect pixels of 1 / (size of their region), in units of 2^-40.
    dropped_bits
        How coarse the bins are; 0 where each holds a single score.
    """

    bins: NDArray[np.float32]
    negatives: NDArray[np.int64]
    positives: NDArray[np.int64]
    region_shares: NDArray[np.int64]
    dropped_bits: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "dropped_bits", int(self.dropped_bits))  # from a file it comes as an array

    @classmethod
    def of_image(cls, scores: NDArray[np.floating], ground_truth: NDArray[np.bool_]) -> PixelTally:
        """Count one image.

        Parameters
        ----------
        scores
            float `(H, W)`, taken as float32; higher is more anomalous.
        ground_truth
            bool `(H, W)`; all False for a good image.

        Raises
        ------
        InputError
            When the shapes differ or a score is not a number.
        """
        check_same_shape(scores, ground_truth)
        return cls.of_pixels(scores, ground_truth, region_shares(ground_truth))

    @classmethod
    def of_pixels(
        cls, scores: NDArray[np.floating], ground_truth: NDArray[np.bool_], shares: NDArray[np.float64]
    ) -> PixelTally:
        """Count one image whose defect pixels have the given shares, float64 in the order of `scores[ground_truth]`.

        Raises
        ------
        InputError
            When the shapes differ or a score is not a number.
        """
        check_same_shape(scores, ground_truth)
        flat = np.ascontiguousarray(scores, np.float32).ravel()
        ordered = np.sort(flat)
        if np.isnan(ordered[-1]):  # a sort puts NaN last
            raise InputError(
                "The scores hold values that are not numbers (NaN), so no pixel can be ranked; mend the map."
            )
        binned = bin_scores(ordered)
        counts = np.diff(binned.first, append=ordered.size)
        hits = flat[ground_truth.ravel()]
        order = np.argsort(hits)  # ascending searches stay in the processor's cache
        found = np.searchsorted(binned.first, np.searchsorted(ordered, hits[order]), side="right") - 1
        positives = np.bincount(found, minlength=counts.size)
        worth = np.rint(np.bincount(found, weights=shares[order], minlength=counts.size) / SHARE_UNIT)
        return cls(binned.bins, counts - positives, positives, worth.astype(np.int64), binned.dropped_bits)

    def __add__(self, other: PixelTally) -> PixelTally:
        scores = np.concatenate([self.bins, other.bins])
        order = np.argsort(scores, kind="stable")  # which merges what is in order already
        binned = bin_scores(scores[order], max(self.dropped_bits, other.dropped_bits))

        def total(mine: NDArray[Any], theirs: NDArray[Any]) -> NDArray[np.int64]:
            return np.add.reduceat(np.concatenate([mine, theirs])[order], binned.first, dtype=np.int64)

        return PixelTally(
            binned.bins,
            total(self.negatives, other.negatives),
            total(self.positives, other.positives),
            total(self.region_shares, other.region_shares),
            binned.dropped_bits,
        )

    def metrics(self, *, fpr_limit: float = FPR_LIMIT) -> PooledMetrics:
        """The metrics of all pixels counted; AUPRO up to a false-positive rate."""
        pixels, regions = self._curve(self.positives), self.region_curve()
        if pixels is None or regions is None:
            return PooledMetrics()
        # From the highest score down.
        bounds = error_bounds(
            self.positives[::-1].astype(np.float64),
            self.negatives[::-1].astype(np.float64),
            self.region_shares[::-1].astype(np.float64),
            holds_one_score(self.bins, self.dropped_bits)[::-1],
            fpr_limit,
        )
        aupro = min(regions.area(fpr_limit), 1.0)
        return PooledMetrics(pixels.area(), pixels.average_precision(), pixels.best_f1()[0], aupro, bounds)

    def curves(self, *, fpr_limit: float = FPR_LIMIT, points: int = POINTS) -> MetricCurves | None:
        """ROC, precision–recall and PRO curves for a plot; None where the metrics are not defined."""
        pixels, regions = self._curve(self.positives), self.region_curve()
        if pixels is None or regions is None:
            return None
        return metric_curves(pixels, regions, fpr_limit=fpr_limit, points=points)

    def region_curve(self) -> ThresholdCurve | None:
        """Shares of regions that are covered, and false alarms, at every threshold; None where there are none."""
        return self._curve(self.region_shares)

    def _curve(self, hits: NDArray[np.int64]) -> ThresholdCurve | None:
        held = np.flatnonzero(hits)[::-1]
        alarms = np.cumsum(self.negatives[::-1])[::-1]
        if held.size == 0 or alarms[0] == 0:
            return None
        at_least = alarms[held].astype(np.float64)
        above = at_least - self.negatives[held]
        return ThresholdCurve(
            self.bins[held], np.cumsum(hits[held]).astype(np.float64), at_least, above, float(alarms[0])
        )
