"""The best and the worst images of a run, as small pictures that go into the report itself."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import SamInspectorError
from sam_inspector.data.images import read_image
from sam_inspector.data.masks import read_mask
from sam_inspector.engine.finished_run import FinishedRun
from sam_inspector.engine.image_rows import ImageRow

SIDE = 240
"""Longest side of a picture in pixels: two finger breadths on paper."""
QUALITY = 85
WORST, BEST = 6, 3
HIT, FALSE_ALARM, MISSED = (0, 158, 115), (213, 94, 0), (0, 114, 178)
"""True positive, false positive, false negative; the latter two also hatched, either way."""
STRIPE = 6


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as a `data:` address, and the words beneath it."""

    address: str
    path: str
    iou: float


@dataclass(frozen=True, slots=True)
class Gallery:
    """Of one mode, by IoU."""

    mode: str
    worst: tuple[Picture, ...]
    best: tuple[Picture, ...]


def gallery_of(run: FinishedRun, mode: str, *, worst: int = WORST, best: int = BEST) -> Gallery:
    """Pictures of a mode's images; those that have been moved since are left out."""
    rows = sorted(
        (row for row in run.rows if row.mode == mode and row.iou is not None), key=lambda row: (row.iou, row.path)
    )
    lowest = rows[:worst]
    highest = [row for row in reversed(rows) if row not in lowest][:best]
    return Gallery(mode, _pictures(run, lowest), _pictures(run, highest))


def error_picture(
    pixels: NDArray[np.uint8], mask: NDArray[np.bool_], ground_truth: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """An image with what is right, too much and missed drawn over it.

    Parameters
    ----------
    pixels
        uint8 `(H, W, 3)` RGB; mask and ground truth bool `(H, W)`.

    Returns
    -------
    uint8 `(h, w, 3)`, longest side `SIDE`.
    """
    height, width = mask.shape
    scale = SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    picture = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR).astype(
        np.float32
    )

    def small(area: NDArray[np.bool_]) -> NDArray[np.bool_]:
        # A defect of a few pixels must not vanish with the size.
        return cv2.resize(area.astype(np.float32), size, interpolation=cv2.INTER_AREA) > (0.5 if scale >= 1 else 0.15)

    ys, xs = np.mgrid[: size[1], : size[0]]
    for area, colour, stripes in (
        (mask & ground_truth, HIT, np.ones(size[::-1], bool)),
        (mask & ~ground_truth, FALSE_ALARM, (xs + ys) % STRIPE < STRIPE // 2 + 1),
        (ground_truth & ~mask, MISSED, (xs - ys) % STRIPE < STRIPE // 2 + 1),
    ):
        shown = small(area) & stripes
        picture[shown] = 0.35 * picture[shown] + 0.65 * np.asarray(colour, np.float32)
    return np.clip(picture, 0, 255).astype(np.uint8)


def _pictures(run: FinishedRun, rows: Sequence[ImageRow]) -> tuple[Picture, ...]:
    found = []
    for row in rows:
        image_path, mask_path, truth_path = run.image_path(row), run.mask_path(row), run.ground_truth_path(row)
        if image_path is None or mask_path is None or truth_path is None or row.iou is None:
            continue
        try:
            image = read_image(image_path)
            mask = read_mask(mask_path, width=image.width, height=image.height)
            truth = read_mask(truth_path, width=image.width, height=image.height)
        except SamInspectorError:
            continue
        picture = error_picture(image.pixels, mask, truth)
        found.append(Picture(_address(picture), f"{row.category}/{row.path}", row.iou))
    return tuple(found)


def _address(picture: NDArray[np.uint8]) -> str:
    _, encoded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode("ascii")
