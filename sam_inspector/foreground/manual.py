"""The foreground that a person's prompts describe: made once for a category whose objects always lie alike."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import PromptError
from sam_inspector.core.geometry import check_prompts
from sam_inspector.core.prompts import Box, Prompt, Prompts
from sam_inspector.core.segmentation import default_candidate

if TYPE_CHECKING:
    from sam_inspector.models.segmenter import Embedding, Segmenter


def scaled_prompts(prompts: Prompts, size: tuple[int, int], to: tuple[int, int]) -> Prompts:
    """Prompts made on an image of one `(height, width)`, for an image of another."""
    if size == to:
        return prompts
    down, across = to[0] / size[0], to[1] / size[1]

    def moved(x: float, y: float) -> tuple[float, float]:
        # Pixel centres are whole numbers: half a pixel goes on before scaling, and off after it.
        return ((x + 0.5) * across - 0.5, (y + 0.5) * down - 0.5)

    def scaled(item: Prompt) -> Prompt:
        box: Box | None = None if item.box is None else (*moved(*item.box[:2]), *moved(*item.box[2:]))
        return replace(item, box=box, points=tuple(moved(*point) for point in item.points))

    return Prompts(tuple(scaled(item) for item in prompts.items))


def find_manual(segmenter: Segmenter, embedding: Embedding, prompts: Prompts) -> NDArray[np.bool_]:
    """The union of SAM's answers to prompts in the pixels of this image.

    Returns
    -------
    bool `(H, W)`

    Raises
    ------
    PromptError
        When no prompt has a box or a positive point, or one lies outside the image.
    """
    height, width = embedding.size
    asked = prompts.decodable
    if not asked:
        raise PromptError("The foreground by hand has no prompts yet: draw a box or click on the object.")
    check_prompts(prompts, width, height)
    union = np.zeros((height, width), bool)
    multimask = "multimask" in segmenter.spec.capabilities
    for prompt, answer in zip(asked, segmenter.decode(embedding, asked), strict=True):
        chosen = default_candidate(prompt, answer.scores, single_point_multimask=multimask)
        union |= segmenter.upsample(embedding, answer.logits[chosen]) > 0
    return union
