"""The rows of an evaluation: one image under one mode, as `results.json` and `results.csv` hold it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from sam_inspector.core.metrics.pixel_tally import PixelTally
from sam_inspector.core.scores import MaskScores
from sam_inspector.data.datasets import Sample
from sam_inspector.data.images import LoadedImage


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
    error
        Why there is no result, in one sentence.
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
    error: str | None = None

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
    """

    row: ImageRow
    prompts: list[dict[str, Any]] = field(default_factory=list)
    tally: PixelTally | None = None


def rows_as_csv(rows: Iterable[ImageRow]) -> str:
    """The rows as a table with a head, one line each; what is not defined stays empty."""
    names = [item.name for item in fields(ImageRow) if item.name not in ("seconds", "size")]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*names, "width", "height", "encode_s", "decode_s"])
    for row in rows:
        values = asdict(row)
        width, height = row.size or (None, None)
        seconds = [row.seconds.get("encode"), row.seconds.get("decode")]
        writer.writerow([*(values[name] for name in names), width, height, *seconds])
    return text.getvalue()
