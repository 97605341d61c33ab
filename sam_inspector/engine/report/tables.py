"""The tables of a report, for HTML, Markdown and LaTeX alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sam_inspector.engine.category_rows import mean
from sam_inspector.engine.finished_run import FinishedRun

DASH = "–"
_MD_MARKS = re.compile(r"[\\`*|\[\]~]")
_MD_UNDERSCORES = re.compile(r"(?<!\S)_+|_+(?!\S)")
"""Those at the end of a word; within one they mean nothing."""
_MD_ENTITY = re.compile(r"&(?=#?\w+;)")
_TEX = {
    **{letter: f"\\{letter}" for letter in "&%_#${}"},
    **{letter: f"{{{letter}}}" for letter in "[]*"},  # after the end of a row they would be its arguments
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    DASH: "--",
}


@dataclass(frozen=True, slots=True)
class Metric:
    """A column.

    Attributes
    ----------
    definition
        One sentence: what it is, over which images.
    """

    name: str
    title: str
    definition: str


METRICS = (
    Metric("iou", "IoU", "Intersection over union of mask and ground truth, mean over the anomalous images."),
    Metric("dice", "Dice", "Twice the intersection over the sum of both areas, mean over the anomalous images."),
    Metric("boundary_iou", "Boundary IoU", "IoU of the bands along both outlines, 2 % of the diagonal wide."),
    Metric("iou_pooled", "IoU, pooled", "Intersection over union of all images' pixels together."),
    Metric("p_auroc_per_image", "P-AUROC per image", "Pixel AUROC of each anomalous image, then the mean."),
    Metric("p_auroc", "P-AUROC", "Area under the ROC curve of all images' pixels together."),
    Metric("ap", "AP", "Average precision of all images' pixels together."),
    Metric("f1_max", "F1-max", "Highest F1 over all thresholds, pooled; chosen with the ground truth in view."),
    Metric("aupro", "AUPRO", "Per-region overlap integrated up to 30 % false positives, divided by 0.3; all regions."),
    Metric("spro", "sPRO", "Saturated per-region overlap up to 5 % false positives, mean of both kinds (MVTec LOCO)."),
    Metric("i_auroc", "I-AUROC", "AUROC of the images' scores."),
    Metric("i_ap", "I-AP", "Average precision of the images' scores."),
    Metric("i_f1_max", "I-F1-max", "Highest F1 of the images' scores over all thresholds."),
    Metric("false_alarm_area", "False alarms", "Share of a good image that the mask covers, mean over good images."),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a table; `reason` says why a dash does, `is_best` marks the best mode of its line."""

    text: str
    is_best: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A head, lines of a name and cells, and a last line that is the mean."""

    title: str
    head: tuple[str, ...]
    lines: tuple[tuple[str, tuple[Cell, ...]], ...]


def main_table(run: FinishedRun) -> Table:
    """Category × mode in the form of the first system's table: IoU / P-AUROC per image, best IoU of a line marked."""
    by_place = {(row["category"], row["mode"]): row for row in run.categories}
    names = list(dict.fromkeys(row["category"] for row in run.categories))
    lines = []
    for name in names:
        rows = [by_place.get((name, mode)) for mode in run.modes]
        lines.append((name, _pairs([(row or {}) for row in rows])))
    if len(names) > 1:
        means: list[Mapping[str, Any]] = []
        for mode in run.modes:
            rows_of_mode = [row for row in run.categories if row["mode"] == mode]
            means.append({metric: mean(row[metric] for row in rows_of_mode) for metric in ("iou", "p_auroc_per_image")})
        lines.append(("mean of categories", _pairs(means)))
    return Table("IoU / P-AUROC per image", ("category", *run.modes), tuple(lines))


def metric_tables(run: FinishedRun) -> tuple[Table, ...]:
    """One table a mode, categories × all metrics that are defined somewhere, with the mean over the categories."""
    used = [metric for metric in METRICS if any(row.get(metric.name) is not None for row in run.categories)]
    tables = []
    for mode in run.modes:
        rows = [row for row in run.categories if row["mode"] == mode]
        lines = [(row["category"], (_count(row), *(_value(row, metric.name) for metric in used))) for row in rows]
        if len(rows) > 1:
            means = {metric.name: mean(row.get(metric.name) for row in rows) for metric in used}
            lines.append(("mean of categories", (Cell(""), *(_value(means, metric.name) for metric in used))))
        tables.append(Table(mode, ("category", "images", *(metric.title for metric in used)), tuple(lines)))
    return tuple(tables)


