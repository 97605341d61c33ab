"""How well two masks agree: IoU, Dice, precision, recall and boundary IoU, each of a mask at its own threshold."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import InputError

BOUNDARY_SHARE = 0.02
"""Width of the boundary band of `boundary_iou` as a share of the image's diagonal (Cheng et al. 2021, COCO)."""


def check_same_shape(first: NDArray[np.generic], second: NDArray[np.generic]) -> None:
    """Refuse two arrays that do not lie on the same pixels.

    Raises
    ------
    InputError
        When the shapes differ.
    """
    if first.shape != second.shape:
        sizes = " and ".join(" × ".join(str(side) for side in array.shape[::-1]) for array in (first, second))
        raise InputError(f"A mask or map can only be compared with one of its own size, but these are {sizes} pixels.")


def iou(mask: NDArray[np.bool_], ground_truth: NDArray[np.bool_]) -> float | None:
    """Intersection over union, TP / (TP + FP + FN), of two bool `(H, W)` masks; None when both are empty."""
    check_same_shape(mask, ground_truth)
    return _ratio(_count(mask & ground_truth), _count(mask | ground_truth))


def dice(mask: NDArray[np.bool_], ground_truth: NDArray[np.bool_]) -> float | None:
    """Dice coefficient, 2 TP / (2 TP + FP + FN), of two bool `(H, W)` masks; None when both are empty."""
    check_same_shape(mask, ground_truth)
    both = _count(mask & ground_truth)
    return _ratio(2 * both, _count(mask) + _count(ground_truth))


def precision(mask: NDArray[np.bool_], ground_truth: NDArray[np.bool_]) -> float | None:
    """Share of the mask that is right, TP / (TP + FP); None when the mask is empty."""
    check_same_shape(mask, ground_truth)
    return _ratio(_count(mask & ground_truth), _count(mask))


def recall(mask: NDArray[np.bool_], ground_truth: NDArray[np.bool_]) -> float | None:
    """Share of the ground truth that was found, TP / (TP + FN); None when the ground truth is empty."""
    check_same_shape(mask, ground_truth)
    return _ratio(_count(mask & ground_truth), _count(ground_truth))


def false_alarm_area(mask: NDArray[np.bool_], ground_truth: NDArray[np.bool_]) -> int:
    """Number of mask pixels that are no defect; the one error IoU over anomalous images cannot see on good ones."""
    check_same_shape(mask, ground_truth)
    return _count(mask & ~ground_truth)


def boundary_iou(
    mask: NDArray[np.bool_], ground_truth: NDArray[np.bool_], *, share: float = BOUNDARY_SHARE
) -> float | None:
    """IoU of the inner boundary bands of two bool `(H, W)` masks; None when both are empty.

    The band of a mask is its pixels within `share` × image diagonal (in pixels, rounded, at least 1) of a pixel
    outside it; pixels beyond the image count as outside. For a mask no thicker than twice that it is the IoU.

    Source: Cheng et al., "Boundary IoU: Improving Object-Centric Image Segmentation Evaluation", CVPR 2021.
    """
    check_same_shape(mask, ground_truth)
    height, width = mask.shape
    thickness = max(1, round(share * float(np.hypot(height, width))))
    rows = np.flatnonzero(mask.any(axis=1) | ground_truth.any(axis=1))
    columns = np.flatnonzero(mask.any(axis=0) | ground_truth.any(axis=0))
    if rows.size == 0:
        return None
    # Beyond the box around both masks all is outside, as beyond the image: the box gives the same bands, sooner.
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return iou(_inner_band(mask[box], thickness), _inner_band(ground_truth[box], thickness))


def _inner_band(mask: NDArray[np.bool_], thickness: int) -> NDArray[np.bool_]:
    """The mask's pixels with an outside pixel within `thickness` rows and columns."""
    # A pixel survives n erosions by 3 × 3 when the square of side 2 n + 1 around it is full; a box sum tells for any n
    # in the same time, where an erosion's time grows with n.
    side = 2 * thickness + 1
    sums = cv2.boxFilter(
        mask.astype(np.uint8), cv2.CV_32S, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT
    )
    return mask & (sums < side * side)


def _count(mask: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(mask))


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
