"""The results of an evaluation as the shell prints them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

COLUMNS = ("iou", "dice", "p_auroc_per_image", "p_auroc", "ap", "f1_max", "aupro")
MAP_COLUMNS = ("i_auroc", "false_alarm_area")
"""Shown where good images were visited too."""


def results_table(results: dict[str, Any]) -> str:
    """The categories of each mode and the mean over them, as a plain table."""
    with_maps = any(row["normal"] for row in results["categories"])
    columns = (*COLUMNS, *MAP_COLUMNS) if with_maps else COLUMNS
    lines = [["mode", "category", "images", "failed", *columns]]
    for summary in results["summary"]:
        rows = [row for row in results["categories"] if row["mode"] == summary["mode"]]
        for row in rows:
            lines.append([row["mode"], row["category"], str(row["images"]), str(row["failed"]), *_cells(row, columns)])
        if len(rows) > 1:
            images = str(sum(row["images"] for row in rows))
            lines.append([summary["mode"], "mean of all", images, str(summary["failed"]), *_cells(summary, columns)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _cells(row: dict[str, Any], columns: Sequence[str]) -> list[str]:
    return ["–" if row[name] is None else f"{row[name]:.3f}" for name in columns]
