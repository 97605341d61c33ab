"""`evaluate --mode cascade` and `ablation cascade` on planted defects, with a stand-in for SAM."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from sam_inspector.models import loading
from tests.fakes import FakeSegmenter, loader

DEFECT = (slice(32, 56), slice(48, 80))


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def category(tmp_path):
    root = tmp_path / "plate"
    rng = np.random.default_rng(0)
    surface = lambda: rng.integers(90, 110, (96, 128, 3), np.uint8)  # noqa: E731
    for number in range(3):
        save(root / f"train/good/{number:03}.png", surface())
    dented = surface()
    dented[DEFECT] = (220, 30, 30)
    mask = np.zeros((96, 128), np.uint8)
    mask[DEFECT] = 255
    save(root / "test/dent/000.png", dented)
    save(root / "test/good/000.png", surface())
    save(root / "ground_truth/dent/000_mask.png", mask)
    return root


@pytest.fixture(autouse=True)
def segmenter(monkeypatch):
    stand_in = FakeSegmenter(cell=8)
    monkeypatch.setattr(loading, "load_segmenter", loader(stand_in))
    return stand_in


def test_the_cascade_scores_defects_and_leaves_good_images_alone(shell, category, tmp_path, segmenter):
    out = tmp_path / "out"
    outcome = shell("evaluate", category, "--mode", "cascade,few-shot-map", "--map", "few-shot", "--out", out, "--json")
    assert outcome.status == 0, outcome.err
    rows = {(row["path"], row["mode"]): row for row in outcome.json["images"]}
    dented, good = rows["test/dent/000.png", "cascade"], rows["test/good/000.png", "cascade"]
    assert dented["error"] is None
    assert dented["prompts"] == 1
    assert dented["iou"] > 0.3
    assert (good["prompts"], good["mask_area"]) == (0, 0)
    assert dented["image_score"] > good["image_score"]
    assert set(dented["seconds"]) >= {"decode", "points"}
    assert len(segmenter.decoded) == 3
    settings = outcome.json["settings"]
    assert settings["map"] == "few-shot"
    assert settings["cascade"]["points"]["kernel_shape"] == "ellipse"
    assert outcome.json["categories"][0]["p_auroc"] > 0.9


def test_the_faithful_preset_is_the_paper(shell, category, tmp_path):
    out = tmp_path / "out"
    arguments = ("--mode", "cascade", "--map", "few-shot", "--preset", "faithful", "--out", out, "--json")
    cascade = shell("evaluate", category, *arguments).json["settings"]["cascade"]
    assert (cascade["points"]["scope"], cascade["points"]["stride"], cascade["map_input"]) == ("image", 400, False)


def test_three_passes_for_other_modes(shell, category, tmp_path, segmenter):
    plain = shell("evaluate", category, "--mode", "b", "--out", tmp_path / "one", "--json").json
    assert "three_passes" not in plain["settings"]
    asked = len(segmenter.decoded)
    found = shell("evaluate", category, "--mode", "b", "--three-passes", "--out", tmp_path / "two", "--json").json
    assert found["settings"]["three_passes"] is True
    assert len(segmenter.decoded) - asked == 3 * asked


def test_a_run_of_other_settings_is_not_gone_on_with(shell, category, tmp_path):
    out = tmp_path / "out"
    shell("evaluate", category, "--mode", "cascade", "--map", "few-shot", "--out", out)
    arguments = ("--mode", "cascade", "--map", "few-shot", "--preset", "faithful", "--resume", "--out", out)
    assert shell("evaluate", category, *arguments).status == 1


def test_both_tables(shell, category, tmp_path):
    out = tmp_path / "tables"
    outcome = shell("ablation", "cascade", category, "--map", "few-shot", "--out", out, "--json")
    assert outcome.status == 0, outcome.err
    rows = outcome.json["rows"]
    kernels = [row["name"] for row in rows if row["table"] == "kernel"]
    assert kernels == [f"{shape} {side}" for shape in ("cross", "rectangle", "ellipse") for side in (20, 25, 30)]
    passes = [row["name"] for row in rows if row["table"] == "pass"]
    assert passes == ["map alone", "only points", "points + logits 1", "points + box + logits 2"]
    by_name = {row["name"]: row for row in rows}
    for metric in ("p_auroc", "f1_max", "ap", "iou"):
        assert by_name["ellipse 25"][metric] == by_name["points + box + logits 2"][metric]
        assert 0 < by_name["map alone"][metric] <= 1
    assert json.loads((out / "tables.json").read_text())["rows"] == rows
    assert len(list(csv.DictReader((out / "tables.csv").read_text().splitlines()))) == len(rows)
    assert "| ellipse 25 |" in (out / "tables.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("evaluate", "--mode", "cascade", "--map", "magic"), "choose from few-shot, clip"),
        (("evaluate", "--mode", "cascade,magic"), "no mode “magic”"),
        (("evaluate", "--mode", "cascade", "--map", "few-shot", "--shots", "0"), "at least 1"),
        (("ablation", "cascade", "--map", "magic"), "choose from few-shot, clip"),
        (("ablation", "cascade", "--preset", "best"), "choose from recommended, faithful"),
        (("evaluate", "--mode", "clip-map"), "CLIP"),
        (("evaluate", "--mode", "clip", "--clip", "big"), "big"),
        (("evaluate", "--mode", "clip", "--texts", "nowhere.json"), "nowhere.json"),
    ],
)
def test_what_can_not_be_done_is_told_in_one_line(shell, category, tmp_path, arguments, words):
    outcome = shell(*arguments, category, "--out", tmp_path / "out")
    assert outcome.status == 1
    assert words in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1


def test_the_help_names_every_mode(shell):
    from sam_inspector.engine.modes import EVALUATE_MODES

    text = " ".join(shell("evaluate", "--help").out.split())
    assert all(mode in text for mode in EVALUATE_MODES)
