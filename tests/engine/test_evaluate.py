import json
import time

import cv2
import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

from sam_inspector.core.errors import DatasetError, InputError, ModelError, StoreError
from sam_inspector.data import atomic
from sam_inspector.data.datasets import open_dataset
from sam_inspector.data.prompt_files import read_prompt_set
from sam_inspector.engine.evaluate import EvaluateSettings, evaluate, open_results, samples_to_evaluate
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.journal import Journal
from sam_inspector.engine.map_methods import map_works
from tests.fakes import FakeSegmenter, loader


def run(root, out, modes=("b", "bp"), *, resume=False, replace=False, stop_after=None, segmenter=None, **settings):
    settings = EvaluateSettings(modes=modes, **settings)
    settings.check()
    segmenter = segmenter or FakeSegmenter()
    inspector = Inspector(loader(segmenter))
    inspector.load_model("mobile_sam")
    datasets = [open_dataset(root)]
    samples = samples_to_evaluate(datasets, settings)
    folder = open_results(out, settings, datasets, samples, inspector, command="test", resume=resume, replace=replace)
    works = map_works(datasets, settings.categories, settings.map_methods, settings.few_shot, settings.clip)
    try:
        for step in evaluate(samples, settings, inspector, folder, works):
            if step.done == stop_after:
                break
    finally:
        folder.close()
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
    assert set(row.pop("undefined")) == {"i_auroc", "i_ap", "i_f1_max", "false_alarm_area", "spro"}
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
        "boundary_iou": 1.0,
        "error_bounds": {"ap": 0.0, "aupro": 0.0, "f1_max": 0.0, "p_auroc": 0.0},
        "i_auroc": None,
        "i_ap": None,
        "i_f1_max": None,
        "false_alarm_area": None,
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
    assert (tmp_path / "parts/prompts.json").read_bytes() == (tmp_path / "whole/prompts.json").read_bytes()
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
    assert run(category, out, resume=True, stop_after=3).embedded == 2
    # The next line may not be glued to what was left of that one.
    assert run(category, out, resume=True).embedded == 1
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


# --- the numbers -----------------------------------------------------------------------------------------------------


class SoftSegmenter(FakeSegmenter):
    """Boxes blurred to logits of all values, and a little beside the defect, so that no metric is 0 or 1."""

    def __init__(self):
        super().__init__()
        self.maps = []

    def upsample(self, embedding, logits):
        shifted = np.roll(super().upsample(embedding, logits), (3, 5), (0, 1))
        soft = cv2.GaussianBlur(shifted, (0, 0), 6) - np.linspace(0, 1, logits.shape[1], dtype=np.float32)[:128]
        self.maps.append(soft.copy())  # the one given back may be overwritten
        return soft


def best_f1(truth, scores):
    precision, recall, _ = precision_recall_curve(truth, scores)
    return np.max(2 * precision * recall / np.maximum(precision + recall, 1e-12))


def test_the_numbers_are_those_of_scikit_learn(category, tmp_path):
    out = tmp_path / "out"
    segmenter = run(category, out, ("b",), segmenter=SoftSegmenter())
    found = results(out)
    truths, score_maps, ious, dices = [], [], [], []
    maps = iter(segmenter.maps)
    for row in found["images"]:
        truth = np.array(
            Image.open(category / row["path"].replace("test", "ground_truth").replace(".png", "_mask.png"))
        )
        truth = truth > 0
        scores = np.max([next(maps) for _ in range(row["prompts"])], axis=0)
        mask = np.array(Image.open(out / "masks/b/part" / row["path"].removeprefix("test/"))) > 0
        np.testing.assert_array_equal(mask, scores > 0)
        hit, union = np.count_nonzero(mask & truth), np.count_nonzero(mask | truth)
        ious.append(hit / union)
        dices.append(2 * hit / (mask.sum() + truth.sum()))
        assert row["iou"] == pytest.approx(ious[-1])
        assert row["dice"] == pytest.approx(dices[-1])
        assert row["precision"] == pytest.approx(hit / mask.sum())
        assert row["recall"] == pytest.approx(hit / truth.sum())
        assert (row["intersection"], row["mask_area"], row["gt_area"]) == (hit, mask.sum(), truth.sum())
        assert row["p_auroc"] == pytest.approx(roc_auc_score(truth.ravel(), scores.ravel()))
        assert row["ap"] == pytest.approx(average_precision_score(truth.ravel(), scores.ravel()))
        assert row["f1_max"] == pytest.approx(best_f1(truth.ravel(), scores.ravel()))
        truths.append(truth.ravel())
        score_maps.append(scores.ravel())
    assert 0.3 < min(ious) < max(ious) < 0.95
    (pooled,) = found["categories"]
    truth, scores = np.concatenate(truths), np.concatenate(score_maps)
    assert pooled["iou"] == pytest.approx(np.mean(ious))
    assert pooled["dice"] == pytest.approx(np.mean(dices))
    hits = sum(row["intersection"] for row in found["images"])
    assert pooled["iou_pooled"] == pytest.approx(hits / np.count_nonzero(truth | (scores > 0)))
    assert pooled["p_auroc_per_image"] == pytest.approx(np.mean([row["p_auroc"] for row in found["images"]]))
    assert pooled["p_auroc"] == pytest.approx(roc_auc_score(truth, scores), abs=1e-4)
    assert pooled["ap"] == pytest.approx(average_precision_score(truth, scores), abs=1e-3)
    assert pooled["f1_max"] == pytest.approx(best_f1(truth, scores), abs=1e-3)
    assert 0.15 < pooled["aupro"] < 1


