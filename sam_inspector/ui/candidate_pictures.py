"""The small pictures of SAM's masks and of the passes of a cascade, drawn on the compute thread."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.segmentation import RegionMask, Segmentation

PICTURE_PX = 96
MASK_COLOUR = (86, 180, 233)  # the mask's fill, #56B4E9
FILL = 0.6


@dataclass(frozen=True, eq=False, slots=True)
class CandidatePicture:
    """One of SAM's masks over its image.

    Attributes
    ----------
    candidate
        0 the single-mask output, 1 to 3 those of the multimask output; of a tuned model 0 the mask that counts, 1 its
        draft.
    pixels
        uint8 `(h, w, 3)`, RGB, at most 96 px a side.
    """

    candidate: int
    pixels: NDArray[np.uint8]
    predicted_iou: float
    chosen: bool


@dataclass(frozen=True, eq=False, slots=True)
class PassPicture:
    """The mask after one pass over its image.

    Attributes
    ----------
    pixels
        uint8 `(h, w, 3)`, RGB, at most 96 px a side.
    predicted_iou
        SAM's own estimate, the mean over the prompts; None without any.
    """

    pixels: NDArray[np.uint8]
    predicted_iou: float | None


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
    picture = _small(pixels[top:bottom, left:right])
    size = (picture.shape[1], picture.shape[0])
    drawn = []
    for candidate in range(len(logits)):
        small = cv2.resize(logits[candidate, y0:y1, x0:x1], size, interpolation=cv2.INTER_LINEAR) > 0
        tinted = _tinted(picture, small)
        drawn.append(CandidatePicture(candidate, tinted, float(region.scores[candidate]), candidate == region.chosen))
    return tuple(drawn)


def pass_pictures(pixels: NDArray[np.uint8], passes: tuple[Segmentation, ...]) -> tuple[PassPicture, ...]:
    """Draw the masks after each pass, all of them cut to the same part of the image, so that they can be compared.

    Parameters
    ----------
    pixels
        uint8 `(H, W, 3)`, RGB.
    """
    if not passes:
        return ()
    window = _window(np.logical_or.reduce([one.mask for one in passes]), max(pixels.shape[:2]) // 32)
    x0, y0, x1, y1 = window
    picture = _small(pixels[y0:y1, x0:x1])
    size = (picture.shape[1], picture.shape[0])
    drawn = []
    for one in passes:
        share = one.mask[y0:y1, x0:x1].astype(np.float32)
        interpolation = cv2.INTER_AREA if share.shape[0] > size[1] else cv2.INTER_LINEAR
        small = cv2.resize(share, size, interpolation=interpolation) >= 0.5
        estimates = [float(region.scores[region.chosen]) for region in one.regions]
        drawn.append(PassPicture(_tinted(picture, small), float(np.mean(estimates)) if estimates else None))
    return tuple(drawn)


def _small(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    scale = PICTURE_PX / max(crop.shape[:2])
    size = (max(1, round(crop.shape[1] * scale)), max(1, round(crop.shape[0] * scale)))
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR), np.uint8)


def _tinted(picture: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    tinted: NDArray[np.uint8] = picture.copy()
    tinted[mask] = (1 - FILL) * picture[mask] + FILL * np.array(MASK_COLOUR)
    return tinted


def _window(mask: NDArray[np.bool_], least_half: int = 8) -> tuple[int, int, int, int]:
    """A square around the mask with room at its sides, in the mask's grid; everything when the mask is empty."""
    rows, columns = mask.shape
    xs, ys = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if len(xs) == 0:
        return 0, 0, columns, rows
    half = max(least_half, int(0.8 * max(np.ptp(xs), np.ptp(ys))))
    x, y = (int(xs[0]) + int(xs[-1])) // 2, (int(ys[0]) + int(ys[-1])) // 2
    return max(0, x - half), max(0, y - half), min(columns, x + half + 1), min(rows, y + half + 1)
