"""Anomaly maps as pictures for people: the image with the map over it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.data.atomic import write_atomic

PICTURE_SIDE = 2048
"""Longest side of a picture in pixels; larger images are shown smaller, their maps are written in full beside."""


def draw_map(pixels: NDArray[np.uint8], anomaly_map: AnomalyMap) -> NDArray[np.uint8]:
    """Lay a map over its image, in inferno, the more opaque the higher the score, as the window does.

    Parameters
    ----------
    pixels
        uint8 `(H, W, 3)`, RGB.
    anomaly_map
        Laid over the whole image, whatever its own size; `low` becomes transparent, `high` the brightest colour.

    Returns
    -------
    uint8 `(h, w, 3)`, RGB, of the image's size or with `PICTURE_SIDE` as longest side.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, PICTURE_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    image = pixels if scale == 1 else cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    values = cv2.resize(anomaly_map.values, size, interpolation=cv2.INTER_LINEAR)
    spread = max(anomaly_map.high - anomaly_map.low, 1e-12)
    steps = (np.clip((values - anomaly_map.low) / spread, 0, 1) * 255).astype(np.uint8).reshape(size[::-1])
    colours = cv2.cvtColor(cv2.applyColorMap(steps, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    opacity = steps[..., None].astype(np.uint16)
    blended = (image.reshape(*size[::-1], 3) * (255 - opacity) + colours * opacity + 127) // 255
    drawn: NDArray[np.uint8] = blended.astype(np.uint8)
    return drawn


def write_map_picture(path: Path | str, pixels: NDArray[np.uint8], anomaly_map: AnomalyMap) -> None:
    """Write `draw_map` as PNG.

    Raises
    ------
    StoreError
        If it can't be written.
    """
    picture = cv2.cvtColor(draw_map(pixels, anomaly_map), cv2.COLOR_RGB2BGR)
    write_atomic(path, bytes(cv2.imencode(".png", picture)[1]))