def test_the_summary_is_the_plain_mean_over_categories(category, tmp_path):
    root = tmp_path / "dataset"
    root.mkdir()
    category.rename(root / "part")
    for number in range(3):  # a category with one image only, whose box is not its defect
        for kind, suffix in (("test", ".png"), ("ground_truth", "_mask.png")):
            target = root / f"cup/{kind}/chip/{number:03}{suffix}"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((root / f"part/{kind}/dent/{number:03}{suffix}").read_bytes())
    disk = np.zeros((96, 128), np.uint8)
    cv2.circle(disk, (64, 48), 20, 255, cv2.FILLED)
    Image.fromarray(disk).save(root / "cup/ground_truth/chip/000_mask.png")
    run(root, tmp_path / "out", ("b", "naive"))
    found = results(tmp_path / "out")
    assert [(row["category"], row["mode"]) for row in found["categories"]] == [
        (name, mode) for name in ("cup", "part") for mode in ("b", "naive")
    ]
    for summary in found["summary"]:
        rows = [row for row in found["categories"] if row["mode"] == summary["mode"]]
        for name in ("iou", "dice", "iou_pooled", "p_auroc_per_image", "p_auroc", "ap", "f1_max", "aupro"):
            assert summary[name] == pytest.approx(np.mean([row[name] for row in rows]))
    cup, part = (row["iou"] for row in found["categories"] if row["mode"] == "b")
    assert cup < part == 1.0


def test_seconds_are_what_it_took(category, tmp_path):
    started = time.perf_counter()
    run(category, tmp_path / "out", ("b", "bp"), segmenter=FakeSegmenter(embed_seconds=0.05, decode_seconds=0.02))
    took = time.perf_counter() - started
    rows = results(tmp_path / "out")["images"]
    encode = [row["seconds"]["encode"] for row in rows]
    assert all((seconds is None) == (row["mode"] == "bp") for seconds, row in zip(encode, rows, strict=True))
    assert all(seconds >= 0.05 for seconds in encode if seconds is not None)
    assert all(row["seconds"]["decode"] >= 0.02 for row in rows)
    assert sum(seconds or 0 for row in rows for seconds in row["seconds"].values()) <= took


# --- what goes wrong -------------------------------------------------------------------------------------------------


def test_a_full_disk_stops_the_run_and_keeps_what_was_finished(category, tmp_path, monkeypatch):
    out = tmp_path / "out"
    run(category, out, stop_after=2)

    def no_room(path, *_):
        raise atomic.write_failure(path, OSError(28, "No space left on device"))

    monkeypatch.setattr("sam_inspector.data.masks.write_atomic", no_room)
    with pytest.raises(StoreError, match="No space left"):
        run(category, out, resume=True)
    monkeypatch.undo()
    assert run(category, out, resume=True).embedded == 2
    assert [row["error"] for row in results(out)["images"]] == [None] * 8


