"""Where two masks disagree: a class for every pixel, and how many pixels each class has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sam_inspector.ui.canvas.overlays import MaskOverlay
from sam_inspector.ui.canvas.pyramid import Raster, halve_max

BOTH, ONLY_FIRST, ONLY_SECOND, NEITHER = 1, 2, 3, 4
"""Classes; where a smaller level must choose, the higher number wins, so that no disagreement is lost."""

Box = tuple[int, int, int, int]
"""`(top, bottom, left, right)`, the last row and column exclusive."""


def difference_classes(
    first: NDArray[np.bool_], second: NDArray[np.bool_], truth: NDArray[np.bool_] | None = None
) -> NDArray[np.uint8]:
    """Class of each pixel; 0 where nobody marks anything.

    Parameters
    ----------
    first, second, truth
        bool `(h, w)` each. With a ground truth `BOTH` are right, only one is, or `NEITHER`; without, `BOTH` mark the
        pixel or only one does.

    Returns
    -------
    uint8 `(h, w)`.
    """
    classes = np.zeros(first.shape, np.uint8)
    if truth is None:
        classes[first & second] = BOTH
        classes[first & ~second] = ONLY_FIRST
        classes[~first & second] = ONLY_SECOND
        return classes
    # Two masks that differ can't both be right or both be wrong, so three questions are enough.
    differ = first != second
    classes[~differ & first & truth] = BOTH
    classes[differ & (first == truth)] = ONLY_FIRST
    classes[differ & (second == truth)] = ONLY_SECOND
    classes[~differ & (first != truth)] = NEITHER
    return classes


@dataclass(frozen=True, eq=False, slots=True)
class DifferenceOverlay:
    """Where two masks disagree, prepared for painting.

    Attributes
    ----------
    raster
        Class of each pixel, uint8, of the tight box of all that is marked; None when nothing is.
    shares
        Share of the image, 0 to 1, of the classes `BOTH`, `ONLY_FIRST`, `ONLY_SECOND` and `NEITHER`.
    against_truth
        Whether a ground truth was there.
    overlap
        IoU of the two masks, in [0, 1]; None where both are empty.
    """

    raster: Raster | None
    shares: tuple[float, float, float, float]
    against_truth: bool
    overlap: float | None = None

    @classmethod
    def between(
        cls, first: MaskOverlay, second: MaskOverlay, truth: MaskOverlay | None, size: tuple[int, int]
    ) -> DifferenceOverlay:
        """Compare two masks on an image of `size` (width, height); what it takes depends on what is marked only."""
        marked = [overlay for overlay in (first, second, truth) if overlay is not None]
        boxes = [_box_of(overlay.raster) for overlay in marked if overlay.raster is not None]
        if not boxes:
            return cls(None, (0.0, 0.0, 0.0, 0.0), truth is not None)
        tops, bottoms, lefts, rights = zip(*boxes, strict=True)
        box = (min(tops), max(bottoms), min(lefts), max(rights))
        one, other = _mask_in(first, box), _mask_in(second, box)
        classes = difference_classes(one, other, None if truth is None else _mask_in(truth, box))
        either = np.count_nonzero(one | other)
        overlap = np.count_nonzero(one & other) / either if either else None
        counts = np.bincount(classes.ravel(), minlength=NEITHER + 1) / (size[0] * size[1])
        shares = (float(counts[BOTH]), float(counts[ONLY_FIRST]), float(counts[ONLY_SECOND]), float(counts[NEITHER]))
        rect = (float(box[2]), float(box[0]), float(box[3] - box[2]), float(box[1] - box[0]))
        return cls(Raster.build(classes, rect, halve_max), shares, truth is not None, overlap)


def overlap_text(overlay: DifferenceOverlay) -> str:
    """The overlap as shown, a dash where there is none to speak of."""
    return "–" if overlay.overlap is None else f"{overlay.overlap:.2f}"


def _box_of(raster: Raster) -> Box:
    x, y, width, height = (round(value) for value in raster.rect)
    return y, y + height, x, x + width


def _mask_in(overlay: MaskOverlay, box: Box) -> NDArray[np.bool_]:
    """The mask that an overlay was made from, cut to a box that holds all of it; bool `(h, w)`."""
    mask = np.zeros((box[1] - box[0], box[3] - box[2]), bool)
    if overlay.raster is not None:
        top, bottom, left, right = _box_of(overlay.raster)
        mask[top - box[0] : bottom - box[0], left - box[2] : right - box[2]] = overlay.raster.levels[0] > 0
    return mask
