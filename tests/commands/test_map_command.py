"""`sam-inspector map`, with a stand-in whose features are the mean colours of small cells, and once with MobileSAM."""

import errno
import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from sam_inspector.data.images import read_image
from sam_inspector.data.masks import read_mask
from sam_inspector.models import loading
from sam_inspector.models.backbone_registry import BACKBONES
from sam_inspector.models.weights import FOLDER_VARIABLE
from tests.fakes import FakeSegmenter, loader

DEFECT = (slice(32, 56), slice(48, 80))


def surface(seed, size=(96, 128)):
    """Fine noise: for the stand-in all normal images are nearly alike."""
    return np.random.default_rng(seed).integers(90, 110, (*size, 3), np.uint8)


def save(path, pixels, kind=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, kind)


@pytest.fixture
def category(tmp_path):
    """Four normal images, a dented and a good test image."""
    root = tmp_path / "plate"
    for number in range(4):
        save(root / f"train/good/{number:03}.png", surface(number))
    dented = surface(10)
    dented[DEFECT] = (220, 30, 30)
    save(root / "test/dent/000.png", dented)
    save(root / "test/good/000.png", surface(11))
    mask = np.zeros((96, 128), np.uint8)
    mask[DEFECT] = 255
    save(root / "ground_truth/dent/000_mask.png", mask)
    return root


@pytest.fixture(autouse=True)
def segmenter(monkeypatch):
    """The commands load this instead of a model; cells of 8 pixels."""
    stand_in = FakeSegmenter(cell=8)
    monkeypatch.setattr(loading, "load_segmenter", loader(stand_in))
    return stand_in


def test_a_category_gets_a_map_and_a_picture_an_image(shell, category, tmp_path):
    out = tmp_path / "out"
    outcome = shell("map", category, "--method", "few-shot", "--out", out, "--json")
    assert (outcome.status, outcome.err) == (0, "")
    found = outcome.json
    assert found["schema"] == "sam-inspector/maps/1"
    assert (found["method"], found["backbone"], found["preset"]) == ("few-shot", "sam", "recommended")
    assert [Path(path).name for path in found["references"]["paths"]] == [f"{n:03}.png" for n in range(4)]
    dented, good = found["images"]
    assert (dented["path"], good["path"]) == ("test/dent/000.png", "test/good/000.png")
    assert (dented["exceeds"], dented["boxes"]) == (True, 1)
    assert (dented["threshold"], dented["text_score"]) == (found["threshold"], None)
    assert (good["exceeds"], good["boxes"]) == (False, 0)
    assert dented["image_score"] > found["threshold"] >= good["image_score"]
    for row, place in ((dented, "dent/000"), (good, "good/000")):
        assert row["map"] == str(out / f"maps/few-shot/plate/{place}.tiff")
        values = tifffile.imread(row["map"])
        assert (values.shape, values.dtype) == ((96, 128), np.float16)
        assert values.max() == pytest.approx(row["highest"], rel=0.02)
        assert read_image(row["picture"]).pixels.shape == (96, 128, 3)
    y, x = np.unravel_index(np.argmax(tifffile.imread(dented["map"])), (96, 128))
    assert DEFECT[0].start <= y < DEFECT[0].stop
    assert DEFECT[1].start <= x < DEFECT[1].stop


def test_the_picture_shows_the_map_where_it_is_high_and_the_image_elsewhere(shell, category, tmp_path):
    found = shell("map", category, "--method", "few-shot", "--out", tmp_path / "out", "--json").json
    image = read_image(category / "test/dent/000.png").pixels.astype(int)
    picture = read_image(found["images"][0]["picture"]).pixels.astype(int)
    assert picture[44, 64].sum() > 450  # the bright end of inferno
    assert np.abs(picture[80:, 100:] - image[80:, 100:]).max() < 40


def test_people_get_a_table(shell, category, tmp_path):
    outcome = shell("map", category, "--method", "few-shot", "--out", tmp_path / "out")
    heading, dented, good, last = outcome.out.splitlines()
    assert heading.split()[:3] == ["image", "score", "highest"]
    assert dented.split()[3:5] == ["yes", "1"]
    assert good.split()[3:5] == ["no", "0"]
    assert last.startswith("Threshold 0.")


def test_one_image_takes_the_normal_images_of_its_category(shell, category, tmp_path):
    out = tmp_path / "out"
    image = category / "test/dent/000.png"
    found = shell("map", image, "--method", "few-shot", "--shots", "2", "--out", out, "--json").json
    assert len(found["references"]["paths"]) == 2
    assert [row["map"] for row in found["images"]] == [str(out / "000.tiff")]
    assert sorted(path.name for path in out.iterdir()) == ["000.png", "000.tiff"]


