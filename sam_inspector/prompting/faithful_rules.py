"""The image and mask rules of the first system's released code, kept with their quirks for the `faithful` preset.

Source: SAM-Anomaly-Segmentation (github.com/jinwwo/SAM-Anomaly-Segmentation), prompts from ground truth for frozen
SAM. The `recommended` preset uses none of this: gray images lose colour defects, the opening deletes everything
thinner than nine pixels, and the merged scores are all but binary.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import InputError
from sam_inspector.core.geometry import Component
from sam_inspector.core.prompts import Point

OPENING_RADIUS = 4
"""Radius in pixels of the disk (49 pixels) that masks are opened with."""

SATURATION = 37.0
"""Logit from which a sigmoid in double precision gives exactly 1, so that greater ones are all tied."""


def equalise_gray(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The image SAM sees: gray, its histogram equalised, in three equal channels; uint8 RGB `(H, W, 3)` both."""
    gray = cv2.equalizeHist(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
    return np.repeat(gray[..., None], 3, axis=2).astype(np.uint8, copy=False)


def fill_holes(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The outer contours of a bool `(H, W)` mask, filled; a region that lies in another's hole is swallowed."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(mask.shape, np.uint8)
    for contour in contours:
        cv2.drawContours(filled, [contour], -1, (1,), thickness=cv2.FILLED)
    return filled.astype(np.bool_)


def truncated_centre_of_mass(component: Component) -> Point:
    """The centre of mass, cut to integers; it may lie outside a region that is not convex."""
    rows, columns = np.nonzero(component.mask)
    x0, y0 = component.box[:2]
    return (float(x0 + int(columns.sum()) // component.area), float(y0 + int(rows.sum()) // component.area))


def open_mask(mask: NDArray[np.bool_], radius: int = OPENING_RADIUS) -> NDArray[np.bool_]:
    """Morphological opening of a bool `(H, W)` mask with a disk; the image's border erodes nothing."""
    ys, xs = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    disk = (xs * xs + ys * ys <= radius * radius).astype(np.uint8)
    return cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, disk).astype(np.bool_)


def merge_faithful(logits: Sequence[NDArray[np.float32]]) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Unite the masks of all regions the released way.

    Parameters
    ----------
    logits
        float32 `(H, W)` each, the mask logits of one region at the image's size.

    Returns
    -------
    mask
        bool `(H, W)`, the union of the opened masks.
    score_map
        float32 `(H, W)`. Of one region: its logits, unopened. Of several: the sum of logit × 255 over the opened
        masks, cut at `SATURATION`, and so 0 everywhere outside them; its AUROC is nearly that of the mask. The two
        are not the same metric. Logits stand for the released probabilities, which rank the pixels alike.

    Raises
    ------
    InputError
        When there is no region.
    """
    if not logits:
        raise InputError("There is no region to unite; give at least one box or positive point.")
    opened = open_mask(logits[0] > 0)
    if len(logits) == 1:
        return opened, logits[0]
    mask, total = opened, logits[0] * opened
    for region in logits[1:]:
        opened = open_mask(region > 0)
        mask = mask | opened
        total += region * opened
    return mask, np.minimum(total * np.float32(255), np.float32(SATURATION))
