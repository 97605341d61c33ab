"""What every backbone of anomaly maps offers: dense features of an image, without what was padded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from sam_inspector.models.backbone_registry import BackboneSpec

if TYPE_CHECKING:
    from torch import Tensor

    from sam_inspector.models.devices import DeviceChoice


@dataclass(frozen=True, eq=False, slots=True)
class DenseFeatures:
    """A description of every part of an image, at one or several resolutions.

    Attributes
    ----------
    levels
        Each `(C, h, w)`, bfloat16 or float32, finest first; the grid `h × w` lies evenly over the whole image and
        over nothing else. Cells need not be square.
    size
        `(height, width)` of the image in pixels.
    backbone
        Name of the backbone that made them; only its own features can be compared.
    """

    levels: tuple[Tensor, ...]
    size: tuple[int, int]
    backbone: str


def never() -> bool:
    """The `cancelled` of a call that nobody cancels."""
    return False


class Backbone(Protocol):
    """A network that describes images densely, on a device."""

    spec: BackboneSpec
    device: DeviceChoice

    def features(self, pixels: NDArray[np.uint8], *, cancelled: Callable[[], bool] = never) -> DenseFeatures:
        """Describe an image.

        Parameters
        ----------
        pixels
            uint8 `(H, W, 3)`, RGB, of any size from one pixel on.
        cancelled
            Looked at between the network's blocks.

        Raises
        ------
        Cancelled
            When `cancelled` said so.
        ModelError
            When the device ran out of memory.
        """
        ...
