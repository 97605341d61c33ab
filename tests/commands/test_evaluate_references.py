"""`evaluate` with few-shot maps: which normal images they are made from, and what a person hears of them."""

import json

import pytest
from PIL import Image

from sam_inspector.models import loading
from tests.commands.conftest import make_category
from tests.fakes import FakeSegmenter, loader


@pytest.fixture
def normal(tmp_path):
    """Three normal images that belong to no dataset."""
    other = make_category(tmp_path / "elsewhere", seed=5)
    folder = tmp_path / "normal"
    folder.mkdir()
    for number in range(3):
        (other / f"test/dent/{number:03}.png").rename(folder / f"{number}.png")
    return folder


def arguments(part, out, *more):
    return ("evaluate", part, "--mode", "few-shot-map,b", "--out", out, *more)


def test_what_takes_long_is_told_where_no_bar_is_seen_and_remarks_are_kept(shell, fake, part, tmp_path):
    outcome = shell(*arguments(part, tmp_path / "out"))
    assert outcome.status == 0
    remark = "There are 1 normal images, fewer than the 4 asked for: all are used."
    assert outcome.err.splitlines()[:2] == ["part: describing what its maps are made from", f"part: {remark}"]
    rows = json.loads((tmp_path / "out/results.json").read_text())["categories"]
    assert [row.get("remarks") for row in rows] == [[remark], None]
    assert f"part: {remark}" in (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert shell(*arguments(part, tmp_path / "quiet", "--quiet")).err == ""


def test_the_line_comes_before_the_work(shell, part, tmp_path, monkeypatch, capfd):
    class Telling(FakeSegmenter):
        heard = ""

        def embed(self, pixels, **rest):
            self.heard = self.heard or capfd.readouterr().err
            return super().embed(pixels, **rest)

    segmenter = Telling()
    monkeypatch.setattr(loading, "load_segmenter", loader(segmenter))
    shell(*arguments(part, tmp_path / "out"))
    assert segmenter.heard == "part: describing what its maps are made from\n"


def test_references_of_ones_own(shell, fake, part, normal, tmp_path):
    outcome = shell(*arguments(part, tmp_path / "folder", "--reference", normal, "--shots", "2", "--json"))
    assert outcome.status == 0, outcome.err
    chosen = outcome.json["settings"]["few_shot"]["references"]
    assert (chosen["kind"], chosen["picked"]) == ("picked", [str(normal / "0.png"), str(normal / "1.png")])
    files = [option for name in ("0", "1") for option in ("--reference", normal / f"{name}.png")]
    named = shell(*arguments(part, tmp_path / "files", *files, "--json"))
    assert named.json["categories"] == outcome.json["categories"]
    own = shell(*arguments(part, tmp_path / "own", "--shots", "2", "--json"))
    assert own.json["images"][0]["image_score"] != outcome.json["images"][0]["image_score"]
    again = arguments(part, tmp_path / "folder", "--resume")
    assert "(few_shot.references.kind: picked there, first here; " in shell(*again).error


def test_a_category_without_normal_images_gets_them_by_name(shell, fake, part, normal, tmp_path):
    (part / "train/good/000.png").unlink()
    error = shell(*arguments(part, tmp_path / "out")).error
    assert error.endswith("put some in train/good, or name some with --reference.")
    assert shell(*arguments(part, tmp_path / "out", "--reference", normal)).status == 0


def test_references_that_do_not_fit_are_one_line(shell, fake, part, normal, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    for name in ("a", "b"):
        make_category(root / name)
    (tmp_path / "notes.txt").write_text("no image")
    Image.new("RGB", (20, 20)).save(tmp_path / "one.png")
    out = tmp_path / "out"
    for command, words in (
        (("evaluate", part, "--mode", "b", "--out", out, "--reference", normal), "which b does without"),
        (arguments(root, out, "--reference", normal), "2 are evaluated (a, b): choose one with --category."),
        (arguments(part, out, "--reference", tmp_path / "nothing"), "There is no file or folder"),
        (arguments(part, out, "--reference", tmp_path / "notes.txt"), "is not an image"),
        (arguments(part, out, "--reference", root), "holds 2 categories"),
    ):
        outcome = shell(*command)
        assert outcome.status == 1
        assert words in outcome.error
    assert not out.exists()
    picked = ("--category", "a", "--reference", normal)
    assert shell(*arguments(root, out, *picked)).status == 0
