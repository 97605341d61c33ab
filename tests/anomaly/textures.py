"""Periodic textures with planted defects, and a stub of an encoder that describes them."""

import numpy as np
import torch

from sam_inspector.anomaly.few_shot import View, fit, shown_angles
from sam_inspector.anomaly.turning import turned
from sam_inspector.models.backbone import DenseFeatures
from tests.fakes import described

SIDE = 256


def texture(seed=0, height=SIDE, width=SIDE):
    """Waves of 8 and 4 pixels' length shifted by whole pixels, with noise; uint8 `(H, W, 3)`."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width].astype(np.float64)
    shift = rng.integers(0, 8, 2)
    waves = np.sin(2 * np.pi * (columns + shift[0]) / 8) + np.sin(2 * np.pi * (rows + shift[1]) / 4)
    gray = 130 + 20 * waves[..., None] + rng.normal(0, 10, (height, width, 3))
    return gray.clip(0, 255).astype(np.uint8)


def planted(pixels, kind="square"):
    """The texture with a red square, or with a stripe of finer waves; and its mask."""
    pixels, mask = pixels.copy(), np.zeros(pixels.shape[:2], bool)
    if kind == "square":
        mask[80:128, 150:200] = True
        pixels[mask] = (170, 60, 60)
    else:
        mask[:, 100:124] = True
        checks = np.indices(mask.shape).sum(0) // 2 % 2
        pixels[mask] = np.where(checks[..., None], 190, 50).astype(np.uint8).repeat(3, 2)[mask]
    return pixels, mask


def features(pixels, cell=8, backbone="stub"):
    return DenseFeatures((torch.from_numpy(described(pixels, cell)),), pixels.shape[:2], backbone)


def views(images, recipe, cell=8):
    for number, pixels in enumerate(images):
        for angle in shown_angles(recipe, len(images)):
            yield View(number, angle == 0, features(turned(pixels, angle), cell))


def built(images, recipe, cell=8, seed=0):
    names = tuple(f"{number}.png" for number in range(len(images)))
    *_, detector = fit(views(images, recipe, cell), recipe, names, seed=seed)
    return detector
