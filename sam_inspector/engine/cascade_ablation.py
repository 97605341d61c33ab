"""The ablations of the cascaded prompts on any dataset: the kernel of the ring, and the three passes.

Source: Hou et al. 2025 (arXiv 2510.11028), Tables 2 and 3. Beside the passes stands the map alone, which the paper
leaves out and without which nobody sees whether the cascade earns its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import DatasetError, SamInspectorError
from sam_inspector.core.metrics.overlap import iou
from sam_inspector.core.metrics.pixel_tally import PixelTally
from sam_inspector.core.segmentation import Segmentation
from sam_inspector.data.datasets import Sample
from sam_inspector.data.images import read_image
from sam_inspector.data.masks import read_mask
from sam_inspector.engine.evaluate import EvaluateSettings
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.map_methods import MapWorks, make_mapper
from sam_inspector.engine.requests import CascadeInput, MapInput
from sam_inspector.prompting.cascade_settings import KernelShape
from sam_inspector.prompting.from_anomaly_map import map_threshold

SHAPES: tuple[KernelShape, ...] = ("cross", "rectangle", "ellipse")
SIZES = (20, 25, 30)
MAP_ALONE = "map alone"
PASS_NAMES = ("only points", "points + logits 1", "points + box + logits 2")
TABLE_2, TABLE_3 = "kernel", "pass"


@dataclass(frozen=True, slots=True)
class AblationRow:
    """One line of a table; a metric that is not defined is None.

    Attributes
    ----------
    table
        `kernel` (the paper's Table 2) or `pass` (Table 3).
    category
        Empty for the mean over the categories.
    p_auroc, f1_max, ap
        Pooled over the pixels of the category's test images, good ones included.
    iou
        Mean over the anomalous images, of the mask.
    """

    table: str
    name: str
    category: str
    p_auroc: float | None
    f1_max: float | None
    ap: float | None
    iou: float | None


@dataclass(frozen=True, slots=True)
class AblationStep:
    """One image is done; `remarks` are sentences for the user."""

    done: int
    total: int
    sample: Sample
    remarks: tuple[str, ...] = ()


@dataclass(eq=False, slots=True)
class _Cell:
    tally: PixelTally | None = None
    ious: list[float] = field(default_factory=list)

    def add(self, segmentation: Segmentation, ground_truth: NDArray[np.bool_]) -> None:
        tally = PixelTally.of_image(segmentation.score_map, ground_truth)
        self.tally = tally if self.tally is None else self.tally + tally
        if ground_truth.any():
            self.ious.append(iou(segmentation.mask, ground_truth) or 0.0)

    def row(self, table: str, name: str, category: str) -> AblationRow:
        assert self.tally is not None
        pooled = self.tally.metrics()
        mean = float(np.mean(self.ious)) if self.ious else None
        return AblationRow(table, name, category, pooled.p_auroc, pooled.f1_max, pooled.ap, mean)


class CascadeAblation:
    """Gathers the two tables, image by image.

    Parameters
    ----------
    settings
        Of the cascade, its map and the policy of the threshold; `settings.cascade` gives all but the kernel.
    """

    def __init__(self, settings: EvaluateSettings, inspector: Inspector, map_works: Mapping[str, MapWorks]) -> None:
        self._settings = settings
        self._inspector = inspector
        self._works = map_works
        self._mapper = make_mapper(settings.map_method, inspector)
        self._cells: dict[tuple[str, str, str], _Cell] = {}

    def run(self, samples: Sequence[Sample]) -> Iterator[AblationStep]:
        """Go through images, category after category; one that can't be read is told and left out.

        Raises
        ------
        InputError, WeightsError
            When a category's maps can't be made.
        DatasetError
            When no image could be used.
        """
        category = None
        failed = ""
        for number, sample in enumerate(samples, start=1):
            remarks: list[str] = []
            if sample.category != category:
                work = self._works[sample.category][self._settings.map_method]
                for _ in self._mapper.build(work):
                    pass
                remarks += self._mapper.ready(work).remarks
                category = sample.category
            try:
                self._add(sample)
            except SamInspectorError as error:
                failed = str(error)
                remarks.append(f"{sample.relative_path} is left out: {error}")
            yield AblationStep(number, len(samples), sample, tuple(remarks))
        if not self._cells:
            raise DatasetError(f"No image could be used; the last: {failed}")

    def _add(self, sample: Sample) -> None:
        image = read_image(sample.path)
        truth = np.zeros((image.height, image.width), np.bool_)
        if sample.mask_path is not None:
            truth = read_mask(sample.mask_path, width=image.width, height=image.height)
        how = self._settings.cascade
        embedded = self._inspector.embed(image)
        outcome = self._mapper.map(image)
        found = outcome.anomaly_map
        threshold = map_threshold(found, self._settings.prompting, outcome.calibration, truth)
        size = (image.width, image.height)
        values = np.ascontiguousarray(cv2.resize(found.values, size, interpolation=cv2.INTER_LINEAR), np.float32)
        values = values.reshape(truth.shape)
        measured = [(TABLE_3, MAP_ALONE, Segmentation(values > threshold, values))]
        for shape in SHAPES:
            for side in SIZES:
                kernel = replace(how.points, kernel_shape=shape, kernel_px=side)
                points, _ = self._inspector.find_points(embedded, found, threshold, kernel)
                made_from = MapInput(found, points.threshold)
                passes, _ = self._inspector.segment_in_passes(
                    embedded,
                    points.as_prompts(self._settings.map_method),
                    self._settings.options,
                    CascadeInput(how.passes, made_from, how.score),
                    map_input=made_from if how.map_input else None,
                )
                measured.append((TABLE_2, f"{shape} {side}", passes[-1]))
                if (shape, side) == (how.points.kernel_shape, how.points.kernel_px):
                    measured += [(TABLE_3, name, one) for name, one in zip(PASS_NAMES, passes, strict=True)]
        # Only now, so that an image that fails half-way counts nowhere.
        for table, name, segmentation in measured:
            self._cells.setdefault((table, name, sample.category), _Cell()).add(segmentation, truth)

    def rows(self) -> list[AblationRow]:
        """Both tables, the mean over the categories behind each line's categories."""
        names = list(dict.fromkeys((table, name) for table, name, _ in self._cells))
        found = []
        for table, name in sorted(names, key=lambda pair: pair[0]):
            rows = [cell.row(*key) for key, cell in self._cells.items() if key[:2] == (table, name)]
            found += rows
            if len(rows) > 1:
                means = [_mean([getattr(row, metric) for row in rows]) for metric in ("p_auroc", "f1_max", "ap", "iou")]
                found.append(AblationRow(table, name, "", *means))
        return found


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
