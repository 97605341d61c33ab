"""`sam-inspector train spt`, `evaluate --mode spt` and `ablation spt`, with a small SAM that is really tuned."""

import json

import pytest

from sam_inspector.models import loading
from sam_inspector.models.registry import MODELS
from sam_inspector.models.tuned.manifest import read_tuned_manifest
from tests.engine.spt.parts import load_small, make_marked


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(loading, "load_segmenter", load_small)


@pytest.fixture(scope="module")
def tiles(tmp_path_factory):
    return make_marked(tmp_path_factory.mktemp("data") / "tiles", count=4, categories=("tile", "slab"))


@pytest.fixture
def out(tmp_path):
    return tmp_path / "stains.safetensors"


@pytest.fixture
def train(shell, out):
    def run(*arguments, to=out):
        return shell("train", "spt", "--out", to, *arguments)

    return run


def test_a_model_is_tuned_and_told(train, tiles, out):
    outcome = train(tiles, "--epochs", "2", "--holdout", "1/2", "--seed", "3", "--json")
    assert outcome.status == 0
    found, made = outcome.json, read_tuned_manifest(out)
    assert found.pop("seconds") > 0
    assert found.pop("settings")["epochs"] == "2"
    assert found == {
        "schema": "sam-inspector/training/1",
        "version": found["version"],
        "method": "spt",
        "variant": "spt",
        "preset": "recommended",
        "model": {"name": "mobile_sam", "sha256": MODELS["mobile_sam"].sha256},
        "seed": 3,
        "datasets": ["tiles"],
        "categories": ["slab", "tile"],
        "images": 4,
        "held_out": 4,
        "holdout": "1/2",
        "epochs": 2,
        "losses": list(made.losses),
        "kept_epoch": made.kept_epoch,
        "zero_shot": {"box": made.zero_shot.box, "point": made.zero_shot.point},
        "scores": {"box": made.kept.box, "point": made.kept.point},
        "remarks": [],
        "file": str(out),
    }
    epochs = [line for line in outcome.err.splitlines() if line.startswith("Epoch")]
    assert epochs[-1].startswith(f"Epoch 2 of 2: loss {made.losses[1]:.4f}; held out: IoU by box ")


def test_evaluate_asks_the_tuned_model(train, shell, tiles, out, tmp_path):
    train(tiles, "--epochs", "2", "--holdout", "tile")
    results = tmp_path / "results"
    asked = ("evaluate", tiles, "--mode", "b,spt", "--tuned", out, "--json", "--out", results)
    outcome = shell(*asked)
    assert outcome.status == 0
    rows = outcome.json["images"]
    tuned = [row for row in rows if row["mode"] == "spt"]
    assert len(tuned) == 8
    by_name = {(row["category"], row["path"], row["mode"]): row["iou"] for row in rows}
    assert any(by_name[row["category"], row["path"], "b"] != row["iou"] for row in tuned)
    assert not [row["error"] for row in tuned if row["error"]]
    held_out = [row["iou"] for row in tuned if row["category"] == "tile"]
    made = read_tuned_manifest(out)
    assert sum(held_out) / 4 == pytest.approx(made.kept.box)
    # Whoever looks at images that were learnt from is told.
    assert {row["category"] for row in tuned if "tuned on this very image" in row["remarks"]} == {"slab"}
    assert outcome.json["settings"]["spt"]["model"] == "mobile_sam+stains"
    again = shell(*asked[:-1], tmp_path / "again", "--spt-prompts", "point")
    points = [row["iou"] for row in again.json["images"] if (row["mode"], row["category"]) == ("spt", "tile")]
    assert sum(points) / 4 == pytest.approx(made.kept.point)
    # The same by choosing the tuned model itself.
    whole = shell("evaluate", tiles, "--mode", "spt,b", "--model", out, "--json", "--out", tmp_path / "whole")
    assert [row["iou"] for row in whole.json["images"] if row["mode"] == "spt"] == [row["iou"] for row in tuned]
    assert whole.json["model"]["name"] == "mobile_sam+stains"


