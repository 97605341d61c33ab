"""Sam2Sim: SimpleNet on what is left of an image once its background is removed.

Source: Hak and Kim, "Sam2Sim". The type of a category is known beforehand: textures, and objects whose background
belongs to them (MVTec AD's transistor), go straight to SimpleNet; of other objects a frozen SAM 2 finds the
foreground, and SimpleNet sees that alone, in training and in tests. Deviations: the model in use finds the foreground
unless another is named (published: SAM 2 tiny), and whether an object's convex hull is kept is learnt from its normal
images. How SAM 2 is asked, what fills the background and how masks are cleaned is left open there (`foreground/`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sam_inspector.anomaly.simplenet.settings import Preparation
from sam_inspector.core.errors import InputError
from sam_inspector.foreground.category_types import CategoryKind, CategoryTypes
from sam_inspector.foreground.changing import BackgroundRemover
from sam_inspector.foreground.compositing import IMAGENET_MEAN_RGB
from sam_inspector.foreground.extraction import ForegroundExtractor
from sam_inspector.foreground.mask_cache import FORMAT
from sam_inspector.foreground.result import ForegroundResult
from sam_inspector.foreground.settings import INSERTION, ForegroundSettings, Outline

CATEGORY_KINDS: tuple[CategoryKind, ...] = ("object", "object_kept_whole", "texture")
"""What a person may say of a category that the table does not know."""


@dataclass(frozen=True, slots=True)
class ForegroundChoice:
    """How foregrounds are found, and by which model.

    Attributes
    ----------
    model
        Name of a SAM model; empty for the one in use.
    fits_outline
        Whether a category's normal images tell if its objects are given their convex hull; else `settings` does.
    """

    settings: ForegroundSettings = field(default_factory=ForegroundSettings)
    model: str = ""
    fits_outline: bool = True

    def for_insertion(self) -> ForegroundChoice:
        """The same way to look, for what stays when a background is exchanged: close to the object's edge."""
        return replace(self, settings=replace(INSERTION, mode=self.settings.mode), fits_outline=False)

    def with_outline(self, outline: Outline) -> ForegroundChoice:
        """The same with another outline, which is settled now."""
        clean_up = replace(self.settings.clean_up, outline=outline)
        return replace(self, settings=replace(self.settings, clean_up=clean_up), fits_outline=False)


class RemovedBackgrounds:
    """What Sam2Sim does to every image first.

    Parameters
    ----------
    finder
        Name, weights and precision of what finds foregrounds.
    how
        The same in a few words.

    Attributes
    ----------
    found
        The foreground of the image that was looked at last.
    """

    def __init__(self, extractor: ForegroundExtractor, finder: str, how: str) -> None:
        self._remover = BackgroundRemover(extractor, IMAGENET_MEAN_RGB)
        text = "\n".join((FORMAT, repr(extractor.settings), finder, repr(IMAGENET_MEAN_RGB)))
        digest = hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
        self.preparation = Preparation(f"background removed ({how}, {digest})", self._apply)
        self.found: ForegroundResult | None = None

    def _apply(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        removed = self._remover.remove(pixels)
        self.found = removed.foreground
        return removed.pixels


def has_background(category: str, types: CategoryTypes, unknown: CategoryKind = "unknown") -> bool:
    """Whether a category's background is removed, and exchanged for tests.

    Parameters
    ----------
    unknown
        What stands for the type of a category that the table does not know.

    Raises
    ------
    InputError
        When nobody knows the category's type.
    """
    known = types.type_of(category)
    if known.kind != "unknown":
        return known.has_background
    if unknown == "unknown":
        raise InputError(known.question)
    return unknown == "object"
