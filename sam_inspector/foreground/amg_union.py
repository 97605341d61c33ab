"""The union of SAM's automatic masks, without those that lie along the frame: several objects anywhere in the image."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sam_inspector.foreground.automatic_masks import automatic_masks
from sam_inspector.foreground.settings import AutomaticMaskSettings
from sam_inspector.models.backbone import never

if TYPE_CHECKING:
    from sam_inspector.models.segmenter import Embedding, Segmenter


def find_amg_union(
    segmenter: Segmenter,
    embedding: Embedding,
    settings: AutomaticMaskSettings,
    most_sides: int,
    *,
    cancelled: Callable[[], bool] = never,
) -> NDArray[np.bool_]:
    """All that is no background.

    Parameters
    ----------
    most_sides
        A mask that touches more sides of the frame is background.

    Returns
    -------
    bool `(H, W)`; empty where there is no mask.

    Raises
    ------
    Cancelled
        When `cancelled` said so.
    """
    height, width = embedding.size
    union = np.zeros((height, width), bool)
    for mask in automatic_masks(segmenter, embedding, settings, cancelled=cancelled):
        if mask.sides <= most_sides:
            union |= mask.at_size(height, width)
    return union
