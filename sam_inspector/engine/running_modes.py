"""The modes of an evaluation, image after image: what each answers is scored and written down."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sam_inspector.core.errors import Cancelled, SamInspectorError, StoreError
from sam_inspector.core.metrics.mask_scores import score_mask
from sam_inspector.core.metrics.pixel_tally import PixelTally
from sam_inspector.data.datasets import Sample
from sam_inspector.data.export import export_mask
from sam_inspector.data.images import LoadedImage, read_image
from sam_inspector.data.maps import write_map
from sam_inspector.data.masks import read_mask
from sam_inspector.data.prompt_json import prompts_to_json
from sam_inspector.engine.category_maps import CategoryMaps
from sam_inspector.engine.image_modes import ImageModes, ModeAnswer
from sam_inspector.engine.image_rows import ImageRow, ModeResult
from sam_inspector.engine.loco_scoring import LocoScoring
from sam_inspector.engine.map_methods import MapWorks
from sam_inspector.engine.modes import AUTOMATIC_MODES
from sam_inspector.engine.requests import JobProgress
from sam_inspector.engine.run_places import RunPlaces, has_map_file

if TYPE_CHECKING:
    from sam_inspector.engine.evaluate import EvaluateSettings
    from sam_inspector.engine.exchanged_images import ExchangedImages
    from sam_inspector.engine.inspector import Inspector


class ModeRunner:
    """Runs the modes of an evaluation over images, category after category.

    Parameters
    ----------
    cancelled
        Asked between the parts of an encoding.
    """

    def __init__(
        self,
        settings: EvaluateSettings,
        inspector: Inspector,
        places: RunPlaces,
        map_works: Mapping[str, MapWorks],
        cancelled: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._inspector = inspector
        self._places = places
        self._cancelled = cancelled
        self._maps = CategoryMaps(inspector, map_works)
        self._loco = LocoScoring()
        self._exchanged: ExchangedImages | None = None

    def prepare(self, sample: Sample) -> Iterator[JobProgress]:
        """Make maps of an image's category possible, a step at a time."""
        if self._settings.automatic_modes:
            yield from self._maps.prepare(sample.category, cancelled=self._cancelled)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Sentences on what the maps of the category at hand are made from."""
        return self._maps.remarks

    def results(self, sample: Sample) -> Iterator[ModeResult]:
        """One result a mode; those that start from the ground truth leave good images out."""
        modes = [mode for mode in self._settings.modes if mode in AUTOMATIC_MODES or not sample.is_normal]
        image: LoadedImage | None = None
        try:
            image = read_image(sample.path)
            if sample.mask_path is None:
                ground_truth = np.zeros((image.height, image.width), np.bool_)
            else:
                ground_truth = read_mask(sample.mask_path, width=image.width, height=image.height)
            shown, told = self._shown(sample, image)
        except (Cancelled, StoreError):
            raise
        except SamInspectorError as error:
            for mode in modes:
                yield ModeResult(ImageRow.failed(sample, mode, image, str(error)))
            return
        answers = ImageModes(self._settings, self._inspector, self._maps, shown, ground_truth, self._cancelled)
        for mode in modes:
            try:
                answer = answers.answer(mode)
                self._write(sample, mode, answer)
                started = time.perf_counter()
                scores = score_mask(answer.segmentation, ground_truth)
                tally = PixelTally.of_image(answer.segmentation.score_map, ground_truth)
                spro = self._loco.tally(sample, answer.segmentation.score_map)
                seconds = {**answer.seconds, "score": time.perf_counter() - started}
            except (Cancelled, StoreError):
                raise
            except SamInspectorError as error:
                yield ModeResult(ImageRow.failed(sample, mode, image, str(error)))
                continue
            row = ImageRow.scored(sample, mode, image, scores, prompts=len(answer.prompts), seconds=seconds)
            mask = self._places.mask_path(sample, mode).relative_to(self._places.out).as_posix()
            row = replace(row, image_score=answer.image_score, mask=mask, ground_truth=_ground_truth_of(sample))
            row = replace(row, remarks=" ".join(filter(None, (told, answer.remark))))
            yield ModeResult(row, prompts_to_json(answer.prompts), tally, spro)

    def _shown(self, sample: Sample, image: LoadedImage) -> tuple[LoadedImage, str]:
        """What the modes see of an image, and a sentence on that, or nothing; its row stays that of the file."""
        settings = self._settings
        if settings.background is None:
            return image, ""
        if self._exchanged is None:
            from sam_inspector.engine.exchanged_images import ExchangedImages  # loads torch

            how = (settings.background, settings.foreground, settings.unknown_kind)
            self._exchanged = ExchangedImages(self._inspector, *how, cancelled=self._cancelled)
        return self._exchanged.exchange(image, sample.category)

    def _write(self, sample: Sample, mode: str, answer: ModeAnswer) -> None:
        export_mask(self._places.mask_path(sample, mode), answer.segmentation.mask)
        if has_map_file(mode) and self._settings.save_maps:
            write_map(self._places.map_path(sample, mode), answer.segmentation.score_map)


def _ground_truth_of(sample: Sample) -> str | None:
    """Some layouts keep it outside the category's folder."""
    if sample.mask_path is None:
        return None
    return Path(os.path.relpath(sample.mask_path, sample.category_folder)).as_posix()
