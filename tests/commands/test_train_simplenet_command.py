"""`sam-inspector train simplenet`, with a stand-in for SAM."""

import inspect
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from sam_inspector.anomaly.simplenet import recipe as recipe_module
from sam_inspector.anomaly.simplenet.manifest import read_simplenet_manifest
from sam_inspector.anomaly.simplenet.recipe import RECIPES
from sam_inspector.anomaly.simplenet.settings import SimpleNetSettings
from sam_inspector.anomaly.simplenet.training import TrainingRun
from sam_inspector.cli.training import train_simplenet
from sam_inspector.models import loading
from sam_inspector.models.backbone_registry import get_backbone_spec
from sam_inspector.models.registry import MODELS
from sam_inspector.models.weights import FOLDER_VARIABLE, find_weights
from tests.commands.conftest import make_category


@pytest.fixture(autouse=True)
def small_recipe(monkeypatch):
    small = replace(RECIPES["recommended"], hidden=64, tokens_a_step=128, least_steps=2, fold_steps=2)
    monkeypatch.setitem(recipe_module.RECIPES, "recommended", small)


@pytest.fixture
def parts(tmp_path):
    """A dataset of two categories, with three normal images each."""
    for number, name in enumerate(("grid", "metal_nut")):
        folder = make_category(tmp_path / "Parts" / name, images=2, seed=number) / "train/good"
        for extra in (1, 2):
            pixels = np.random.default_rng((number, extra)).integers(60, 120, (96, 128, 3), np.uint8)
            Image.fromarray(pixels).save(folder / f"{extra:03}.png")
    return tmp_path / "Parts"


@pytest.fixture
def train(shell, fake, tmp_path):
    def run(*arguments, out=tmp_path / "own.safetensors"):
        return shell("train", "simplenet", "--batch", "2", "--out", out, *arguments)

    return run


def test_a_simplenet_is_trained_and_told(train, parts, tmp_path):
    out = tmp_path / "own.safetensors"
    outcome = train(parts / "grid", "--epochs", "3", "--seed", "7", "--noise", "0.4", "--json")
    assert outcome.status == 0
    found = outcome.json
    made = read_simplenet_manifest(out)
    assert found.pop("seconds") > 0
    assert found.pop("cpu_seconds") > 0
    settings = found.pop("settings")
    assert (settings["noise"], settings["batch_size"], settings["backbone"]) == ("0.4", "2", "sam")
    assert found == {
        "schema": "sam-inspector/training/1",
        "version": found["version"],
        "method": "simplenet",
        "preset": "recommended",
        "backbone": {"name": "sam:mobile_sam", "sha256": MODELS["mobile_sam"].sha256},
        "dtype": "float32",
        "seed": 7,
        "datasets": ["grid"],
        "category": "grid",
        "images": 3,
        "epochs": 3,
        "losses": list(made.losses),
        "protocol": "last epoch",
        "chosen_on_test": None,
        "remarks": [],
        "file": str(out),
    }
    told = [f"Epoch {number} of 3: loss {loss:.4f}" for number, loss in enumerate(made.losses, start=1)]
    assert outcome.err.splitlines() == told


def test_a_long_training_is_told_in_ten_lines(train, parts):
    outcome = train(parts / "grid", "--epochs", "40")
    epochs = [int(line.split()[1]) for line in outcome.err.splitlines()]
    assert epochs == [1, *range(4, 41, 4)]
    (line,) = outcome.out.splitlines()
    assert line.startswith("Trained on 3 images of grid: 40 epochs, loss ")


def test_quiet_is_quiet(train, parts):
    outcome = train(parts, "--category", "grid", "--epochs", "1", "--quiet")
    assert (outcome.status, outcome.err) == (0, "")


def test_the_paper_protocol_is_named(train, parts):
    outcome = train(parts / "grid", "--epochs", "5", "--paper-protocol", "--json")
    found = outcome.json
    assert found["protocol"] == "paper protocol"
    assert found["chosen_on_test"]["epoch"] in {4, 5}
    assert found["chosen_on_test"]["test_images"] == 3
    assert 0 <= found["chosen_on_test"]["image_auroc"] <= 1
    outcome = train(parts / "grid", "--epochs", "6", "--resume", "--paper-protocol")
    assert "Paper protocol: epoch" in outcome.out
    assert "chosen on the test images" in outcome.out


def test_ctrl_c_keeps_the_last_whole_epoch_and_says_how_to_go_on(train, parts, tmp_path, monkeypatch):
    whole, out = tmp_path / "whole.safetensors", tmp_path / "own.safetensors"
    assert train(parts / "grid", "--epochs", "3", out=whole).status == 0
    step, steps = TrainingRun._step, []

    def stopped(*arguments):
        steps.append(1)
        if len(steps) == 6:  # two batches an epoch
            raise KeyboardInterrupt
        return step(*arguments)

    monkeypatch.setattr(TrainingRun, "_step", stopped)
    outcome = train(parts / "grid", "--epochs", "3")
    assert (outcome.status, outcome.out) == (130, "")
    assert outcome.err.splitlines()[-2:] == [f"{out} holds 2 epochs; go on with --resume.", "Cancelled."]
    outcome = train(parts / "grid", "--epochs", "3")
    assert outcome.error == f"{out} is there already: go on with that training by --resume, or give another --out."
    outcome = train(parts / "grid", "--epochs", "3", "--resume")
    assert [line.split(":")[0] for line in outcome.err.splitlines()] == ["Epoch 3 of 3"]
    assert out.read_bytes() == whole.read_bytes()
    outcome = train(parts / "grid", "--epochs", "3", "--resume", "--json")
    assert (outcome.err, outcome.json["epochs"]) == ("This training is done already.\n", 3)


