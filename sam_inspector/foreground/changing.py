"""Backgrounds exchanged and removed, each with a foreground of its own.

The rule of the test: the mask that an image's background is exchanged with must never be the one that the background is
removed with later, or the test is won before it begins. Hence the two ways in here take pixels alone, an exchanged
image carries no mask, and the extractor finds the foreground of whatever pixels it gets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sam_inspector.foreground.backgrounds import Backgrounds
from sam_inspector.foreground.compositing import IMAGENET_MEAN_RGB, insert_background, remove_background
from sam_inspector.foreground.extraction import ForegroundExtractor
from sam_inspector.foreground.result import ForegroundResult
from sam_inspector.models.backbone import never


@dataclass(frozen=True, eq=False, slots=True)
class ExchangedImage:
    """An image before another background.

    Attributes
    ----------
    pixels
        uint8 `(H, W, 3)`, RGB.
    changed
        Whether there was a background to exchange; without one the pixels are those of the image.
    remark
        A sentence for the user, or nothing.
    """

    pixels: NDArray[np.uint8]
    changed: bool
    remark: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class RemovedBackground:
    """An image of which the foreground is left.

    Attributes
    ----------
    pixels
        uint8 `(H, W, 3)`, RGB; the background filled.
    foreground
        What was left; for drawing, and for saying so where the whole image was.
    """

    pixels: NDArray[np.uint8]
    foreground: ForegroundResult


class BackgroundExchanger:
    """Sets images before other backgrounds, to see whether a method can bear it.

    Parameters
    ----------
    extractor
        Finds what stays; `settings.INSERTION` keeps close to the object's edge.
    """

    def __init__(self, extractor: ForegroundExtractor, backgrounds: Backgrounds) -> None:
        self._extractor = extractor
        self._backgrounds = backgrounds

    def exchange(
        self, pixels: NDArray[np.uint8], image_id: str, *, cancelled: Callable[[], bool] = never
    ) -> ExchangedImage:
        """Set an image before its background: the same one for the same image and seed each time.

        Parameters
        ----------
        pixels
            uint8 `(H, W, 3)`, RGB.
        image_id
            Hash of the image's file.

        Raises
        ------
        Cancelled, ModelError, StoreError
            As `ForegroundExtractor.find`.
        InputError
            When no photo can be read.
        """
        found = self._extractor.find(pixels, cancelled=cancelled)
        if found.fell_back:
            return ExchangedImage(pixels, False, f"This image keeps its background. {found.remark}")
        height, width = pixels.shape[:2]
        background = self._backgrounds.make(image_id, height, width)
        feather_px = self._backgrounds.settings.feather_px
        return ExchangedImage(insert_background(pixels, found.mask, background, feather_px=feather_px), True)


class BackgroundRemover:
    """Leaves of each image its foreground.

    Parameters
    ----------
    fill
        RGB, the same in training and in tests.
    """

    def __init__(self, extractor: ForegroundExtractor, fill: tuple[int, int, int] = IMAGENET_MEAN_RGB) -> None:
        self._extractor = extractor
        self._fill = fill

    def remove(self, pixels: NDArray[np.uint8], *, cancelled: Callable[[], bool] = never) -> RemovedBackground:
        """Find the foreground in the pixels as they are now, and fill the rest.

        Parameters
        ----------
        pixels
            uint8 `(H, W, 3)`, RGB.

        Raises
        ------
        Cancelled, ModelError, PromptError, StoreError
            As `ForegroundExtractor.find`.
        """
        found = self._extractor.find(pixels, cancelled=cancelled)
        return RemovedBackground(remove_background(pixels, found.mask, self._fill), found)
