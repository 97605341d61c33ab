"""Pixel metrics over a whole dataset in bounded memory, in a form that can be kept on disk image by image.

A score's first 22 bits (sign, exponent and 13 bits of fraction, in an order that sorts like the scores) name its bin;
pixels are counted in bins. Scores that differ by less than one part in 8192 become ties: for mask logits and for
distances this moves a metric by a ten-thousandth at most, while a map whose values all lie within such a part of one
another would lose its order. Counts add up exactly, whatever the order of the images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import InputError
from sam_inspector.core.metrics.overlap import check_same_shape
from sam_inspector.core.metrics.threshold_curve import SortedScores, threshold_curve

FPR_LIMIT = 0.3
"""The share of false-alarm pixels up to which AUPRO is usually integrated."""
DROPPED_BITS = 10
BINS = 1 << (32 - DROPPED_BITS)


@dataclass(frozen=True, slots=True)
class PooledMetrics:
    """Metrics over the pixels of many images together; None where they are not defined.

    Attributes
    ----------
    p_auroc, ap, f1_max
        As `ranking.PixelRanking`.
    aupro
        Area under the per-region overlap up to a false-positive rate of 0.3, divided by that limit: 1 is perfect, 0.15
        is chance. At each threshold the overlap is the mean, over all 8-connected ground-truth regions of all images,
        of the share that is covered. Source: Bergmann et al., "The MVTec Anomaly Detection Dataset", IJCV 2021.
    """

    p_auroc: float | None = None
    ap: float | None = None
    f1_max: float | None = None
    aupro: float | None = None


@dataclass(frozen=True, eq=False, slots=True)
class PixelTally:
    """How many pixels of which kind have which score.

    Attributes
    ----------
    bins
        uint32 `(n,)`, ascending: the bins that hold anything.
    negatives, positives
        int64 `(n,)`: pixels without and with a defect in each.
    region_shares
        float64 `(n,)`: sum over the defect pixels of 1 / (size of their region).
    """

    bins: NDArray[np.uint32]
    negatives: NDArray[np.int64]
    positives: NDArray[np.int64]
    region_shares: NDArray[np.float64]

    @classmethod
    def of_image(cls, scores: NDArray[np.floating], ground_truth: NDArray[np.bool_]) -> PixelTally:
        """Count one image.

        Parameters
        ----------
        scores
            float `(H, W)`; higher is more anomalous.
        ground_truth
            bool `(H, W)`; all False for a good image.

        Raises
        ------
        InputError
            When the shapes differ or a score is not a number.
        """
        check_same_shape(scores, ground_truth)
        keys = _bins_of(scores)
        defect = ground_truth.ravel()
        _, labels, stats, _ = cv2.connectedComponentsWithStats(ground_truth.astype(np.uint8), connectivity=8)
        shares = 1.0 / stats[labels.ravel()[defect], cv2.CC_STAT_AREA]
        # Counting into all bins and keeping those that hold something needs no sorting and little memory.
        positive = keys[defect]
        positives = np.bincount(positive, minlength=BINS)
        negatives = np.bincount(keys, minlength=BINS) - positives
        bins = np.flatnonzero(positives + negatives)
        region_shares = np.bincount(positive, weights=shares, minlength=BINS)
        return cls(
            bins.astype(np.uint32),
            negatives[bins].astype(np.int64),
            positives[bins].astype(np.int64),
            region_shares[bins].astype(np.float64),
        )

    def __add__(self, other: PixelTally) -> PixelTally:
        bins = np.union1d(self.bins, other.bins)
        here, there = np.searchsorted(bins, self.bins), np.searchsorted(bins, other.bins)

        def total(mine: NDArray[Any], theirs: NDArray[Any]) -> NDArray[Any]:
            count = np.zeros(bins.size, mine.dtype)
            count[here] += mine
            count[there] += theirs
            return count

        return PixelTally(
            bins,
            total(self.negatives, other.negatives),
            total(self.positives, other.positives),
            total(self.region_shares, other.region_shares),
        )

    def metrics(self, *, fpr_limit: float = FPR_LIMIT) -> PooledMetrics:
        """The metrics of all pixels counted; AUPRO up to a false-positive rate."""
        negatives = SortedScores(*_filled(self.bins, self.negatives.astype(np.float64)))
        pixels = threshold_curve(SortedScores(*_filled(self.bins, self.positives.astype(np.float64))), negatives)
        regions = threshold_curve(SortedScores(*_filled(self.bins, self.region_shares)), negatives)
        if pixels is None or regions is None:
            return PooledMetrics()
        return PooledMetrics(
            pixels.area(), pixels.average_precision(), pixels.best_f1()[0], min(regions.area(fpr_limit), 1.0)
        )


def _filled(bins: NDArray[np.uint32], weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    held = weights > 0
    return bins[held].astype(np.float64), weights[held]


def _bins_of(scores: NDArray[np.floating]) -> NDArray[np.uint32]:
    """The bin of every score, flat. Floats sort like their bits, once those of the negative ones are turned over."""
    flat = np.ascontiguousarray(scores, np.float32).ravel() + np.float32(0)  # −0 becomes 0
    if np.isnan(flat).any():
        raise InputError("The scores hold values that are not numbers (NaN), so no pixel can be ranked; mend the map.")
    bits = flat.view(np.uint32)
    ordered = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
    bins: NDArray[np.uint32] = ordered >> np.uint32(DROPPED_BITS)
    return bins