def test_ctrl_c_in_the_first_epoch_leaves_nothing(train, parts, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(TrainingRun, "_step", stop)
    out = tmp_path / "own.safetensors"
    outcome = train(parts / "grid", "--resume")
    assert outcome.status == 130
    assert outcome.err.splitlines() == [
        f"There is no {out} to go on with yet: training begins.",
        "No epoch was finished, so nothing was written: begin again.",
        "Cancelled.",
    ]
    assert not out.exists()


def test_another_training_is_left_alone(train, parts, tmp_path):
    out = tmp_path / "own.safetensors"
    assert train(parts / "grid", "--epochs", "1", "--quiet").status == 0
    before = out.read_bytes()
    outcome = train(parts / "grid", "--epochs", "2", "--seed", "5", "--resume")
    assert "other settings" in outcome.error
    outcome = train(parts / "metal_nut", "--epochs", "2", "--resume")
    assert "was trained on grid, not on metal_nut" in outcome.error
    assert out.read_bytes() == before


def test_what_can_not_be_done_is_one_sentence_before_any_work(shell, parts, tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "load_segmenter", lambda *_, **__: pytest.fail("a model was loaded"))
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "weights"))
    out = tmp_path / "new.safetensors"
    (tmp_path / "junk.safetensors").write_bytes(b"junk")
    (tmp_path / "defects/test/dent").mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(tmp_path / "defects/test/dent/a.png")
    grid = parts / "grid"
    for arguments, message in (
        ((grid, "--out", tmp_path / "new.pt"), f"does not end in .safetensors: give --out such a name, as {out}"),
        ((grid, "--out", tmp_path), "is a folder: give --out the name of a file"),
        ((grid, "--out", tmp_path / "junk.safetensors"), "is there already"),
        ((grid, "--out", tmp_path / "junk.safetensors", "--resume"), "is damaged or none at all"),
        ((tmp_path / "nowhere", "--out", out), "There is no file or folder"),
        ((tmp_path / "defects", "--out", out), "has no normal images to learn from"),
        ((parts, "--out", out), "one category at a time: choose one of grid, metal_nut by --category"),
        ((parts, "--category", "bolt", "--out", out), "no category “bolt”: choose from grid, metal_nut."),
        ((grid, "--backbone", "nope", "--out", out), "no backbone “nope”"),
        ((grid, "--preset", "nope", "--out", out), "no preset “nope”"),
        ((grid, "--preset", "faithful", "--out", out), "published with the backbone “wide_resnet50_2”"),
        ((grid, "--backbone", "wide_resnet50_2", "--out", out), "models get wide_resnet50_2"),
        ((grid, "--model", "nope", "--out", out), "nope"),
        ((grid, "--epochs", "0", "--out", out), "can't take 0 epochs"),
        ((grid, "--batch", "0", "--out", out), "can't take 0 images a batch"),
        ((grid, "--noise", "-1", "--out", out), "Noise of -1 teaches nothing"),
        ((grid, "--seed", "-1", "--out", out), "can't take -1 as seed"),
    ):
        outcome = shell("train", "simplenet", *arguments)
        assert (outcome.status, outcome.out) == (1, ""), arguments
        assert message in outcome.error
    assert not out.exists()


def test_defaults_are_those_of_the_settings():
    """Written out where the command is declared, which shall not wait for what reads them."""
    options = inspect.signature(train_simplenet).parameters
    usual = SimpleNetSettings()
    for option, value in (
        ("backbone", usual.backbone),
        ("preset", usual.preset),
        ("epochs", usual.epochs),
        ("batch", usual.batch_size),
        ("noise", usual.noise),
        ("paper_protocol", usual.paper_protocol),
        ("seed", usual.seed),
    ):
        assert options[option].default == value


@pytest.mark.skipif(
    find_weights(get_backbone_spec("mobilenet_v2")) is None,
    reason="MobileNetV2 is not here: fetch it with “sam-inspector models get mobilenet_v2”",
)
def test_a_backbone_of_its_own_needs_no_sam_model(shell, parts, tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "load_segmenter", lambda *_, **__: pytest.fail("a model was loaded"))
    out = tmp_path / "own.safetensors"
    outcome = shell("train", "simplenet", parts / "grid", "--backbone", "mobilenet_v2", "--epochs", "1", "--out", out)
    assert outcome.status == 0, outcome.err
    assert read_simplenet_manifest(out).backbone == "mobilenet_v2"
