"""How good a mask is: the numbers of the results panel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MaskScores:
    """Scores of one mask against its ground truth; None where a metric is not defined.

    Attributes
    ----------
    iou, dice, precision, recall, boundary_iou
        In [0, 1], of the mask at its own threshold.
    p_auroc, ap, f1_max
        In [0, 1], of the score map's pixels: area under the ROC curve, average precision, highest F1 over thresholds.
    mask_area, gt_area
        Number of pixels.
    image_area
        Number of pixels of the image, to give the areas as shares.
    predicted_iou
        SAM's own estimate of the IoU.
    """

    iou: float | None = None
    dice: float | None = None
    precision: float | None = None
    recall: float | None = None
    boundary_iou: float | None = None
    p_auroc: float | None = None
    ap: float | None = None
    f1_max: float | None = None
    mask_area: int = 0
    gt_area: int | None = None
    image_area: int = 0
    predicted_iou: float | None = None
