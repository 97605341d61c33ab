"""`sam-inspector train`: CLIP's linear layers, trained on datasets with masks."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from sam_inspector import __version__
from sam_inspector.anomaly.clip_manifest import read_adapter_manifest
from sam_inspector.anomaly.clip_settings import ClipTrainSettings
from sam_inspector.commands.console import Console
from sam_inspector.commands.outputs import check_out_file
from sam_inspector.core.errors import Cancelled, InputError
from sam_inspector.data.datasets import Dataset, open_dataset
from sam_inspector.data.text_prompts import default_text_prompts, read_text_prompts
from sam_inspector.models.clip_registry import get_clip_spec, require_clip_weights

if TYPE_CHECKING:
    # What can't be trained is refused without waiting for torch.
    from sam_inspector.engine.train_clip_adapter import TrainProgress
    from sam_inspector.models.clip import ClipModel

SUFFIX = ".safetensors"


def train_clip(
    console: Console,
    paths: Sequence[Path],
    out: Path,
    *,
    clip: str,
    categories: Sequence[str],
    epochs: int,
    batch_size: int,
    mosaic_share: float,
    texts: Path | None,
    seed: int,
    resume: bool,
    device: str,
    layout: str | None,
) -> None:
    """Train, and write the layers after each epoch; what is finished stays when it is cancelled."""
    spec = get_clip_spec(clip)
    settings = ClipTrainSettings(
        model=clip,
        texts=read_text_prompts(texts) if texts is not None else default_text_prompts(),
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        mosaic_share=mosaic_share,
    )
    settings.check()
    check_out(out, resume=resume, read=read_adapter_manifest, example="adapter")
    datasets = chosen([open_dataset(path, layout) for path in paths], categories)

    from sam_inspector.engine.clip_training_images import training_images

    training_images(datasets)
    require_clip_weights(spec)
    for dataset in datasets:
        for skipped in dataset.skipped:
            console.say(f"Skipped {skipped.path}: {skipped.reason}")
    if resume and not out.exists():
        console.say(f"There is no {out} to go on with yet: training begins.")

    from sam_inspector.models import clip_loading

    with console.progress(f"Loading {spec.title}") as report:
        model = clip_loading.load_clip(clip, device=device, report=report)
    began = time.perf_counter()
    try:
        _train(console, model, datasets, settings, out)
    except (KeyboardInterrupt, Cancelled):
        console.say(_how_to_go_on(out))
        raise
    seconds = time.perf_counter() - began
    made = read_adapter_manifest(out)
    losses = " to ".join(f"{loss:.4f}" for loss in dict.fromkeys((made.losses[0], made.losses[-1])))
    console.result(
        f"Trained on {made.images} images of {', '.join(made.categories)}: {epochs_text(made.epochs_done)}, "
        f"loss {losses}, {seconds:.0f} s. Layers in {out}",
        {
            "schema": "sam-inspector/training/1",
            "version": __version__,
            "method": "clip-adapter",
            "clip": {"name": made.clip, "sha256": made.clip_sha256},
            "device": model.device.device,
            "dtype": model.device.precision,
            "seed": seed,
            "datasets": list(made.datasets),
            "categories": list(made.categories),
            "images": made.images,
            "epochs": made.epochs_done,
            "losses": list(made.losses),
            "seconds": seconds,
            "file": str(out),
        },
    )


def _train(
    console: Console, model: ClipModel, datasets: Sequence[Dataset], settings: ClipTrainSettings, out: Path
) -> None:
    from sam_inspector.engine.train_clip_adapter import train_clip_adapter

    # A Ctrl-C may come here as well as in there, and the features on the disk shall go in either case.
    steps = cast("Generator[TrainProgress, None, None]", train_clip_adapter(model, datasets, settings, out))
    losses: list[float] = []
    with closing(steps), console.progress("Training") as report:
        for step in steps:
            if step.loss is None:
                report(step.fraction, step.text)
                if step.batch == step.batches:
                    console.say(f"{step.text}.")
                continue
            report(step.fraction, f"{step.text}, loss {step.loss:.4f}")
            losses.append(step.loss)
            if step.batch == step.batches:
                console.say(f"Epoch {step.epoch} of {step.epochs}: loss {np.mean(losses):.4f}")
                losses.clear()


def check_out(out: Path, *, resume: bool, read: Callable[[Path], object], example: str) -> None:
    """Refuse a file that training can't be written to.

    Parameters
    ----------
    resume
        Whether what is there is to be gone on with.
    read
        Reads what is there, and refuses what is no such file.
    example
        A name such as the file might have, without its suffix.

    Raises
    ------
    InputError
        When the name does not end in `SUFFIX`, it is a folder's, or the file is there already; and what `read` raises.
    StoreError
        When its folder is read-only.
    """
    check_out_file(out, f"{example}{SUFFIX}")
    if out.suffix != SUFFIX:
        raise InputError(f"{out} does not end in {SUFFIX}: give --out such a name, as {out.with_suffix(SUFFIX)}.")
    if out.exists():
        if not resume:
            raise InputError(f"{out} is there already: go on with that training by --resume, or give another --out.")
        read(out)


def chosen(datasets: Sequence[Dataset], categories: Sequence[str]) -> list[Dataset]:
    """The categories asked for, each image once: a dataset may be given twice, or with one of its categories.

    Raises
    ------
    InputError
        For a category that there is not; the message lists those that there are.
    """
    known = {name for dataset in datasets for name in dataset.categories}
    for name in categories:
        if name not in known:
            raise InputError(f"There is no category “{name}”: choose from {', '.join(sorted(known))}.")
    seen: set[Path] = set()
    found = []
    for dataset in datasets:
        samples = tuple(
            sample
            for sample in dataset.samples
            if (not categories or sample.category in categories) and sample.path.resolve() not in seen
        )
        seen |= {sample.path.resolve() for sample in samples}
        kept = {sample.category for sample in samples}
        names = tuple(name for name in dataset.categories if name in kept)
        if samples:
            found.append(replace(dataset, samples=samples, categories=names))
    return found


def _how_to_go_on(out: Path) -> str:
    if not out.exists():
        return "No epoch was finished, so nothing was written: begin again."
    return f"{out} holds {epochs_text(read_adapter_manifest(out).epochs_done)}; go on with --resume."


def epochs_text(count: int) -> str:
    """A number of epochs in words."""
    return "1 epoch" if count == 1 else f"{count} epochs"
