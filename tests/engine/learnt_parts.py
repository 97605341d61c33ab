"""Small categories for what is learnt: coloured disks before gray noise, some with a stain."""

import numpy as np
from PIL import Image

from sam_inspector.foreground.category_types import set_category_kind
from tests.foreground.floods import disk_on_noise

SIDE = 160
STAIN = (slice(70, 92), slice(70, 92))


def picture(seed, *, stained=False, side=SIDE):
    """A disk of fine noise before gray noise."""
    pixels, mask = disk_on_noise(side, 50, seed=seed)
    noise = np.random.default_rng(seed + 1000).integers(-6, 7, pixels.shape)
    pixels = np.where(mask[..., None], (pixels + noise).clip(0, 255), pixels).astype(np.uint8)
    if stained:
        pixels[STAIN] = (60, 200, 220)
    return pixels


def make_part(root, *, kind="object", normal=4, good=2, bad=2):
    """A category in MVTec layout whose type the user's table has; `kind` None leaves it out of there."""
    for folder in ("train/good", "test/good", "test/stain", "ground_truth/stain"):
        (root / folder).mkdir(parents=True)
    for number in range(normal):
        Image.fromarray(picture(number)).save(root / f"train/good/{number:03}.png")
    for number in range(good):
        Image.fromarray(picture(50 + number)).save(root / f"test/good/{number:03}.png")
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[STAIN] = 255
    for number in range(bad):
        Image.fromarray(picture(100 + number, stained=True)).save(root / f"test/stain/{number:03}.png")
        Image.fromarray(mask).save(root / f"ground_truth/stain/{number:03}_mask.png")
    if kind is not None:
        set_category_kind(root.name, kind)
    return root
