"""The rows `categories` and `summary` of `results.json`: what the images of a category come to under one mode."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

from sam_inspector.core.metrics.pixel_tally import PixelTally
from sam_inspector.core.metrics.ranking import rank_images
from sam_inspector.core.metrics.spro import FPR_LIMITS, SproScores, spro_scores
from sam_inspector.engine.image_rows import ImageRow
from sam_inspector.engine.loco_scoring import SproKind

SPRO_LIMIT = 0.05
"""The false-positive rate up to which the benchmark's headline figure integrates."""

SUMMARY_METRICS = (
    "iou",
    "dice",
    "boundary_iou",
    "iou_pooled",
    "p_auroc_per_image",
    "p_auroc",
    "ap",
    "f1_max",
    "aupro",
    "i_auroc",
    "i_ap",
    "i_f1_max",
    "spro",
    "false_alarm_area",
)


def category_row(
    category: str,
    mode: str,
    rows: Sequence[ImageRow],
    tally: PixelTally | None,
    spro: Mapping[SproKind, PixelTally],
    *,
    spro_problems: Sequence[str] = (),
    remarks: Iterable[str] | None = None,
) -> dict[str, Any]:
    """One row of `categories`.

    Parameters
    ----------
    tally
        The pixels of all images that could be evaluated.
    spro
        Of a category of MVTec LOCO the tallies of each kind of image; else empty.
    spro_problems
        Of each image that could not be counted for it the reason: without them all it has no value.
    remarks
        Sentences on what the maps of the category are made from; None for a mode without a map.
    """
    good = [row for row in rows if row.error is None]
    pooled = asdict(tally.metrics()) if tally is not None else {}
    normal = [row for row in good if row.gt_area == 0]
    ranked = [
        (row.image_score, bool(row.gt_area)) for row in good if row.image_score is not None and row.gt_area is not None
    ]
    images = rank_images([score for score, _ in ranked], [label for _, label in ranked])
    hit = sum(row.intersection or 0 for row in good)
    union = sum((row.mask_area or 0) + (row.gt_area or 0) - (row.intersection or 0) for row in good)
    row = {
        "category": category,
        "mode": mode,
        "images": len(rows),
        "anomalous": len(rows) - len(normal),
        "normal": len(normal),
        "iou": mean(row.iou for row in good),
        "dice": mean(row.dice for row in good),
        "boundary_iou": mean(row.boundary_iou for row in good),
        "iou_pooled": hit / union if union else None,
        "p_auroc_per_image": mean(row.p_auroc for row in good),
        "p_auroc": pooled.get("p_auroc"),
        "ap": pooled.get("ap"),
        "f1_max": pooled.get("f1_max"),
        "aupro": pooled.get("aupro"),
        "error_bounds": pooled.get("error_bounds"),
        "i_auroc": images.auroc,
        "i_ap": images.ap,
        "i_f1_max": images.f1_max,
        "false_alarm_area": mean((row.mask_area or 0) / (row.size[0] * row.size[1]) for row in normal if row.size),
        **_spro({} if spro_problems else spro),
        "failed": len(rows) - len(good),
    }
    undefined = [name for name in SUMMARY_METRICS if row[name] is None]
    reasons = {name: _why_undefined(row, name, spro_problems) for name in undefined}
    return {**row, "undefined": reasons, **({} if remarks is None else {"remarks": list(remarks)})}


def summary_rows(categories: Sequence[Mapping[str, Any]], modes: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of `summary`: for each mode the plain mean over the categories that have a metric."""
    summary = []
    for mode in modes:
        rows = [row for row in categories if row["mode"] == mode]
        means = {name: mean(row[name] for row in rows) for name in SUMMARY_METRICS}
        failed = sum(row["failed"] for row in rows)
        summary.append({"mode": mode, "categories": len(rows), **means, "failed": failed})
    return summary


def mean(values: Iterable[float | None]) -> float | None:
    """Of the values that are defined; None without any."""
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _spro(tallies: Mapping[SproKind, PixelTally]) -> dict[str, Any]:
    """Where a dataset has one kind of defects only, the figure is that of the kind."""
    if not tallies:
        return {"spro": None}
    scores = spro_scores(tallies.get("good"), tallies.get("logical"), tallies.get("structural"))
    place = FPR_LIMITS.index(SPRO_LIMIT)

    def at(values: tuple[float, ...] | None) -> float | None:
        return None if values is None else values[place]

    return {
        "spro": at(_of_both(scores)),
        "spro_logical": at(scores.logical),
        "spro_structural": at(scores.structural),
        "spro_areas": asdict(scores),
    }


def _of_both(scores: SproScores) -> tuple[float, ...] | None:
    return scores.mean or scores.logical or scores.structural


def _why_undefined(row: Mapping[str, Any], metric: str, spro_problems: Sequence[str]) -> str:
    if row.get("failed") and row["failed"] == row.get("images"):
        return "No image could be evaluated."
    if metric == "spro" and spro_problems:
        others = len(set(spro_problems)) - 1
        return spro_problems[0] + (f" The same goes for {others} more of its images." if others else "")
    if metric == "spro":
        return "Only MVTec LOCO tells how much of a defect is enough."
    if metric.startswith("i_"):
        if not row.get("normal"):
            return "No good image was visited: modes that start from the ground truth visit anomalous images only."
        return "No good or no anomalous image has a score."
    if metric == "false_alarm_area":
        return "No good image was visited."
    return "There is no anomalous image among those evaluated."
