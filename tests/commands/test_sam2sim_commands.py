"""`evaluate --mode simplenet,sam2sim`, `map` by both, and `ablation sam2sim`, with stand-ins for SAM."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from sam_inspector.anomaly.simplenet import recipe as recipe_module
from sam_inspector.anomaly.simplenet.checkpoint import load_simplenet, save_simplenet
from sam_inspector.anomaly.simplenet.recipe import RECIPES
from sam_inspector.models import loading
from sam_inspector.models.weights import FOLDER_VARIABLE
from tests.engine.learnt_parts import make_part
from tests.fakes import loader
from tests.foreground.floods import FloodSegmenter

MODES = ("--mode", "simplenet,sam2sim", "--epochs", "2")


@pytest.fixture(autouse=True)
def segmenter(monkeypatch):
    small = replace(RECIPES["recommended"], hidden=32, tokens_a_step=64, least_steps=2, fold_steps=4)
    monkeypatch.setitem(recipe_module.RECIPES, "recommended", small)
    stand_in = FloodSegmenter()
    monkeypatch.setattr(loading, "load_segmenter", loader(stand_in))
    return stand_in


@pytest.fixture
def root(tmp_path):
    """An object, a texture, and an object whose background belongs to it."""
    for name, kind in (("disk", "object"), ("cloth", "texture"), ("chip", "object_kept_whole")):
        make_part(tmp_path / "root" / name, kind=kind)
    return tmp_path / "root"


@pytest.fixture
def part(root):
    return root / "disk"


def trained(home):
    return sorted(path.name for path in (home / "cache/sam-inspector/simplenets").iterdir())


def test_both_are_evaluated_and_trained_once(shell, part, tmp_path, own_home):
    outcome = shell("evaluate", part, *MODES, "--out", tmp_path / "out")
    assert outcome.status == 0, outcome.err
    assert [line.split()[:4] for line in outcome.out.splitlines()[1:3]] == [
        ["simplenet", "disk", "4", "0"],
        ["sam2sim", "disk", "4", "0"],
    ]
    assert outcome.err.count("disk: epoch 2 of 2, loss ") == 2
    assert len(trained(own_home)) == 2
    report = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert "last of 2, trained on normal images" in report
    again = shell("evaluate", part, *MODES, "--background", "dynamic", "--out", tmp_path / "dynamic")
    assert again.status == 0, again.err
    assert "epoch" not in again.err
    assert len(trained(own_home)) == 2
    assert "before other backgrounds (mixed, seed 0), of disk" in (tmp_path / "dynamic/report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--epochs", "0"), "can't take 0 epochs"),
        (("--backbone", "nosuch"), "no backbone “nosuch”"),
        (("--preset", "faithful"), "published with the backbone “wide_resnet50_2”"),
        (("--foreground", "nosuch"), "no way to find foregrounds “nosuch”"),
        (("--foreground", "manual"), "made in the window"),
        (("--foreground-model", "nosuch"), "There is no model “nosuch”"),
        (("--foreground-model", "sam2_tiny_onnx"), "models get sam2_tiny_onnx"),
        (("--foreground", "u2net"), "models get u2netp"),
        (("--background", "moving"), "There is no background “moving”: choose static or dynamic."),
        (("--background-kind", "flat"), "give --background dynamic as well"),
        (("--background", "dynamic", "--background-kind", "photos"), "need a folder of photos"),
        (("--background", "dynamic", "--background-photos", "nowhere"), "nowhere can't be read"),
        (("--category-type", "thing"), "no type of category “thing”"),
        (("--background", "dynamic", "--foreground", "none"), "no background can be exchanged"),
        (("--engine", "ray"), "leave --engine away"),
    ],
)
def test_options_that_do_not_fit_are_one_line(shell, part, tmp_path, monkeypatch, options, words):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "no weights"))
    monkeypatch.setattr(loading, "load_segmenter", None)
    outcome = shell("evaluate", part, *MODES, "--out", tmp_path / "out", *options)
    assert outcome.status == 1
    assert words in outcome.error
    assert not (tmp_path / "out").exists()


def test_a_category_that_nobody_knows_is_asked_for(shell, tmp_path):
    part = make_part(tmp_path / "gizmo", kind=None)
    outcome = shell("evaluate", part, *MODES, "--out", tmp_path / "out")
    assert outcome.error.startswith("Whether “gizmo” shows objects on a background or a texture is not known")
    assert shell("evaluate", part, *MODES, "--out", tmp_path / "out", "--category-type", "texture").status == 0


def test_a_category_without_normal_images_is_one_line(shell, part, tmp_path):
    for image in (part / "train/good").iterdir():
        image.unlink()
    outcome = shell("evaluate", part, *MODES, "--out", tmp_path / "out")
    assert outcome.error == "The category disk has no normal images to learn from: put some in train/good."


@pytest.mark.parametrize("method", ["simplenet", "sam2sim"])
def test_maps_are_made_by_a_network_that_is_kept(shell, part, tmp_path, own_home, method):
    arguments = ("map", part, "--method", method, "--epochs", "2", "--json", "--out")
    outcome = shell(*arguments, tmp_path / "one")
    assert (outcome.status, outcome.err) == (0, ""), outcome.err
    assert [row["error"] for row in outcome.json["images"]] == [None] * 4
    assert outcome.json["trained_on"] == 4
    assert bool(outcome.json["preparation"]) == (method == "sam2sim")
    (name,) = trained(own_home)
    given = ("map", part / "test/stain/000.png", "--method", method, "--json", "--out", tmp_path / "two")
    with_file = shell(*given, "--checkpoint", outcome.json["checkpoint"])
    assert with_file.status == 0, with_file.err
    (score,) = (row["image_score"] for row in outcome.json["images"] if row["path"] == "test/stain/000.png")
    assert with_file.json["images"][0]["image_score"] == score
    assert with_file.json["checkpoint"].endswith(name)


def test_checkpoints_that_do_not_fit_are_one_line(shell, part, tmp_path):
    made = shell("map", part, "--method", "sam2sim", "--epochs", "1", "--json", "--out", tmp_path / "one").json
    common = ("map", part, "--out", tmp_path / "two", "--method")
    junk = tmp_path / "junk.safetensors"
    junk.write_bytes(b"junk")
    for options, words in (
        (("simplenet", "--checkpoint", tmp_path / "none"), "There is no SimpleNet"),
        (("simplenet", "--checkpoint", junk), "is damaged or none at all"),
        (("simplenet", "--checkpoint", made["checkpoint"]), "prepared by “background removed"),
        (("simplenet", "--checkpoint", made["checkpoint"], "--epochs", "3"), "leave --epochs out"),
        (("sam2sim", "--checkpoint", made["checkpoint"], "--foreground", "box_center"), "the same way"),
        (("few-shot", "--checkpoint", made["checkpoint"]), "--checkpoint belongs to --method"),
        (("simplenet", "--foreground", "none"), "--foreground belongs to --method sam2sim"),
    ):
        outcome = shell(*common, *options)
        assert outcome.status == 1
        assert words in outcome.error


def test_a_network_that_saw_backgrounds_is_none_for_sam2sim(shell, part, tmp_path):
    made = shell("map", part, "--method", "simplenet", "--epochs", "1", "--json", "--out", tmp_path / "one").json
    common = ("map", part, "--out", tmp_path / "two", "--checkpoint", made["checkpoint"], "--method")
    assert "was trained with backgrounds, and Sam2Sim removes them" in shell(*common, "sam2sim").error
    assert shell(*common, "simplenet").status == 0


def test_a_network_of_another_category_and_one_that_is_not_finished_say_so(shell, root, tmp_path):
    made = shell("map", root / "disk", "--method", "simplenet", "--epochs", "1", "--json", "--out", tmp_path / "one")
    file = tmp_path / "half.safetensors"
    saved = load_simplenet(Path(made.json["checkpoint"]))
    save_simplenet(file, replace(saved, manifest=replace(saved.manifest, held_out=False)))
    outcome = shell("map", root / "cloth", "--method", "simplenet", "--checkpoint", file, "--out", tmp_path / "two")
    assert outcome.status == 0, outcome.err
    said = outcome.out + outcome.err
    assert "was trained on disk, not on cloth" in said
    assert "The training of half.safetensors was not finished: it holds 1 epoch" in said


def test_the_table_of_both_methods_before_both_backgrounds(shell, root, tmp_path, own_home):
    out = tmp_path / "tables"
    arguments = ("ablation", "sam2sim", root, "--epochs", "2", "--background-kind", "flat", "--out", out)
    outcome = shell(*arguments, "--json")
    assert outcome.status == 0, outcome.err
    rows = {row["name"]: row for row in outcome.json["rows"]}
    assert list(rows) == [
        "cloth",
        "chip",
        "disk",
        "mean of textures",
        "mean of objects",
        "mean of objects whose background changes",
        "mean of all",
    ]
    for name in ("cloth", "chip"):
        figures = rows[name]["figures"]
        assert figures["simplenet_static_p_auroc"] == figures["sam2sim_dynamic_p_auroc"] is not None
    disk = rows["disk"]["figures"]
    assert rows["mean of objects whose background changes"]["figures"] == disk
    of_all = sum(rows[name]["figures"]["sam2sim_static_p_auroc"] for name in ("cloth", "chip", "disk")) / 3
    assert rows["mean of all"]["figures"]["sam2sim_static_p_auroc"] == pytest.approx(of_all)
    assert len(trained(own_home)) == 4, "one each, and the disk's without background"
    lines = list(csv.reader((out / "tables.csv").read_text().splitlines()))
    assert lines[0][:5] == ["category", "kind", "images", "simplenet_static_i_auroc", "simplenet_static_p_auroc"]
    assert "| category | images | SimpleNet, static | SimpleNet, dynamic |" in (out / "tables.md").read_text()
    assert r"\begin{tabular}{lrrrrr}" in (out / "tables.tex").read_text()
    assert {path.name for path in out.iterdir()} >= {"static", "dynamic", "tables.json"}
    assert "holds a run" in shell(*arguments).error
    before = (out / "tables.csv").read_bytes()
    assert shell(*arguments, "--resume").status == 0
    assert (out / "tables.csv").read_bytes() == before
    other = shell(*arguments, "--resume", "--background-kind", "perlin")
    assert "(background.kind: flat there, perlin here)" in other.error
    assert "give one of the two" in shell(*arguments, "--resume", "--replace").error


def test_a_table_that_was_stopped_goes_on(shell, part, tmp_path, monkeypatch):
    whole, out = tmp_path / "whole", tmp_path / "out"
    arguments = ("ablation", "sam2sim", part, "--epochs", "2", "--out")
    assert shell(*arguments, whole).status == 0

    class Stopping(FloodSegmenter):
        def embed(self, pixels, **rest):
            if self.embedded == 20:
                raise KeyboardInterrupt
            return super().embed(pixels, **rest)

    monkeypatch.setattr(loading, "load_segmenter", loader(Stopping()))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other cache"))
    assert shell(*arguments, out).status == 130
    monkeypatch.setattr(loading, "load_segmenter", loader(FloodSegmenter()))
    assert shell(*arguments, out, "--resume").status == 0
    assert (out / "tables.csv").read_bytes() == (whole / "tables.csv").read_bytes()
