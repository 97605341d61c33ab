"""`sam-inspector ablation spt`: what each part of SPT adds, on images that are not learnt from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sam_inspector import __version__
from sam_inspector.commands.console import Console
from sam_inspector.commands.loading import loaded_inspector
from sam_inspector.commands.outputs import check_out_folder
from sam_inspector.commands.training import chosen
from sam_inspector.core.errors import InputError
from sam_inspector.data.atomic import write_atomic
from sam_inspector.data.datasets import open_dataset
from sam_inspector.engine.held_run import check_outside
from sam_inspector.engine.report.tables import as_latex, as_markdown
from sam_inspector.engine.spt.checks import check_spt
from sam_inspector.engine.spt.samples import marked_samples
from sam_inspector.engine.spt.table import JudgedRow, curve_table, rows_csv, variants_table
from sam_inspector.engine.spt.works import TrainSpt
from sam_inspector.methods.spt.holdout import Holdout
from sam_inspector.methods.spt.settings import FROZEN, VARIANTS, SptSettings
from sam_inspector.models.registry import get_model_spec

ALL_VARIANTS = (FROZEN, "decoder", "lora", "sdt", "vra", "spt")
SETTINGS_FILE = "ablation.json"


def run_spt(
    console: Console,
    paths: Sequence[Path],
    settings: SptSettings,
    *,
    variants: str,
    split: str,
    curve: str,
    model: str,
    device: str,
    layout: str | None,
    categories: Sequence[str],
    resume: bool,
    out: Path,
) -> None:
    """Tune and judge every variant, and write `tables.md`, `tables.tex`, `tables.json` and `images.csv`."""
    settings.check()
    get_model_spec(model)
    names = tuple(dict.fromkeys(name.strip() for name in variants.split(",") if name.strip()))
    unknown = [name for name in names if name not in (FROZEN, *VARIANTS)]
    if unknown or not names:
        raise InputError(f"There is no variant “{''.join(unknown[:1])}”: choose from {', '.join(ALL_VARIANTS)}.")
    check_out_folder(out)
    opened = chosen([open_dataset(path, layout) for path in paths], categories)
    check_outside(out, opened)
    samples = marked_samples(opened)
    holdouts = _holdouts(split, tuple(dict.fromkeys(sample.category for sample in samples)), settings.seed)
    images = _numbers(curve)
    datasets = tuple(dataset.root.name for dataset in opened)
    for holdout in holdouts:
        wanted = replace(settings, holdout=holdout)
        # The place is not written to: each model has a file of its own.
        check_spt(TrainSpt(samples, model, wanted, out / "models" / "any.safetensors", datasets, resume=True))
    _claim(out, settings, names, split, model, [str(sample.path) for sample in samples], resume=resume)

    from sam_inspector.engine.spt.ablation import AblationStep, SptAblation, ablate_spt

    inspector = loaded_inspector(console, model, device)
    ablation = SptAblation(samples, datasets, model, settings, names, holdouts, images, out, device)
    rows: list[JudgedRow] = []
    with console.progress("Tuning") as report:
        step: AblationStep
        for step in ablate_spt(ablation, inspector):
            share = 0.0 if step.progress is None else step.progress.done / max(1, step.progress.total)
            report((step.number - 1 + share) / step.total, step.title)
            if step.rows:
                rows += step.rows
                console.say(f"{step.number} of {step.total}: {step.title} is done")
    _tell(console, rows, names, images, model, settings, out)


def _holdouts(split: str, categories: Sequence[str], seed: int) -> tuple[Holdout, ...]:
    if split == "category":
        if len(categories) < 2:
            raise InputError("To hold out a category after the other there must be two: name more datasets.")
        return tuple(Holdout("category", categories=(name,), seed=seed) for name in categories)
    if not split.isdigit() or int(split) < 2:
        raise InputError(f"The images can't be split by “{split}”: ask for a number of folds, as 2, or for category.")
    return tuple(Holdout("fold", fold=fold, folds=int(split), seed=seed) for fold in range(1, int(split) + 1))


def _numbers(curve: str) -> tuple[int | None, ...]:
    words = [word.strip() for word in curve.split(",") if word.strip()]
    if not all(word.isdigit() and int(word) > 0 for word in words):
        raise InputError(f"A learning curve needs numbers of images, not “{curve}”: give them as 5,10,20.")
    return (*sorted({int(word) for word in words}), None)


def _claim(
    out: Path, settings: SptSettings, names: Sequence[str], split: str, model: str, files: list[str], *, resume: bool
) -> None:
    """Refuse a folder with another ablation, or with one that was not asked to be gone on with."""
    asked = {"settings": str(settings), "variants": list(names), "split": split, "model": model, "files": files}
    claimed = out / SETTINGS_FILE
    if claimed.is_file():
        if not resume:
            raise InputError(f"There is an ablation in {out} already: go on with --resume, or give another --out.")
        if json.loads(claimed.read_text(encoding="utf-8")) != asked:
            raise InputError(f"The ablation in {out} is of other images or settings: give another --out.")
    write_atomic(claimed, json.dumps(asked, indent=1) + "\n")


def _tell(
    console: Console,
    rows: Sequence[JudgedRow],
    names: Sequence[str],
    images: Sequence[int | None],
    model: str,
    settings: SptSettings,
    out: Path,
) -> None:
    compared = "spt" if "spt" in names else names[-1]
    tables = [variants_table([row for row in rows if row.images is None], compared)]
    if len(images) > 1:
        tables += [curve_table(rows, name) for name in names if name != FROZEN]
    count = len({(row.holdout, row.category, row.name) for row in rows})
    text = (
        f"IoU by box / by point of {count} held-out images, mean over categories; {settings.epochs} epochs, the last "
        f"counts; model: {model}; differences with their 95 % interval (paired bootstrap over images).\n\n"
        + "\n\n".join(as_markdown(table) for table in tables)
    )
    content = {
        "schema": "sam-inspector/ablation/1",
        "version": __version__,
        "method": "spt",
        "model": {"name": model, "sha256": get_model_spec(model).sha256},
        "seed": settings.seed,
        "rows": [row.as_json() for row in rows],
    }
    write_atomic(out / "tables.md", text + "\n")
    write_atomic(out / "tables.tex", "\n\n".join(as_latex(table) for table in tables))
    write_atomic(out / "images.csv", rows_csv(rows))
    write_atomic(out / "tables.json", json.dumps(content, indent=1, allow_nan=False) + "\n")
    console.result(f"{text}\nTables in {out}", content)
