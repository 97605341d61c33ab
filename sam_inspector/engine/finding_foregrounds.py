"""The foregrounds of a category's images one after the other, and what SAM answers to points that mend one of them.

What is found is what Sam2Sim keeps of each image (`engine/learnt_simplenet.py`): the outline that suits the category is
learnt from its normal images in the same way, and masks are kept in the same place, so that training finds them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import Cancelled, ImageReadError, InputError, PromptError, StoreError
from sam_inspector.core.geometry import check_prompts, components, deepest_point
from sam_inspector.core.metrics.overlap import iou
from sam_inspector.core.prompts import POSITIVE, Point, Prompt, Prompts
from sam_inspector.core.segmentation import default_candidate
from sam_inspector.data.images import LoadedImage, read_image
from sam_inspector.data.masks import mask_from_png
from sam_inspector.engine.foreground_steps import ForegroundAnswer, ForegroundProgress
from sam_inspector.engine.foreground_works import AskForeground, FindForegrounds, FoundForeground, packed
from sam_inspector.engine.foregrounds import Foregrounds
from sam_inspector.engine.inspector import Inspector
from sam_inspector.foreground.clean_up import clean_up
from sam_inspector.foreground.mask_cache import CorrectedMasks, corrections_folder, pixels_id
from sam_inspector.foreground.outline import fitting_outline
from sam_inspector.foreground.result import ForegroundResult, judged
from sam_inspector.methods.sam2sim import ForegroundChoice
from sam_inspector.models.backbone import never
from sam_inspector.prompting.map_input import map_as_logits

AWAY = 0.1
"""So far from a negative point, as a share of the longest side, the object is asked for."""
LIKE = 0.7
"""A mask counts that is at least this share as like the foreground as the one most like it."""
NOTHING_THERE = "SAM finds nothing large enough at these points: take them back, and click on the object."


def find_foregrounds(
    work: FindForegrounds, inspector: Inspector, *, cancelled: Callable[[], bool] = never
) -> Iterator[ForegroundProgress]:
    """Find the foregrounds of normal images, then of others, one a step.

    Where the outline is to be learnt, normal images are first looked at as they are found; once it is known, those of
    them that it changes come again.

    Raises
    ------
    WeightsError, ModelError
        As `Foregrounds`.
    Cancelled
        When `cancelled` said so; what was found is kept.
    """
    foregrounds = Foregrounds(inspector, work.choice, cancelled=cancelled)
    choice = work.choice.with_outline("as_found") if work.choice.fits_outline else work.choice
    if work.if_kept and not _is_kept(foregrounds, choice, (*work.normal_paths, *work.other_paths)):
        return
    finder = _Finder(foregrounds, cancelled)
    passes = 2 if work.choice.fits_outline else 1
    total = passes * len(work.normal_paths) + len(work.other_paths)
    masks: list[NDArray[np.bool_]] = []
    yield from finder.steps(work.normal_paths, choice, 0, total, masks)
    if work.choice.fits_outline:
        settled = work.choice.with_outline(fitting_outline(masks))
        masks.clear()
        if settled != choice:
            yield from finder.steps(work.normal_paths, settled, len(work.normal_paths), total)
        choice = settled
    yield from finder.steps(work.other_paths, choice, passes * len(work.normal_paths), total)


def _is_kept(foregrounds: Foregrounds, choice: ForegroundChoice, paths: tuple[Path, ...]) -> bool:
    """Whether the first image that can be read was looked at before; the others were then, too, or nearly all."""
    for path in paths:
        try:
            image = read_image(path)
        except ImageReadError:
            continue
        return foregrounds.extractor(choice.settings, corrected=False).is_kept(image.pixels)
    return False


class _Finder:
    def __init__(self, foregrounds: Foregrounds, cancelled: Callable[[], bool]) -> None:
        self._foregrounds = foregrounds
        self._cancelled = cancelled
        self._corrections = CorrectedMasks(corrections_folder())

    def steps(
        self,
        paths: tuple[Path, ...],
        choice: ForegroundChoice,
        done: int,
        total: int,
        masks: list[NDArray[np.bool_]] | None = None,
    ) -> Iterator[ForegroundProgress]:
        """An image a step; the masks that say something about the outline go to `masks`, bool `(H, W)` each."""
        extractor = self._foregrounds.extractor(choice.settings, corrected=False)
        for number, path in enumerate(paths, start=done + 1):
            if self._cancelled():
                raise Cancelled("Looking for foregrounds was given up.")
            text = f"Foreground of {path.name}"
            try:
                image = read_image(path)
            except ImageReadError as error:
                yield ForegroundProgress(number, total, text, choice=choice, trouble=str(error))
                continue
            with self._foregrounds.looking_at(image):
                automatic = extractor.find(image.pixels, cancelled=self._cancelled)
            name = pixels_id(image.pixels)
            drawn, trouble = self._correction(name, image, automatic)
            used = drawn or automatic
            if masks is not None and not used.fell_back:
                masks.append(used.mask)
            found = FoundForeground(
                path, name, (image.height, image.width), packed(automatic), packed(drawn) if drawn else None
            )
            yield ForegroundProgress(number, total, text, found, choice, trouble)

    def _correction(
        self, name: str, image: LoadedImage, automatic: ForegroundResult
    ) -> tuple[ForegroundResult | None, str]:
        try:
            mask = self._corrections.get(name, image.height, image.width)
        except StoreError as error:
            return None, str(error)  # it is shown without, so that it can be corrected again
        return (None if mask is None else judged(mask, automatic.mode, corrected=True)), ""


def ask_foreground(
    work: AskForeground, inspector: Inspector, *, cancelled: Callable[[], bool] = never
) -> Iterator[ForegroundAnswer]:
    """Ask SAM for what the points describe, and clean its answer up.

    Where the points mend a foreground, SAM gets that as its mask input, and its deepest pixel as a positive point: a
    point on a missing part, or negative points alone, then mean the object with that part, or without. SAM's single
    mask counts, unless another of its masks heeds more of the points or is far more like the foreground: SAM may take
    a chip in a cookie for the object.

    Raises
    ------
    PromptError
        When the points ask for nothing, lie outside the image, or SAM finds nothing there.
    InputError
        When the image can't be read, or is of another size than the foreground to mend.
    ModelError
        When no model is loaded, or the device ran out of memory.
    """
    image = read_image(work.path)
    inspector = inspector.untuned()
    segmenter = inspector.segmenter
    start = mask_from_png(work.start) if work.start else None
    if start is not None and start.shape != (image.height, image.width):
        raise InputError(f"{work.path.name} has changed since its foreground was found: find foregrounds again.")
    prompt = Prompt(points=work.points, labels=work.labels)
    if start is not None:
        inside = _inside(start, work)
        prompt = Prompt(points=(*inside, *work.points), labels=(*(POSITIVE for _ in inside), *work.labels))
    if not prompt.can_segment:
        raise PromptError("Only what does not belong to the object was marked: click on the object first.")
    check_prompts(Prompts((prompt,)), image.width, image.height)
    embedding = inspector.embed(image, cancelled=cancelled).embedding
    inputs = None
    if start is not None and "mask_input" in segmenter.spec.capabilities:
        inputs = [map_as_logits(start.astype(np.float32), 0.5, segmenter.logits_frame(embedding))]
    (answer,) = segmenter.decode(embedding, [prompt], inputs)
    multimask = "multimask" in segmenter.spec.capabilities
    if start is None:
        chosen = default_candidate(prompt, answer.scores, single_point_multimask=multimask)
        mask = segmenter.upsample(embedding, answer.logits[chosen]) > 0
    else:
        mask = _mended([segmenter.upsample(embedding, logits) > 0 for logits in answer.logits], prompt, start)
    mask = clean_up(mask, work.choice.settings.clean_up)
    if not mask.any():
        raise PromptError(NOTHING_THERE)
    yield ForegroundAnswer(1, 1, image.path.name, packed(judged(mask, work.choice.settings.mode, corrected=True)))


def _inside(start: NDArray[np.bool_], work: AskForeground) -> tuple[Point, ...]:
    """A pixel deep within the foreground to mend, bool `(H, W)`, and away from what was marked as none of it."""
    rest = start.astype(np.uint8)
    radius = max(1, round(AWAY * max(start.shape)))
    for (x, y), label in zip(work.points, work.labels, strict=True):
        if label != POSITIVE:
            cv2.circle(rest, (round(x), round(y)), radius, 0, cv2.FILLED)
    parts = components(rest.astype(bool))
    return (deepest_point(max(parts, key=lambda part: part.area)),) if parts else ()


def _mended(masks: list[NDArray[np.bool_]], prompt: Prompt, start: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of SAM's masks, bool `(H, W)`, the first that heeds as many points as any and is no mere part of the object."""
    places = [(round(y), round(x)) for x, y in prompt.points]
    heeded = [
        sum(bool(mask[at]) == (label == POSITIVE) for at, label in zip(places, prompt.labels, strict=True))
        for mask in masks
    ]
    best = [mask for mask, count in zip(masks, heeded, strict=True) if count == max(heeded)]
    alike = [iou(mask, start) or 0.0 for mask in best]
    return next(mask for mask, share in zip(best, alike, strict=True) if share >= LIKE * max(alike))
