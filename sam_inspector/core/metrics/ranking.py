"""How well scores rank defects above the rest: AUROC, average precision and F1-max, of pixels or of images.

Equal to scikit-learn's `roc_auc_score`, `average_precision_score` and the best F1 of `precision_recall_curve`, ties
included, from one sort instead of several: 5 ms against 500 ms for 1024 × 1024 pixels of which 3 % are defect, on one
core with AVX-512 (`test_ranking_a_megapixel_is_not_slower_than_scikit_learn` prints both).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import InputError
from sam_inspector.core.metrics.curves import MetricCurves, metric_curves
from sam_inspector.core.metrics.overlap import check_same_shape
from sam_inspector.core.metrics.threshold_curve import ThresholdCurve, sort_scores, threshold_curve


@dataclass(frozen=True, slots=True)
class Ranking:
    """What scores are worth over all thresholds; all None where one class has no entries.

    Attributes
    ----------
    auroc
        Area under the ROC curve, in [0, 1]: how often a defect scores above the rest, ties counting half.
    ap
        Average precision, in [0, 1]: the step-wise sum of (gain in recall) × precision.
    f1_max
        Highest F1 over all thresholds, in (0, 1]. Chosen with the labels in view: an upper bound, not a performance.
    f1_threshold
        The highest threshold t at which `scores >= t` reaches it.
    """

    auroc: float | None = None
    ap: float | None = None
    f1_max: float | None = None
    f1_threshold: float | None = None


def rank_pixels(scores: NDArray[np.floating], labels: NDArray[np.bool_]) -> Ranking:
    """Rank the pixels of a score map.

    Parameters
    ----------
    scores
        float32 (float16 and float64 work too) of any shape; higher is more anomalous; any range, infinity included.
    labels
        bool of the same shape: True is defect.

    Raises
    ------
    InputError
        When the shapes differ or a score is not a number.
    """
    return _ranking(_curve(scores, labels))


def rank_images(scores: Sequence[float], labels: Sequence[bool]) -> Ranking:
    """Rank images by one score each; all None unless there are good and defective ones.

    Parameters
    ----------
    scores
        One an image, of any range; higher is more anomalous.
    labels
        One an image: True is defective.

    Raises
    ------
    InputError
        When there are not as many labels as scores, or a score is not a number.
    """
    return _ranking(_image_curve(scores, labels))


def image_curves(scores: Sequence[float], labels: Sequence[bool]) -> MetricCurves | None:
    """ROC and precision–recall curves of what `rank_images` ranks; None where that is undefined."""
    curve = _image_curve(scores, labels)
    return None if curve is None else metric_curves(curve)


def image_auroc(scores: Sequence[float], labels: Sequence[bool]) -> float | None:
    """The AUROC of `rank_images` alone."""
    return rank_images(scores, labels).auroc


def _image_curve(scores: Sequence[float], labels: Sequence[bool]) -> ThresholdCurve | None:
    if len(scores) != len(labels):
        raise InputError(f"There are {len(scores)} image scores but {len(labels)} labels; give one label an image.")
    return _curve(np.asarray(scores, np.float64), np.asarray(labels, np.bool_))


def _curve(scores: NDArray[np.floating], labels: NDArray[np.bool_]) -> ThresholdCurve | None:
    check_same_shape(scores, labels)
    # Gathering by mask needs flat arrays to be fast.
    flat, defect = scores.ravel(), labels.ravel()
    return threshold_curve(sort_scores(flat[defect]), sort_scores(flat[~defect]))


def _ranking(curve: ThresholdCurve | None) -> Ranking:
    if curve is None:
        return Ranking()
    f1_max, f1_threshold = curve.best_f1()
    return Ranking(curve.area(), curve.average_precision(), f1_max, f1_threshold)