def test_normal_images_may_lie_anywhere(shell, category, tmp_path):
    alone = tmp_path / "photo.png"
    (category / "test/dent/000.png").rename(alone)
    outcome = shell("map", alone, "--method", "few-shot", "--out", tmp_path / "out")
    assert outcome.status == 1
    assert outcome.error == (
        f"{alone} comes with no normal images to compare with: give a folder of them with --reference."
    )
    for reference in (category / "train/good", category / "train", category, category / "train/good/000.png"):
        arguments = ("--reference", reference, "--out", tmp_path / "out", "--json")
        found = shell("map", alone, "--method", "few-shot", *arguments).json
        assert found["images"][0]["exceeds"] is True
        assert all("train/good" in path for path in found["references"]["paths"])


def test_a_random_choice_follows_the_seed(shell, category, tmp_path):
    def chosen(*arguments):
        command = ("map", category, "--method", "few-shot", "--shots", "2", "--out", tmp_path / "out", "--json")
        return shell(*command, *arguments).json["references"]["paths"]

    assert chosen() == chosen("--seed", "5")
    drawn = {tuple(chosen("--random", "--seed", seed)) for seed in range(6)}
    assert len(drawn) > 1
    assert chosen("--random", "--seed", "3") == chosen("--random", "--seed", "3")


def test_fewer_normal_images_than_asked_for_are_all_taken_and_told(shell, category, tmp_path):
    outcome = shell("map", category, "--method", "few-shot", "--shots", "9", "--out", tmp_path / "out", "--json")
    assert outcome.err == "There are 4 normal images, fewer than 9: all of them are compared with.\n"
    assert outcome.json["remarks"] == [outcome.err.strip()]
    assert len(outcome.json["references"]["paths"]) == 4


def test_a_reference_is_not_compared_with_itself_and_that_is_told(shell, category, tmp_path):
    image = category / "train/good/001.png"
    outcome = shell("map", image, "--method", "few-shot", "--out", tmp_path / "out", "--json")
    assert outcome.err == f"{image}: This image is one of the references; it is not compared with itself.\n"
    assert outcome.json["images"][0]["remarks"] == [
        "This image is one of the references; it is not compared with itself."
    ]
    outcome = shell("map", image, "--method", "few-shot", "--reference", image, "--quiet", "--out", tmp_path / "out")
    assert (outcome.status, outcome.out) == (1, "")
    assert "choose others" in outcome.error


def test_references_that_can_not_be_read_are_told_and_left_out(shell, category, tmp_path):
    (category / "train/good/000.png").write_bytes(b"")
    outcome = shell("map", category, "--method", "few-shot", "--out", tmp_path / "out", "--json")
    (line,) = outcome.err.splitlines()
    assert line.startswith("Left out of the normal images: ")
    for path in (category / "train/good").iterdir():
        path.write_bytes(b"no image")
    outcome = shell("map", category, "--method", "few-shot", "--quiet", "--out", tmp_path / "out")
    assert "There is no normal image to compare with" in outcome.error


def test_an_image_that_can_not_be_read_does_not_stop_the_others(shell, category, tmp_path):
    (category / "test/dent/000.png").write_bytes(b"")
    outcome = shell("map", category, "--method", "few-shot", "--out", tmp_path / "out", "--json")
    assert outcome.status == 0
    assert outcome.err.startswith("No map for plate/test/dent/000.png: ")
    broken, good = outcome.json["images"]
    assert broken["error"]
    assert (broken["map"], good["error"]) == (None, None)
    outcome = shell("map", category / "test/dent/000.png", "--method", "few-shot", "--out", tmp_path / "out")
    assert (outcome.status, outcome.out) == (1, "")
    assert "000.png" in outcome.error


@pytest.mark.parametrize("size", [(96, 128), (40, 300), (1, 1)])
def test_an_image_of_one_colour_is_mapped_and_told(shell, category, tmp_path, size):
    save(tmp_path / "gray.png", np.full((*size, 3), 99, np.uint8))
    arguments = ("--reference", category / "train/good", "--out", tmp_path / "out", "--json")
    outcome = shell("map", tmp_path / "gray.png", "--method", "few-shot", *arguments)
    assert outcome.status == 0, outcome.err
    assert "This image has one colour all over" in outcome.err
    values = tifffile.imread(tmp_path / "out/gray.tiff")
    assert values.shape == size
    assert np.isfinite(values).all()
    json.dumps(outcome.json, allow_nan=False)


def test_two_images_of_one_name_both_keep_their_maps(shell, category, tmp_path):
    save(category / "test/dent/000.bmp", surface(12))
    found = shell("map", category, "--method", "few-shot", "--out", tmp_path / "out", "--json").json
    written = [row["map"] for row in found["images"]]
    assert len(set(written)) == 3
    assert all(Path(path).exists() for path in written)


