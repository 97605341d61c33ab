"""The small pictures of SAM's masks, drawn on the compute thread."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.segmentation import RegionMask

PICTURE_PX = 96
MASK_COLOUR = (86, 180, 233)  # the mask's fill, #56B4E9
FILL = 0.6


@dataclass(frozen=True, eq=False, slots=True)
class CandidatePicture:
    """One of SAM's masks over its image.

    Attributes
    ----------
    candidate
        0 the single-mask output, 1 to 3 those of the multimask output.
    pixels
        uint8 `(h, w, 3)`, RGB, at most 96 px a side.
    """

    candidate: int
    pixels: NDArray[np.uint8]
    predicted_iou: float
    chosen: bool


def candidate_pictures(pixels: NDArray[np.uint8], region: RegionMask) -> tuple[CandidatePicture, ...]:
    """Draw all masks of a region, cut to where they differ from nothing, so that a small defect can be seen.

    Parameters
    ----------
    pixels
        uint8 `(H, W, 3)`, RGB.
    """
    rows, columns = region.frame
    logits = region.logits[:, :rows, :columns]
    x0, y0, x1, y1 = _window(logits[region.chosen] > 0)
    height, width = pixels.shape[:2]
    left, right = int(x0 * width / columns), max(int(np.ceil(x1 * width / columns)), 1)
    top, bottom = int(y0 * height / rows), max(int(np.ceil(y1 * height / rows)), 1)
    crop = pixels[top:bottom, left:right]
    scale = PICTURE_PX / max(crop.shape[:2])
    size = (max(1, round(crop.shape[1] * scale)), max(1, round(crop.shape[0] * scale)))
    picture = cv2.resize(crop, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    drawn = []
    for candidate in range(len(logits)):
        small = cv2.resize(logits[candidate, y0:y1, x0:x1], size, interpolation=cv2.INTER_LINEAR) > 0
        tinted = picture.copy()
        tinted[small] = (1 - FILL) * picture[small] + FILL * np.array(MASK_COLOUR)
        drawn.append(CandidatePicture(candidate, tinted, float(region.scores[candidate]), candidate == region.chosen))
    return tuple(drawn)


def _window(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """A square around the mask with room at its sides, in the logits' grid; everything when the mask is empty."""
    rows, columns = mask.shape
    ys, xs = np.nonzero(mask)
    if len(xs) == 0:
        return 0, 0, columns, rows
    half = max(8, int(0.8 * max(np.ptp(xs), np.ptp(ys))))
    x, y = (int(xs.min()) + int(xs.max())) // 2, (int(ys.min()) + int(ys.max())) // 2
    return max(0, x - half), max(0, y - half), min(columns, x + half + 1), min(rows, y + half + 1)
