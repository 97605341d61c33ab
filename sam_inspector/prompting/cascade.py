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
    first: CascadePass,
    settings: CascadeSettings,
    regions: Sequence[NDArray[np.bool_] | None],
) -> tuple[CascadePass, CascadePass, CascadePass]:
    """Decode prompts twice more, after a first pass that anything may have answered: points, a click, a box.

    Parameters
    ----------
    first
        Its chosen masks are those of `choose_first`, or what a person picked.
    regions
        For each prompt the region of the map that it was made from, see `map_region`; None where it is of no map.

    Returns
    -------
    tuple[CascadePass, CascadePass, CascadePass]
        The first and the two after it. A prompt whose first mask is empty is asked again with the box of its region;
        one whose later mask comes out empty keeps the mask of the pass before.
    """
    first = _with_boxes_for_empty(segmenter, embedding, first, regions)
    second = _refined(segmenter, embedding, first, first.prompts, settings.second, regions)
    boxed = tuple(
        prompt if prompt.box is not None else replace(prompt, box=mask_box(segmenter, embedding, second.logits(index)))
        for index, prompt in enumerate(second.prompts)
    )
    return first, second, _refined(segmenter, embedding, second, boxed, settings.third, regions)


def choose_first(
    prompt: Prompt, answer: DecodedPrompt, region: NDArray[np.bool_] | None, settings: CascadeSettings
) -> int:
    """Which answer to a prompt counts in the first pass: a box says what is meant, points leave it open."""
    return SINGLE_MASK if prompt.box is not None else choose_mask(answer, settings.first, region)


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


def _with_boxes_for_empty(
    segmenter: Segmenter,
    embedding: Embedding,
    first: CascadePass,
    regions: Sequence[NDArray[np.bool_] | None],
) -> CascadePass:
    """The first pass, prompts without a mask asked again with the box of the region that they were made from."""
    answers, chosen = list(first.answers), list(first.chosen)
    for index, (prompt, region) in enumerate(zip(first.prompts, regions, strict=True)):
        if prompt.box is not None or region is None or _shows(segmenter, embedding, first.logits(index)):
            continue
        box = mask_box(segmenter, embedding, np.where(region, np.float32(1), np.float32(-1)))
        if box is not None:
            answers[index] = segmenter.decode(embedding, [replace(prompt, box=box)])[0]
            chosen[index] = SINGLE_MASK
    return replace(first, answers=tuple(answers), chosen=tuple(chosen))


def _shows(segmenter: Segmenter, embedding: Embedding, logits: NDArray[np.float32]) -> bool:
    """Whether there is a mask in the part of the logits that shows the image."""
    height, width = segmenter.logits_frame(embedding)
    return bool((logits[:height, :width] > 0).any())


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
    for index, answer in enumerate(answers):
        if not _shows(segmenter, embedding, answer.logits[chosen[index]]):
            answers[index], chosen[index] = before.answers[index], before.chosen[index]
    return CascadePass(prompts, tuple(answers), tuple(chosen))
