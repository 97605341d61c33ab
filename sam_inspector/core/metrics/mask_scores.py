"""All scores of one mask at once, fast enough to be taken after every click."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.metrics.overlap import boundary_iou, check_same_shape, dice, iou, precision, recall
from sam_inspector.core.metrics.ranking import rank_pixels
from sam_inspector.core.scores import MaskScores
from sam_inspector.core.segmentation import Segmentation

MAX_RANKED_PIXELS = 16_000_000
"""Images with more pixels are ranked on a grid of every k-th row and column, k being the smallest that fits."""


def score_mask(segmentation: Segmentation, ground_truth: NDArray[np.bool_] | None) -> MaskScores:
    """Score a mask against its ground truth.

    Without ground truth only the mask's area and SAM's own estimate are given. With one that has no defect pixel
    there is nothing to find: every comparison is undefined, and the mask's area is the false alarm.

    Parameters
    ----------
    ground_truth
        bool `(H, W)`, or None. Above 16 million pixels AUROC, AP and F1-max are those of a regular subset.

    Raises
    ------
    InputError
        When the ground truth is not of the mask's size, or the score map holds NaN.
    """
    mask = segmentation.mask
    areas = MaskScores(
        mask_area=int(np.count_nonzero(mask)), image_area=mask.size, predicted_iou=segmentation.predicted_iou
    )
    if ground_truth is None:
        return areas
    check_same_shape(mask, ground_truth)
    gt_area = int(np.count_nonzero(ground_truth))
    if gt_area == 0:
        return replace(areas, gt_area=0)
    step = math.ceil(math.sqrt(mask.size / MAX_RANKED_PIXELS))
    ranking = rank_pixels(segmentation.score_map[::step, ::step], ground_truth[::step, ::step])
    return replace(
        areas,
        gt_area=gt_area,
        iou=iou(mask, ground_truth),
        dice=dice(mask, ground_truth),
        precision=precision(mask, ground_truth),
        recall=recall(mask, ground_truth),
        boundary_iou=boundary_iou(mask, ground_truth),
        p_auroc=ranking.auroc,
        ap=ranking.ap,
        f1_max=ranking.f1_max,
    )
