"""What a few-shot map is made from, and how: frozen values, free of torch, for window and shell alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

DEFAULT_SHOTS = 4
DEFAULT_BACKBONE = "sam"


@dataclass(frozen=True, slots=True)
class ReferenceChoice:
    """Which normal images a map compares with.

    Attributes
    ----------
    kind
        `first`: the first `count` normal training images by name; `random`: as many drawn with `seed`; `picked`: the
        images named.
    picked
        Keys of images in the dataset, for `picked`.
    """

    kind: Literal["first", "random", "picked"] = "first"
    count: int = DEFAULT_SHOTS
    seed: int = 0
    picked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FewShotSettings:
    """How a few-shot map is made.

    Attributes
    ----------
    backbone
        Name of a backbone; `sam` is the encoder of the SAM model in use, which needs no further weights.
    preset
        `recommended`, or `faithful` to the backbone's publication.
    rotations
        Each reference is also shown at this many angles, evenly spaced; 1 leaves it as it is. None: what the preset
        says.
    bank_tokens
        The most reference tokens kept, chosen by a greedy coreset; bounds memory and time. None: what the preset says.
    coreset_ratio
        Share of the reference tokens kept, in (0, 1]; None: as many as `bank_tokens` allows.
    """

    backbone: str = DEFAULT_BACKBONE
    preset: str = "recommended"
    rotations: int | None = None
    bank_tokens: int | None = None
    coreset_ratio: float | None = None
    references: ReferenceChoice = field(default_factory=ReferenceChoice)
