"""`sam-inspector train clip-adapter`, with a small CLIP of random weights read from its file."""

import inspect

import pytest
from PIL import Image

from sam_inspector.anomaly.clip_manifest import read_adapter_manifest
from sam_inspector.anomaly.clip_settings import ClipTrainSettings
from sam_inspector.cli.training import train_clip_adapter
from sam_inspector.engine import train_clip_adapter as engine
from sam_inspector.models import clip_loading
from sam_inspector.models.clip_loading import load_clip
from sam_inspector.models.weights import FOLDER_VARIABLE
from tests.commands.conftest import make_category


@pytest.fixture
def parts(tmp_path):
    """A dataset of two categories, with three test images each."""
    for number, name in enumerate(("grid", "metal_nut")):
        make_category(tmp_path / "Parts" / name, images=2, seed=number)
    return tmp_path / "Parts"


@pytest.fixture
def train(shell, tiny_clip_name, few_sentences, tmp_path):
    def run(*arguments, out=tmp_path / "own.safetensors"):
        named = ("--clip", tiny_clip_name, "--texts", few_sentences, "--batch", "2", "--out", out)
        return shell("train", "clip-adapter", *named, *arguments)

    return run


def test_an_adapter_is_trained_and_told(train, parts, tiny_clip_name, tmp_path):
    out = tmp_path / "own.safetensors"
    outcome = train(parts, "--epochs", "2", "--seed", "7", "--mosaics", "0.5", "--json")
    assert outcome.status == 0
    found = outcome.json
    made = read_adapter_manifest(out)
    sha256 = load_clip(tiny_clip_name, device="cpu").weights_sha256
    assert found.pop("seconds") > 0
    assert found == {
        "schema": "sam-inspector/training/1",
        "version": found["version"],
        "method": "clip-adapter",
        "clip": {"name": tiny_clip_name, "sha256": sha256},
        "device": found["device"],
        "dtype": found["dtype"],
        "seed": 7,
        "datasets": ["Parts"],
        "categories": ["grid", "metal_nut"],
        "images": 6,
        "epochs": 2,
        "losses": list(made.losses),
        "file": str(out),
    }
    settings = dict(made.settings)
    assert (settings["batch_size"], settings["seed"], settings["mosaic_share"]) == ("2", "7", "0.5")
    assert settings["normal"] == "{}\nflawless {}"
    told = [f"Epoch {number} of 2: loss {loss:.4f}" for number, loss in enumerate(made.losses, start=1)]
    assert outcome.err.splitlines() == told


def test_people_get_one_line_and_quiet_ones_nothing_else(train, parts):
    outcome = train(parts, "--category", "grid", "--epochs", "1", "--quiet")
    assert (outcome.status, outcome.err) == (0, "")
    (line,) = outcome.out.splitlines()
    assert line.startswith("Trained on 3 images of grid: 1 epoch, loss ")


def test_a_dataset_given_twice_counts_once(train, parts):
    found = train(parts / "grid", parts, "--epochs", "1", "--json").json
    assert (found["images"], found["categories"]) == (6, ["grid", "metal_nut"])


def test_a_trained_adapter_makes_maps(train, shell, parts, tiny_clip_name, few_sentences, tmp_path):
    out = tmp_path / "own.safetensors"
    assert train(parts, "--category", "grid", "--epochs", "1").status == 0
    named = ("--method", "clip", "--clip", tiny_clip_name, "--texts", few_sentences, "--adapter", out)
    outcome = shell("map", parts / "metal_nut", *named, "--out", tmp_path / "maps", "--json")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.json["trained_on"] == ["grid"]


def test_ctrl_c_keeps_the_last_whole_epoch_and_says_how_to_go_on(train, parts, tmp_path, monkeypatch):
    whole, out = tmp_path / "whole.safetensors", tmp_path / "own.safetensors"
    assert train(parts / "grid", "--epochs", "2", out=whole).status == 0
    step, steps = engine._step, []

    def stopped(*arguments):
        steps.append(1)
        if len(steps) == 3:  # two batches an epoch
            raise KeyboardInterrupt
        return step(*arguments)

    monkeypatch.setattr(engine, "_step", stopped)
    outcome = train(parts / "grid", "--epochs", "2")
    assert (outcome.status, outcome.out) == (130, "")
    first, *last = outcome.err.splitlines()
    assert first.startswith("Epoch 1 of 2: loss ")
    assert last == [f"{out} holds 1 epoch; go on with --resume.", "Cancelled."]
    outcome = train(parts / "grid", "--epochs", "2")
    assert outcome.error == (f"{out} is there already: go on with that training by --resume, or give another --out.")
    outcome = train(parts / "grid", "--epochs", "2", "--resume")
    assert [line.split(":")[0] for line in outcome.err.splitlines()] == ["Epoch 2 of 2"]
    assert out.read_bytes() == whole.read_bytes()
    outcome = train(parts / "grid", "--epochs", "2", "--resume", "--json")
    assert (outcome.err, outcome.json["epochs"]) == ("This training is done already.\n", 2)


