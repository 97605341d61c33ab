"""What every category hands back, and the camera that takes it: a scene in linear light becomes picture and mask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

OVERSAMPLING = 2
"""Scenes are drawn this many times larger than the picture, so that edges come out smooth."""


@dataclass(frozen=True)
class Scene:
    """Light that reaches the camera, and how far the defect covers each point.

    `radiance` is float32 `(2H, 2W, 3)` RGB, linear, about 0 to 1; `coverage` is float32 `(2H, 2W)` in [0, 1].
    """

    radiance: Floats
    coverage: Floats


@dataclass(frozen=True)
class Category:
    """A category of the dataset: its name, the defects its test images show in this order, and who draws it.

    `draw(rng, defect, index)` draws one scene; `defect` is None for a good one, `index` counts within its folder.
    """

    name: str
    defects: tuple[str, ...]
    draw: Callable[[np.random.Generator, str | None, int], Scene]


def photograph(scene: Scene, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Take the picture: lens blur, vignette, exposure, shot and read noise, display curve; uint8 `(H, W, 3)` RGB."""
    light = _shrink(cv2.GaussianBlur(scene.radiance, (0, 0), 1.1))
    height, width = light.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    off_axis = ((x - width / 2) ** 2 + (y - height / 2) ** 2) / (width**2 + height**2)
    exposure = rng.uniform(0.93, 1.07) * (1 + rng.normal(0, 0.012, 3))
    light = light * (1 - 0.55 * off_axis[..., None]) * exposure
    light = np.maximum(light, 0)
    light = light + rng.normal(0, 1, light.shape) * np.sqrt(0.00006 * light + 0.000004)
    # A shoulder, as cameras have: highlights roll off instead of clipping.
    light = np.clip(light, 0, None)
    light = np.where(light > 0.7, 0.7 + 0.3 * (1 - np.exp(-(light - 0.7) / 0.3)), light)
    display = np.where(light < 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-6) ** (1 / 2.4) - 0.055)
    return np.clip(np.rint(display * 255), 0, 255).astype(np.uint8)


def mask_of(scene: Scene) -> NDArray[np.uint8]:
    """The pixels of which the defect covers at least half; uint8 `(H, W)`, 0 or 255."""
    covered = _shrink((scene.coverage >= 0.5).astype(np.float32)) >= 0.5
    return covered.astype(np.uint8) * 255


def _shrink(image: Floats) -> Floats:
    size = (image.shape[1] // OVERSAMPLING, image.shape[0] // OVERSAMPLING)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
