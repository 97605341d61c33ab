"""One image under every mode of an evaluation, encoded once and mapped once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import Cancelled, SamInspectorError, StoreError
from sam_inspector.core.metrics.mask_scores import score_mask
from sam_inspector.core.metrics.pixel_tally import PixelTally
from sam_inspector.core.prompts import Prompts
from sam_inspector.core.segmentation import Segmentation
from sam_inspector.data.datasets import Sample
from sam_inspector.data.export import export_mask
from sam_inspector.data.images import LoadedImage, read_image
from sam_inspector.data.maps import write_map
from sam_inspector.data.masks import read_mask
from sam_inspector.data.prompt_json import prompts_to_json
from sam_inspector.engine.image_rows import ImageRow, ModeResult
from sam_inspector.engine.map_methods import Mapper, MapWorks, make_mapper
from sam_inspector.engine.modes import AUTOMATIC_MODES
from sam_inspector.engine.requests import BuildReferences, CascadeInput, MapInput, MapMethod
from sam_inspector.engine.results import ResultsFolder
from sam_inspector.methods.prompt_modes import RECOMMENDED
from sam_inspector.prompting.from_anomaly_map import map_threshold, prompts_from_map
from sam_inspector.prompting.from_ground_truth import prompts_from_ground_truth

if TYPE_CHECKING:
    from sam_inspector.engine.evaluate import EvaluateSettings
    from sam_inspector.engine.few_shot import MapOutcome
    from sam_inspector.engine.inspector import EmbedOutcome, Inspector


class ModeRunner:
    """Runs the modes of an evaluation over images, category after category."""

    def __init__(
        self,
        settings: EvaluateSettings,
        inspector: Inspector,
        folder: ResultsFolder,
        map_works: Mapping[str, MapWorks],
    ) -> None:
        self._settings = settings
        self._inspector = inspector
        self._folder = folder
        self._map_works = map_works
        self._mappers: dict[MapMethod, Mapper] = {}
        self._mapped_category: str | None = None

    def prepare(self, sample: Sample) -> tuple[str, ...]:
        """Make maps of an image's category possible, where that is not the last one; gives remarks on it."""
        if not self._settings.automatic_modes or self._mapped_category == sample.category:
            return ()
        remarks: list[str] = []
        for method, work in self._map_works[sample.category].items():
            if method not in self._mappers:
                self._mappers[method] = make_mapper(method, self._inspector)
            mapper = self._mappers[method]
            for _ in mapper.build(work):
                pass
            if isinstance(work, BuildReferences):
                wanted, found = work.settings.references.count, len(work.paths)
                if found < wanted:
                    remarks.append(f"There are {found} normal images, fewer than the {wanted} asked for: all are used.")
            remarks += mapper.ready(work).remarks
        self._mapped_category = sample.category
        return tuple(remarks)

    def run(self, sample: Sample) -> list[ModeResult]:
        """One result a mode; those that start from the ground truth leave good images out."""
        modes = [mode for mode in self._settings.modes if mode in AUTOMATIC_MODES or not sample.is_normal]
        image: LoadedImage | None = None
        try:
            image = read_image(sample.path)
            if sample.mask_path is None:
                ground_truth = np.zeros((image.height, image.width), np.bool_)
            else:
                ground_truth = read_mask(sample.mask_path, width=image.width, height=image.height)
        except SamInspectorError as error:
            return [ModeResult(ImageRow.failed(sample, mode, image, str(error))) for mode in modes]
        run = _ImageRun(self._settings, self._inspector, self._folder, self._mappers, sample, image, ground_truth)
        return [run.result(mode) for mode in modes]


