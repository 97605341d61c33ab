"""A small picture of what a mask has right, too much and missed; drawn on the file thread."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from sam_inspector.data.images import read_image
from sam_inspector.data.masks import read_mask
from sam_inspector.ui.canvas.error_item import colour_table, hatched
from sam_inspector.ui.canvas.overlays import FALSE_NEGATIVE, FALSE_POSITIVE, TRUE_POSITIVE

WIDTH_PX, HEIGHT_PX = 480, 360
"""More than the strip shows at most, for screens of high resolution."""
PERIOD_PX = 16
OPACITY = 0.6
LEAST_SHARE = 0.3
"""A pixel of the picture with so much error in it shows the error."""


def error_picture(image: Path, mask: Path | None, ground_truth: Path | None) -> QImage:
    """Draw it.

    Parameters
    ----------
    mask, ground_truth
        Files; None stands for an empty mask.

    Raises
    ------
    SamInspectorError
        When one of them can't be read, or does not fit.
    """
    loaded = read_image(image)
    height, width = loaded.pixels.shape[:2]
    scale = min(WIDTH_PX / width, HEIGHT_PX / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(loaded.pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    found = _read(mask, width, height)
    true = _read(ground_truth, width, height)
    drawn = _blended(np.asarray(small, np.uint8), _classes(found, true, size))
    return QImage(drawn.data, size[0], size[1], 3 * size[0], QImage.Format.Format_RGB888).copy()


def _read(path: Path | None, width: int, height: int) -> NDArray[np.bool_]:
    return np.zeros((height, width), np.bool_) if path is None else read_mask(path, width=width, height=height)


def _classes(found: NDArray[np.bool_], true: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.uint8]:
    classes = np.zeros((size[1], size[0]), np.uint8)
    for kind, area, least in (
        (TRUE_POSITIVE, found & true, 0.5),
        (FALSE_POSITIVE, found & ~true, LEAST_SHARE),
        (FALSE_NEGATIVE, ~found & true, LEAST_SHARE),
    ):
        share = cv2.resize(area.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        classes[share >= least] = kind
    return classes


def _blended(pixels: NDArray[np.uint8], classes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    table = np.array(colour_table(OPACITY), np.uint32)
    argb = table[hatched(classes, PERIOD_PX)]
    alpha = ((argb >> 24) & 255).astype(np.float32)[..., None] / 255
    colour = np.stack([(argb >> shift) & 255 for shift in (16, 8, 0)], axis=-1).astype(np.float32)
    return np.ascontiguousarray(np.rint(pixels * (1 - alpha) + colour * alpha).astype(np.uint8))
