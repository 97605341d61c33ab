"""The parts of the view that tunes SAM, without a window: names, axes, and the pictures of masks."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QColor

from sam_inspector.engine.requests import PreviewMask
from sam_inspector.ui.file_thread import FileState
from sam_inspector.ui.tune.sam.choices import LONGEST_NAME, safe_name
from sam_inspector.ui.tune.sam.drawing import PICTURE_PX, DrawMasks, window
from sam_inspector.ui.tune.sam.held_out_chart import share_axis
from sam_inspector.ui.tune.sam.sentences import result_of
from tests.ui.tuned_files import manifest


@pytest.mark.parametrize(
    ("words", "name"),
    [("my defects", "my defects"), ("a/b\\c:d", "a-b-c-d"), (" .hidden. ", "hidden"), ("Größe 2.0", "Größe 2.0")],
)
def test_a_name_made_of_other_words_can_be_that_of_a_file(words, name):
    assert safe_name(words) == name


def test_a_long_name_is_cut():
    assert len(safe_name("x" * 200)) == LONGEST_NAME


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [((0.34, 0.645, 0.79), 0.2, 0.9), ((0.5, 0.5), 0.4, 0.6), ((0.0, 1.0), 0.0, 1.0), ((), 0.0, 1.0)],
)
def test_the_axis_holds_all_values_with_room_at_both_ends(values, low, high):
    found_low, found_high, ticks = share_axis(values)
    assert (found_low, found_high) == pytest.approx((low, high))
    assert [text for _, text in ticks] == [f"{value:.1f}" for value, _ in ticks]
    assert all(low <= value <= high for value, _ in ticks)


def test_the_window_holds_the_mask_and_lies_in_the_image():
    mask = np.zeros((100, 200), bool)
    mask[90:98, 180:199] = True
    x0, y0, x1, y1 = window(mask)
    assert (x1, y1) == (200, 100)
    assert x0 <= 180
    assert y0 <= 90
    assert (x1 - x0) / (y1 - y0) == pytest.approx(2, rel=0.06), "as the image"
    assert window(np.zeros((100, 200), bool)) == (0, 0, 200, 100)
    assert window(np.ones((100, 200), bool)) == (0, 0, 200, 100)


@pytest.fixture
def preview(tmp_path):
    """A gray image whose ground truth is its left half, found in full by the draft only."""
    path = tmp_path / "000.png"
    Image.fromarray(np.full((80, 80, 3), 100, np.uint8)).save(path)
    left, none = np.zeros((80, 80), bool), np.zeros((80, 80), bool)
    left[20:60, 10:50] = True
    return PreviewMask(path, none, none, left, 0.0, 0.0, left, 1.0)


def test_masks_are_filled_and_the_ground_truth_is_dashed(preview):
    pictures = DrawMasks(preview).run(FileState())
    assert pictures.before.width() == PICTURE_PX
    middle = pictures.before.rect().center()
    assert pictures.before.pixelColor(middle) == QColor(100, 100, 100), "nothing was found there"
    filled = pictures.draft.pixelColor(middle)
    assert filled.blue() > filled.red() + 40
    for picture in (pictures.before, pictures.draft, pictures.refined):
        colours = {picture.pixelColor(x, y).name() for x in range(0, PICTURE_PX, 2) for y in range(0, PICTURE_PX, 2)}
        assert any(QColor(name).red() > 200 and QColor(name).blue() < 120 for name in colours), "yellow"


@pytest.mark.parametrize("what", ["gone", "another size"])
def test_an_image_that_is_not_as_it_was_has_no_picture(preview, what):
    if what == "gone":
        preview.path.unlink()
    else:
        Image.fromarray(np.zeros((10, 10, 3), np.uint8)).save(preview.path)
    pictures = DrawMasks(preview).run(FileState())
    assert pictures.before.isNull()
    assert pictures.refined.isNull()


def test_the_result_is_what_held_out_images_gain():
    assert result_of(manifest("mobile_sam", 2), 12) == "box 0.645 → 0.760, point 0.340 → 0.585, epoch 2 of 12 kept"
    assert result_of(manifest("mobile_sam", 2, judged=False), 0) == "epoch 2 of 2 kept"
