import numpy as np
import pytest

from sam_inspector.foreground.compositing import IMAGENET_MEAN_RGB, insert_background, remove_background
from tests.foreground.floods import disk_on_noise


def backgrounds():
    rng = np.random.default_rng(5)
    return rng.integers(0, 256, (320, 320, 3), np.uint8), np.zeros((320, 320, 3), np.uint8)


def test_with_a_perfect_mask_the_network_sees_no_background():
    pixels, disk = disk_on_noise()
    one, other = (
        remove_background(insert_background(pixels, disk, background, feather_px=0), disk)
        for background in backgrounds()
    )
    assert np.array_equal(one, other)
    assert np.array_equal(one, remove_background(pixels, disk))


def test_a_soft_edge_reaches_four_blurs_in():
    pixels, disk = disk_on_noise()
    _, inner = disk_on_noise(radius=80 - 6)
    one, other = (insert_background(pixels, disk, background, feather_px=1) for background in backgrounds())
    assert np.array_equal(remove_background(one, inner), remove_background(other, inner))
    assert not np.array_equal(remove_background(one, disk), remove_background(other, disk))
    _, outer = disk_on_noise(radius=80 + 6)
    assert np.array_equal(one[~outer], backgrounds()[0][~outer])


def test_the_edge_is_mixed_by_hand():
    mask = np.zeros((9, 40), bool)
    mask[:, :20] = True
    white, black = np.full((9, 40, 3), 255, np.uint8), np.zeros((9, 40, 3), np.uint8)
    row = insert_background(white, mask, black, feather_px=1)[4, :, 0]
    # The normal distribution's sum up to half a pixel beside the edge is 0.69.
    assert row[19] == pytest.approx(0.69 * 255, abs=3)
    assert row[20] == pytest.approx(0.31 * 255, abs=3)
    assert list(row[:15]) == [255] * 15
    assert list(row[25:]) == [0] * 15
    assert np.all(np.diff(row.astype(int)) <= 0)


@pytest.mark.parametrize("feather_px", [0, 1, 3.5])
def test_masks_that_leave_nothing_to_mix(feather_px):
    pixels, _ = disk_on_noise()
    background = backgrounds()[0]
    everything, nothing = np.ones((320, 320), bool), np.zeros((320, 320), bool)
    assert np.array_equal(insert_background(pixels, everything, background, feather_px=feather_px), pixels)
    assert np.array_equal(insert_background(pixels, nothing, background, feather_px=feather_px), background)
    assert np.array_equal(remove_background(pixels, everything), pixels)
    assert (remove_background(pixels, nothing) == IMAGENET_MEAN_RGB).all()


def test_the_fill_is_nearly_nothing_to_a_network():
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    assert np.abs((np.array(IMAGENET_MEAN_RGB) / 255 - mean) / std).max() < 0.01


def test_what_is_given_is_left_as_it_is():
    pixels, disk = disk_on_noise()
    kept = pixels.copy()
    filled = remove_background(insert_background(pixels, disk, backgrounds()[1]), disk, (1, 2, 3))
    assert np.array_equal(pixels, kept)
    assert filled.dtype == np.uint8
    assert filled.flags.c_contiguous
    assert list(filled[0, 0]) == [1, 2, 3]
