"""sPRO of MVTec LOCO: which images have it, the tally of one of them, and why there is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import DatasetError, SamInspectorError
from sam_inspector.core.metrics.pixel_tally import PixelTally
from sam_inspector.core.metrics.spro import SproChannel, spro_tally
from sam_inspector.data.datasets import Sample
from sam_inspector.data.datasets.loco_defects import (
    DEFECTS_CONFIG,
    DefectType,
    defect_kind,
    read_defect_channels,
    read_defects_config,
)

SproKind = Literal["good", "logical", "structural"]


@dataclass(frozen=True, eq=False, slots=True)
class SproTally:
    """The pixels of one image, and what kind of image it is.

    Attributes
    ----------
    pixels
        None where they can't be counted; `problem` then says why, in a sentence.
    """

    kind: SproKind
    pixels: PixelTally | None
    problem: str | None = None


class LocoScoring:
    """Tallies images of MVTec LOCO for sPRO; reads the table of defects once a category."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._types: dict[int, DefectType] | DatasetError | None = None

    def tally(self, sample: Sample, scores: NDArray[np.floating]) -> SproTally | None:
        """Count one image; None for an image of another dataset.

        What hinders sPRO hinders no other metric, so it is told in the tally and not raised.

        Parameters
        ----------
        scores
            float `(H, W)`; higher is more anomalous.
        """
        kind = defect_kind(sample)
        types = self._types_of(sample.category_folder)
        if kind is None and not (sample.is_normal and types is not None):
            return None
        try:
            if types is None:
                types = read_defects_config(sample.category_folder)  # which says that there is none
            if isinstance(types, DatasetError):
                raise types
            return SproTally(kind or "good", _counted(sample, scores, types))
        except SamInspectorError as error:
            return SproTally(kind or "good", None, str(error))

    def _types_of(self, folder: Path) -> dict[int, DefectType] | DatasetError | None:
        if folder != self._folder:
            self._types = _types_in(folder)
            self._folder = folder
        return self._types


def spro_problems(samples: Iterable[Sample]) -> dict[str, str]:
    """The categories of MVTec LOCO whose table of defects can't be used, each with a sentence that says why.

    Asked before a run, so that a person hears of it before hours of computing.
    """
    folders = {sample.category: sample.category_folder for sample in samples if defect_kind(sample) is not None}
    problems = {}
    for category, folder in folders.items():
        try:
            read_defects_config(folder)
        except DatasetError as error:
            problems[category] = str(error)
    return problems


def _types_in(folder: Path) -> dict[int, DefectType] | DatasetError | None:
    """The table of defects, or what is wrong with it; None for a folder without one."""
    if not (folder / DEFECTS_CONFIG).is_file():
        return None
    try:
        return read_defects_config(folder)
    except DatasetError as error:
        return error


def _counted(sample: Sample, scores: NDArray[np.floating], types: dict[int, DefectType]) -> PixelTally:
    if defect_kind(sample) is None:
        return spro_tally(scores, ())
    height, width = scores.shape
    channels = [
        SproChannel(mask, types[value].saturation_threshold, types[value].relative_saturation)
        for mask, value in read_defect_channels(sample, types=types, size=(width, height))
    ]
    return spro_tally(scores, channels)
