import numpy as np
import pytest
from PIL import Image

from sam_inspector.data.images import read_image
from sam_inspector.engine.inspector import Inspector
from tests.fakes import FakeSegmenter, loader


@pytest.fixture
def segmenter():
    return FakeSegmenter()


@pytest.fixture
def inspector(segmenter):
    inspector = Inspector(loader(segmenter))
    inspector.load_model("mobile_sam")
    return inspector


@pytest.fixture
def make_image(tmp_path):
    def make(name="a.png", size=(256, 256), value=90):
        pixels = np.full((size[1], size[0], 3), value, np.uint8)
        pixels[0, 0] = len(name)
        Image.fromarray(pixels).save(tmp_path / name)
        return read_image(tmp_path / name)

    return make


@pytest.fixture
def category(tmp_path):
    """A category in MVTec layout: 128 × 96 pixels, one defect type, four images with one or two square defects."""
    root = tmp_path / "part"
    for folder in ("train/good", "test/good", "test/dent", "ground_truth/dent"):
        (root / folder).mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(4):
        pixels = rng.integers(60, 120, (96, 128, 3), np.uint8)
        mask = np.zeros((96, 128), np.uint8)
        mask[20:40, 30 + number : 60] = 255
        if number % 2:
            mask[60:80, 90:110] = 255
        Image.fromarray(pixels).save(root / f"test/dent/{number:03}.png")
        Image.fromarray(mask).save(root / f"ground_truth/dent/{number:03}_mask.png")
        Image.fromarray(pixels).save(root / f"train/good/{number:03}.png")
    Image.fromarray(pixels).save(root / "test/good/000.png")
    return root
