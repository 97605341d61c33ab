"""Small images with bright marks on noise, and a small SAM that can be tuned on them in seconds."""

import numpy as np
from PIL import Image, ImageDraw

from sam_inspector.data.datasets import open_dataset
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.spt.samples import marked_samples
from sam_inspector.engine.spt.works import TrainSpt
from sam_inspector.methods.spt.holdout import Holdout
from sam_inspector.methods.spt.settings import SptSettings
from sam_inspector.models.devices import choose_device
from sam_inspector.models.registry import get_model_spec
from sam_inspector.models.sam import SamSegmenter
from sam_inspector.models.tuned.tuned_segmenter import tune
from tests.models.tiny_networks import small_sam

SIDE = 128


def make_marked(root, *, count=8, categories=("tile",)):
    """Categories in MVTec layout, each with images of one bright ellipse on noise."""
    for number, name in enumerate(categories):
        folder = root / name
        for part in ("train/good", "test/good", "test/stain", "ground_truth/stain"):
            (folder / part).mkdir(parents=True)
        rng = np.random.default_rng(number)
        Image.fromarray(_noise(rng)).save(folder / "train/good/000.png")
        Image.fromarray(_noise(rng)).save(folder / "test/good/000.png")
        for image in range(count):
            x, y = rng.integers(20, 80, 2)
            width, height = rng.integers(16, 40, 2)
            mask = Image.new("L", (SIDE, SIDE))
            ImageDraw.Draw(mask).ellipse([int(x), int(y), int(x + width), int(y + height)], fill=255)
            pixels = _noise(rng)
            pixels[np.array(mask) > 0] += 100
            Image.fromarray(pixels).save(folder / f"test/stain/{image:03}.png")
            mask.save(folder / f"ground_truth/stain/{image:03}_mask.png")
    return root


def _noise(rng):
    return rng.integers(40, 80, (SIDE, SIDE, 3), np.uint8)


def load_small(name, **_):
    """In place of `load_segmenter`: any model is the small one, tuned where its name says so."""
    spec = get_model_spec(name)
    base = SamSegmenter(get_model_spec("mobile_sam"), small_sam(SIDE), choose_device("cpu", "float32"))
    return tune(base, spec) if spec.tuned_sha256 else base


def small_inspector():
    """With the small SAM in use."""
    inspector = Inspector(load_small)
    inspector.load_model("mobile_sam")
    return inspector


def tuning(root, out, *, resume=False, previews=0, **settings):
    """A work on all marked images of a dataset."""
    settings = {"epochs": 4, "holdout": Holdout("share", share=0.25), **settings}
    dataset = open_dataset(root)
    return TrainSpt(
        marked_samples([dataset]), "mobile_sam", SptSettings(**settings), out, (root.name,), resume, previews=previews
    )
