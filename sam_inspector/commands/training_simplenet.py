"""`sam-inspector train simplenet`: a SimpleNet for one category, trained on its normal images."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from sam_inspector import __version__
from sam_inspector.anomaly.simplenet.manifest import SimpleNetManifest, read_simplenet_manifest
from sam_inspector.anomaly.simplenet.recipe import simplenet_recipe
from sam_inspector.anomaly.simplenet.settings import SimpleNetSettings
from sam_inspector.commands.console import Console
from sam_inspector.commands.loading import loaded_inspector
from sam_inspector.commands.training import check_out, chosen, epochs_text
from sam_inspector.core.errors import Cancelled, InputError
from sam_inspector.data.datasets import Dataset, open_dataset
from sam_inspector.engine.backbone_weights import require_backbone_weights
from sam_inspector.engine.references import normal_samples
from sam_inspector.engine.requests import TrainSimpleNet
from sam_inspector.models.backbone_registry import SAM_BACKBONE
from sam_inspector.models.registry import get_model_spec

if TYPE_CHECKING:
    # What can't be trained is refused without waiting for torch.
    from sam_inspector.engine.inspector import Inspector

TOLD_EPOCHS = 10
"""Lines on a whole training."""


def train_simplenet(
    console: Console,
    paths: Sequence[Path],
    out: Path,
    *,
    settings: SimpleNetSettings,
    model: str,
    category: str | None,
    resume: bool,
    device: str,
    layout: str | None,
) -> None:
    """Train, and write the network now and then; what is finished stays when it is cancelled."""
    simplenet_recipe(settings)
    get_model_spec(model)
    check_out(out, resume=resume, read=read_simplenet_manifest, example="simplenet")
    datasets = chosen([open_dataset(path, layout) for path in paths], [category] if category is not None else [])
    name = _one_category(datasets)
    normal = [sample for dataset in datasets for sample in normal_samples(dataset, name)]
    tests = [sample for dataset in datasets for sample in dataset.samples if sample.split == "test"]
    if not normal:
        raise InputError(f"The category {name} has no normal images to learn from: put some in train/good.")
    if settings.paper_protocol:
        from sam_inspector.engine.paper_protocol import check_test_samples

        check_test_samples(tests)
    require_backbone_weights(settings.backbone)
    for dataset in datasets:
        for skipped in dataset.skipped:
            console.say(f"Skipped {skipped.path}: {skipped.reason}")
    if resume and not out.exists():
        console.say(f"There is no {out} to go on with yet: training begins.")
    work = TrainSimpleNet(
        tuple(sample.path for sample in normal),
        name,
        settings,
        out,
        resume=resume,
        device=device,
        test_samples=tuple(tests) if settings.paper_protocol else (),
    )
    inspector = _inspector(console, settings.backbone, model, device)
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        _train(console, work, inspector)
    except (KeyboardInterrupt, Cancelled):
        console.say(_how_to_go_on(out))
        raise
    seconds, cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
    _tell(console, read_simplenet_manifest(out), datasets, out, seconds, cpu_seconds)


def _one_category(datasets: Sequence[Dataset]) -> str:
    names = list(dict.fromkeys(name for dataset in datasets for name in dataset.categories))
    if len(names) > 1:
        raise InputError(f"SimpleNet learns one category at a time: choose one of {', '.join(names)} by --category.")
    return names[0]


def _inspector(console: Console, backbone: str, model: str, device: str) -> Inspector:
    """With the SAM model where its encoder is the backbone, else without any."""
    if backbone == SAM_BACKBONE:
        return loaded_inspector(console, model, device)

    from sam_inspector.engine.inspector import Inspector
    from sam_inspector.models.loading import load_segmenter

    return Inspector(load_segmenter)


def _train(console: Console, work: TrainSimpleNet, inspector: Inspector) -> None:
    from sam_inspector.engine.train_simplenet import train_simplenet

    # A Ctrl-C may come here as well as in there, and the last whole epoch shall be written in either case.
    with closing(train_simplenet(work, inspector)) as steps, console.progress("Training") as report:
        told: int | None = None
        for step in steps:
            told = len(step.losses) if told is None else told
            for remark in step.remarks:
                console.say(remark)
            left = "" if step.seconds_left is None else f", {_duration(step.seconds_left)} left"
            loss = "" if step.loss is None else f", loss {step.loss:.4f}"
            report(step.done / step.total, f"{step.text}{loss}{left}")
            if step.loss is None:
                if step.epoch:
                    console.say(f"{step.text}.")
            elif step.epoch > told and len(step.losses) == step.epoch:
                told = step.epoch
                if step.epoch in {1, step.epochs} or step.epoch * TOLD_EPOCHS % step.epochs < TOLD_EPOCHS:
                    console.say(f"Epoch {step.epoch} of {step.epochs}: loss {step.losses[-1]:.4f}")


def _tell(
    console: Console,
    made: SimpleNetManifest,
    datasets: Sequence[Dataset],
    out: Path,
    seconds: float,
    cpu_seconds: float,
) -> None:
    losses = " to ".join(f"{loss:.4f}" for loss in dict.fromkeys((made.losses[0], made.losses[-1])))
    protocol = ""
    chosen_on = None
    if made.best_epoch is not None:
        protocol = f" Paper protocol: epoch {made.best_epoch} counts, chosen on the test images."
        chosen_on = {
            "epoch": made.best_epoch,
            "image_auroc": made.best_image_auroc,
            "pixel_auroc": made.best_pixel_auroc,
            "test_images": len(made.test_images),
        }
    console.result(
        f"Trained on {len(made.images)} images of {made.category}: {epochs_text(made.epochs_done)}, loss {losses}, "
        f"{seconds:.0f} s.{protocol} SimpleNet in {out}",
        {
            "schema": "sam-inspector/training/1",
            "version": __version__,
            "method": "simplenet",
            "preset": made.preset,
            "backbone": {"name": made.backbone, "sha256": made.backbone_sha256},
            "dtype": made.precision,
            "seed": made.seed,
            "settings": dict(made.settings),
            "datasets": list(dict.fromkeys(dataset.root.name for dataset in datasets)),
            "category": made.category,
            "images": len(made.images),
            "epochs": made.epochs_done,
            "losses": list(made.losses),
            "protocol": made.protocol,
            "chosen_on_test": chosen_on,
            "remarks": list(made.remarks),
            "seconds": seconds,
            "cpu_seconds": cpu_seconds,
            "file": str(out),
        },
    )


def _how_to_go_on(out: Path) -> str:
    if not out.exists():
        return "No epoch was finished, so nothing was written: begin again."
    return f"{out} holds {epochs_text(read_simplenet_manifest(out).epochs_done)}; go on with --resume."


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