def test_a_tuned_model_is_a_model_of_every_command(train, shell, tiles, out, tmp_path):
    train(tiles, "--epochs", "1", "--holdout", "none")
    image = tiles / "tile/test/stain/000.png"
    outcome = shell("segment", image, "--point", "40,40", "--model", out, "--json", "--out", tmp_path / "mask.png")
    assert outcome.status == 0
    assert outcome.json["model"]["name"] == "mobile_sam+stains"


def test_the_ablation_compares_variants(shell, tiles, tmp_path):
    folder = tmp_path / "tables"
    asked = (
        "ablation",
        "spt",
        tiles,
        "--variants",
        "frozen,lora,spt",
        "--epochs",
        "1",
        "--curve",
        "2",
        "--out",
        folder,
    )
    outcome = shell(*asked, "--json")
    assert outcome.status == 0
    rows = outcome.json["rows"]
    assert {(row["variant"], row["images"]) for row in rows} == {
        ("frozen", None),
        ("lora", 2),
        ("spt", 2),
        ("lora", None),
        ("spt", None),
    }
    for variant in ("lora", "spt"):
        judged = [(row["category"], row["name"]) for row in rows if (row["variant"], row["images"]) == (variant, None)]
        assert len(judged) == len(set(judged)) == 8
    table = (folder / "tables.md").read_text(encoding="utf-8")
    assert "spt − it, box" in table
    assert "images learnt from" in table
    assert (folder / "images.csv").read_text(encoding="utf-8").startswith("variant,held_out,images,category,image,")
    assert "already: go on with --resume" in shell(*asked).error
    again = shell(*asked, "--resume", "--json")
    assert json.dumps(again.json) == json.dumps(outcome.json)
    assert "of other images or settings" in shell(*asked[:-1], folder, "--seed", "5", "--resume").error


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--variant", "adapter"), "There is no variant “adapter”"),
        (("--preset", "best"), "There is no preset “best”"),
        (("--prompts", "words"), "can't be tuned with “words”"),
        (("--holdout", "cable"), "There is no category “cable” to hold out"),
        (("--holdout", "3/2"), "There is no fold 3/2"),
        (("--holdout", "slab,tile"), "none is left to learn from"),
        (("--epochs", "0"), "for 0 epochs"),
        (("--rate", "0"), "teaches nothing"),
        (("--model", "sam2_tiny"), "can't be tuned"),
        (("--model", "none"), "There is no model “none”"),
        (("--category", "cable"), "There is no category “cable”"),
    ],
)
def test_bad_input_is_one_sentence(train, tiles, arguments, sentence):
    outcome = train(tiles, *arguments)
    assert outcome.status == 1
    assert sentence in outcome.error


def test_bad_files_are_one_sentence(train, shell, tiles, out, tmp_path):
    assert "does not end in .safetensors" in train(tiles, to=tmp_path / "model.pt").error
    junk = tmp_path / "junk.safetensors"
    junk.write_bytes(b"junk")
    assert "is there already" in train(tiles, to=junk).error
    assert "damaged or none at all" in train(tiles, "--resume", to=junk).error
    results = ("--out", tmp_path / "results")
    assert "needs a tuned model" in shell("evaluate", tiles, "--mode", "spt", *results).error
    assert "damaged or none at all" in shell("evaluate", tiles, "--mode", "spt", "--tuned", junk, *results).error
    assert "There is no tuned model" in shell("evaluate", tiles, "--mode", "spt", "--tuned", out, *results).error
    assert "can't be asked with “words”" in (
        shell("evaluate", tiles, "--mode", "spt", "--spt-prompts", "words", *results).error
    )
    assert not (tmp_path / "results").exists()


def test_a_dataset_without_masks_has_nothing_to_learn_from(train, tmp_path):
    root = make_marked(tmp_path / "plain", count=0)
    assert "no image with a mask" in train(root).error
