"""What a text-guided map is made from, and how it is trained: frozen values, free of torch, for window and shell."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sam_inspector.anomaly.settings import ReferenceChoice
from sam_inspector.core.errors import InputError
from sam_inspector.core.text_prompts import TextPrompts, checked_object_name
from sam_inspector.data.text_prompts import default_text_prompts
from sam_inspector.models.clip_registry import DEFAULT_CLIP

DEFAULT_IMAGE_SIZE = 518
LEAST_IMAGE_SIZE, MOST_IMAGE_SIZE = 56, 1400
COMBINATIONS = ("mean", "sum")
Combine = Literal["mean", "sum"]


@dataclass(frozen=True, slots=True)
class ClipSettings:
    """How a text-guided map is made.

    Attributes
    ----------
    object_name
        What the image shows, in English.
    model
        Name of a CLIP model.
    texts
        States and templates.
    adapter
        File of trained linear layers; None takes CLIP's own projection.
    image_size
        Side of the square that images are squashed to, in pixels.
    combine
        How the maps of the taps become one: `mean` keeps it in [0, 1], `sum` is what APRIL-GAN does.
    references
        Normal images to compare with as well (the few-shot branch); None leaves it out.
    """

    object_name: str
    model: str = DEFAULT_CLIP
    texts: TextPrompts = field(default_factory=default_text_prompts)
    adapter: Path | None = None
    image_size: int = DEFAULT_IMAGE_SIZE
    combine: Combine = "mean"
    references: ReferenceChoice | None = None

    def check(self) -> None:
        """Refuse what no map can be made from.

        Raises
        ------
        InputError
            For a name or texts that make no sentences, or a value out of range.
        """
        checked_object_name(self.object_name)
        self.texts.check()
        check_image_size(self.image_size)
        if self.combine not in COMBINATIONS:
            raise InputError(f"Maps can't be combined by “{self.combine}”: choose {' or '.join(COMBINATIONS)}.")


@dataclass(frozen=True, slots=True)
class ClipTrainSettings:
    """How the linear layers are trained.

    Source: Chen et al. 2023 (APRIL-GAN): Adam with betas 0.5 and 0.999, batches of 8, seed 111; trained on VisA for 15
    epochs, on MVTec for 3, there with mosaics.

    Attributes
    ----------
    epochs
        Passes over the images, with those of an earlier run that is gone on with.
    mosaic_share
        How often an image gives way to a mosaic of 2 × 2 images of its category, in [0, 1); published: 0.2 on MVTec.
    cache_bytes
        The most that features of the images may take on the disk while training; what does not fit is computed again
        in each epoch. Has no influence on the outcome.
    """

    model: str = DEFAULT_CLIP
    texts: TextPrompts = field(default_factory=default_text_prompts)
    image_size: int = DEFAULT_IMAGE_SIZE
    epochs: int = 15
    batch_size: int = 8
    learning_rate: float = 1e-3
    seed: int = 111
    mosaic_share: float = 0.0
    cache_bytes: int = 30_000_000_000

    def check(self) -> None:
        """Refuse what can't be trained with.

        Raises
        ------
        InputError
            For texts that make no sentences, or a value out of range.
        """
        self.texts.check()
        check_image_size(self.image_size)
        ranges = (
            ("epochs", self.epochs, 1, 10_000),
            ("images a batch", self.batch_size, 1, 512),
            ("bytes of the cache", self.cache_bytes, 0, 10**15),
            ("as seed", self.seed, 0, 2**63 - 1),
        )
        for what, value, low, high in ranges:
            if not low <= value <= high:
                raise InputError(f"Training can't take {value:,} {what}: ask for {low:,} to {high:,}.")
        if not 0 < self.learning_rate <= 1:
            raise InputError(
                f"A learning rate of {self.learning_rate:g} trains nothing: choose one in (0, 1], as 0.001."
            )
        if not 0 <= self.mosaic_share < 1:
            raise InputError(f"The share of mosaics, {self.mosaic_share:g}, must lie from 0 to below 1.")


def check_image_size(image_size: int) -> None:
    """Refuse a side that is too small to see anything or too large to compute.

    Raises
    ------
    InputError
        Out of range.
    """
    if not LEAST_IMAGE_SIZE <= image_size <= MOST_IMAGE_SIZE:
        raise InputError(
            f"CLIP can't be shown images of {image_size} pixels: ask for {LEAST_IMAGE_SIZE} to {MOST_IMAGE_SIZE}, as "
            f"published for {DEFAULT_IMAGE_SIZE}."
        )
