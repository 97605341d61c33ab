"""The file of a training: what it says, whether it can be gone on with, and how it is written."""

from __future__ import annotations

import platform
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from sam_inspector import __version__
from sam_inspector.anomaly.simplenet.checkpoint import SavedSimpleNet, check_fits, save_simplenet
from sam_inspector.anomaly.simplenet.detector import SimpleNetDetector
from sam_inspector.anomaly.simplenet.manifest import SimpleNetManifest
from sam_inspector.anomaly.simplenet.network import SimpleNet
from sam_inspector.anomaly.simplenet.recipe import SimpleNetRecipe
from sam_inspector.anomaly.simplenet.settings import LAST_EPOCH, PAPER_PROTOCOL
from sam_inspector.anomaly.simplenet.training import TrainingRun, TrainingState
from sam_inspector.core.errors import InputError
from sam_inspector.engine.requests import TrainSimpleNet
from sam_inspector.engine.simplenet_described import DescribedImages
from sam_inspector.engine.simplenet_images import SimpleNetImages

Maps = tuple[NDArray[np.float32], ...]
EVERY = slice(None)


@dataclass(eq=False, slots=True)
class SimpleNetFile:
    """Where a training is written to, and what it knows beside its own state.

    Attributes
    ----------
    manifest
        What the file says but for how far the training is.
    held_out
        Maps of normal images by networks that were not trained on those, once they are made; else None.
    """

    path: Path
    manifest: SimpleNetManifest
    described: DescribedImages
    held_out: Maps | None = None

    def write(self, run: TrainingRun, state: TrainingState) -> None:
        """Write a state of a run; the run is in that state afterwards.

        Raises
        ------
        StoreError
            When it can't be written; what was there before is untouched.
        """
        run.restore(state)
        best = state.best
        manifest = replace(
            self.manifest,
            losses=state.losses,
            parts_a_step=run.parts_a_step,
            held_out=self.held_out is not None,
            remarks=(*self.manifest.remarks, *run.remarks),
            best_epoch=None if best is None else best.epoch,
            best_image_auroc=None if best is None else best.image_auroc,
            best_pixel_auroc=None if best is None else best.pixel_auroc,
        )
        maps = self.held_out if self.held_out is not None else self.normal_maps(run, run.counting_network())
        save_simplenet(self.path, SavedSimpleNet(manifest, run.space, state, maps))

    def normal_maps(self, run: TrainingRun, network: SimpleNet, numbers: slice = EVERY) -> Maps:
        """Maps of normal images, or of some of them, by a network in the space of a run."""
        detector = SimpleNetDetector(run.recipe, self.manifest.backbone, run.space, network, None)
        return tuple(detector.seen_map(seen.features) for seen in self.described.normal[numbers])


def new_manifest(work: TrainSimpleNet, recipe: SimpleNetRecipe, source: SimpleNetImages) -> SimpleNetManifest:
    """What the file of a training says before any image was looked at."""
    settings = {
        **recipe.said(),
        "backbone": work.settings.backbone,
        "batch_size": str(work.settings.batch_size),
        "cache_bytes": str(work.settings.cache_bytes),
    }
    return SimpleNetManifest(
        backbone=source.name,
        backbone_sha256=source.sha256,
        precision=source.device.precision,
        preset=work.settings.preset,
        category=work.category,
        images=(),
        image_names=(),
        size=(0, 0),
        preparation=source.preparation,
        settings=tuple(sorted(settings.items())),
        width=0,
        hidden=0,
        seed=work.settings.seed,
        versions=tuple(
            {"sam-inspector": __version__, "torch": torch.__version__, "python": platform.python_version()}.items()
        ),
        protocol=PAPER_PROTOCOL if work.settings.paper_protocol else LAST_EPOCH,
    )


def filled(
    manifest: SimpleNetManifest, described: DescribedImages, run: TrainingRun, test_images: tuple[str, ...]
) -> SimpleNetManifest:
    """The manifest, once the images were looked at."""
    width = len(run.space.mean)
    return replace(
        manifest,
        images=tuple(described.image_ids),
        image_names=tuple(described.names),
        size=described.sizes[0],
        width=width,
        hidden=run.recipe.hidden_of(width),
        test_images=test_images,
        remarks=tuple(described.remarks),
    )


def check_same_training(earlier: SimpleNetManifest, wanted: SimpleNetManifest, path: Path) -> None:
    """Refuse to go on with a training that was begun otherwise.

    Raises
    ------
    InputError
        For another backbone, preparation, category, seed, protocol, or other settings.
    """
    check_fits(earlier, path, backbone=wanted.backbone, sha256=wanted.backbone_sha256, preparation=wanted.preparation)
    same = ("settings", "seed", "protocol", "preset", "precision")
    if earlier.category != wanted.category:
        raise InputError(f"{path} was trained on {earlier.category}, not on {wanted.category}: name another file.")
    if any(getattr(earlier, name) != getattr(wanted, name) for name in same):
        raise InputError(
            f"{path} comes from a training with other settings and can't be gone on with: name another file, or remove "
            "this one."
        )


def other_images(path: Path) -> InputError:
    """The sentence for a training on other images."""
    return InputError(
        f"{path} comes from a training on other images and can't be gone on with: name another file, or remove this "
        "one."
    )
