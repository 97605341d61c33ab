"""Foregrounds of a category for a person to look at: what is asked for, and what is found. Free of Qt and of torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sam_inspector.core.prompts import Point
from sam_inspector.data.masks import mask_to_png
from sam_inspector.foreground.result import ForegroundResult
from sam_inspector.methods.sam2sim import ForegroundChoice


@dataclass(frozen=True, slots=True)
class FindForegrounds:
    """Find the foregrounds of a category's images; its steps are `ForegroundProgress`.

    Attributes
    ----------
    normal_paths
        Which also tell what outline the category's objects have.
    other_paths
        Looked at after them.
    if_kept
        Only where they were found before, so that it takes no time to speak of; else nothing is done.
    """

    category: str
    normal_paths: tuple[Path, ...]
    other_paths: tuple[Path, ...] = ()
    choice: ForegroundChoice = field(default_factory=ForegroundChoice)
    if_kept: bool = False


@dataclass(frozen=True, slots=True)
class AskForeground:
    """Ask the model in use for the foreground that points describe; its one step is a `ForegroundAnswer`.

    Attributes
    ----------
    points, labels
        As in `core.prompts.Prompt`, in the pixels of the image.
    choice
        Whose clean-up the answer gets; its outline is settled.
    start
        The foreground that the points mend, as a PNG file; empty where they say all.
    """

    path: Path
    points: tuple[Point, ...]
    labels: tuple[int, ...]
    choice: ForegroundChoice
    start: bytes = b""


@dataclass(frozen=True, slots=True)
class PackedForeground:
    """A foreground in little room: hundreds of them are held at a time.

    Attributes
    ----------
    mask
        A PNG file of one bit a pixel.
    share
        Share of the image, from 0 to 1.
    remark, fell_back, corrected
        As in `ForegroundResult`.
    """

    mask: bytes
    share: float
    remark: str = ""
    fell_back: bool = False
    corrected: bool = False


def packed(result: ForegroundResult) -> PackedForeground:
    """The same in little room."""
    mask = mask_to_png(result.mask, one_bit=True)
    return PackedForeground(mask, result.share, result.remark, result.fell_back, result.corrected)


@dataclass(frozen=True, slots=True)
class FoundForeground:
    """The foreground of one image.

    Attributes
    ----------
    pixels
        `mask_cache.pixels_id` of the image, by which a correction is kept.
    size
        `(height, width)` of the image.
    automatic
        What the program found by itself.
    correction
        What a person made of it; None where nobody did.
    """

    path: Path
    pixels: str
    size: tuple[int, int]
    automatic: PackedForeground
    correction: PackedForeground | None = None

    @property
    def used(self) -> PackedForeground:
        """The one that counts."""
        return self.correction or self.automatic
