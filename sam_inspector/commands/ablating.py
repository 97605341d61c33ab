"""`sam-inspector ablation cascade`: the tables of the cascaded prompts for any dataset."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from sam_inspector import __version__
from sam_inspector.anomaly.settings import FewShotSettings
from sam_inspector.commands.console import Console
from sam_inspector.commands.evaluating import clip_from_options
from sam_inspector.commands.loading import loaded_inspector
from sam_inspector.commands.outputs import check_out_folder
from sam_inspector.core.errors import InputError
from sam_inspector.data.atomic import write_atomic
from sam_inspector.data.datasets import open_dataset
from sam_inspector.engine.evaluate import EvaluateSettings, json_values, samples_to_evaluate
from sam_inspector.engine.map_methods import map_works
from sam_inspector.engine.requests import MapMethod
from sam_inspector.models.registry import get_model_spec
from sam_inspector.prompting.cascade_settings import CASCADE_PRESETS

METRICS = ("p_auroc", "f1_max", "ap", "iou")
TITLES = {
    "kernel": "Kernel of the ring that negative points are chosen from (the paper's Table 2)",
    "pass": "Passes of the cascade (the paper's Table 3)",
}


def cascade_settings(
    *,
    preset: str,
    categories: list[str],
    limit: int | None,
    seed: int,
    map_method: str,
    few_shot: FewShotSettings,
    clip: tuple[str, str | None, Path | None, Path | None],
) -> EvaluateSettings:
    """The settings of the cascade, from what was typed.

    Raises
    ------
    InputError
        For an unknown preset, or a file of texts that can't be read.
    """
    if preset not in CASCADE_PRESETS:
        raise InputError(f"There is no preset “{preset}”: choose from {', '.join(CASCADE_PRESETS)}.")
    return EvaluateSettings(
        ("cascade",),
        categories=tuple(categories),
        limit=limit,
        seed=seed,
        few_shot=few_shot,
        clip=clip_from_options(*clip),
        cascade=CASCADE_PRESETS[preset],
        map_method=cast(MapMethod, map_method),
    )


def run_cascade(
    console: Console,
    datasets: list[Path],
    settings: EvaluateSettings,
    *,
    model: str,
    device: str,
    layout: str | None,
    out: Path,
) -> None:
    """Measure and write `tables.md`, `tables.csv` and `tables.json`."""
    get_model_spec(model)
    settings.check()
    check_out_folder(out)
    opened = [open_dataset(path, layout) for path in datasets]
    samples = samples_to_evaluate(opened, settings)
    works = map_works(opened, settings.categories, settings.map_methods, settings.few_shot, settings.clip)
    inspector = loaded_inspector(console, model, device)
    from sam_inspector.engine.cascade_ablation import CascadeAblation  # loads torch

    ablation = CascadeAblation(settings, inspector, works)
    with console.progress("Measuring") as report:
        for step in ablation.run(samples):
            for remark in step.remarks:
                console.say(f"{step.sample.category}: {remark}")
            report(step.done / step.total, f"{step.sample.category} {step.done}/{step.total}")
    rows = [asdict(row) for row in ablation.rows()]
    segmenter = inspector.segmenter
    results = {
        "schema": "sam-inspector/ablation/1",
        "version": __version__,
        "model": {"name": segmenter.spec.name, "sha256": segmenter.spec.sha256},
        "device": segmenter.device.device,
        "dtype": segmenter.device.precision,
        "seed": settings.seed,
        "map": settings.map_method,
        "cascade": json_values(settings.cascade),
        "images": len(samples),
        "rows": rows,
    }
    good = sum(sample.is_normal for sample in samples)
    heading = (
        f"{len(samples)} test images, {good} of them good; map: {settings.map_method}; model: {segmenter.spec.name}; "
        f"settings: tables.json."
    )
    if not good:
        heading += " Without good images AUROC, F1-max and AP say nothing of false alarms."
    text = f"{heading}\n\n{_markdown(rows)}"
    write_atomic(out / "tables.json", json.dumps(results, indent=1, allow_nan=False) + "\n")
    write_atomic(out / "tables.md", text + "\n")
    write_atomic(out / "tables.csv", _csv(rows))
    console.result(f"{text}\nTables in {out}", results)


def _markdown(rows: list[dict[str, Any]]) -> str:
    """Both tables, the mean over the categories first, then each category."""
    parts = []
    for table, title in TITLES.items():
        of_table = [row for row in rows if row["table"] == table]
        categories = list(dict.fromkeys(row["category"] for row in of_table))
        ordered = sorted(categories, key=lambda name: (name != "", name))
        for category in ordered:
            parts += ["", f"{title}: {category or 'mean over the categories'}", ""]
            parts += ["| | AUROC | F1-max | AP | IoU |", "|---|---|---|---|---|"]
            for row in of_table:
                if row["category"] == category:
                    cells = ["–" if row[name] is None else f"{row[name]:.3f}" for name in METRICS]
                    parts.append(f"| {row['name']} | {' | '.join(cells)} |")
    return "\n".join(parts[1:])


def _csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, ["table", "name", "category", *METRICS], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
