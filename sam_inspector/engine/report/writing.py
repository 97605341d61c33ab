"""Writes the report of a run beside its results."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from sam_inspector.data.atomic import write_atomic
from sam_inspector.engine.finished_run import FinishedRun, read_run
from sam_inspector.engine.journal import read_json_object
from sam_inspector.engine.report.charts import Line, histogram, legend, line_chart
from sam_inspector.engine.report.gallery import gallery_of
from sam_inspector.engine.report.manifest import checklist, manifest
from sam_inspector.engine.report.tables import (
    METRICS,
    as_latex,
    as_markdown,
    failures,
    main_table,
    metric_tables,
    reasons,
    remarks,
)

BINS = 10
CHARTS = (
    ("roc", "false positive rate", "true positive rate", 1.0),
    ("pr", "recall", "precision", 1.0),
    ("pro", "false positive rate", "per-region overlap", 0.3),
)


def write_report(out: Path) -> Path:
    """Write `report.html`, and the main table as `table.md` and `table.tex`, into the folder of a run.

    Returns
    -------
    Path
        That of the HTML file, which needs no other.

    Raises
    ------
    InputError
        When the folder holds no run.
    StoreError
        When it can't be written.
    """
    run = read_run(out)
    table = main_table(run)
    write_atomic(out / "table.md", as_markdown(table))
    write_atomic(out / "table.tex", as_latex(table))
    templates = Environment(
        loader=PackageLoader("sam_inspector.engine.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    categories = list(dict.fromkeys(row["category"] for row in run.categories))
    text = templates.get_template("report.html.j2").render(
        title=f"Evaluation of {_joined(categories)}",
        run=run,
        images=len({(row.category, row.path) for row in run.rows}),
        table=table,
        metric_tables=metric_tables(run),
        metrics=METRICS,
        reasons=reasons(run),
        remarks=remarks(run),
        failures=failures(run),
        manifest=manifest(run),
        checklist=checklist(run),
        legend=legend(run.modes),
        distribution=_distribution(run),
        charts=_charts(run),
        galleries=[gallery_of(run, mode) for mode in run.modes],
        failed=[row for row in run.rows if row.error],
        skipped=run.header.get("skipped", []),
    )
    path = out / "report.html"
    write_atomic(path, text)
    return path


def _joined(names: list[str]) -> str:
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1] if names else "nothing") if part)


def _distribution(run: FinishedRun) -> str:
    counts = {mode: [0] * BINS for mode in run.modes}
    for row in run.rows:
        if row.iou is not None:
            counts[row.mode][min(BINS - 1, int(row.iou * BINS))] += 1
    return histogram(counts, "IoU")


def _charts(run: FinishedRun) -> list[tuple[str, list[str]]]:
    """For each category its three charts, the modes in the order and the styles of the legend."""
    found = read_json_object(run.out / "curves.json") or {}
    by_category: dict[str, dict[str, Mapping[str, Any]]] = {}
    for curves in found.get("curves", ()):
        by_category.setdefault(curves["category"], {})[curves["mode"]] = curves
    charts = []
    for category, by_mode in by_category.items():
        svgs = []
        for name, x_title, y_title, x_end in CHARTS:
            lines = []
            for mode in run.modes:
                points = by_mode.get(mode, {}).get(name) or {"x": (), "y": ()}
                lines.append(Line(mode, points["x"], points["y"]))
            svgs.append(line_chart(lines, x_title, y_title, x_end=x_end))
        charts.append((category, svgs))
    return charts
