"""What the Evaluate view calls modes and metrics, and what their tooltips say."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sam_inspector.engine.map_methods import LEARNT_METHODS
from sam_inspector.engine.modes import AUTOMATIC_MODES, TUNED_MODE, TUNED_TITLE
from sam_inspector.prompting.from_ground_truth import DEFAULT_POINTS, GT_MODES

SHORT_TITLES = {
    TUNED_MODE: "Tuned SAM",
    "few-shot-map": "Few-shot map",
    "few-shot": "Few-shot",
    "clip-map": "CLIP map",
    "clip": "CLIP",
    "simplenet": "SimpleNet",
    "sam2sim": "Sam2Sim",
    "cascade": "Cascade",
}
"""Names short enough for the head of a column; modes from the ground truth have one already."""
IOU_AND_AUROC = "iou / p_auroc"
"""The form of the first system's table: both at once."""
WAITS = "It is taken over all pixels of the category together, so it comes once the category is complete."


@dataclass(frozen=True, slots=True)
class TableMetric:
    """A metric of the table.

    Attributes
    ----------
    name
        Its key in the rows `categories` of `results.json`.
    waits
        Whether it needs all images of the category; else its running value is shown.
    higher_is_better
        Which end is the best mode.
    """

    name: str
    title: str
    definition: str
    waits: bool = False
    higher_is_better: bool = True


TABLE_METRICS: dict[str, TableMetric] = {
    row.name: row
    for row in (
        TableMetric("iou", "IoU", "Mean over the anomalous images, the mask at its own threshold."),
        TableMetric("dice", "Dice", "Mean over the anomalous images, the mask at its own threshold."),
        TableMetric(
            "boundary_iou",
            "Boundary IoU",
            "IoU of the bands along both outlines, mean over the anomalous images.",
        ),
        TableMetric("iou_pooled", "IoU, pooled", "Over the pixels of all images together."),
        TableMetric("p_auroc_per_image", "P-AUROC per image", "Mean over the anomalous images, as first published."),
        TableMetric("p_auroc", "P-AUROC, pooled", "Over the pixels of all images together.", waits=True),
        TableMetric("ap", "AP", "Average precision over the pixels of all images together.", waits=True),
        TableMetric("f1_max", "F1-max", "The best F1 of any threshold over all pixels together.", waits=True),
        TableMetric("aupro", "AUPRO", "Overlap with each region, up to 30 % false positives.", waits=True),
        TableMetric("i_auroc", "I-AUROC", "How well scores tell anomalous from normal images.", waits=True),
        TableMetric("i_ap", "I-AP", "Average precision of the images' scores.", waits=True),
        TableMetric("i_f1_max", "I-F1-max", "The best F1 of any threshold over the images' scores.", waits=True),
        TableMetric(
            "false_alarm_area",
            "False-alarm area",
            "Share of a normal image that is marked, the mean over the normal images; less is better.",
            higher_is_better=False,
        ),
        TableMetric("spro", "sPRO", "Saturated overlap, for MVTec LOCO only.", waits=True),
        TableMetric("spro_logical", "sPRO, logical", "Of logical anomalies, for MVTec LOCO only.", waits=True),
        TableMetric("spro_structural", "sPRO, structural", "Of structural anomalies, MVTec LOCO only.", waits=True),
    )
}
ALWAYS_THERE = tuple(name for name in TABLE_METRICS if not name.startswith("spro"))
NOT_METRICS = frozenset({"category", "mode", "images", "anomalous", "normal", "failed"})


def metric_named(name: str) -> TableMetric:
    """The words for a metric; one that is not known here goes by its key."""
    return TABLE_METRICS.get(name) or TableMetric(name, name.replace("_", " "), "As in results.json.", waits=True)


def metrics_in(categories: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """What can be shown: the usual ones, and those of which these rows have a number."""
    found = {
        name: None
        for row in categories
        for name, value in row.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    known = [name for name in TABLE_METRICS if name in ALWAYS_THERE or name in found]
    return (*known, *(name for name in found if name not in TABLE_METRICS and name not in NOT_METRICS))


def mode_title(mode: str, points: int = DEFAULT_POINTS) -> str:
    """A mode in a few words, `Box + 20 points`.

    Parameters
    ----------
    points
        Of the mode with many points a region.
    """
    if mode in GT_MODES:
        return GT_MODES[mode].description.partition(":")[0].replace("N points", count(points, "point"))
    return SHORT_TITLES.get(mode, mode)


def mode_line(mode: str) -> str:
    """What a mode does, in one line."""
    if mode in GT_MODES:
        line = GT_MODES[mode].description.partition(": ")[2]
        return line[:1].upper() + line[1:]
    if mode == TUNED_MODE:
        return TUNED_TITLE
    return AUTOMATIC_MODES[mode].title if mode in AUTOMATIC_MODES else mode


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 image`, `12 images`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def step_words(step: str, methods: Collection[str]) -> str:
    """What a run does with a category, where that is not a mode.

    Parameters
    ----------
    step
        In the engine's words, as `maps, 3/32`.
    methods
        Those that the run makes maps by.
    """
    found = re.fullmatch(r"maps, (\d+)/(\d+)", step)
    if found is None:
        return ""
    done, total = found.groups()
    if LEARNT_METHODS & set(methods):
        return f"getting maps ready, {done} of {total}"
    if "few-shot" in methods:
        return f"describing normal images, {done} of {total} views"
    return f"reading sentences, {done} of {total}"


def wrapped(title: str, width: int, measure: Callable[[str], int]) -> list[str]:
    """A title in up to two lines, cut at a space, where one line has no room; the first as long as it can be."""
    words = title.split(" ")
    if measure(title) <= width or len(words) == 1:
        return [title]
    ends = [end for end in range(1, len(words)) if measure(" ".join(words[:end])) <= width] or [1]
    # A sign does not stand alone at the beginning of a line's number.
    best = min(ends, key=lambda end: (measure(" ".join(words[end:])) > width, -end))
    return [" ".join(words[:best]), " ".join(words[best:])]


def short_name(path: str, most: int = 28) -> str:
    """The name of a folder, its middle left out where it is long."""
    name = Path(path).name or path
    return name if len(name) <= most else f"{name[: most // 2 - 1]}…{name[-(most // 2) :]}"
