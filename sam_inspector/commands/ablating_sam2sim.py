"""`sam-inspector ablation sam2sim`: SimpleNet and Sam2Sim, with the images' own backgrounds and with others.

Two evaluations, in the folders `static` and `dynamic` of --out, each as `evaluate` makes it. Both use the same trained
networks and the same encoded images.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path

from sam_inspector import __version__
from sam_inspector.commands.console import Console
from sam_inspector.commands.evaluating import go_through, tell_what_is_missing
from sam_inspector.commands.loading import loaded_inspector
from sam_inspector.commands.outputs import check_out_folder
from sam_inspector.core.errors import DatasetError, InputError
from sam_inspector.data.atomic import write_atomic
from sam_inspector.data.datasets import Sample, open_dataset
from sam_inspector.engine.evaluate import EvaluateSettings, evaluate, samples_to_evaluate
from sam_inspector.engine.held_run import check_outside
from sam_inspector.engine.map_methods import LearntSettings, map_works
from sam_inspector.engine.report import write_report
from sam_inspector.engine.report.tables import as_latex, as_markdown
from sam_inspector.engine.results import ResultsFolder
from sam_inspector.engine.run_header import begin_results, claim_results
from sam_inspector.engine.sam2sim_table import BACKGROUNDS, MODES, Background, as_csv, as_table, table_rows
from sam_inspector.foreground.backgrounds import BackgroundSettings
from sam_inspector.foreground.category_types import category_types
from sam_inspector.models.registry import get_model_spec


def sam2sim_settings(
    learnt: LearntSettings,
    background: BackgroundSettings,
    *,
    categories: Sequence[str],
    limit: int | None,
    seed: int,
) -> dict[Background, EvaluateSettings]:
    """The settings of both evaluations."""
    static = EvaluateSettings(
        MODES,
        categories=tuple(categories),
        limit=limit,
        seed=seed,
        simplenet=learnt.simplenet,
        foreground=learnt.foreground,
        unknown_kind=learnt.unknown_kind,
    )
    return {"static": static, "dynamic": replace(static, background=background)}


def run_sam2sim(
    console: Console,
    datasets: Sequence[Path],
    settings: dict[Background, EvaluateSettings],
    *,
    model: str,
    device: str,
    layout: str | None,
    resume: bool,
    anew: bool,
    out: Path,
) -> None:
    """Evaluate twice and write `tables.md`, `tables.csv`, `tables.tex` and `tables.json`."""
    get_model_spec(model)
    if resume and anew:
        raise InputError("--resume goes on with the run in --out, --replace begins anew: give one of the two.")
    for wanted in settings.values():
        wanted.check()
    check_out_folder(out)
    opened = [open_dataset(path, layout) for path in datasets]
    check_outside(out, opened)
    static = settings["static"]
    samples = samples_to_evaluate(opened, static)
    works = map_works(opened, static.categories, static.map_methods, static.few_shot, static.clip, static.learnt)
    arguments = [argument for argument in sys.argv[1:] if argument not in ("--resume", "--replace", "--debug")]
    command = shlex.join(["sam-inspector", *arguments])
    folders: dict[Background, ResultsFolder] = {}
    with ExitStack() as held:
        for name in BACKGROUNDS:
            folder = claim_results(
                out / name,
                settings[name],
                opened,
                samples,
                model,
                command=command,
                resume=resume,
                replace=anew,
            )
            held.callback(folder.close)
            folders[name] = folder
        tell_what_is_missing(console, opened, static, samples)
        inspector = loaded_inspector(console, model, device)
        for folder in folders.values():
            begin_results(folder, inspector)
        for name, folder in folders.items():
            console.say(f"With {name} backgrounds:")
            go_through(console, evaluate(samples, settings[name], inspector, folder, works), folder)
            write_report(folder.out)
    _tell(console, folders, static, samples, out)


def _tell(
    console: Console,
    folders: dict[Background, ResultsFolder],
    settings: EvaluateSettings,
    samples: Sequence[Sample],
    out: Path,
) -> None:
    results = {name: folder.as_json() for name, folder in folders.items()}
    failed = [row for each in results.values() for row in each["images"] if row["error"]]
    for row in failed:
        console.say(f"No result for {row['category']}/{row['path']} ({row['mode']}): {row['error']}")
    if failed and len(failed) == sum(len(each["images"]) for each in results.values()):
        raise DatasetError(f"None of {len(samples)} images could be evaluated; the first: {failed[0]['error']}")
    types = category_types()
    kinds = {}
    for category in dict.fromkeys(sample.category for sample in samples):
        kind = types.type_of(category).kind
        kinds[category] = settings.unknown_kind if kind == "unknown" else kind
    rows = table_rows(results, kinds)
    table = as_table(rows)
    header = results["dynamic"]
    text = (
        f"I-AUROC / P-AUROC over {len(samples)} test images; backbone: {settings.simplenet.backbone}; model: "
        f"{header['model']['name']}; epochs: {settings.simplenet.epochs}, the last counts; settings: tables.json.\n\n"
        f"{as_markdown(table)}"
    )
    tables = {
        "schema": "sam-inspector/ablation/1",
        "version": __version__,
        **{name: header[name] for name in ("model", "device", "dtype", "seed", "settings")},
        "images": len(samples),
        "failed": len(failed),
        "rows": [asdict(row) for row in rows],
    }
    write_atomic(out / "tables.json", json.dumps(tables, indent=1, allow_nan=False) + "\n")
    write_atomic(out / "tables.md", text)
    write_atomic(out / "tables.csv", as_csv(rows))
    write_atomic(out / "tables.tex", as_latex(table))
    console.result(f"{text}\nTables in {out}", tables)
