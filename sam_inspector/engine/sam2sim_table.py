"""The table of Sam2Sim: what a changing background costs SimpleNet, and what removing backgrounds saves of that.

Source: Hak and Kim, "Sam2Sim", whose table has the first three columns. Deviation: a fourth, Sam2Sim with the images'
own backgrounds, which tells what looking for foregrounds costs by itself.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sam_inspector.engine.category_rows import mean
from sam_inspector.engine.report.tables import DASH, Cell, Table

Background = Literal["static", "dynamic"]
BACKGROUNDS: tuple[Background, ...] = ("static", "dynamic")
METRICS = ("i_auroc", "p_auroc")
MODES = ("simplenet", "sam2sim")


@dataclass(frozen=True, slots=True)
class Column:
    """A mode on test images before their own or before other backgrounds."""

    title: str
    mode: str
    background: Background

    @property
    def name(self) -> str:
        """As in files, `simplenet_static`."""
        return f"{self.mode}_{self.background}"


COLUMNS = (
    Column("SimpleNet, static", "simplenet", "static"),
    Column("SimpleNet, dynamic", "simplenet", "dynamic"),
    Column("Sam2Sim, dynamic", "sam2sim", "dynamic"),
    Column("Sam2Sim, static", "sam2sim", "static"),
)
MEANS: Mapping[str, tuple[bool, ...]] = {"textures": (False,), "objects": (True,), "all": (False, True)}
KEPT = "objects whose background changes"


@dataclass(frozen=True, slots=True)
class TableRow:
    """A category, or a mean over some.

    Attributes
    ----------
    kind
        `texture`, `object` or `object_kept_whole`; `mean` for a mean.
    images
        Test images; those that failed are not among them.
    figures
        By `simplenet_static_i_auroc` and the like; None where a figure is not defined.
    """

    name: str
    kind: str
    images: int
    figures: Mapping[str, float | None]


def table_rows(results: Mapping[Background, Mapping[str, Any]], kinds: Mapping[str, str]) -> list[TableRow]:
    """The rows of the table: categories, textures first, then the means.

    Parameters
    ----------
    results
        For each background what `results.json` holds.
    kinds
        The type of each category.
    """
    found: dict[tuple[str, str], dict[str, float | None]] = {}
    images: dict[str, int] = {}
    for column in COLUMNS:
        for row in results[column.background]["categories"]:
            if row["mode"] == column.mode:
                images[row["category"]] = row["images"] - row["failed"]
                for metric in METRICS:
                    found.setdefault((kinds[row["category"]], row["category"]), {})[f"{column.name}_{metric}"] = row[
                        metric
                    ]
    order = sorted(found, key=lambda key: key[0] != "texture")
    rows = [TableRow(name, kind, images[name], found[kind, name]) for kind, name in order]
    return [*rows, *_means(rows)]


def _means(rows: Sequence[TableRow]) -> list[TableRow]:
    groups = {name: [row for row in rows if (row.kind != "texture") in wanted] for name, wanted in MEANS.items()}
    changing = [row for row in rows if row.kind == "object"]
    if 0 < len(changing) < len(groups["objects"]):
        # What stays before its own background says nothing of a changing one.
        groups = {"textures": groups["textures"], "objects": groups["objects"], KEPT: changing, "all": groups["all"]}
    names = [f"{column.name}_{metric}" for column in COLUMNS for metric in METRICS]
    return [
        TableRow(
            f"mean of {name}",
            "mean",
            sum(row.images for row in group),
            {figure: mean(row.figures.get(figure) for row in group) for figure in names},
        )
        for name, group in groups.items()
        if group
    ]


def as_table(rows: Sequence[TableRow]) -> Table:
    """I-AUROC / P-AUROC of each column, for Markdown and LaTeX."""
    head = ("category", "images", *(column.title for column in COLUMNS))
    return Table("I-AUROC / P-AUROC", head, tuple((row.name, (Cell(str(row.images)), *_cells(row))) for row in rows))


def _cells(row: TableRow) -> tuple[Cell, ...]:
    return tuple(
        Cell(" / ".join(_figure(row.figures.get(f"{column.name}_{metric}")) for metric in METRICS))
        for column in COLUMNS
    )


def _figure(value: float | None) -> str:
    return DASH if value is None else f"{value:.3f}"


def as_csv(rows: Sequence[TableRow]) -> str:
    """One line a row, a column each figure; what is not defined stays empty."""
    names = [f"{column.name}_{metric}" for column in COLUMNS for metric in METRICS]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["category", "kind", "images", *names])
    writer.writerows([row.name, row.kind, row.images, *(row.figures.get(name) for name in names)] for row in rows)
    return text.getvalue()
