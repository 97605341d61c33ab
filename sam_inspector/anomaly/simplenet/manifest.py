"""What a file of a trained SimpleNet says of itself. Imports no torch, so that the window can warn beforehand."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from sam_inspector.anomaly.simplenet.recipe import SimpleNetRecipe
from sam_inspector.anomaly.simplenet.settings import LAST_EPOCH
from sam_inspector.models.manifests import ManifestForm

VERSION = "sam-inspector/simplenet/2"


@dataclass(frozen=True, slots=True)
class SimpleNetManifest:
    """What a SimpleNet was trained for, and on.

    Attributes
    ----------
    backbone, backbone_sha256
        Name of the features, as `sam:mobile_sam`, and hash of the weights that made them: with others it means nothing.
    precision
        Data type that the backbone computed in.
    preset
        `recommended` or `faithful`.
    category
        What the images show.
    images, image_names
        Hash and file name of each training image.
    size
        `(width, height)` of the first of them in pixels.
    preparation
        What was done to the pixels first; empty for nothing.
    settings
        Of the training, by name: whatever has an influence on the outcome but the number of epochs.
    width, hidden
        Of the network.
    seed
        Of all that is drawn at random. What an epoch draws depends on the seed and its number alone, so this and
        `losses` are all the state that random numbers have.
    losses
        The mean loss of each epoch so far.
    parts_a_step
        In how many steps each batch is gone through; more than 1 once memory has run out.
    protocol
        `last epoch`, or `paper protocol`: the epoch that did best on the test images counts, so figures on those are
        too good.
    test_images
        Hash of each image that the epoch was chosen on; empty for `last epoch`.
    held_out
        Whether the maps of normal images in the file come from networks that were not trained on those images; else
        from this one, or of a single image from its half turn.
    best_epoch, best_image_auroc, best_pixel_auroc
        That epoch and its figures; None for `last epoch`.
    versions
        Of the programs that had a part in it, by name.
    remarks
        What a person should know, a sentence each.
    version
        Of this form.
    """

    backbone: str
    backbone_sha256: str
    precision: str
    preset: str
    category: str
    images: tuple[str, ...]
    image_names: tuple[str, ...]
    size: tuple[int, int]
    preparation: str
    settings: tuple[tuple[str, str], ...]
    width: int
    hidden: int
    seed: int
    versions: tuple[tuple[str, str], ...]
    losses: tuple[float, ...] = ()
    parts_a_step: int = 1
    protocol: str = LAST_EPOCH
    test_images: tuple[str, ...] = ()
    held_out: bool = False
    best_epoch: int | None = None
    best_image_auroc: float | None = None
    best_pixel_auroc: float | None = None
    remarks: tuple[str, ...] = ()
    version: str = VERSION

    @property
    def epochs_done(self) -> int:
        """Passes over the images so far."""
        return len(self.losses)

    @property
    def epoch(self) -> int:
        """The epoch whose weights make maps."""
        return self.best_epoch if self.best_epoch is not None else self.epochs_done

    def is_finished(self, recipe: SimpleNetRecipe) -> bool:
        """Whether no stage after the last epoch is left to do."""
        return self.held_out or not recipe.folds_of(len(self.images))

    def to_json(self) -> str:
        """As text; the same manifest gives the same text."""
        return json.dumps(asdict(self), sort_keys=True)


SIMPLENET_FORM = ManifestForm(SimpleNetManifest, VERSION, "SimpleNet", "train simplenet")


def read_simplenet_manifest(path: Path) -> SimpleNetManifest:
    """What a file of SimpleNet says of itself; its tensors are not read.

    Raises
    ------
    InputError
        When there is no such file, it is damaged, or no file of SimpleNet.
    """
    return SIMPLENET_FORM.read(path)
