"""What the Tune view asks of the file thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
from PySide6.QtGui import QImage

from sam_inspector.anomaly.simplenet.manifest import SimpleNetManifest, read_simplenet_manifest
from sam_inspector.anomaly.simplenet.recipe import simplenet_recipe
from sam_inspector.core.errors import InputError, SamInspectorError
from sam_inspector.data.atomic import write_failure
from sam_inspector.data.datasets import Dataset, Sample
from sam_inspector.data.images import read_image
from sam_inspector.data.map_pictures import draw_map
from sam_inspector.engine.backbone_weights import require_backbone_weights
from sam_inspector.engine.references import normal_samples
from sam_inspector.engine.requests import PreviewMap, TrainSimpleNet
from sam_inspector.models.backbone_registry import SAM_BACKBONE
from sam_inspector.ui.file_thread import LOW, OPEN, SAVE, FileState
from sam_inspector.ui.tune.choices import TuneChoices

PREVIEWS = 6
PREVIEWS_NORMAL = 2
PICTURE_PX = 480
"""Longest side of a preview: more than is shown, for screens of high resolution."""


@dataclass(frozen=True, eq=False, slots=True)
class Standing:
    """What a wish comes to.

    Attributes
    ----------
    work
        The training; None where it can't be had.
    problem
        Why not, as a sentence; or what is wrong with the file that is there.
    normal
        Images to learn from.
    earlier
        What the file that is there says; None where there is none.
    is_finished
        Whether that one has a threshold from images that it did not learn from, which comes after the epochs.
    """

    choices: TuneChoices
    work: TrainSimpleNet | None = None
    problem: str = ""
    normal: int = 0
    earlier: SimpleNetManifest | None = None
    is_finished: bool = False

    @property
    def epochs_done(self) -> int:
        """Of this training so far."""
        return 0 if self.earlier is None else self.earlier.epochs_done

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to train."""
        return self.is_finished and self.epochs_done >= self.choices.epochs


@dataclass(frozen=True, eq=False)
class LookAtTraining:
    """Look what a wish comes to: its images, and what an earlier sitting has trained.

    Attributes
    ----------
    folder
        Where trained networks are kept.
    """

    priority: ClassVar[int] = OPEN
    newest_only: ClassVar[bool] = True
    choices: TuneChoices
    dataset: Dataset
    folder: Path
    device: str

    def run(self, state: FileState) -> Standing:
        """Raise nothing: trouble is in the answer."""
        try:
            return self._look()
        except SamInspectorError as error:
            return Standing(self.choices, problem=str(error))

    def _look(self) -> Standing:
        choices, dataset = self.choices, self.dataset
        normal = normal_samples(dataset, choices.category)
        if not normal:
            raise InputError(
                f"The category {choices.category} has no normal images to learn from: put some in train/good."
            )
        tests = [each for each in dataset.samples if each.category == choices.category and each.split == "test"]
        settings = choices.settings()
        recipe = simplenet_recipe(settings)
        if choices.backbone != SAM_BACKBONE:
            require_backbone_weights(choices.backbone)
        if choices.paper_protocol:
            from sam_inspector.engine.paper_protocol import check_test_samples

            check_test_samples(tests)
        out = choices.file(self.folder, dataset.root.name)
        work = TrainSimpleNet(
            tuple(sample.path for sample in normal),
            choices.category,
            settings,
            out,
            resume=True,
            device=self.device,
            preview_paths=tuple(sample.path for sample in previewed(tests)),
            test_samples=tuple(tests) if choices.paper_protocol else (),
        )
        if not out.exists():
            return Standing(choices, work, normal=len(normal))
        try:
            earlier = read_simplenet_manifest(out)
        except InputError as error:
            return Standing(choices, work, str(error), len(normal))
        return Standing(choices, work, "", len(normal), earlier, earlier.is_finished(recipe))


def previewed(tests: Sequence[Sample]) -> list[Sample]:
    """Test images to look at while training goes on: some with defects, evenly chosen, and some without."""
    normal = [sample for sample in tests if sample.is_normal][:PREVIEWS_NORMAL]
    others = [sample for sample in tests if not sample.is_normal]
    places = np.linspace(0, len(others) - 1, min(len(others), PREVIEWS - len(normal))).round().astype(int)
    return [*(others[place] for place in places), *normal]


@dataclass(frozen=True, eq=False)
class SetAside:
    """Give a network another name, so that its training can begin anew; nothing is deleted."""

    priority: ClassVar[int] = SAVE
    newest_only: ClassVar[bool] = False
    file: Path

    def run(self, state: FileState) -> Path:
        """Rename it.

        Raises
        ------
        StoreError
            When it can't be renamed.
        """
        aside = self.file.with_name(f"{self.file.stem} until {datetime.now():%Y-%m-%d %H.%M.%S}{self.file.suffix}")
        try:
            return self.file.rename(aside)
        except OSError as error:
            raise write_failure(self.file, error) from error


@dataclass(frozen=True, eq=False)
class DrawPreview:
    """Draw the map of a network that is still being trained over its image."""

    priority: ClassVar[int] = LOW
    newest_only: ClassVar[bool] = False
    preview: PreviewMap

    def run(self, state: FileState) -> QImage:
        """An empty picture where the image can't be read any more."""
        try:
            pixels = read_image(self.preview.path).pixels
        except SamInspectorError:
            return QImage()
        height, width = pixels.shape[:2]
        scale = min(1.0, PICTURE_PX / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        drawn = np.ascontiguousarray(draw_map(small, self.preview.anomaly_map))
        return QImage(drawn.data, size[0], size[1], 3 * size[0], QImage.Format.Format_RGB888).copy()