@pytest.mark.parametrize("out", ["test/dent", "train/good", "ground_truth/dent"])
def test_no_image_is_ever_written_over(shell, category, out):
    (category / "ground_truth/dent/000_mask.png").rename(category / "ground_truth/dent/000.png")
    before = (category / out / "000.png").read_bytes()
    outcome = shell("map", category / "test/dent/000.png", "--method", "few-shot", "--out", category / out)
    assert outcome.status == 1
    assert "would be written over" in outcome.error
    assert (category / out / "000.png").read_bytes() == before


def test_what_can_not_be_done_is_one_sentence_before_any_work(shell, category, tmp_path, segmenter):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("a file")
    save(tmp_path / "two/one/train/good/0.png", surface(0))
    save(tmp_path / "two/other/train/good/0.png", surface(0))
    save(tmp_path / "blocked/maps", surface(0), "PNG")
    (tmp_path / "taken/000.tiff").mkdir(parents=True)
    few_shot = ("--method", "few-shot", "--out", tmp_path / "out")
    for arguments, message in (
        ((category, "--method", "sam-lad", "--out", tmp_path / "out"), "is not there yet"),
        (
            (category, "--method", "magic", "--out", tmp_path / "out"),
            "There is no map “magic”: choose one of few-shot, clip, simplenet, sam2sim.",
        ),
        ((category, *few_shot, "--shots", "0"), "0 normal images were asked for; ask for at least 1."),
        ((category, *few_shot, "--rotations", "0"), "0 angles"),
        ((category, *few_shot, "--backbone", "nope"), "There is no backbone “nope”"),
        ((category, *few_shot, "--preset", "nope"), "preset “nope”"),
        ((category, *few_shot, "--model", "nope"), "There is no model “nope”"),
        ((category, *few_shot, "--reference", tmp_path / "nowhere"), f"There is no folder {tmp_path / 'nowhere'}"),
        ((category, *few_shot, "--reference", tmp_path / "empty"), "holds no images"),
        ((category, *few_shot, "--reference", tmp_path / "two"), "holds 2 categories"),
        ((tmp_path / "two", *few_shot), "holds 2 categories"),
        ((tmp_path / "two/one", *few_shot), "has no test images"),
        ((tmp_path / "nowhere", *few_shot), "There is no file or folder"),
        ((category, *few_shot, "--object", "plate"), "--object belongs to --method clip, not to few-shot"),
        ((category, *few_shot, "--clip", "vit_b_16"), "--clip belongs to --method clip, not to few-shot"),
        ((category, "--method", "few-shot", "--out", tmp_path / "file"), "is a file, not a folder"),
        ((category, "--method", "few-shot", "--out", tmp_path / "blocked"), "blocked/maps is a file, not a folder"),
        (
            (category / "test/dent/000.png", "--method", "few-shot", "--out", tmp_path / "taken"),
            "000.tiff is a folder, and a file of that name is to be written",
        ),
    ):
        outcome = shell("map", *arguments)
        assert (outcome.status, outcome.out) == (1, ""), arguments
        assert message in outcome.error
    assert segmenter.embedded == 0
    assert not (tmp_path / "out").exists()


def test_a_folder_that_takes_no_file_is_told_before_any_work(shell, category, tmp_path, segmenter, monkeypatch):
    """As of a drive that is read-only, where permissions say otherwise."""

    def refuse(**how):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    outcome = shell("map", category, "--method", "few-shot", "--out", tmp_path / "out")
    assert outcome.status == 1
    assert outcome.error == (
        f"No file can be made in the folder {tmp_path} (read-only file system): give another --out."
    )
    assert segmenter.embedded == 0


def test_missing_weights_of_a_backbone_are_told_with_what_to_do(shell, category, tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "weights"))
    arguments = ("--backbone", "dinov2", "--out", tmp_path / "out")
    outcome = shell("map", category, "--method", "few-shot", *arguments)
    assert (outcome.status, outcome.out) == (1, "")
    for part in ("88 MB", "Apache-2.0", "models get dinov2", str(tmp_path / "weights"), "“sam” needs none"):
        assert part in outcome.error
    assert BACKBONES["dinov2"].title in outcome.error


def test_the_real_model_finds_a_chip(shell, mobile_sam, samples, tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "load_segmenter", loader(mobile_sam))
    image = samples / "tablet/test/chip/000.jpg"
    arguments = ("--method", "few-shot", "--shots", "2", "--rotations", "1", "--out", tmp_path, "--json")
    outcome = shell("map", image, *arguments)
    (row,) = outcome.json["images"]
    assert row["exceeds"]
    assert row["boxes"] >= 1
    values = tifffile.imread(row["map"]).astype(np.float32)
    truth = read_mask(samples / "tablet/ground_truth/chip/000_mask.png", width=values.shape[1], height=values.shape[0])
    y, x = np.unravel_index(np.argmax(values), values.shape)
    assert truth[max(0, y - 20) : y + 20, max(0, x - 20) : x + 20].any()
