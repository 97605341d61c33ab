import cv2
import numpy as np
import pytest

from sam_inspector.core.errors import InputError
from sam_inspector.core.geometry import components
from sam_inspector.core.metrics.overlap import iou
from sam_inspector.core.metrics.ranking import rank_pixels
from sam_inspector.prompting.faithful_rules import (
    equalise_gray,
    fill_holes,
    merge_faithful,
    open_mask,
    truncated_centre_of_mass,
)


def square(side, shape=(60, 80), at=(15, 20)):
    mask = np.zeros(shape, bool)
    mask[at[0] : at[0] + side, at[1] : at[1] + side] = True
    return mask


def test_opening_erases_stripes_under_nine_pixels():
    """T14."""
    left = []
    for width in (7, 8, 9, 10):
        stripe = np.zeros((60, 80), bool)
        stripe[20 : 20 + width] = True
        left.append(int(open_mask(stripe).sum()) / 80)
    assert left == [0, 0, 9, 10]


@pytest.mark.parametrize(("side", "left"), [(8, 0), (9, 49), (10, 68), (12, 112), (20, 368)])
def test_opening_rounds_squares(side, left):
    """T14."""
    assert open_mask(square(side)).sum() == left


def test_opening_stays_within_the_mask_and_changes_nothing_twice():
    rng = np.random.default_rng(0)
    mask = cv2.GaussianBlur(rng.normal(size=(120, 90)), (0, 0), 5) > 0
    opened = open_mask(mask)
    assert not np.any(opened & ~mask)
    assert np.array_equal(open_mask(opened), opened)
    assert 0 < opened.sum() < mask.sum()


def test_gray_image_is_equalised_in_three_equal_channels():
    image = np.random.default_rng(1).integers(90, 120, (40, 70, 3)).astype(np.uint8)
    before = image.copy()
    result = equalise_gray(image)
    assert (result.shape, result.dtype) == (image.shape, np.uint8)
    assert np.array_equal(image, before)
    assert np.all(result == result[..., :1])
    assert (result.min(), result.max()) == (0, 255)


def test_gray_image_is_made_from_red_green_blue_in_this_order():
    # Green is brighter than red, red than blue; equalising keeps the order of the three.
    image = np.zeros((1, 3, 3), np.uint8)
    image[0, 0, 0] = image[0, 1, 1] = image[0, 2, 2] = 200
    red, green, blue = equalise_gray(image)[0, :, 0]
    assert green > red > blue


def test_filling_takes_holes_and_what_lies_in_them():
    mask = square(30)
    mask[20:40, 25:45] = False
    mask[28:32, 30:34] = True
    assert np.array_equal(fill_holes(mask), square(30))
    assert fill_holes(np.eye(5, dtype=bool)).sum() == 5


@pytest.mark.parametrize("seed", range(3))
def test_filled_regions_are_the_outer_contours(seed):
    rng = np.random.default_rng(seed)
    mask = cv2.GaussianBlur(rng.normal(size=(70, 90)), (0, 0), 2) > 0.05
    filled = fill_holes(mask)
    assert not np.any(mask & ~filled)
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    assert len(components(filled)) == len(contours)
    # A hole is a region of the rest, 4-connected, that does not reach the border.
    _, outside = cv2.connectedComponents(np.pad(~mask, 1, constant_values=True).astype(np.uint8), connectivity=4)
    assert np.array_equal(filled, (outside != outside[0, 0])[1:-1, 1:-1])


def c_shape():
    """A square of 30 × 30 with a notch of 25 columns and 20 rows, open to the right."""
    mask = square(30, (50, 60), (5, 5))
    mask[10:30, 10:35] = False
    return mask


def test_centre_of_mass_can_lie_outside():
    mask = c_shape()
    (part,) = components(mask)
    x, y = truncated_centre_of_mass(part)
    assert (x, y) == (16.0, 19.0)
    assert not mask[int(y), int(x)]


def hits_and_misses():
    """T17: 40 defect pixels of which 30 are hit, and 160 others of which 10 are falsely alarmed."""
    truth, hit = np.zeros(200, bool), np.zeros(200, bool)
    truth[:40] = True
    hit[:30] = hit[190:] = True
    return truth, hit


def test_binary_scores_give_the_mean_of_both_rates():
    truth, hit = hits_and_misses()
    assert rank_pixels(hit.astype(np.float32), truth).auroc == pytest.approx(0.84375)


def test_merged_scores_rank_like_the_mask():
    """T17 through the rule itself, scaled so that the opening takes only the regions' corners."""
    truth, hit = (np.kron(values.reshape(10, 20), np.ones((20, 20), bool)) for values in hits_and_misses())
    logits = []
    rng = np.random.default_rng(0)
    for part in components(open_mask(hit)):
        x0, y0, x1, y1 = part.box
        region = np.full(hit.shape, -8, np.float32)
        region[y0 : y1 + 1, x0 : x1 + 1][part.mask] = rng.uniform(0.2, 9, part.area)
        logits.append(region)
    assert len(logits) == 2
    mask, score_map = merge_faithful(logits)
    assert np.array_equal(mask, open_mask(hit))
    assert set(np.unique(score_map)) == {0.0, 37.0}
    truth_rates = (mask[truth].mean() + (~mask)[~truth].mean()) / 2
    assert rank_pixels(score_map, truth).auroc == pytest.approx(truth_rates)
    assert truth_rates == pytest.approx(0.84375, abs=0.01)


def test_one_region_keeps_its_full_logits():
    logits = np.where(square(8), 3, -2).astype(np.float32)
    mask, score_map = merge_faithful([logits])
    assert not mask.any()
    assert np.array_equal(score_map, logits)


def test_several_regions_are_united_and_their_inputs_kept():
    parts = [square(20), square(20, at=(25, 50)), square(20, at=(20, 25))]
    logits = [np.where(part, 0.05, -3).astype(np.float32) for part in parts]
    kept = [region.copy() for region in logits]
    mask, score_map = merge_faithful(logits)
    expected = open_mask(parts[0]) | open_mask(parts[1]) | open_mask(parts[2])
    assert iou(mask, expected) == 1.0
    assert np.array_equal(mask, score_map > 0)
    assert score_map[25, 30] == pytest.approx(2 * 0.05 * 255)
    assert all(np.array_equal(a, b) for a, b in zip(kept, logits, strict=True))


def test_no_region_is_refused():
    with pytest.raises(InputError, match="no region"):
        merge_faithful([])
