"""What the summary says of each pane, and in which columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sam_inspector.core.prompts import Prompts
from sam_inspector.core.scores import MaskScores
from sam_inspector.ui.compare.summary import PaneSummary
from sam_inspector.ui.map_sources import count_text
from sam_inspector.ui.panels.metric_texts import METRICS, value_text


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One pane.

    Attributes
    ----------
    detail
        What it asked, as `6 boxes, 6 points`.
    iou_here
        Of this image as it counts among the others; None where it does not.
    """

    letter: str
    title: str
    model: str
    detail: str
    scores: MaskScores | None
    seconds: float | None
    summary: PaneSummary
    iou_here: float | None
    is_best: bool


@dataclass(frozen=True, slots=True)
class Column:
    """A column of figures.

    Attributes
    ----------
    sample
        The widest that it shows.
    value
        Its words for a row, a dash where there is no value.
    """

    name: str
    title: str
    tip: str
    sample: str
    value: Callable[[SummaryRow], str]


def _seconds(row: SummaryRow) -> str:
    return "–" if row.seconds is None else f"{1000 * row.seconds:,.0f} ms"


def _mean(row: SummaryRow) -> str:
    return "–" if row.summary.mean_iou is None else f"{row.summary.mean_iou:.3f}"


COLUMNS = (
    Column("iou", "IoU", METRICS["iou"].tooltip(), "0.000", lambda row: value_text(row.scores, "iou")),
    Column("dice", "Dice", METRICS["dice"].tooltip(), "0.000", lambda row: value_text(row.scores, "dice")),
    Column(
        "boundary_iou",
        "Boundary",
        METRICS["boundary_iou"].tooltip(),
        "0.000",
        lambda row: value_text(row.scores, "boundary_iou"),
    ),
    Column("time", "Time", "Milliseconds from the encoded image to the mask.", "0,000 ms", _seconds),
    Column(
        "mean",
        "Mean IoU",
        "Mean IoU over the images seen since this folder was opened, as far as all panes were scored on them.",
        "0.000",
        _mean,
    ),
    Column(
        "wins",
        "Wins",
        "On how many of these images the pane had the highest IoU; several can share one.",
        "000",
        lambda row: str(row.summary.wins) if row.summary.ious else "–",
    ),
)
GIVES_WAY = ("boundary_iou", "dice", "time", "wins", "mean")
"""Columns in the order in which they go where room is short."""


def table_rows(rows: Sequence[SummaryRow]) -> list[list[str]]:
    """Everything the table can show, with its heads, for a sheet or the clipboard."""
    images = image_count(rows)
    mean = {"mean": f"Mean IoU of {count_text(images, 'image')}"} if images else {}
    heads = ["Pane", "Mode", "Model", "Prompts", *(mean.get(column.name, column.title) for column in COLUMNS)]
    return [
        heads,
        *([row.letter, row.title, row.model, row.detail, *(column.value(row) for column in COLUMNS)] for row in rows),
    ]


def image_count(rows: Sequence[SummaryRow]) -> int:
    """How many images the means are over."""
    return max((len(row.summary.ious) for row in rows), default=0)


def over_text(rows: Sequence[SummaryRow]) -> str:
    """What the table is of, as `this image, means over 1 of 2 images seen`."""
    images, seen = image_count(rows), max((row.summary.seen for row in rows), default=0)
    if not seen:
        return "this image"
    if images == seen:
        return f"this image, means over {count_text(images, 'image')}"
    return f"this image, means over {images:,} of {count_text(seen, 'image')} seen"


def asked_text(prompts: Prompts) -> str:
    """How much was asked, as `6 boxes, 6 points`."""
    boxes = sum(item.box is not None for item in prompts.items)
    points = sum(len(item.points) for item in prompts.items)
    parts = ["1 box" if boxes == 1 else f"{boxes:,} boxes"] if boxes else []
    return ", ".join(parts + ([count_text(points, "point")] if points else []))
