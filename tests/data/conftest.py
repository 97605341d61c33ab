"""Small files of every kind, made as other programs make them."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

ORIENTATION_TAG = 0x0112

# How each EXIF orientation is stored, given the upright picture: written out, so that a test can't share a mistake.
STORED_FOR = {
    1: lambda up: up,
    2: np.fliplr,
    3: lambda up: np.rot90(up, 2),
    4: np.flipud,
    5: lambda up: up.swapaxes(0, 1),
    6: lambda up: np.rot90(up, 1),
    7: lambda up: np.rot90(up.swapaxes(0, 1), 2),
    8: lambda up: np.rot90(up, -1),
}


def encoded(image, kind, orientation=None, **options):
    """Bytes of a Pillow image."""
    buffer = BytesIO()
    if orientation is not None:
        options["exif"] = Image.Exif()
        options["exif"][ORIENTATION_TAG] = orientation
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def upright():
    """uint8 (24, 40, 3): no two of its eight orientations are alike, and blocks survive JPEG."""
    pixels = np.full((24, 40, 3), 40, np.uint8)
    pixels[:8, :16] = (250, 30, 30)
    pixels[16:, :8] = (30, 240, 30)
    pixels[8:16, 32:] = (40, 40, 250)
    return pixels


@pytest.fixture
def category(tmp_path):
    """A tiny category in MVTec AD layout, its names in need of natural sorting."""
    root = tmp_path / "dataset" / "washer"
    picture = Image.fromarray(np.full((6, 9, 3), 99, np.uint8))
    mask = np.zeros((6, 9), np.uint8)
    mask[2:4, 3:7] = 255
    for name in ("train/good/1.png", "train/good/2.png", "test/good/1.png"):
        _save(picture, root / name)
    for number in (1, 2, 10):
        _save(picture, root / f"test/scratch/part-{number}.jpg")
    for number in (1, 2):
        _save(Image.fromarray(mask), root / f"ground_truth/scratch/part-{number}_mask.png")
    _save(Image.fromarray(mask), root / "ground_truth/scratch/part-10.png")
    return root


def _save(image, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)
