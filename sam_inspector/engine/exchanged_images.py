"""Test images before other backgrounds, for whatever mode comes after: see `foreground/changing.py`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from sam_inspector.data.images import LoadedImage
from sam_inspector.engine.foregrounds import Foregrounds, with_identity
from sam_inspector.engine.inspector import Inspector
from sam_inspector.foreground.backgrounds import Backgrounds, BackgroundSettings
from sam_inspector.foreground.category_types import CategoryKind, category_types
from sam_inspector.foreground.changing import BackgroundExchanger
from sam_inspector.foreground.mask_cache import pixels_id
from sam_inspector.methods.sam2sim import ForegroundChoice, has_background
from sam_inspector.models.backbone import never


class ExchangedImages:
    """Sets images of objects before other backgrounds; textures, and objects that are kept whole, stay as they are.

    Parameters
    ----------
    choice
        How the foreground is found; the settings of its clean-up are those for insertion.
    unknown
        What stands for the type of a category that the table does not know.

    Raises
    ------
    InputError
        When the photos or the table of types can't be read.
    WeightsError, ModelError
        As `Foregrounds`.
    """

    def __init__(
        self,
        inspector: Inspector,
        settings: BackgroundSettings,
        choice: ForegroundChoice,
        unknown: CategoryKind = "unknown",
        *,
        cancelled: Callable[[], bool] = never,
    ) -> None:
        self._types = category_types()
        self._unknown: CategoryKind = unknown
        self._cancelled = cancelled
        self._foregrounds = Foregrounds(inspector, choice.for_insertion(), cancelled=cancelled)
        self._exchanger = BackgroundExchanger(self._foregrounds.extractor(), Backgrounds(settings))
        self._identity = f"{settings!r}\n{self._foregrounds.choice!r}\n{self._foregrounds.finder}"

    def exchange(self, image: LoadedImage, category: str) -> tuple[LoadedImage, str]:
        """An image before its background, and a sentence for the user, or nothing.

        The image has another identity then: nothing that was remembered of the one before is taken for this one's.

        Raises
        ------
        InputError
            When nobody knows the category's type, or no photo can be read.
        Cancelled, ModelError
            As `ForegroundExtractor.find`.
        """
        if not has_background(category, self._types, self._unknown):
            return image, ""
        with self._foregrounds.looking_at(image):
            found = self._exchanger.exchange(image.pixels, image.image_id, cancelled=self._cancelled)
        if not found.changed:
            return image, found.remark
        # The pixels are part of its name, for a person may have corrected the foreground.
        told = f"{image.image_id}\n{self._identity}\n{pixels_id(found.pixels)}"
        return with_identity(image, found.pixels, hashlib.blake2b(told.encode(), digest_size=16).hexdigest()), ""
