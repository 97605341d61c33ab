"""Figures of SAM 2 through ONNX Runtime on real images: what a plain implementation reached is the floor."""

import pytest

from sam_inspector.data.datasets import open_dataset
from sam_inspector.engine.evaluate import EvaluateSettings, evaluate, open_results, samples_to_evaluate
from sam_inspector.engine.inspector import Inspector
from tests.fakes import loader

# All of it is in the set-up: some forty images are encoded, two seconds or more each on a CPU.
pytestmark = [pytest.mark.timeout(1200), pytest.mark.large, pytest.mark.data]

LEAST_IOU = {"hazelnut": 0.85, "leather": 0.73, "grid": 0.66}


@pytest.fixture(scope="module")
def rows(sam2_tiny_onnx, measuring_data, tmp_path_factory):
    settings = EvaluateSettings(modes=("b",))
    datasets = [open_dataset(measuring_data / name) for name in LEAST_IOU]
    samples = samples_to_evaluate(datasets, settings)
    inspector = Inspector(loader(sam2_tiny_onnx))
    inspector.load_model("sam2_tiny_onnx")
    out = tmp_path_factory.mktemp("out") / "run"
    folder = open_results(out, settings, datasets, samples, inspector, command="test", resume=False)
    for _ in evaluate(samples, settings, inspector, folder, {}):
        pass
    found = {row["category"]: row for row in folder.as_json()["categories"]}
    folder.close()
    return found


@pytest.mark.parametrize("category", LEAST_IOU)
def test_a_box_around_each_defect(rows, category):
    row = rows[category]
    print(f"{category:9} IoU {row['iou']:.4f}, P-AUROC an image {row['p_auroc_per_image']:.4f}")
    assert row["iou"] >= LEAST_IOU[category]
    assert row["p_auroc_per_image"] > 0.99
    assert row["failed"] == 0
