"""How good the masks of held-out images are, by box and by point, in the way that evaluations score them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.metrics.overlap import iou
from sam_inspector.core.prompts import Prompt
from sam_inspector.methods.prompt_modes import RECOMMENDED, unite
from sam_inspector.methods.spt.prompts import prompts_of_kind
from sam_inspector.models.sam import SamSegmenter
from sam_inspector.models.segmenter import Embedding
from sam_inspector.models.tuned.manifest import HeldOutScores
from sam_inspector.models.tuned.tuned_segmenter import DRAFT, REFINED


@dataclass(frozen=True, eq=False, slots=True)
class JudgedImage:
    """The masks of an image by a box around each region, and what they score.

    Attributes
    ----------
    mask, draft
        bool `(H, W)`; the draft is None where there is no second decoder.
    scores
        Of this image alone.
    """

    mask: NDArray[np.bool_]
    draft: NDArray[np.bool_] | None
    scores: HeldOutScores


def judge(segmenter: SamSegmenter, embedding: Embedding, ground_truth: NDArray[np.bool_]) -> JudgedImage:
    """Ask for an image's defects by boxes and by points.

    Parameters
    ----------
    segmenter
        Tuned or not: its first mask counts; the second, if it is tuned and has one, is its draft.
    ground_truth
        bool `(H, W)`, not empty.
    """
    found = {}
    for kind in ("box", "point"):
        prompts = prompts_of_kind(ground_truth, kind).items
        found[kind] = _masks(segmenter, embedding, prompts)
    ious = {
        kind: tuple(None if mask is None else iou(mask, ground_truth) or 0.0 for mask in masks)
        for kind, masks in found.items()
    }
    scores = HeldOutScores(ious["box"][0] or 0.0, ious["point"][0] or 0.0, ious["box"][1], ious["point"][1])
    mask, draft = found["box"]
    assert mask is not None
    return JudgedImage(mask, draft, scores)


def _masks(
    segmenter: SamSegmenter, embedding: Embedding, prompts: Sequence[Prompt]
) -> tuple[NDArray[np.bool_] | None, NDArray[np.bool_] | None]:
    answers = segmenter.decode(embedding, prompts)
    masks: list[NDArray[np.bool_] | None] = []
    for place in (REFINED, DRAFT):
        has_it = place == REFINED or ("multimask" not in segmenter.spec.capabilities and len(answers[0].logits) > place)
        if has_it:
            mask, _ = unite((segmenter.upsample(embedding, answer.logits[place]) for answer in answers), RECOMMENDED)
        masks.append(mask if has_it else None)
    return masks[0], masks[1]


def mean_scores(scores: Sequence[tuple[str, HeldOutScores]]) -> HeldOutScores:
    """The mean over categories of the means over their images.

    Parameters
    ----------
    scores
        Of at least one image, each with its category.
    """
    by_category: dict[str, list[HeldOutScores]] = {}
    for category, one in scores:
        by_category.setdefault(category, []).append(one)

    def mean(name: str) -> float | None:
        values = [[getattr(one, name) for one in several] for several in by_category.values()]
        if any(value is None for several in values for value in several):
            return None
        return float(np.mean([np.mean(several) for several in values]))

    return HeldOutScores(mean("box") or 0.0, mean("point") or 0.0, mean("draft_box"), mean("draft_point"))
