import numpy as np
import pytest
import tifffile
from PIL import Image

from sam_inspector.commands.segmenting import prompts_from_options
from sam_inspector.core.errors import InputError
from sam_inspector.core.prompts import Prompt


def read_mask(path):
    with Image.open(path) as mask:
        return np.array(mask)


def test_boxes_and_points_become_prompts():
    prompts = prompts_from_options(["12,13", "90,91.5"], ["14,15"], ["10,10,20,20"])
    assert prompts.items == (
        Prompt(box=(10, 10, 20, 20), points=((12, 13), (14, 15)), labels=(1, 0)),
        Prompt(points=((90, 91.5),), labels=(1,)),
    )


@pytest.mark.parametrize("text", ["1", "1,2,3", "a,b", "1,nan", "1,inf", "", "1 2"])
def test_numbers_that_are_none(text):
    with pytest.raises(InputError, match="X,Y"):
        prompts_from_options([text], [], [])


def test_a_mask_is_written_and_scored(shell, fake, part, image, tmp_path):
    out = tmp_path / "new" / "mask.png"
    truth = part / "ground_truth/dent/000_mask.png"
    outcome = shell("segment", image, "--box", "30,20,59,39", "--ground-truth", truth, "--out", out)
    assert outcome.status == 0
    assert "IoU 1.000, Dice 1.000" in outcome.out
    assert outcome.err == ""
    np.testing.assert_array_equal(read_mask(out), read_mask(truth))


def test_json_says_what_was_computed_and_by_what(shell, fake, image, tmp_path):
    arguments = ("segment", image, "--point", "40,30", "--out", tmp_path / "mask.png", "--seed", "7", "--json")
    found = shell(*arguments).json
    assert found["mask"] == str(tmp_path / "mask.png")
    assert found["size"] == [128, 96]
    assert found["model"] == {"name": "mobile_sam", "sha256": fake.spec.sha256}
    assert found["seed"] == 7
    assert found["prompts"][0]["points"] == [[40, 30]]
    assert found["scores"]["iou"] is None
    assert found["scores"]["mask_area"] == np.count_nonzero(read_mask(tmp_path / "mask.png"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--point", "128,3"), "The point (128, 3) lies outside the image, which is 128 × 96 pixels"),
        (("--point", "-1,3"), "lies outside the image"),
        (("--point", "40,30", "--exclude", "40,96"), "The point (40, 96) lies outside"),
        (("--box", "5,5,5,20"), "has no area"),
        (("--box", "20,20,5,5"), "has no area"),
        (("--box", "5,5,200,20"), "reaches outside the image"),
        (("--exclude", "3,3"), "There is nothing to look for"),
        ((), "There is nothing to look for"),
        (("--point", "40,30", "--model", "vit_x"), "There is no model “vit_x”"),
        (("--point", "40,30", "--ground-truth", "no.png"), "no.png"),
    ],
)
def test_bad_prompts_and_options_are_one_line(shell, fake, image, tmp_path, options, message):
    outcome = shell("segment", image, *options, "--out", tmp_path / "mask.png", "--json")
    assert (outcome.status, outcome.out) == (1, "")
    assert message in outcome.error
    assert fake.embedded == 0
    assert not (tmp_path / "mask.png").exists()


@pytest.mark.parametrize("device", ["tpu", "cuda:99", "mps"])
def test_a_device_that_is_not_there_is_one_line(shell, mobile_sam_weights, image, tmp_path, device):
    if device == "mps" and __import__("torch").backends.mps.is_available():
        device = "cuda"
    outcome = shell("segment", image, "--point", "3,3", "--out", tmp_path / "mask.png", "--device", device)
    assert outcome.status == 1
    assert "choose auto" in outcome.error


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.png", None, "There is no file"),
        ("zero.png", b"", "is empty (zero bytes)"),
        ("text.jpg", b"no image " * 50, "is not an image"),
    ],
)
def test_a_file_that_is_no_image_is_one_line(shell, fake, tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    outcome = shell("segment", tmp_path / name, "--point", "3,3", "--out", tmp_path / "mask.png")
    assert outcome.status == 1
    assert message in outcome.error


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "JPEG2000"])
def test_a_truncated_image_is_one_line(shell, fake, image, tmp_path, kind):
    whole, cut = tmp_path / "whole", tmp_path / "cut.png"
    Image.open(image).save(whole, kind)
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    outcome = shell("segment", cut, "--point", "3,3", "--out", tmp_path / "mask.png")
    assert outcome.status == 1
    assert "cut.png is damaged" in outcome.error


