"""What the view of foregrounds asks of the file thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PySide6.QtGui import QImage

from sam_inspector.core.errors import SamInspectorError
from sam_inspector.data.datasets import Dataset
from sam_inspector.data.images import read_image
from sam_inspector.data.masks import mask_from_png
from sam_inspector.engine.foreground_works import FindForegrounds, FoundForeground, PackedForeground
from sam_inspector.engine.references import normal_samples
from sam_inspector.foreground.category_types import CategoryKind, category_types, set_category_kind
from sam_inspector.foreground.mask_cache import CorrectedMasks, corrections_folder
from sam_inspector.ui.file_thread import LOW, OPEN, SAVE, FileState
from sam_inspector.ui.tune.foregrounds.drawing import foreground_picture

TEST_IMAGES = 24
CARD_PX, LARGE_PX = 480, 1600
"""Longest side of a card's picture, and of the one that is worked on: enough for screens of high resolution."""


@dataclass(frozen=True, eq=False, slots=True)
class Standing:
    """What is known of a category before its foregrounds are looked for.

    Attributes
    ----------
    work
        What to look for; None where there is nothing.
    problem
        Why not, as a sentence.
    """

    category: str
    kind: CategoryKind = "unknown"
    work: FindForegrounds | None = None
    problem: str = ""


@dataclass(frozen=True, eq=False)
class LookAtCategory:
    """Look what a category shows, and which of its images are to be looked at."""

    priority: ClassVar[int] = OPEN
    newest_only: ClassVar[bool] = True
    category: str
    dataset: Dataset

    def run(self, state: FileState) -> Standing:
        """Raise nothing: trouble is in the answer."""
        category = self.category
        try:
            kind = category_types().type_of(category).kind
        except SamInspectorError as error:
            return Standing(category, problem=str(error))
        normal = normal_samples(self.dataset, category)
        tests = [each for each in self.dataset.samples if each.category == category and each.split == "test"]
        places = np.linspace(0, len(tests) - 1, min(len(tests), TEST_IMAGES)).round().astype(int)
        chosen = [tests[place] for place in places]
        if not normal and not chosen:
            problem = (
                f"The category {category} has no images that are split into train and test: put some in train/good."
            )
            return Standing(category, kind, problem=problem)
        paths = tuple(each.path for each in normal)
        work = FindForegrounds(category, paths, tuple(each.path for each in chosen if each.path not in paths))
        return Standing(category, kind, work)


@dataclass(frozen=True, eq=False)
class SetKind:
    """Write what a category shows into the user's table."""

    priority: ClassVar[int] = SAVE
    newest_only: ClassVar[bool] = False
    category: str
    kind: CategoryKind

    def run(self, state: FileState) -> None:
        """Write it.

        Raises
        ------
        InputError, StoreError
            As `set_category_kind`.
        """
        set_category_kind(self.category, self.kind)


@dataclass(frozen=True, eq=False)
class DrawCard:
    """Draw a foreground as a card; an empty picture where the image can't be read any more."""

    priority: ClassVar[int] = LOW
    newest_only: ClassVar[bool] = False
    found: FoundForeground

    def run(self, state: FileState) -> QImage:
        """Draw it."""
        return _drawn(self.found, self.found.used, CARD_PX)


@dataclass(frozen=True, eq=False)
class DrawLarge:
    """Draw how a foreground stands while it is worked on."""

    priority: ClassVar[int] = OPEN
    newest_only: ClassVar[bool] = True
    found: FoundForeground
    shown: PackedForeground

    def run(self, state: FileState) -> QImage:
        """Draw it; an empty picture where the image can't be read any more."""
        return _drawn(self.found, self.shown, LARGE_PX)


@dataclass(frozen=True, eq=False)
class KeepForeground:
    """Keep a person's foreground from now on, or go back to the computed one."""

    priority: ClassVar[int] = SAVE
    newest_only: ClassVar[bool] = False
    found: FoundForeground
    drawn: PackedForeground | None

    def run(self, state: FileState) -> None:
        """Write it.

        Raises
        ------
        StoreError
            When it can't be written.
        """
        kept = CorrectedMasks(corrections_folder())
        if self.drawn is None:
            kept.remove(self.found.pixels)
        else:
            kept.put(self.found.pixels, mask_from_png(self.drawn.mask))


def _drawn(found: FoundForeground, shown: PackedForeground, longest_px: int) -> QImage:
    try:
        pixels = read_image(found.path).pixels
        mask = mask_from_png(shown.mask)
    except SamInspectorError:
        return QImage()
    return foreground_picture(pixels, mask, longest_px) if pixels.shape[:2] == mask.shape else QImage()
