"""`sam-inspector train spt`: SAM tuned on images with masks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sam_inspector import __version__
from sam_inspector.commands.console import Console
from sam_inspector.commands.loading import loaded_inspector
from sam_inspector.commands.training import check_out, chosen, epochs_text
from sam_inspector.core.errors import Cancelled
from sam_inspector.data.datasets import open_dataset
from sam_inspector.engine.spt.checks import check_spt, training_file
from sam_inspector.engine.spt.samples import marked_samples
from sam_inspector.engine.spt.works import SptProgress, TrainSpt
from sam_inspector.methods.spt.settings import SptSettings
from sam_inspector.models.registry import get_model_spec
from sam_inspector.models.tuned.manifest import HeldOutScores, TunedManifest, read_tuned_manifest


def train_spt(
    console: Console,
    paths: Sequence[Path],
    out: Path,
    *,
    settings: SptSettings,
    model: str,
    categories: Sequence[str],
    resume: bool,
    device: str,
    layout: str | None,
) -> None:
    """Tune, and write the model after each epoch; what is finished stays when it is cancelled."""
    settings.check()
    get_model_spec(model)
    check_out(out, resume=resume, read=read_tuned_manifest, example="tuned")
    datasets = chosen([open_dataset(path, layout) for path in paths], categories)
    for dataset in datasets:
        for skipped in dataset.skipped:
            console.say(f"Skipped {skipped.path}: {skipped.reason}")
    work = TrainSpt(
        marked_samples(datasets),
        model,
        settings,
        out,
        datasets=tuple(dataset.root.name for dataset in datasets),
        resume=resume,
        device=device,
    )
    check_spt(work)
    if resume and not training_file(out).exists() and not out.exists():
        console.say(f"There is no {out} to go on with yet: tuning begins.")
    began = time.perf_counter()
    try:
        _train(console, work)
    except (KeyboardInterrupt, Cancelled):
        console.say(_how_to_go_on(out))
        raise
    _tell(console, read_tuned_manifest(out), out, time.perf_counter() - began)


def _train(console: Console, work: TrainSpt) -> None:
    inspector = loaded_inspector(console, work.model, work.device)

    from sam_inspector.engine.spt.train import train_spt as steps_of

    told = 0
    with closing(steps_of(work, inspector)) as steps, console.progress("Tuning") as report:
        for step in steps:
            report(step.done / max(1, step.total), step.text if step.loss is None else f"{step.text}, {step.loss:.3f}")
            for remark in step.remarks:
                console.say(remark)
            if len(step.losses) > told:
                told = len(step.losses)
                console.say(_epoch(step))


def _epoch(step: SptProgress) -> str:
    scores = next((each for each in step.judged if each.epoch == len(step.losses)), None)
    held_out = "" if scores is None else f"; held out: {_scores(scores)}"
    return f"Epoch {len(step.losses)} of {step.epochs}: loss {step.losses[-1]:.4f}{held_out}"


def _scores(scores: HeldOutScores) -> str:
    return f"IoU by box {scores.box:.3f}, by point {scores.point:.3f}"


def _tell(console: Console, made: TunedManifest, out: Path, seconds: float) -> None:
    kept, before = made.kept, made.zero_shot
    judged = "" if kept is None or before is None else f" Held out: {_scores(kept)}; before: {_scores(before)}."
    console.result(
        f"Tuned {made.base} on {len(made.images)} images of {', '.join(made.categories)} ({made.variant}): "
        f"{epochs_text(made.epochs_done)}, {seconds:.0f} s.{judged} Tuned model in {out}",
        {
            "schema": "sam-inspector/training/1",
            "version": __version__,
            "method": "spt",
            "variant": made.variant,
            "preset": made.preset,
            "model": {"name": made.base, "sha256": made.base_sha256},
            "seed": made.seed,
            "settings": dict(made.settings),
            "datasets": list(made.datasets),
            "categories": list(made.categories),
            "images": len(made.images),
            "held_out": len(made.held_out),
            "holdout": made.holdout,
            "epochs": made.epochs_done,
            "losses": list(made.losses),
            "kept_epoch": made.kept_epoch,
            "zero_shot": None if before is None else {"box": before.box, "point": before.point},
            "scores": None if kept is None else {"box": kept.box, "point": kept.point},
            "remarks": list(made.remarks),
            "seconds": seconds,
            "file": str(out),
        },
    )


def _how_to_go_on(out: Path) -> str:
    if not training_file(out).exists():
        return "No epoch was finished, so nothing was written: begin again."
    done = epochs_text(read_tuned_manifest(training_file(out)).epochs_done)
    return f"{done} are done; go on with --resume."