class _ImageRun:
    """What the modes of one image share: its encoding and its map."""

    def __init__(
        self,
        settings: EvaluateSettings,
        inspector: Inspector,
        folder: ResultsFolder,
        mappers: Mapping[MapMethod, Mapper],
        sample: Sample,
        image: LoadedImage,
        ground_truth: NDArray[np.bool_],
    ) -> None:
        self._settings = settings
        self._inspector = inspector
        self._folder = folder
        self._mappers = mappers
        self._sample = sample
        self._image = image
        self._ground_truth = ground_truth
        self._embedded: EmbedOutcome | None = None
        self._mapped: dict[MapMethod, MapOutcome] = {}

    def result(self, mode: str) -> ModeResult:
        """One mode; what goes wrong becomes its row."""
        self._seconds: dict[str, float | None] = {"encode": None, "decode": None, "map": None}
        try:
            if mode in AUTOMATIC_MODES:
                segmentation, prompts = self._automatic(mode)
            else:
                settings = self._settings
                prompts = prompts_from_ground_truth(
                    self._ground_truth, mode, preset=settings.preset, points=settings.points
                )
                segmentation = self._segment(prompts, settings.preset)
            export_mask(self._folder.mask_path(self._sample, mode), segmentation.mask)
            started = time.perf_counter()
            scores = score_mask(segmentation, self._ground_truth)
            tally = PixelTally.of_image(segmentation.score_map, self._ground_truth)
            self._seconds["score"] = time.perf_counter() - started
        except (Cancelled, StoreError):
            raise
        except SamInspectorError as error:
            return ModeResult(ImageRow.failed(self._sample, mode, self._image, str(error)))
        row = ImageRow.scored(self._sample, mode, self._image, scores, prompts=len(prompts), seconds=self._seconds)
        if mode in AUTOMATIC_MODES:
            row = replace(row, image_score=self._mapped[self._map_method(mode)].image_score)
        return ModeResult(row, prompts_to_json(prompts), tally)

    def _automatic(self, mode: str) -> tuple[Segmentation, Prompts]:
        settings, image = self._settings.prompting, self._image
        method, answer = self._map_method(mode), AUTOMATIC_MODES[mode].answer
        if method == "few-shot" or answer != "map":
            self._embed(RECOMMENDED)
        outcome = self._map(method)
        found = outcome.anomaly_map
        threshold = map_threshold(found, settings, outcome.calibration, self._ground_truth)
        if answer == "map":
            size = (image.width, image.height)
            resized = cv2.resize(found.values, size, interpolation=cv2.INTER_LINEAR)
            values = np.ascontiguousarray(resized.reshape(image.height, image.width), np.float32)
            if self._settings.save_maps:
                write_map(self._folder.map_path(self._sample, mode), values)
            return Segmentation(values > threshold, values), Prompts()
        map_input = MapInput(found, threshold)
        if answer == "cascade":
            return self._cascade(method, map_input)
        prompts = prompts_from_map(found, threshold, (image.height, image.width), settings, method)
        return self._segment(prompts, RECOMMENDED, map_input if settings.map_input else None), prompts

    def _cascade(self, method: MapMethod, map_input: MapInput) -> tuple[Segmentation, Prompts]:
        how, found = self._settings.cascade, map_input.anomaly_map
        embedded = self._embed(RECOMMENDED)
        points, seconds = self._inspector.find_points(embedded, found, map_input.threshold, how.points)
        prompts = points.as_prompts(method)
        passes, self._seconds["decode"] = self._inspector.segment_in_passes(
            embedded,
            prompts,
            replace(self._settings.options, preset=RECOMMENDED),
            CascadeInput(how.passes, found, how.score),
            map_input=map_input if how.map_input else None,
        )
        self._seconds["points"] = seconds
        return passes[-1], prompts

    def _map_method(self, mode: str) -> MapMethod:
        return AUTOMATIC_MODES[mode].map or self._settings.map_method

    def _map(self, method: MapMethod) -> MapOutcome:
        if method not in self._mapped:
            self._mapped[method] = self._mappers[method].map(self._image)
            self._seconds["map"] = self._mapped[method].seconds
        return self._mapped[method]

    def _embed(self, preset: str) -> EmbedOutcome:
        """The first mode pays for the encoding, and its row says so."""
        if self._embedded is None or self._embedded.key.preprocessing != preset:
            self._embedded = self._inspector.embed(self._image, preset=preset)
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
