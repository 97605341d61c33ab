"""What a file of a tuned SAM says of itself. Imports no torch, so that models can be listed before it is there."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from sam_inspector.models.manifests import ManifestForm
from sam_inspector.models.tuned.recipe import TunedRecipe

VERSION = "sam-inspector/tuned-sam/1"


@dataclass(frozen=True, slots=True)
class HeldOutScores:
    """How good masks of held-out images are: IoU in [0, 1], the mean over categories of their images' means.

    Attributes
    ----------
    box, point
        With a box around each region of the ground truth, and with the pixel deepest inside each.
    draft_box, draft_point
        The same of the draft; None where there is no second decoder.
    epoch
        After which they were judged; 0 before the first.
    """

    box: float
    point: float
    draft_box: float | None = None
    draft_point: float | None = None
    epoch: int = 0

    @property
    def mean(self) -> float:
        """Of box and point."""
        return (self.box + self.point) / 2


@dataclass(frozen=True, slots=True)
class TunedManifest:
    """What a SAM was tuned on, and how.

    Attributes
    ----------
    base, base_sha256
        The model it was made from, and the hash of that model's weights: with others the file means nothing.
    variant, preset
        What was tuned.
    recipe
        The architecture that comes of it.
    datasets, categories
        Names of what it was tuned on.
    images, held_out
        Hash of each image that was learnt from, and of each that was kept back to judge on.
    holdout
        How these were told apart.
    settings
        Of the training, by name: whatever has an influence on the outcome but the number of epochs.
    seed
        Of all that is drawn at random.
    losses
        The mean loss of each epoch so far.
    zero_shot
        Scores of the held-out images before anything was tuned; None without such images.
    judged
        Those after some epochs, the last one among them.
    kept_epoch
        The epoch whose state is in the file: the one that did best on the held-out images, so that its scores are a
        little too good; without such images the last.
    versions
        Of the programs that had a part in it, by name.
    remarks
        What a person should know, a sentence each.
    version
        Of this form.
    """

    base: str
    base_sha256: str
    variant: str
    preset: str
    recipe: TunedRecipe
    datasets: tuple[str, ...]
    categories: tuple[str, ...]
    images: tuple[str, ...]
    held_out: tuple[str, ...]
    holdout: str
    settings: tuple[tuple[str, str], ...]
    seed: int
    versions: tuple[tuple[str, str], ...]
    losses: tuple[float, ...] = ()
    zero_shot: HeldOutScores | None = None
    judged: tuple[HeldOutScores, ...] = ()
    kept_epoch: int = 0
    remarks: tuple[str, ...] = ()
    version: str = VERSION

    @property
    def epochs_done(self) -> int:
        """Passes over the images so far."""
        return len(self.losses)

    @property
    def kept(self) -> HeldOutScores | None:
        """Scores of the state in the file; None without held-out images."""
        return next((scores for scores in self.judged if scores.epoch == self.kept_epoch), None)

    def has_seen(self, image_id: str) -> bool:
        """Whether an image was learnt from."""
        return image_id in self.images

    def to_json(self) -> str:
        """As text; the same manifest gives the same text."""
        return json.dumps(asdict(self), sort_keys=True)


TUNED_FORM = ManifestForm(TunedManifest, VERSION, "tuned model", "train spt")


def read_tuned_manifest(path: Path) -> TunedManifest:
    """What a file of a tuned SAM says of itself; its tensors are not read.

    Raises
    ------
    InputError
        When there is no such file, it is damaged, or no tuned SAM.
    """
    return TUNED_FORM.read(path)