def test_ctrl_c_in_the_first_epoch_leaves_nothing(train, parts, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "_step", stop)
    outcome = train(parts, "--resume")
    out = tmp_path / "own.safetensors"
    assert outcome.status == 130
    assert outcome.err.splitlines() == [
        f"There is no {out} to go on with yet: training begins.",
        "No epoch was finished, so nothing was written: begin again.",
        "Cancelled.",
    ]
    assert not out.exists()


def test_a_file_of_another_training_is_left_alone(train, parts, tmp_path):
    out = tmp_path / "own.safetensors"
    assert train(parts, "--epochs", "1", "--quiet").status == 0
    before = out.read_bytes()
    for arguments, message in (
        ((parts, "--seed", "5"), "other settings"),
        ((parts / "grid",), "other images"),
    ):
        outcome = train(*arguments, "--epochs", "2", "--resume")
        assert message in outcome.error
    assert out.read_bytes() == before


def test_what_can_not_be_done_is_one_sentence_before_any_work(shell, parts, tiny_clip_name, tmp_path, monkeypatch):
    monkeypatch.setattr(clip_loading, "load_clip", lambda *_, **__: pytest.fail("CLIP was loaded"))
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "weights"))
    out = tmp_path / "new.safetensors"
    (tmp_path / "folder.safetensors").mkdir()
    (tmp_path / "junk.safetensors").write_bytes(b"junk")
    (tmp_path / "plain").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "plain/a.png")
    own = ("--clip", tiny_clip_name)
    for arguments, message in (
        (
            (parts, *own, "--out", tmp_path / "new.pt"),
            f"does not end in .safetensors: give --out such a name, as {out}",
        ),
        ((parts, *own, "--out", tmp_path / "folder.safetensors"), "is a folder: give --out the name of a file"),
        (
            (parts, *own, "--out", tmp_path / "junk.safetensors"),
            "is there already: go on with that training by --resume",
        ),
        ((parts, *own, "--out", tmp_path / "junk.safetensors", "--resume"), "is damaged or none at all"),
        ((parts, *own, "--out", tmp_path / "tiny.pt/new.safetensors"), "is a file, not a folder"),
        ((tmp_path / "nowhere", *own, "--out", out), "There is no file or folder"),
        ((tmp_path / "plain", *own, "--out", out), "There is nothing to train on"),
        ((parts, *own, "--category", "bolt", "--out", out), "no category “bolt”: choose from grid, metal_nut."),
        ((parts, "--clip", "nope", "--out", out), "There is no CLIP model “nope”"),
        ((parts, "--out", out), "934 MB, licence MIT): fetch them with “sam-inspector models get vit_l_14_336”"),
        ((parts, *own, "--texts", tmp_path / "none.json", "--out", out), "There is no list of text prompts"),
        ((parts, *own, "--epochs", "0", "--out", out), "can't take 0 epochs"),
        ((parts, *own, "--batch", "0", "--out", out), "can't take 0 images a batch"),
        ((parts, *own, "--mosaics", "nan", "--out", out), "share of mosaics"),
        ((parts, *own, "--seed", "-1", "--out", out), "can't take -1 as seed"),
    ):
        outcome = shell("train", "clip-adapter", *arguments)
        assert (outcome.status, outcome.out) == (1, ""), arguments
        assert message in outcome.error
    assert not out.exists()


def test_defaults_are_the_published_ones():
    """Written out where the command is declared, which shall not wait for what reads them."""
    options = inspect.signature(train_clip_adapter).parameters
    usual = ClipTrainSettings()
    for option, value in (
        ("clip", usual.model),
        ("epochs", usual.epochs),
        ("batch", usual.batch_size),
        ("mosaics", usual.mosaic_share),
        ("seed", usual.seed),
    ):
        assert options[option].default == value


def test_without_a_command_the_group_tells_its_own(shell):
    outcome = shell("train")
    assert (outcome.status, outcome.out) == (2, "")
    assert "clip-adapter" in outcome.err
