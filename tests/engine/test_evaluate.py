import json

import numpy as np
import pytest
from PIL import Image

from sam_inspector.core.errors import DatasetError, InputError
from sam_inspector.data.datasets import open_dataset
from sam_inspector.data.prompt_files import read_prompt_set
from sam_inspector.engine.evaluate import EvaluateSettings, evaluate, open_results, samples_to_evaluate
from sam_inspector.engine.inspector import Inspector
from tests.fakes import FakeSegmenter, loader


def run(root, out, modes=("b", "bp"), *, resume=False, stop_after=None, segmenter=None, **settings):
    settings = EvaluateSettings(modes=modes, **settings)
    settings.check()
    segmenter = segmenter or FakeSegmenter()
    inspector = Inspector(loader(segmenter))
    inspector.load_model("mobile_sam")
    datasets = [open_dataset(root)]
    samples = samples_to_evaluate(datasets, settings)
    folder = open_results(out, settings, datasets, samples, inspector, command="test", resume=resume)
    for step in evaluate(samples, settings, inspector, folder):
        if step.done == stop_after:
            break
    return segmenter


def results(out):
    return json.loads((out / "results.json").read_text())


def without_seconds(found):
    for row in found["images"]:
        del row["seconds"]
    return found


def test_results_of_box_prompts_on_boxes_are_perfect(category, tmp_path):
    run(category, tmp_path / "out", ("b",))
    found = results(tmp_path / "out")
    assert found["schema"] == "sam-inspector/results/1"
    (row,) = found["categories"]
    assert row == {
        "category": "part",
        "mode": "b",
        "images": 4,
        "anomalous": 4,
        "normal": 0,
        "iou": 1.0,
        "dice": 1.0,
        "iou_pooled": 1.0,
        "p_auroc_per_image": 1.0,
        "p_auroc": 1.0,
        "ap": 1.0,
        "f1_max": 1.0,
        "aupro": 1.0,
        "i_auroc": None,
        "spro": None,
        "failed": 0,
    }
    assert [image["prompts"] for image in found["images"]] == [1, 2, 1, 2]
    assert found["summary"][0]["iou"] == 1.0


def test_masks_and_prompts_are_written(category, tmp_path):
    out = tmp_path / "out"
    run(category, out)
    mask = np.array(Image.open(out / "masks/b/part/dent/001.png"))
    truth = np.array(Image.open(category / "ground_truth/dent/001_mask.png"))
    np.testing.assert_array_equal(mask, truth)
    prompts = json.loads((out / "prompts.json").read_text())
    assert prompts["mode"] == "b,bp"
    assert len(prompts["items"]) == 8
    assert len((out / "results.csv").read_text().splitlines()) == 9
    assert not (out / ".progress").exists()


def test_prompts_of_one_mode_can_be_loaded_again(category, tmp_path):
    run(category, tmp_path / "out", ("bps",), points=3)
    loaded = read_prompt_set(tmp_path / "out" / "prompts.json")
    assert (loaded.mode, loaded.category, len(loaded.items)) == ("bps", "part", 4)
    assert len(loaded.items[0].prompts.items[0].points) == 3


def test_an_image_is_encoded_once_for_all_modes(category, tmp_path):
    segmenter = run(category, tmp_path / "out", ("naive", "b", "bp", "bps"))
    assert segmenter.embedded == 4


@pytest.mark.parametrize("stop_after", [1, 3])
def test_a_stopped_run_goes_on_and_ends_the_same(category, tmp_path, stop_after):
    run(category, tmp_path / "whole")
    run(category, tmp_path / "parts", stop_after=stop_after)
    again = run(category, tmp_path / "parts", resume=True)
    assert again.embedded == 4 - stop_after
    assert without_seconds(results(tmp_path / "parts")) == without_seconds(results(tmp_path / "whole"))
    for name in ("prompts.json",):
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    masks = [
        sorted(p.relative_to(tmp_path / run) for p in (tmp_path / run / "masks").rglob("*.png"))
        for run in ("parts", "whole")
    ]
    assert masks[0] == masks[1]


def test_a_run_killed_while_writing_a_line_goes_on(category, tmp_path):
    out = tmp_path / "out"
    run(category, out, stop_after=2)
    log = out / ".progress" / "images.jsonl"
    log.write_text(log.read_text()[:-30])
    again = run(category, out, resume=True)
    assert again.embedded == 3
    assert results(out)["categories"][0]["images"] == 4


def test_resuming_a_complete_run_computes_nothing(category, tmp_path):
    out = tmp_path / "out"
    run(category, out)
    before = (out / "results.json").read_bytes()
    assert run(category, out, resume=True).embedded == 0
    assert (out / "results.json").read_bytes() == before


def test_other_settings_do_not_go_into_the_same_run(category, tmp_path):
    run(category, tmp_path / "out", stop_after=1)
    with pytest.raises(InputError, match="other settings"):
        run(category, tmp_path / "out", ("b",), resume=True)


def test_a_folder_with_other_files_is_left_alone(category, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("precious")
    with pytest.raises(InputError, match="other files"):
        run(category, tmp_path / "out")
    assert (tmp_path / "out" / "thesis.txt").read_text() == "precious"


def test_bad_images_become_rows_and_the_rest_goes_on(category, tmp_path):
    (category / "test/dent/000.png").write_bytes(b"")
    Image.fromarray(np.zeros((96, 128), np.uint8)).save(category / "ground_truth/dent/001_mask.png")
    Image.fromarray(np.zeros((10, 10), np.uint8)).save(category / "ground_truth/dent/002_mask.png")
    run(category, tmp_path / "out", ("b",))
    found = results(tmp_path / "out")
    errors = [row["error"] for row in found["images"]]
    assert "empty" in errors[0]
    assert "no defect" in errors[1]
    assert "10 × 10" in errors[2]
    assert errors[3] is None
    assert [row["iou"] for row in found["images"]] == [None, None, None, 1.0]
    assert (found["categories"][0]["failed"], found["categories"][0]["iou"]) == (3, 1.0)


def test_limit_and_category(category, tmp_path):
    run(category, tmp_path / "out", ("b",), limit=2, categories=("part",))
    assert len(results(tmp_path / "out")["images"]) == 2
    with pytest.raises(InputError, match="no category “cup”"):
        run(category, tmp_path / "other", ("b",), categories=("cup",))


@pytest.mark.parametrize(
    "settings",
    [
        {"modes": ("zigzag",)},
        {"modes": ()},
        {"modes": ("b",), "preset": "loose"},
        {"modes": ("b",), "points": 0},
        {"modes": ("b",), "limit": 0},
    ],
)
def test_impossible_settings_are_refused(settings):
    with pytest.raises(InputError):
        EvaluateSettings(**settings).check()


def test_a_dataset_without_masks_is_refused(category, tmp_path):
    for mask in (category / "ground_truth/dent").iterdir():
        mask.unlink()
    with pytest.raises(DatasetError, match="ground_truth"):
        run(category, tmp_path / "out")
