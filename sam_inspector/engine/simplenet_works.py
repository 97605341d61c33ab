"""What a category's SimpleNet is made from: a frozen value, free of torch, for window and shell alike."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sam_inspector.anomaly.simplenet.settings import SimpleNetSettings
from sam_inspector.methods.sam2sim import ForegroundChoice


@dataclass(frozen=True, slots=True)
class LearnSimpleNet:
    """Train a SimpleNet on the normal images of a category, unless that was done before, and load it.

    Attributes
    ----------
    paths
        The normal images.
    removal
        How the foreground of each image is found, of which nothing else is left; None leaves images as they are.
    file
        A SimpleNet that was trained before, which is taken as it is.
    """

    paths: tuple[Path, ...]
    category: str
    settings: SimpleNetSettings
    removal: ForegroundChoice | None = None
    file: Path | None = None
