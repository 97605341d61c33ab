"""The rows of an evaluation: one image under one mode, as `results.json` and `results.csv` hold it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from sam_inspector.core.metrics.pixel_tally import PixelTally
from sam_inspector.core.scores import MaskScores
from sam_inspector.data.datasets import Sample
from sam_inspector.data.images import LoadedImage
from sam_inspector.engine.loco_scoring import SproTally


@dataclass(frozen=True, slots=True)
class ImageRow:
    """One image under one mode; a metric that is not defined is None.

    Attributes
    ----------
    path
        From the category's folder, with forward slashes.
    size
        Width and height in pixels; None when the image could not be read.
    seconds
        Of this machine and run: `encode` (None when the embedding was there already, as for an image's second mode),
        `decode` (prompts to united mask), `map`, `score`.
    mask
        The mask's file, from the run's folder, with forward slashes.
    ground_truth
        The ground truth's file or folder, from the category's folder, with forward slashes; None for a good image.
    error
        Why there is no result, in one sentence.
    remarks
        What a person should know of this result, as that no foreground was found; empty for most.
    """

    category: str
    defect: str
    path: str
    image_id: str | None
    mode: str
    iou: float | None = None
    dice: float | None = None
    precision: float | None = None
    recall: float | None = None
    boundary_iou: float | None = None
    p_auroc: float | None = None
    ap: float | None = None
    f1_max: float | None = None
    image_score: float | None = None
    predicted_iou: float | None = None
    mask_area: int | None = None
    gt_area: int | None = None
    intersection: int | None = None
    prompts: int = 0
    size: tuple[int, int] | None = None
    seconds: Mapping[str, float | None] = field(default_factory=dict)
    mask: str | None = None
    ground_truth: str | None = None
    error: str | None = None
    remarks: str = ""

    @classmethod
    def failed(cls, sample: Sample, mode: str, image: LoadedImage | None, error: str) -> ImageRow:
        """A row that says why there is no result."""
        row = cls(sample.category, sample.defect, sample.relative_path, None, mode, error=error)
        return row if image is None else replace(row, image_id=image.image_id, size=(image.width, image.height))

    @classmethod
    def scored(
        cls,
        sample: Sample,
        mode: str,
        image: LoadedImage,
        scores: MaskScores,
        *,
        prompts: int,
        seconds: Mapping[str, float | None],
    ) -> ImageRow:
        """A row of scores."""
        recall, gt_area = scores.recall, scores.gt_area
        return cls(
            category=sample.category,
            defect=sample.defect,
            path=sample.relative_path,
            image_id=image.image_id,
            mode=mode,
            iou=scores.iou,
            dice=scores.dice,
            precision=scores.precision,
            recall=recall,
            boundary_iou=scores.boundary_iou,
            p_auroc=scores.p_auroc,
            ap=scores.ap,
            f1_max=scores.f1_max,
            predicted_iou=scores.predicted_iou,
            mask_area=scores.mask_area,
            gt_area=gt_area,
            intersection=None if recall is None or gt_area is None else round(recall * gt_area),
            prompts=prompts,
            size=(image.width, image.height),
            seconds=seconds,
        )

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> ImageRow:
        """The row that `asdict` and JSON made of one."""
        values = {item.name: row[item.name] for item in fields(cls) if item.name in row}
        if values.get("size") is not None:
            values["size"] = tuple(values["size"])
        return cls(**values)


@dataclass(frozen=True, eq=False, slots=True)
class ModeResult:
    """All that one mode gave for one image.

    Attributes
    ----------
    prompts
        The prompts as JSON values; empty when the row tells an error.
    tally
        The image's pixels, for the pooled metrics; None when the row tells an error.
    spro
        The same for sPRO; None for all but MVTec LOCO.
    """

    row: ImageRow
    prompts: list[dict[str, Any]] = field(default_factory=list)
    tally: PixelTally | None = None
    spro: SproTally | None = None


TIMES = ("encode", "decode", "map", "points", "score")


def rows_as_csv(rows: Iterable[ImageRow]) -> str:
    """The rows as a table with a head, one line each; what is not defined stays empty.

    Without times, so that two runs of one kind write the same bytes.
    """
    names = [item.name for item in fields(ImageRow) if item.name not in ("seconds", "size")]
    return _as_csv(
        [*names, "width", "height"],
        ([*(getattr(row, name) for name in names), *(row.size or (None, None))] for row in rows),
    )


def times_as_csv(rows: Iterable[ImageRow]) -> str:
    """Seconds of each row on the machine and run at hand."""
    names = ("category", "path", "mode")
    return _as_csv(
        [*names, *(f"{name}_s" for name in TIMES)],
        ([*(getattr(row, name) for name in names), *(row.seconds.get(name) for name in TIMES)] for row in rows),
    )


def _as_csv(head: Iterable[str], lines: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(lines)
    return text.getvalue()
