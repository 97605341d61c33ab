"""One image under several modes, encoded once and mapped once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import InputError
from sam_inspector.core.prompts import Prompts
from sam_inspector.core.segmentation import AnomalyMap, Segmentation
from sam_inspector.data.images import LoadedImage
from sam_inspector.engine.category_maps import CategoryMaps
from sam_inspector.engine.map_methods import LEARNT_METHODS
from sam_inspector.engine.modes import AUTOMATIC_MODES, TUNED_MODE
from sam_inspector.engine.requests import CascadeInput, MapInput, MapMethod
from sam_inspector.methods.prompt_modes import RECOMMENDED
from sam_inspector.methods.spt.prompts import prompts_of_kind
from sam_inspector.models.backbone import never
from sam_inspector.models.tuned.finding import manifest_of
from sam_inspector.prompting.from_anomaly_map import map_threshold, prompts_from_map
from sam_inspector.prompting.from_ground_truth import prompts_from_ground_truth

if TYPE_CHECKING:
    from sam_inspector.engine.evaluate import EvaluateSettings
    from sam_inspector.engine.few_shot import MapOutcome
    from sam_inspector.engine.inspector import EmbedOutcome, Inspector

LEARNT_FROM = "The model was tuned on this very image, so its scores say little."


@dataclass(frozen=True, eq=False, slots=True)
class ModeAnswer:
    """What one mode gave for an image.

    Attributes
    ----------
    prompts
        What SAM was asked; empty for a mode that scores the map alone.
    seconds
        `encode` (None when the embedding was there already, as for an image's second mode), `decode` (prompts to united
        mask), `map`, for a cascade `points`; None for what was not done.
    image_score
        How odd the whole image is; None for a mode without a map.
    anomaly_map
        The map that the mode starts from, or None.
    remark
        A sentence on this image's map, or nothing.
    """

    segmentation: Segmentation
    prompts: Prompts
    seconds: dict[str, float | None]
    image_score: float | None = None
    anomaly_map: AnomalyMap | None = None
    remark: str = ""


class ImageModes:
    """Answers modes for one image.

    Parameters
    ----------
    maps
        Prepared for the image's category.
    ground_truth
        bool `(H, W)`; no defect where it is False all over.
    cancelled
        Asked between the parts of an encoding.
    """

    def __init__(
        self,
        settings: EvaluateSettings,
        inspector: Inspector,
        maps: CategoryMaps,
        image: LoadedImage,
        ground_truth: NDArray[np.bool_],
        cancelled: Callable[[], bool] = never,
    ) -> None:
        self._settings = settings
        self._inspector = inspector
        self._maps = maps
        self._image = image
        self._ground_truth = ground_truth
        self._cancelled = cancelled
        self._embedded: EmbedOutcome | None = None
        self._mapped: dict[MapMethod, MapOutcome] = {}
        self._seconds: dict[str, float | None] = {}

    def answer(self, mode: str) -> ModeAnswer:
        """One of `EVALUATE_MODES`.

        Raises
        ------
        SamInspectorError
            Any of them, where an image can't be answered under this mode.
        """
        self._seconds = {"encode": None, "decode": None, "map": None}
        if mode in AUTOMATIC_MODES:
            return self._automatic(mode)
        if mode == TUNED_MODE:
            return self._tuned()
        settings = self._settings
        prompts = prompts_from_ground_truth(self._ground_truth, mode, preset=settings.preset, points=settings.points)
        return ModeAnswer(self._segment(prompts, settings.preset), prompts, self._seconds)

    def by_hand(self, prompts: Prompts) -> ModeAnswer:
        """The prompts of a person, answered as in the window.

        Raises
        ------
        SamInspectorError
            Without a prompt that can be answered.
        """
        self._seconds = {"encode": None, "decode": None, "map": None}
        if not prompts.decodable:
            raise InputError("There are no prompts by hand on this image yet: click or drag some in Inspect.")
        return ModeAnswer(self._segment(prompts, self._settings.preset), prompts, self._seconds)

    def _tuned(self) -> ModeAnswer:
        settings = self._settings
        prompts = prompts_of_kind(self._ground_truth, settings.spt_prompts, settings.points)
        inspector = self._inspector.tuned(settings.tuned) if settings.tuned else self._inspector
        if inspector.segmenter.spec.embedded_by == self._inspector.segmenter.spec.embedded_by:
            embedded = self._embed(RECOMMENDED)
        else:
            embedded = inspector.embed(self._image, cancelled=self._cancelled)
            self._seconds["encode"] = embedded.seconds
        options = replace(settings.options, preset=RECOMMENDED)
        segmentation, self._seconds["decode"] = inspector.segment(embedded, prompts, options)
        seen = manifest_of(inspector.segmenter.spec).has_seen(self._image.image_id)
        return ModeAnswer(segmentation, prompts, self._seconds, remark=LEARNT_FROM if seen else "")

    def _automatic(self, mode: str) -> ModeAnswer:
        settings, image, row = self._settings, self._image, AUTOMATIC_MODES[mode]
        method = row.map or settings.map_method
        if method == "few-shot" or row.answer != "map":
            self._embed(RECOMMENDED)
        outcome = self._map(method)
        found = outcome.anomaly_map
        threshold = map_threshold(found, settings.prompting, outcome.calibration, self._ground_truth)
        if row.answer == "map":
            values = _at_size_of(image, found)
            segmentation, prompts = Segmentation(values > threshold, values), Prompts()
        elif row.answer == "cascade":
            segmentation, prompts = self._cascade(method, found, threshold)
        else:
            prompts = prompts_from_map(found, threshold, (image.height, image.width), settings.prompting, method)
            given = MapInput(found, threshold) if settings.prompting.map_input else None
            segmentation = self._segment(prompts, RECOMMENDED, given)
        return ModeAnswer(segmentation, prompts, self._seconds, outcome.image_score, found, outcome.remark)

    def _cascade(self, method: MapMethod, found: AnomalyMap, threshold: float) -> tuple[Segmentation, Prompts]:
        how = self._settings.cascade
        embedded = self._embed(RECOMMENDED)
        points, self._seconds["points"] = self._inspector.find_points(embedded, found, threshold, how.points)
        prompts = points.as_prompts(method)
        made_from = MapInput(found, points.threshold)
        passes, self._seconds["decode"] = self._inspector.segment_in_passes(
            embedded,
            prompts,
            replace(self._settings.options, preset=RECOMMENDED),
            CascadeInput(how.passes, made_from, how.score),
            map_input=made_from if how.map_input else None,
        )
        return passes[-1], prompts

    def _map(self, method: MapMethod) -> MapOutcome:
        if method not in self._mapped:
            began = time.perf_counter()
            outcome = self._mapped[method] = self._maps.map(method, self._image)
            if method in LEARNT_METHODS:
                # These describe the image themselves, Sam2Sim after looking for its foreground.
                self._seconds["encode"] = time.perf_counter() - began - outcome.seconds
            self._seconds["map"] = outcome.seconds
        return self._mapped[method]

    def _embed(self, preset: str) -> EmbedOutcome:
        """The first mode pays for the encoding, and its answer says so."""
        if self._embedded is None or self._embedded.key.preprocessing != preset:
            self._embedded = self._inspector.embed(self._image, preset=preset, cancelled=self._cancelled)
            self._seconds["encode"] = self._embedded.seconds
        return self._embedded

    def _segment(self, prompts: Prompts, preset: str, map_input: MapInput | None = None) -> Segmentation:
        embedded = self._embed(preset)
        options = replace(self._settings.options, preset=preset)
        if self._settings.three_passes:
            passes, self._seconds["decode"] = self._inspector.segment_in_passes(
                embedded, prompts, options, CascadeInput(self._settings.cascade.passes), map_input=map_input
            )
            return passes[-1]
        segmentation, self._seconds["decode"] = self._inspector.segment(embedded, prompts, options, map_input=map_input)
        return segmentation


def _at_size_of(image: LoadedImage, anomaly_map: AnomalyMap) -> NDArray[np.float32]:
    size = (image.width, image.height)
    resized = cv2.resize(anomaly_map.values, size, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(resized.reshape(image.height, image.width), np.float32)
