"""Training CLIP's linear layers on images with masks, an epoch a checkpoint.

Source: Chen et al. 2023 (APRIL-GAN): Adam, the test split of an auxiliary dataset, mosaics of 2 × 2 images of a
category. Differences: the layers compute in float32; CLIP's tokens are rounded to float16 and computed once; each image
of a mosaic is made small by averaging before the four are put together. What is drawn at random is drawn anew for each
epoch from the seed and its number, so that a run that is gone on with ends in the same bytes as one without a break
(on the CPU; a GPU may round otherwise from run to run).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sam_inspector.anomaly.clip_adapter import ClipAdapter, adapter_loss
from sam_inspector.anomaly.clip_adapter_file import load_adapter, save_adapter
from sam_inspector.anomaly.clip_manifest import AdapterManifest
from sam_inspector.anomaly.clip_settings import ClipTrainSettings
from sam_inspector.anomaly.clip_zero_shot import text_embeddings
from sam_inspector.core.errors import Cancelled, InputError
from sam_inspector.core.text_prompts import object_name_of
from sam_inspector.data.atomic import write_failure
from sam_inspector.data.datasets import Dataset
from sam_inspector.engine.clip_training_images import (
    Described,
    DescribedImages,
    TrainingImage,
    images_sha256,
    training_images,
)
from sam_inspector.models.backbone import never
from sam_inspector.models.clip import ClipModel

BETAS = (0.5, 0.999)


@dataclass(frozen=True, slots=True)
class TrainProgress:
    """How far training is.

    Attributes
    ----------
    epoch, epochs
        The epoch at work, counted from 1, of all.
    batch, batches
        Batches done in it, of all in it.
    loss
        Of the last batch; None before the first.
    text
        What it is at.
    """

    epoch: int
    epochs: int
    batch: int
    batches: int
    loss: float | None
    text: str

    @property
    def fraction(self) -> float:
        """The share of the whole that is done, in [0, 1]."""
        return (self.epoch - 1 + self.batch / self.batches) / self.epochs


@dataclass(eq=False, slots=True)
class _Run:
    """The state that a checkpoint holds."""

    adapter: ClipAdapter
    optimiser: torch.optim.Adam
    epochs_done: int
    losses: tuple[float, ...]


def train_clip_adapter(
    clip: ClipModel,
    datasets: Sequence[Dataset],
    settings: ClipTrainSettings,
    out: Path,
    *,
    cancelled: Callable[[], bool] = never,
) -> Iterator[TrainProgress]:
    """Train linear layers, a step a batch, and write them to a file after each epoch.

    A file that is there already is gone on with, when it comes from the same training; `settings.epochs` counts its
    epochs as well. Given up or ended in the middle, the file holds the last whole epoch.

    Raises
    ------
    InputError
        For settings out of range, datasets without masks, or a file of another training.
    ImageReadError, MaskError
        When an image can't be read.
    StoreError
        When the file can't be written.
    Cancelled
        When `cancelled` said so.
    """
    settings.check()
    images = training_images(datasets)
    _prepare_folder(out)
    manifest = _manifest(clip, datasets, images, settings)
    run = _resumed(clip, manifest, settings, out) if out.exists() else _begun(clip, settings)
    batches = -(-len(images) // settings.batch_size)
    if run.epochs_done >= settings.epochs:
        yield TrainProgress(settings.epochs, settings.epochs, batches, batches, None, "This training is done already")
        return
    texts: dict[str, Tensor] = {}
    for category in manifest.categories:
        text = f"Reading sentences about {object_name_of(category)}"
        yield TrainProgress(run.epochs_done + 1, settings.epochs, 0, batches, None, text)
        texts[category] = text_embeddings(clip, settings.texts, object_name_of(category), cancelled=cancelled)
    side = clip.side(settings.image_size)
    with DescribedImages(clip, images, side, settings.cache_bytes, cancelled) as described:
        for epoch in range(run.epochs_done, settings.epochs):
            losses: list[float] = []
            for batch in _batches(images, settings, epoch):
                loss = _step(clip, run, [_shown(described, place) for place in batch], _texts(images, batch, texts))
                if not np.isfinite(loss):
                    raise InputError(
                        f"The loss of epoch {epoch + 1} is no number any more: train with a smaller learning rate "
                        f"than {settings.learning_rate:g}."
                    )
                losses.append(loss)
                text = f"Epoch {epoch + 1} of {settings.epochs}"
                yield TrainProgress(epoch + 1, settings.epochs, len(losses), batches, loss, text)
                if cancelled():
                    raise Cancelled("Training was given up; the file holds the last whole epoch.")
            run.epochs_done = epoch + 1
            run.losses = (*run.losses, float(np.mean(losses)))
            _save(out, run, manifest)


# --- what is drawn ---------------------------------------------------------------------------------------------------

Place = tuple[int, ...]
"""One image by its number, or the four of a mosaic."""


def _batches(images: tuple[TrainingImage, ...], settings: ClipTrainSettings, epoch: int) -> Iterator[list[Place]]:
    """The batches of an epoch, the same whenever it is asked for."""
    rng = np.random.default_rng((settings.seed, epoch))
    same: dict[str, list[int]] = {}
    for number, image in enumerate(images):
        same.setdefault(image.sample.category, []).append(number)
    places: list[Place] = []
    for number in rng.permutation(len(images)).tolist():
        if settings.mosaic_share > 0 and rng.random() < settings.mosaic_share:
            places.append(tuple(rng.choice(same[images[number].sample.category], 4).tolist()))
        else:
            places.append((number,))
    for start in range(0, len(places), settings.batch_size):
        yield places[start : start + settings.batch_size]


def _shown(described: DescribedImages, place: Place) -> Described:
    if len(place) == 1:
        return described.of(place[0])
    return described.mosaic_of((place[0], place[1], place[2], place[3]))


def _texts(images: tuple[TrainingImage, ...], batch: list[Place], texts: dict[str, Tensor]) -> Tensor:
    return torch.stack([texts[images[place[0]].sample.category] for place in batch])


def _step(clip: ClipModel, run: _Run, batch: list[Described], texts: Tensor) -> float:
    device = clip.torch_device
    stacked = torch.stack([described.taps for described in batch], dim=1).to(device)
    masks = torch.from_numpy(np.stack([described.mask for described in batch])).float().to(device)
    cells = round(stacked.shape[2] ** 0.5)
    loss = adapter_loss(run.adapter, list(stacked), (cells, cells), texts, masks)
    run.optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    run.optimiser.step()
    return float(loss.detach())


# --- what is saved ---------------------------------------------------------------------------------------------------


def _manifest(
    clip: ClipModel, datasets: Sequence[Dataset], images: tuple[TrainingImage, ...], settings: ClipTrainSettings
) -> AdapterManifest:
    said = {
        "batch_size": str(settings.batch_size),
        "learning_rate": repr(settings.learning_rate),
        "seed": str(settings.seed),
        "mosaic_share": repr(settings.mosaic_share),
        "normal": "\n".join(settings.texts.normal),
        "abnormal": "\n".join(settings.texts.abnormal),
        "templates": "\n".join(settings.texts.templates),
    }
    return AdapterManifest(
        clip=clip.spec.name,
        clip_sha256=clip.weights_sha256,
        taps=clip.taps,
        width=clip.width,
        dimension=clip.dimension,
        image_size=settings.image_size,
        datasets=tuple(dict.fromkeys(dataset.root.name for dataset in datasets)),
        categories=tuple(dict.fromkeys(image.sample.category for image in images)),
        images=len(images),
        data_sha256=images_sha256(images),
        settings=tuple(sorted(said.items())),
        epochs_done=0,
        losses=(),
    )


def _begun(clip: ClipModel, settings: ClipTrainSettings) -> _Run:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        adapter = ClipAdapter(len(clip.taps), clip.width, clip.dimension)
    adapter.to(clip.torch_device)
    return _Run(adapter, _optimiser(adapter, settings), 0, ())


def _resumed(clip: ClipModel, wanted: AdapterManifest, settings: ClipTrainSettings, out: Path) -> _Run:
    saved = load_adapter(out, clip)
    other = "settings" if saved.manifest.settings != wanted.settings else "images"
    if other == "settings" or _origin(saved.manifest) != _origin(wanted):
        raise InputError(
            f"{out} comes from a training with other {other} and can't be gone on with: name another file, or remove "
            "this one."
        )
    optimiser = _optimiser(saved.adapter, settings)
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in saved.optimiser.items():
        number, _, kind = name.partition(".")
        state.setdefault(int(number), {})[kind] = value
    if len(state) != len(list(saved.adapter.parameters())):
        raise InputError(f"{out} holds no state to go on from: name another file, or remove this one.")
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
    return _Run(saved.adapter, optimiser, saved.manifest.epochs_done, saved.manifest.losses)


def _origin(manifest: AdapterManifest) -> tuple[str, int]:
    return manifest.data_sha256, manifest.image_size


def _optimiser(adapter: ClipAdapter, settings: ClipTrainSettings) -> torch.optim.Adam:
    return torch.optim.Adam(adapter.parameters(), lr=settings.learning_rate, betas=BETAS)


def _save(out: Path, run: _Run, manifest: AdapterManifest) -> None:
    state: dict[int, dict[str, Tensor]] = run.optimiser.state_dict()["state"]
    tensors = {f"{number}.{kind}": value for number, values in state.items() for kind, value in values.items()}
    save_adapter(out, run.adapter, replace(manifest, epochs_done=run.epochs_done, losses=run.losses), tensors)


def _prepare_folder(out: Path) -> None:
    """Tell before hours of work when nothing can be written there."""
    if out.is_dir():
        raise InputError(f"{out} is a folder: name a file for the adapter.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_failure(out, error) from error
