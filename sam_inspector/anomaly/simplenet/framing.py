"""Which part of an image the network is shown, and where its map lies in the whole image.

Source: the published code of SimpleNet: the shorter side is resized to 329 pixels, the middle square of 288 is looked
at. What lies outside gets no rating there, and is left out of the published figures. The preset `recommended` shows
everything, for a part that is not looked at is a defect that is not found.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sam_inspector.anomaly.simplenet.recipe import SimpleNetRecipe


@dataclass(frozen=True, slots=True)
class Window:
    """The square that is looked at.

    Attributes
    ----------
    shown
        `(height, width)` that the image is resized to.
    top, left
        The square's first row and column there.
    side
        Of the square, in pixels there.
    """

    shown: tuple[int, int]
    top: int
    left: int
    side: int

    def seen(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The square of an image, uint8 `(side, side, 3)`."""
        resized = np.asarray(Image.fromarray(pixels).resize(self.shown[::-1], Image.Resampling.BILINEAR))
        return np.ascontiguousarray(resized[self._rows, self._columns])

    def seen_of_mask(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The square of a mask `(H, W)` of the image, bool `(side, side)`."""
        return resized_mask(mask, self.shown)[self._rows, self._columns]

    def placed(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """A map `(side, side)` of the square in the whole image: what was not looked at gets its lowest value."""
        whole = np.full(self.shown, values.min(), np.float32)
        whole[self._rows, self._columns] = values
        return whole

    @property
    def _rows(self) -> slice:
        return slice(self.top, self.top + self.side)

    @property
    def _columns(self) -> slice:
        return slice(self.left, self.left + self.side)


def window_of(recipe: SimpleNetRecipe, height: int, width: int) -> Window | None:
    """The window on an image of this size; None where the whole of it is shown."""
    if recipe.shown_side is None or recipe.crop_side is None:
        return None
    short, side = min(height, width), recipe.crop_side
    shown = (int(recipe.shown_side * height / short), int(recipe.shown_side * width / short))
    return Window(shown, round((shown[0] - side) / 2), round((shown[1] - side) / 2), side)


def resized_mask(mask: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    """A mask at another size `(height, width)`: a pixel belongs to it when more than half of what it shows does."""
    share = cv2.resize(mask.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(share > 0.5)
