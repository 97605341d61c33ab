"""Per-region overlap: AUPRO of maps that fit into memory together, without any rounding."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import InputError
from sam_inspector.core.metrics.overlap import check_same_shape
from sam_inspector.core.metrics.threshold_curve import sort_scores, threshold_curve

FPR_LIMIT = 0.3
"""The share of false-alarm pixels up to which AUPRO is usually integrated."""


def region_shares(ground_truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """What every defect pixel is worth: 1 / (size of its 8-connected region).

    Parameters
    ----------
    ground_truth
        bool `(H, W)`.

    Returns
    -------
    float64 `(n,)`, in the order of `scores[ground_truth]`.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ground_truth.astype(np.uint8), connectivity=8)
    shares: NDArray[np.float64] = 1.0 / stats[labels.ravel()[ground_truth.ravel()], cv2.CC_STAT_AREA]
    return shares


def aupro(
    maps: Sequence[NDArray[np.floating]], ground_truths: Sequence[NDArray[np.bool_]], *, fpr_limit: float = FPR_LIMIT
) -> float | None:
    """Area under the per-region overlap up to a false-positive rate, divided by that rate.

    At each threshold the overlap is the mean, over all 8-connected ground-truth regions of all images, of the share
    that is covered. 1 is perfect, half of `fpr_limit` is chance. Every distinct score is a threshold, ties are straight
    lines, and the curve is interpolated at the limit. `PixelTally` gives the same in bounded memory.

    Parameters
    ----------
    maps
        float `(H, W)` each, sizes may differ; higher is more anomalous.
    ground_truths
        bool `(H, W)` each; all False for a good image.

    Returns
    -------
    In [0, 1]; None unless there are pixels with and without a defect.

    Raises
    ------
    InputError
        When numbers or sizes differ, or a score is not a number.

    Source: Bergmann et al., "The MVTec Anomaly Detection Dataset", IJCV 2021. No threshold is left out, unlike there.
    """
    if len(maps) != len(ground_truths):
        raise InputError(f"There are {len(maps)} maps but {len(ground_truths)} ground truths; give one a map.")
    if not maps:
        return None
    for scores, truth in zip(maps, ground_truths, strict=True):
        check_same_shape(scores, truth)
    pairs = [(scores.ravel(), truth.ravel()) for scores, truth in zip(maps, ground_truths, strict=True)]
    curve = threshold_curve(
        sort_scores(
            np.concatenate([scores[defect] for scores, defect in pairs]),
            np.concatenate([region_shares(truth) for truth in ground_truths]),
        ),
        sort_scores(np.concatenate([scores[~defect] for scores, defect in pairs])),
    )
    return None if curve is None else min(curve.area(fpr_limit), 1.0)
