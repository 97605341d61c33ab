"""Cascaded prompts (CPS): three passes of SAM's decoder, each told what the one before found.

Source: Hou et al. 2025 (arXiv 2510.11028), section 3.2, equations 9 to 12. The image is encoded once; the passes get
the prompts, then also the logits of the mask before, then also its box. Deviations: a prompt that has a box keeps it in
all passes; several prompts of an image go through the passes side by side, each with a mask of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.geometry import clip_box
from sam_inspector.core.prompts import POSITIVE, Box, Prompt
from sam_inspector.core.segmentation import SINGLE_MASK, best_of_three
from sam_inspector.models.segmenter import DecodedPrompt, Embedding, Segmenter
from sam_inspector.prompting.cascade_settings import CascadeSettings, MaskRule


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
        A prompt whose mask comes out empty keeps the mask of the pass before; one whose first mask is empty is not
        asked anew by another prompt.
    """
    asked = tuple(prompts)
    inputs = mask_inputs if mask_inputs is not None else [None] * len(asked)
    answers = tuple(segmenter.decode(embedding, asked, mask_inputs))
    regions = tuple(
        None if logits is None else map_region(segmenter, embedding, logits, prompt)
        for logits, prompt in zip(inputs, asked, strict=True)
    )
    chosen = tuple(
        choose_mask(answer, settings.first, region) if prompt.box is None else SINGLE_MASK
        for prompt, answer, region in zip(asked, answers, regions, strict=True)
    )
    first = CascadePass(asked, answers, chosen)
    return first, *later_passes(segmenter, embedding, first, settings, regions)


def later_passes(
    segmenter: Segmenter,
    embedding: Embedding,
    first: CascadePass,
    settings: CascadeSettings,
    regions: Sequence[NDArray[np.bool_] | None],
) -> tuple[CascadePass, CascadePass]:
    """The second and the third pass after a first one, however that came about.

    Parameters
    ----------
    regions
        For each prompt the region of the map that it was made from; see `map_region`.
    """
    second = _refined(segmenter, embedding, first, first.prompts, settings.second, regions)
    boxed = tuple(
        prompt if prompt.box is not None else replace(prompt, box=mask_box(segmenter, embedding, second.logits(index)))
        for index, prompt in enumerate(second.prompts)
    )
    return second, _refined(segmenter, embedding, second, boxed, settings.third, regions)


def choose_mask(answer: DecodedPrompt, rule: MaskRule, region: NDArray[np.bool_] | None) -> int:
    """Which of the decoder's four answers counts.

    Parameters
    ----------
    region
        bool `(256, 256)`: what the mask should agree with under the rule `map`, or None.
    """
    if rule == "single":
        return SINGLE_MASK
    if rule == "map" and region is not None:
        masks = answer.logits > 0
        both, either = (masks & region).sum((1, 2)), (masks | region).sum((1, 2))
        return int(np.argmax(both / np.maximum(either, 1)))
    return best_of_three(answer.scores)


def map_region(
    segmenter: Segmenter, embedding: Embedding, map_logits: NDArray[np.float32], prompt: Prompt
) -> NDArray[np.bool_] | None:
    """The connected part of a map above its threshold that holds a prompt's first positive point, or else all of it.

    Parameters
    ----------
    map_logits
        float32 `(256, 256)`, as `map_input.map_as_logits` makes them.

    Returns
    -------
    bool `(256, 256)`, or None where nothing exceeds the threshold.
    """
    above = map_logits > 0
    if not above.any():
        return None
    rows, columns = segmenter.logits_frame(embedding)
    height, width = embedding.size
    _, labels = cv2.connectedComponents(above.astype(np.uint8), connectivity=8)
    for (x, y), label in zip(prompt.points, prompt.labels, strict=True):
        if label == POSITIVE:
            row, column = int((y + 0.5) * rows / height), int((x + 0.5) * columns / width)
            number = labels[min(row, rows - 1), min(column, columns - 1)]
            return labels == number if number else above
    return above


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
    segmenter: Segmenter,
    embedding: Embedding,
    before: CascadePass,
    prompts: tuple[Prompt, ...],
    rule: MaskRule,
    regions: Sequence[NDArray[np.bool_] | None],
) -> CascadePass:
    inputs = [before.logits(index) for index in range(len(prompts))]
    answers = segmenter.decode(embedding, prompts, inputs)
    # Of what no map was there for SAM's single mask counts: a refinement is told enough for it.
    chosen = [
        choose_mask(answer, "single" if rule == "map" and region is None else rule, region)
        for answer, region in zip(answers, regions, strict=True)
    ]
    height, width = segmenter.logits_frame(embedding)
    for index, answer in enumerate(answers):
        if not (answer.logits[chosen[index], :height, :width] > 0).any():
            answers[index], chosen[index] = before.answers[index], before.chosen[index]
    return CascadePass(prompts, tuple(answers), tuple(chosen))
