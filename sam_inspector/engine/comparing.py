"""One image under several modes and models, side by side: what each pane of the Compare view shows."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

import numpy as np

from sam_inspector.core.errors import Cancelled, InputError, SamInspectorError
from sam_inspector.core.metrics.mask_scores import score_mask
from sam_inspector.engine.category_maps import CategoryMaps
from sam_inspector.engine.image_modes import ImageModes, ModeAnswer
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.modes import AUTOMATIC_MODES, BY_HAND
from sam_inspector.engine.requests import (
    BuildReferences,
    CompareImage,
    ComparePane,
    CompareProgress,
    JobProgress,
    MapMethod,
)
from sam_inspector.engine.simplenet_works import LearnSimpleNet
from sam_inspector.models.registry import ModelSpec, get_model_spec


class Comparer:
    """Answers panes one after the other; keeps the models and the maps of the last panes.

    Parameters
    ----------
    inspector
        That of the window: its model is shared, others are loaded beside it.
    """

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = inspector
        self._beside: dict[str, Inspector] = {}
        self._maps: dict[str, tuple[object, CategoryMaps]] = {}

    def steps(self, work: CompareImage, cancelled: Callable[[], bool]) -> Generator[CompareProgress]:
        """Answer the panes, each in one or more steps; what goes wrong in one is told by it, and the others go on."""
        total = len(work.panes)
        self._forget_all_but([*work.models, *(pane.model for pane in work.panes)])
        answers: dict[str, ImageModes] = {}
        for index, pane in enumerate(work.panes):
            if cancelled():
                raise Cancelled("Another comparison was asked for.")
            try:
                for text in self._prepare(work, pane, cancelled):
                    yield CompareProgress(index, total, text, pane=index)
                if pane.model not in answers:
                    answers[pane.model] = self._modes(work, pane, cancelled)
                answer = self._answer(work, pane, answers[pane.model])
                scores = score_mask(answer.segmentation, work.ground_truth)
            except Cancelled:
                raise
            except SamInspectorError as error:
                yield CompareProgress(index + 1, total, pane=index, error=str(error))
                continue
            yield CompareProgress(index + 1, total, pane=index, answer=answer, scores=scores)

    def _prepare(self, work: CompareImage, pane: ComparePane, cancelled: Callable[[], bool]) -> Generator[str]:
        if pane.model not in self._beside or not self._is_usable(pane.model):
            own = self._inspector.beside()
            # A tuned model may have been tuned anew under its name.
            if (
                not own.has_model
                or own.segmenter.spec.name != pane.model
                or not _is_current(own.segmenter.spec, pane.model)
            ):
                yield f"Loading {get_model_spec(pane.model).title}"
                own.load_model(pane.model, device=work.device, cancelled=cancelled)
            self._beside[pane.model] = own
            self._maps.pop(pane.model, None)
        if pane.mode in AUTOMATIC_MODES:
            method = AUTOMATIC_MODES[pane.mode].map or work.settings.map_method
            maps = self._maps_for(work, pane.model)
            # Only the one that the pane needs: what goes wrong with another is told by the panes that need that.
            for progress in maps.prepare(work.category, (method,), cancelled=cancelled):
                yield _doing(work, method, progress)

    def _maps_for(self, work: CompareImage, model: str) -> CategoryMaps:
        """Maps of other references are made anew; the same ones are kept from image to image."""
        known = self._maps.get(model)
        if known is None or (work.map_works and known[0] != work.map_works):
            known = self._maps[model] = (work.map_works, CategoryMaps(self._beside[model], work.map_works))
        return known[1]

    def _is_usable(self, model: str) -> bool:
        """Whether the model is still the one of that name, and the device it was loaded on the one in use."""
        mine, theirs = self._beside[model].segmenter, self._inspector
        return _is_current(mine.spec, model) and (not theirs.has_model or mine.device == theirs.segmenter.device)

    def _modes(self, work: CompareImage, pane: ComparePane, cancelled: Callable[[], bool]) -> ImageModes:
        inspector = self._beside[pane.model]
        image = work.image
        truth = work.ground_truth
        if truth is None:
            truth = np.zeros((image.height, image.width), np.bool_)
        return ImageModes(work.settings, inspector, self._maps_for(work, pane.model), image, truth, cancelled)

    def _answer(self, work: CompareImage, pane: ComparePane, modes: ImageModes) -> ModeAnswer:
        if pane.mode == BY_HAND:
            return modes.by_hand(work.prompts)
        if work.ground_truth is None and pane.mode not in AUTOMATIC_MODES:
            raise InputError("This mode starts from the ground truth, and this image has none: open one with Ctrl+G.")
        return modes.answer(pane.mode)

    def _forget_all_but(self, models: Sequence[str]) -> None:
        """A model that no pane asks for any more gives its memory back."""
        for name in [name for name in self._beside if name not in models]:
            del self._beside[name]
            self._maps.pop(name, None)


def _is_current(spec: ModelSpec, name: str) -> bool:
    """Whether a loaded model was not tuned anew since, under the same name."""
    return spec.tuned_sha256 == get_model_spec(name).tuned_sha256


def _doing(work: CompareImage, method: MapMethod, progress: JobProgress) -> str:
    """What a map waits for, as `Describing 4 normal images, view 13 of 32`."""
    build = work.map_works.get(work.category, {}).get(method)
    if isinstance(build, LearnSimpleNet):
        return progress.text
    if not isinstance(build, BuildReferences):
        return f"Reading sentences with CLIP, {progress.done} of {progress.total}"
    count = len(build.paths)
    images = "1 normal image" if count == 1 else f"{count} normal images"
    if progress.done == 0:
        return f"Reading {images}"
    return f"Describing {images}, view {progress.done} of {progress.total}"
