"""What a file of trained linear layers says of itself. Imports no torch, so that the window can warn beforehand."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from sam_inspector.models.manifests import ManifestForm

VERSION = "sam-inspector/clip-adapter/1"


@dataclass(frozen=True, slots=True)
class AdapterManifest:
    """What linear layers were trained for, and on.

    Attributes
    ----------
    clip, clip_sha256
        The CLIP model, and the hash of its weights: with others the layers mean nothing.
    taps
        Blocks, counted from 1, whose tokens they take.
    width, dimension
        Of the tokens, and of the sentences.
    image_size
        Side of the square that images were shown at, in pixels.
    datasets, categories
        Names of what they were trained on.
    images
        How many images that were.
    data_sha256
        Hash of the list of images, to know them again.
    settings
        Of the training, by name: whatever has an influence on the outcome but the number of epochs.
    epochs_done
        Passes over the images so far.
    losses
        The mean loss of each epoch.
    version
        Of this form.
    """

    clip: str
    clip_sha256: str
    taps: tuple[int, ...]
    width: int
    dimension: int
    image_size: int
    datasets: tuple[str, ...]
    categories: tuple[str, ...]
    images: int
    data_sha256: str
    settings: tuple[tuple[str, str], ...]
    epochs_done: int
    losses: tuple[float, ...]
    version: str = VERSION

    def has_seen(self, category: str) -> bool:
        """Whether a category was among the training data, by its name in whatever spelling."""
        return _plain(category) in {_plain(name) for name in self.categories}

    def to_json(self) -> str:
        """As text; the same manifest gives the same text."""
        return json.dumps(asdict(self), sort_keys=True)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


ADAPTER_FORM = ManifestForm(AdapterManifest, VERSION, "adapter for CLIP", "train clip-adapter")


def read_adapter_manifest(path: Path) -> AdapterManifest:
    """What a file of linear layers says of itself; its tensors are not read.

    Raises
    ------
    InputError
        When there is no such file, it is damaged, or no file of linear layers.
    """
    return ADAPTER_FORM.read(path)
