"""MVTec LOCO: sPRO from the channels of the ground truth, pooled, kept over a stop."""

import json

import numpy as np
import pytest
from PIL import Image

from sam_inspector.data.datasets import open_dataset
from sam_inspector.engine.loco_scoring import spro_problems
from tests.engine.test_evaluate import results, run, without_seconds

CONFIG = [
    {"defect_name": "missing", "pixel_value": 255, "saturation_threshold": 1.0, "relative_saturation": True},
    {"defect_name": "scratch", "pixel_value": 240, "saturation_threshold": 40, "relative_saturation": False},
]


@pytest.fixture
def loco(tmp_path):
    """Two images of each kind; one defect or two, each a channel of its own."""
    root = tmp_path / "bottle"
    rng = np.random.default_rng(0)
    for kind, value in (("logical_anomalies", 255), ("structural_anomalies", 240)):
        (root / "test" / kind).mkdir(parents=True)
        for number in range(2):
            pixels = rng.integers(60, 120, (96, 128, 3), np.uint8)
            Image.fromarray(pixels).save(root / f"test/{kind}/{number:03}.png")
            folder = root / f"ground_truth/{kind}/{number:03}"
            folder.mkdir(parents=True)
            for channel in range(1 + number):
                mask = np.zeros((96, 128), np.uint8)
                mask[10 + 40 * channel : 30 + 40 * channel, 20:50] = value
                Image.fromarray(mask).save(folder / f"{channel:03}.png")
    for split in ("train", "validation", "test"):
        (root / split / "good").mkdir(parents=True)
        Image.fromarray(pixels).save(root / split / "good/000.png")
    (root / "defects_config.json").write_text(json.dumps(CONFIG))
    return root


def test_perfect_masks_have_full_spro_of_both_kinds(loco, tmp_path):
    run(loco, tmp_path / "out", ("b",))
    (row,) = results(tmp_path / "out")["categories"]
    assert row["spro"] == row["spro_logical"] == row["spro_structural"] == pytest.approx(1.0)
    assert row["spro_areas"]["limits"] == [0.01, 0.05, 0.1, 0.3, 1.0]


def test_a_run_that_was_stopped_goes_on_to_the_same_spro(loco, tmp_path):
    run(loco, tmp_path / "whole", ("b",))
    run(loco, tmp_path / "stopped", ("b",), stop_after=2)
    run(loco, tmp_path / "stopped", ("b",), resume=True)
    assert without_seconds(results(tmp_path / "stopped")) == without_seconds(results(tmp_path / "whole"))
    for name in ("results.csv", "curves.json", "prompts.json"):
        assert (tmp_path / "stopped" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_other_datasets_have_no_spro(category, tmp_path):
    run(category, tmp_path / "out", ("b",))
    (row,) = results(tmp_path / "out")["categories"]
    assert row["spro"] is None
    assert "spro_logical" not in row


@pytest.mark.parametrize(("config", "reason"), [("{", "defects_config.json is damaged"), (None, "There is no ")])
def test_a_table_of_defects_that_can_not_be_used_costs_spro_alone(loco, tmp_path, config, reason):
    path = loco / "defects_config.json"
    path.unlink()
    if config is not None:
        path.write_text(config)
    run(loco, tmp_path / "out", ("b",), stop_after=2)
    run(loco, tmp_path / "out", ("b",), resume=True)
    found = results(tmp_path / "out")
    assert [row["error"] for row in found["images"]] == [None] * 4
    (row,) = found["categories"]
    assert (row["iou"], row["failed"], row["spro"]) == (1.0, 0, None)
    assert reason in row["undefined"]["spro"]
    assert "spro_areas" not in row
    (problem,) = spro_problems(open_dataset(loco).samples).values()
    assert problem == row["undefined"]["spro"]


def test_an_image_whose_defects_have_no_name_leaves_the_category_without_spro(loco, tmp_path):
    """The other images alone would be another figure."""
    mask = loco / "ground_truth/logical_anomalies/001/001.png"
    Image.fromarray(np.where(np.array(Image.open(mask)), 7, 0).astype(np.uint8)).save(mask)
    run(loco, tmp_path / "out", ("b",))
    (row,) = results(tmp_path / "out")["categories"]
    assert (row["iou"], row["failed"], row["spro"]) == (1.0, 0, None)
    assert "has the pixel value 7" in row["undefined"]["spro"]


def test_whoever_has_no_defects_of_loco_hears_nothing_of_their_table(category):
    assert spro_problems(open_dataset(category).samples) == {}


def test_curves_end_where_they_should(loco, tmp_path):
    run(loco, tmp_path / "out", ("b", "bp"))
    found = json.loads((tmp_path / "out" / "curves.json").read_text())
    assert [(curves["category"], curves["mode"]) for curves in found["curves"]] == [("bottle", "b"), ("bottle", "bp")]
    roc, pro = found["curves"][0]["roc"], found["curves"][0]["pro"]
    assert (roc["x"][0], roc["y"][0], roc["x"][-1], roc["y"][-1]) == (0, 0, 1, 1)
    assert pro["x"][-1] == pytest.approx(0.3)