def test_all_kinds_of_pixels_are_segmented(shell, fake, image, tmp_path):
    rgb = Image.open(image)
    gray = np.array(rgb.convert("L"))
    rgb.convert("L").save(tmp_path / "gray.png")
    rgb.convert("RGBA").save(tmp_path / "rgba.png")
    rgb.convert("P").save(tmp_path / "palette.png")
    Image.fromarray(gray.astype(np.uint16) * 200).save(tmp_path / "deep.png")
    tifffile.imwrite(tmp_path / "float.tif", gray.astype(np.float32) / 7 - 3)
    Image.fromarray(gray[:1, :1]).save(tmp_path / "one.png")
    for name in ("gray.png", "rgba.png", "palette.png", "deep.png", "float.tif", "one.png"):
        outcome = shell("segment", tmp_path / name, "--point", "0,0", "--out", tmp_path / "mask.png", "--json")
        assert outcome.status == 0, outcome.err
        assert read_mask(tmp_path / "mask.png").shape == tuple(outcome.json["size"][::-1])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_prompt_mask_and_ground_truth_agree_for_every_exif_rotation(shell, fake, image, tmp_path, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    Image.open(image).save(tmp_path / "turned.jpg", exif=exif)
    width, height = (96, 128) if orientation > 4 else (128, 96)
    truth = np.zeros((height, width), np.uint8)
    truth[70:81, 20:41] = 255
    Image.fromarray(truth).save(tmp_path / "truth.png")
    arguments = ("--box", "20,70,40,80", "--ground-truth", tmp_path / "truth.png", "--out", tmp_path / "mask.png")
    found = shell("segment", tmp_path / "turned.jpg", *arguments, "--json").json
    assert found["size"] == [width, height]
    assert found["scores"]["iou"] == 1.0
    np.testing.assert_array_equal(read_mask(tmp_path / "mask.png"), truth)


def test_a_ground_truth_of_another_size_is_one_line(shell, fake, image, tmp_path):
    Image.new("L", (10, 10), 255).save(tmp_path / "truth.png")
    arguments = ("--point", "3,3", "--ground-truth", tmp_path / "truth.png", "--out", tmp_path / "mask.png")
    outcome = shell("segment", image, *arguments)
    assert outcome.status == 1
    assert "10 × 10 pixels, its image 128 × 96" in outcome.error


def test_a_ground_truth_without_defect_leaves_the_scores_open(shell, fake, image, tmp_path):
    Image.new("L", (128, 96), 0).save(tmp_path / "truth.png")
    arguments = ("segment", image, "--point", "3,3", "--ground-truth", tmp_path / "truth.png", "--out", tmp_path / "m")
    assert "nothing to score against" in shell(*arguments).out
    assert shell(*arguments, "--json").json["scores"]["iou"] is None


def test_an_output_that_can_not_be_written_is_told_before_the_work(shell, fake, image, tmp_path):
    (tmp_path / "file").write_text("a file")
    for out, message in (
        (tmp_path, f"is a folder: give --out the name of a file, as {tmp_path / '000_mask.png'}"),
        (tmp_path / "file" / "mask.png", "is a file, not a folder"),
    ):
        outcome = shell("segment", image, "--point", "3,3", "--out", out)
        assert outcome.status == 1
        assert message in outcome.error
    assert fake.embedded == 0


@pytest.mark.parametrize("name", ["000.png", "000"])
def test_the_image_is_never_written_over(shell, fake, image, name):
    before = image.read_bytes()
    outcome = shell("segment", image, "--point", "3,3", "--out", image.with_name(name))
    assert outcome.status == 1
    assert "would be written over" in outcome.error
    assert image.read_bytes() == before


def test_names_with_spaces_and_any_letters(shell, fake, image, tmp_path, monkeypatch):
    folder = tmp_path / "größe 3 ∅ 画像"
    folder.mkdir()
    (folder / "ein bild.png").write_bytes(image.read_bytes())
    monkeypatch.chdir(folder)
    outcome = shell("segment", "ein bild.png", "--point", "3,3", "--out", "masken/maske 1.png", "--json")
    assert outcome.json["mask"] == "masken/maske 1.png"
    assert (folder / "masken/maske 1.png").is_file()
