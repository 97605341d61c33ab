"""System 1: how well frozen SAM segments defects that it is pointed to.

Source: SAM-Anomaly-Segmentation. Prompts are made from the ground truth (`prompting.from_ground_truth`), SAM answers
each region alone, the masks are united and scored. Two presets:

* `recommended`: the image as it is, masks united by the highest logit.
* `faithful`: the image gray and equalised, each mask opened with a disk of radius 4, logits merged the released way.
  Its numbers compare with the published table only.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sam_inspector.prompting.faithful_rules import equalise_gray, merge_faithful

RECOMMENDED = "recommended"
FAITHFUL = "faithful"


def preprocess(pixels: NDArray[np.uint8], preset: str) -> NDArray[np.uint8]:
    """The image as SAM gets it under a preset; uint8 RGB `(H, W, 3)` in and out."""
    return equalise_gray(pixels) if preset == FAITHFUL else pixels


def unite(logits: Iterable[NDArray[np.float32]], preset: str) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Unite the regions' masks.

    Parameters
    ----------
    logits
        float32 `(H, W)` each, at least one; the first is overwritten under `recommended`, which holds no more than
        two at a time.

    Returns
    -------
    mask
        bool `(H, W)`.
    score_map
        float32 `(H, W)`, higher is more of the defect.
    """
    if preset == FAITHFUL:
        return merge_faithful(list(logits))
    regions = iter(logits)
    score_map = next(regions)
    for region in regions:
        np.maximum(score_map, region, out=score_map)
    return score_map > 0, score_map