def test_a_journal_that_can_not_be_written_stops_the_run(category, tmp_path, monkeypatch):
    def no_room(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numpy.savez_compressed", no_room)
    with pytest.raises(StoreError, match=r"the disk is full.*--resume"):
        run(category, tmp_path / "out")


def test_a_model_that_fails_on_one_image_goes_on_with_the_next(category, tmp_path):
    class Failing(FakeSegmenter):
        def embed(self, pixels, **rest):
            if self.embedded == 1:
                self.embedded += 1
                raise ModelError("The GPU has too little memory: choose the CPU.")
            return super().embed(pixels, **rest)

    run(category, tmp_path / "out", ("b",), segmenter=Failing())
    errors = [row["error"] for row in results(tmp_path / "out")["images"]]
    assert errors == [None, "The GPU has too little memory: choose the CPU.", None, None]


def test_a_bad_mask_costs_no_encoding(category, tmp_path):
    Image.fromarray(np.zeros((10, 10), np.uint8)).save(category / "ground_truth/dent/002_mask.png")
    Image.fromarray(np.zeros((96, 128), np.uint8)).save(category / "ground_truth/dent/003_mask.png")
    assert run(category, tmp_path / "out").embedded == 2


def test_a_damaged_journal_costs_only_what_it_lost(category, tmp_path):
    out = tmp_path / "out"
    run(category, out, stop_after=3)
    (out / ".progress/000001.npz").write_bytes(b"")
    assert run(category, out, resume=True).embedded == 3
    assert results(out)["categories"][0]["images"] == 4


def test_a_lost_journal_begins_anew(category, tmp_path):
    out = tmp_path / "out"
    run(category, out, stop_after=3)
    (out / ".progress/images.jsonl").write_text("nonsense\n")
    assert run(category, out, resume=True).embedded == 4


def test_an_image_that_changed_is_computed_again(category, tmp_path):
    out = tmp_path / "out"
    run(category, out, stop_after=3)
    Image.new("RGB", (128, 96)).save(category / "test/dent/001.png")
    assert run(category, out, resume=True).embedded == 2
    run(category, tmp_path / "fresh")
    assert without_seconds(results(out)) == without_seconds(results(tmp_path / "fresh"))


def test_a_complete_run_is_not_given_for_other_images(category, tmp_path):
    out = tmp_path / "out"
    run(category, out)
    before = (out / "results.json").read_bytes()
    Image.new("RGB", (128, 96)).save(category / "test/dent/001.png")
    with pytest.raises(InputError, match=r"did not see .*001\.png as it is now"):
        run(category, out, resume=True)
    assert (out / "results.json").read_bytes() == before


def test_a_complete_run_with_a_bad_image_can_be_resumed(category, tmp_path):
    (category / "test/dent/000.png").write_bytes(b"no image")
    run(category, tmp_path / "out")
    assert run(category, tmp_path / "out", resume=True).embedded == 0


@pytest.mark.parametrize("setting", [{"preset": "faithful"}, {"seed": 1}, {"limit": 3}, {"points": 2}])
def test_every_setting_is_looked_at_before_a_run_goes_on(category, tmp_path, setting):
    run(category, tmp_path / "out", stop_after=1)
    with pytest.raises(InputError, match="other settings"):
        run(category, tmp_path / "out", resume=True, **setting)


def test_a_run_of_another_device_does_not_go_on(category, tmp_path):
    run(category, tmp_path / "out", stop_after=1)
    segmenter = FakeSegmenter()
    segmenter.device.device = "cuda:0"
    with pytest.raises(InputError, match=r"other settings \(device: cpu there, cuda:0 here\)"):
        run(category, tmp_path / "out", resume=True, segmenter=segmenter)


def test_a_stopped_run_can_be_told_from_other_files_at_any_time(category, tmp_path):
    """Also where it was killed before its first results were written."""
    out = tmp_path / "out"
    run(category, out, stop_after=1)
    (out / "results.json").unlink(missing_ok=True)
    assert Journal(out).header()["schema"] == "sam-inspector/results/1"
    assert run(category, out, resume=True).embedded == 3


def test_half_written_files_of_a_killed_run_are_removed(category, tmp_path):
    out = tmp_path / "out"
    run(category, out, stop_after=1)
    (out / "masks/b/part/dent/.000.png.abcd.part").write_bytes(b"half")
    run(category, out, resume=True)
    assert not list(out.rglob("*.part"))
