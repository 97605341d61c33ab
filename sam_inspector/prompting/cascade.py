"""Cascaded prompts (CPS): three passes of SAM's decoder, each told what the one before found.

Source: Hou et al. 2025 (arXiv 2510.11028), section 3.2, equations 9 to 12. The image is encoded once; the passes get
the prompts, then also the logits of the mask before, then also its box. Deviations: a prompt that has a box keeps it in
all passes; several prompts of an image go through the passes side by side, each with a mask of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.geometry import clip_box
from sam_inspector.core.prompts import Box, Prompt
from sam_inspector.core.segmentation import SINGLE_MASK, best_of_three
from sam_inspector.models.segmenter import DecodedPrompt, Embedding, Segmenter
from sam_inspector.prompting.cascade_settings import CascadeSettings


@dataclass(frozen=True, eq=False, slots=True)
class CascadePass:
    """What one pass asked and got.

    Attributes
    ----------
    prompts
        As SAM got them.
    answers, chosen
        For each of them the decoder's four answers, and the index of the one that counts.
    """

    prompts: tuple[Prompt, ...]
    answers: tuple[DecodedPrompt, ...]
    chosen: tuple[int, ...]

    def logits(self, index: int) -> NDArray[np.float32]:
        """The chosen low-resolution logits of a prompt, float32 `(256, 256)`."""
        logits: NDArray[np.float32] = self.answers[index].logits[self.chosen[index]]
        return logits


def cascade(
    segmenter: Segmenter,
    embedding: Embedding,
    prompts: Sequence[Prompt],
    settings: CascadeSettings,
    mask_inputs: Sequence[NDArray[np.float32] | None] | None = None,
) -> tuple[CascadePass, CascadePass, CascadePass]:
    """Decode prompts in three passes.

    Parameters
    ----------
    prompts
        Each with a box or a positive point.
    mask_inputs
        Logits float32 `(256, 256)` for the first pass, where there are any.

    Returns
    -------
    tuple[CascadePass, CascadePass, CascadePass]
        A prompt whose mask comes out empty keeps the mask of the pass before.
    """
    asked = tuple(prompts)
    answers = tuple(segmenter.decode(embedding, asked, mask_inputs))
    chosen = tuple(
        best_of_three(answer.scores) if settings.first_multimask and prompt.box is None else SINGLE_MASK
        for prompt, answer in zip(asked, answers, strict=True)
    )
    first = CascadePass(asked, answers, chosen)
    return first, *later_passes(segmenter, embedding, first, settings)


def later_passes(
    segmenter: Segmenter, embedding: Embedding, first: CascadePass, settings: CascadeSettings
) -> tuple[CascadePass, CascadePass]:
    """The second and the third pass after a first one, however that came about."""
    second = _refined(segmenter, embedding, first, first.prompts, multimask=settings.second_multimask)
    boxed = tuple(
        prompt if prompt.box is not None else replace(prompt, box=mask_box(segmenter, embedding, second.logits(index)))
        for index, prompt in enumerate(second.prompts)
    )
    return second, _refined(segmenter, embedding, second, boxed, multimask=settings.third_multimask)


def mask_box(segmenter: Segmenter, embedding: Embedding, logits: NDArray[np.float32]) -> Box | None:
    """The tight box of a mask at the image's size, from its low-resolution logits; None when it is empty."""
    frame_height, frame_width = segmenter.logits_frame(embedding)
    rows, columns = np.nonzero(logits[:frame_height, :frame_width] > 0)
    if not rows.size:
        return None
    height, width = embedding.size
    scale_x, scale_y = width / frame_width, height / frame_height
    box = (
        float(columns.min()) * scale_x,
        float(rows.min()) * scale_y,
        (float(columns.max()) + 1) * scale_x - 1,
        (float(rows.max()) + 1) * scale_y - 1,
    )
    return clip_box(box, width, height)


def _refined(
    segmenter: Segmenter, embedding: Embedding, before: CascadePass, prompts: tuple[Prompt, ...], *, multimask: bool
) -> CascadePass:
    inputs = [before.logits(index) for index in range(len(prompts))]
    answers = segmenter.decode(embedding, prompts, inputs)
    chosen = [best_of_three(answer.scores) if multimask else SINGLE_MASK for answer in answers]
    for index, answer in enumerate(answers):
        if not (answer.logits[chosen[index]] > 0).any():
            answers[index], chosen[index] = before.answers[index], before.chosen[index]
    return CascadePass(prompts, tuple(answers), tuple(chosen))