def reasons(run: FinishedRun) -> tuple[str, ...]:
    """Why metrics are not defined, as “metric, of category under mode: reason”; what holds everywhere once."""
    titles = {metric.name: metric.title for metric in METRICS}
    places: dict[tuple[str, str], list[str]] = {}
    for row in run.categories:
        for metric, reason in row.get("undefined", {}).items():
            places.setdefault((titles.get(metric, metric), reason), []).append(f"{row['category']} under {row['mode']}")
    found = []
    for (title, reason), where in places.items():
        of = "" if len(where) == len(run.categories) else f" of {', '.join(where)}"
        found.append(f"{title}{of}: {reason}")
    return tuple(found)


def remarks(run: FinishedRun) -> tuple[tuple[str, str], ...]:
    """A category, and a sentence on what its maps were made from; each once, whatever the number of modes."""
    return tuple(dict.fromkeys((row["category"], text) for row in run.categories for text in row.get("remarks", ())))


def failures(run: FinishedRun) -> tuple[tuple[str, int], ...]:
    """Why there is no result, and for how many images and modes, the most frequent reason first."""
    return tuple(Counter(row.error for row in run.rows if row.error).most_common())


def as_markdown(table: Table) -> str:
    """With bold best cells."""
    lines = [
        f"| {' | '.join(map(_md, table.head))} |",
        f"|{'---|' * len(table.head)}",
        *(
            f"| {_md(name)} | {' | '.join(f'**{cell.text}**' if cell.is_best else cell.text for cell in cells)} |"
            for name, cells in table.lines
        ),
    ]
    return "\n".join(lines) + "\n"


def as_latex(table: Table) -> str:
    """A `tabular` for the package booktabs."""
    body = [
        f"{_tex(name)} & "
        + " & ".join(rf"\textbf{{{_tex(cell.text)}}}" if cell.is_best else _tex(cell.text) for cell in cells)
        + r" \\"
        for name, cells in table.lines
    ]
    if len(body) > 1:
        body.insert(-1, r"\midrule")
    head = " & ".join(map(_tex, table.head)) + r" \\"
    columns = "l" + "r" * (len(table.head) - 1)
    return "\n".join(
        [
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            head,
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def _pairs(rows: Sequence[Mapping[str, Any]]) -> tuple[Cell, ...]:
    known: list[float] = [row["iou"] for row in rows if row.get("iou") is not None]
    best = max(known) if len(known) > 1 else None
    cells = []
    for row in rows:
        iou, auroc = row.get("iou"), row.get("p_auroc_per_image")
        if iou is None:
            cells.append(Cell(DASH, reason=_reason(row, "iou")))
        else:
            cells.append(Cell(f"{iou:.3f} / {_figure(auroc)}", is_best=iou == best))
    return tuple(cells)


def _value(row: Mapping[str, Any], metric: str) -> Cell:
    value = row.get(metric)
    return Cell(_figure(value)) if value is not None else Cell(DASH, reason=_reason(row, metric))


def _count(row: Mapping[str, Any]) -> Cell:
    """Images that were scored, and those that could not be."""
    done, failed = row["images"] - row["failed"], row["failed"]
    return Cell(f"{done} ({failed} failed)" if failed else f"{done}")


def _reason(row: Mapping[str, Any], metric: str) -> str:
    if not row:
        return "This mode visited none of its images."
    reason: str = row.get("undefined", {}).get(metric, "")
    return reason


def _figure(value: float | None) -> str:
    return DASH if value is None else f"{value:.3f}"


def _md(text: str) -> str:
    """A name as Markdown shows it: one line, no tag, no column of its own, no emphasis."""
    text = _MD_MARKS.sub(r"\\\g<0>", _one_line(text))
    text = _MD_UNDERSCORES.sub(lambda found: r"\_" * len(found[0]), text)
    return _MD_ENTITY.sub("&amp;", text).replace("<", "&lt;").replace(">", "&gt;")


def _tex(text: str) -> str:
    return "".join(_TEX.get(letter, letter) for letter in _one_line(text))


def _one_line(text: str) -> str:
    """Without what ends a line or a table's row."""
    return " ".join(text.splitlines())
