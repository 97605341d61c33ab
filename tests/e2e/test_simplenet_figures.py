"""Figures of SimpleNet on real images, by its last epoch, with the small backbone, which takes half a minute."""

from dataclasses import replace

import pytest

from sam_inspector.anomaly.simplenet.checkpoint import load_simplenet
from sam_inspector.anomaly.simplenet.detector import SimpleNetDetector
from sam_inspector.anomaly.simplenet.recipe import RECIPES, simplenet_recipe
from sam_inspector.anomaly.simplenet.settings import SimpleNetSettings
from sam_inspector.data.datasets import open_dataset
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.paper_protocol import TestImages
from sam_inspector.engine.requests import TrainSimpleNet
from sam_inspector.engine.simplenet_images import SimpleNetImages
from sam_inspector.engine.train_simplenet import train_simplenet
from sam_inspector.models.backbone_registry import get_backbone_spec
from sam_inspector.models.loading import load_segmenter
from sam_inspector.models.weights import find_weights

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.large,
    pytest.mark.skipif(
        find_weights(get_backbone_spec("mobilenet_v2")) is None,
        reason="MobileNetV2 is not here: fetch it with “sam-inspector models get mobilenet_v2”",
    ),
]

LEAST_AUROC = {"hazelnut": 0.97, "leather": 0.98}
SETTINGS = SimpleNetSettings(backbone="mobilenet_v2", epochs=60)
"""Fewer than usual, which is enough here."""


@pytest.mark.parametrize("category", LEAST_AUROC)
def test_the_last_epoch_ranks_defects_above_the_rest(category, measuring_data, tmp_path, monkeypatch):
    # What normal images score is another matter than the order of scores.
    monkeypatch.setitem(RECIPES, "recommended", replace(RECIPES["recommended"], folds=0))
    samples = open_dataset(measuring_data / category).samples
    normal = tuple(sample.path for sample in samples if sample.split == "train")
    inspector, out = Inspector(load_segmenter), tmp_path / "own.safetensors"
    for _ in train_simplenet(TrainSimpleNet(normal, category, SETTINGS, out, device="cpu"), inspector):
        pass
    saved, recipe = load_simplenet(out), simplenet_recipe(SETTINGS)
    source = SimpleNetImages(inspector, SETTINGS.backbone, recipe, device="cpu")
    tests = TestImages([sample for sample in samples if sample.split == "test"], source, recipe, most_bytes=0)
    for _ in tests.take():
        pass
    figures = tests.judge(SimpleNetDetector(recipe, source.name, saved.space, saved.network(), None))
    print(f"{category:9} p_auroc {figures.pixel_auroc:.4f} i_auroc {figures.image_auroc:.4f}")
    assert figures.pixel_auroc >= LEAST_AUROC[category]
    assert figures.image_auroc == 1
