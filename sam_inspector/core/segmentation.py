"""What comes out of SAM and what is laid over the image: frozen values over numpy arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.prompts import Prompt

EMPTY_LOGIT = -32.0
"""The logit of pixels where nothing was asked: below what SAM gives, so that pooled over images they rank last."""

SINGLE_MASK = 0
"""Index of the single-mask output among the four outputs of SAM's decoder."""
ALL_MASKS = 4
"""The single mask and the three of the multimask output."""


@dataclass(frozen=True, eq=False, slots=True)
class RegionMask:
    """SAM's answer to one prompt, before it is brought to the image's size.

    Attributes
    ----------
    logits
        float32 `(4, 256, 256)`, low-resolution mask logits in the model's own frame (SAM: the padded square):
        first the single-mask output, then the three of the multimask output.
    scores
        float32 `(4,)`, the predicted IoU of each.
    chosen
        Index of the mask that counts.
    frame
        `(height, width)` of the part of the 256 × 256 logits that shows the image; the rest is padding.
    """

    logits: NDArray[np.float32]
    scores: NDArray[np.float32]
    chosen: int
    frame: tuple[int, int]


@dataclass(frozen=True, eq=False, slots=True)
class Segmentation:
    """The mask of an image: the union over its prompts.

    Attributes
    ----------
    mask
        bool `(H, W)`.
    score_map
        float32 `(H, W)`: mask logits, the highest over the prompts; above 0 is mask (`mask == score_map > 0` unless
        a preset cleaned the mask up). Pixels that no prompt speaks of hold the lowest logit SAM gave.
    regions
        One entry for each prompt that could be decoded, in their order.
    """

    mask: NDArray[np.bool_]
    score_map: NDArray[np.float32]
    regions: tuple[RegionMask, ...] = ()

    @property
    def predicted_iou(self) -> float | None:
        """SAM's own estimate, the mean over the prompts' chosen masks; None without prompts."""
        if not self.regions:
            return None
        return float(np.mean([region.scores[region.chosen] for region in self.regions]))


def empty_segmentation(height: int, width: int) -> Segmentation:
    """The answer to no prompt: an empty mask and a flat score map."""
    return Segmentation(np.zeros((height, width), bool), np.full((height, width), EMPTY_LOGIT, np.float32))


def default_candidate(prompt: Prompt, scores: NDArray[np.float32], *, single_point_multimask: bool) -> int:
    """The mask to take when nobody chose one.

    A single point is ambiguous, so SAM's authors take the best of three by predicted IoU there, and the single-mask
    output for a box or several points. For MobileSAM the single-mask output is the better one with boxes throughout.

    Parameters
    ----------
    scores
        float32 `(M,)`, predicted IoU of the single mask and of the others: three, or of a tuned model a draft or none.
    single_point_multimask
        Whether one point alone gets the best of three.
    """
    if prompt.candidate is not None:
        # It may have been chosen among the masks of a model that gives more of them.
        return prompt.candidate if prompt.candidate < len(scores) else SINGLE_MASK
    lonely_point = prompt.box is None and len(prompt.points) == 1
    return best_of_three(scores) if lonely_point and single_point_multimask else SINGLE_MASK


def best_of_three(scores: NDArray[np.float32]) -> int:
    """The best of the multimask output's masks by predicted IoU, float32 `(4,)`: 1, 2 or 3.

    A model without that output, whose answers have fewer masks, gives 0, its single mask.
    """
    return 1 + int(np.argmax(scores[1:])) if len(scores) == ALL_MASKS else SINGLE_MASK


@dataclass(frozen=True, eq=False, slots=True)
class AnomalyMap:
    """Per-pixel anomaly scores.

    Attributes
    ----------
    values
        float32 `(H, W)`, raw scores: higher is more anomalous. Never normalised; display scales a copy.
    name
        Where it comes from: a method's name, or a file's.
    low, high
        The range a display maps to its colours: over the whole dataset where that is known, else this map's own.
    """

    values: NDArray[np.float32]
    name: str
    low: float
    high: float
