"""SAM is asked for the object in the middle of the frame: a box around nearly all of it, its centre, not its corners.

The published system leaves open how SAM 2 is prompted; this is this project's rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.prompts import NEGATIVE, POSITIVE, Point, Prompt
from sam_inspector.foreground.settings import BoxCenterSettings

if TYPE_CHECKING:
    from sam_inspector.models.segmenter import Embedding, Segmenter


def box_center_prompt(height: int, width: int, settings: BoxCenterSettings) -> Prompt:
    """The prompt for an image of a size in pixels."""
    right, bottom = width - 1.0, height - 1.0

    def inset(share: float) -> tuple[float, float, float, float]:
        return (share * width, share * height, right - share * width, bottom - share * height)

    x0, y0, x1, y1 = inset(settings.corner_inset)
    corners: tuple[Point, ...] = ((x0, y0), (x1, y0), (x0, y1), (x1, y1))
    return Prompt(
        box=inset(settings.box_inset),
        points=((right / 2, bottom / 2), *corners),
        labels=(POSITIVE, *(NEGATIVE for _ in corners)),
    )


def rim_share(mask: NDArray[np.bool_]) -> float:
    """The share of an image's outermost pixels that a mask, bool `(H, W)`, has; from 0 to 1."""
    rim = np.ones(mask.shape, bool)
    rim[1:-1, 1:-1] = False
    return float(mask[rim].mean())


def find_box_center(segmenter: Segmenter, embedding: Embedding, settings: BoxCenterSettings) -> NDArray[np.bool_]:
    """The object in the middle as SAM gives it.

    Of SAM's three masks the one of highest predicted IoU, among those that are neither too small nor too large nor
    lie along the frame.

    Returns
    -------
    bool `(H, W)`; empty where no mask is fit.
    """
    height, width = embedding.size
    answer = segmenter.decode(embedding, [box_center_prompt(height, width, settings)])[0]
    for candidate in 1 + np.argsort(-answer.scores[1:], kind="stable"):
        mask = segmenter.upsample(embedding, answer.logits[candidate]) > 0
        area = float(mask.mean())
        if settings.least_area <= area <= settings.most_area and rim_share(mask) < settings.most_rim:
            return mask
    return np.zeros((height, width), bool)
