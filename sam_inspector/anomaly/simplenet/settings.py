"""What SimpleNet is trained with: frozen values, free of torch, for window and shell alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import InputError

DEFAULT_EPOCHS = 160
DEFAULT_BATCH = 8
PAPER_PROTOCOL = "paper protocol"
LAST_EPOCH = "last epoch"


@dataclass(frozen=True, eq=False, slots=True)
class Preparation:
    """Something done to the pixels of every image first, in training and in tests alike, as removing the background.

    Attributes
    ----------
    identity
        Its name with its settings: a network is used only with the preparation that it was trained with.
    apply
        From pixels uint8 `(H, W, 3)`, RGB, to pixels of the same shape.
    """

    identity: str
    apply: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class SimpleNetSettings:
    """How SimpleNet is trained.

    Attributes
    ----------
    backbone
        Name of a backbone; `sam` is the encoder of the SAM model in use, which needs no further weights.
    preset
        `recommended`, or `faithful` to the publication, which has the backbone `wide_resnet50_2`.
    epochs
        Passes over the images, with those of an earlier run that is gone on with.
    batch_size
        Images a step.
    noise
        Standard deviation of the noise; None: what the preset says.
    paper_protocol
        Keep the epoch with the best image AUROC on the *test* images (ties: pixel AUROC), as the published code does.
        Its figures are too good; without it the last epoch counts.
    cache_bytes
        The most memory that the features of the images may take. Where they would take more, an even share of each
        image's tokens is drawn once and trained on.
    """

    backbone: str = "sam"
    preset: str = "recommended"
    epochs: int = DEFAULT_EPOCHS
    batch_size: int = DEFAULT_BATCH
    noise: float | None = None
    seed: int = 0
    paper_protocol: bool = False
    cache_bytes: int = 2_000_000_000

    def check(self) -> None:
        """Refuse what can't be trained with.

        Raises
        ------
        InputError
            For a value out of range.
        """
        ranges = (
            ("epochs", self.epochs, 1, 10_000),
            ("images a batch", self.batch_size, 1, 512),
            ("as seed", self.seed, 0, 2**63 - 1),
            ("bytes of features", self.cache_bytes, 1_000_000, 4_000_000_000),
        )
        for what, value, low, high in ranges:
            if not low <= value <= high:
                raise InputError(f"SimpleNet can't take {value:,} {what}: ask for {low:,} to {high:,}.")
        if self.noise is not None and not 0 < self.noise <= 100:
            raise InputError(f"Noise of {self.noise:g} teaches nothing: ask for more than 0 and at most 100.")
