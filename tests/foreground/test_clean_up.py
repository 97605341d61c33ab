import cv2
import numpy as np
import pytest

from sam_inspector.foreground.clean_up import (
    clean_up,
    convex,
    grown,
    large_parts,
    without_holes,
    without_neighbours,
)
from sam_inspector.foreground.settings import CleanUpSettings

BARE = CleanUpSettings(least_component=0.01, fills_holes=False, closing_px=0, dilation_px=0, outline="as_found")


def with_boxes(*boxes, side=100):
    mask = np.zeros((side, side), bool)
    for x0, y0, x1, y1 in boxes:
        mask[y0:y1, x0:x1] = True
    return mask


def test_only_large_parts_stay():
    large, small, exact = (10, 10, 40, 40), (60, 60, 69, 71), (80, 10, 90, 20)  # 900, 99 and 100 of 10,000 pixels
    mask = with_boxes(large, small, exact)
    assert np.array_equal(large_parts(mask, 0.01), with_boxes(large, exact))
    assert np.array_equal(clean_up(mask, BARE), with_boxes(large, exact))
    assert not clean_up(with_boxes(small), BARE).any()
    assert not clean_up(with_boxes(small), CleanUpSettings()).any()


def test_a_part_in_anothers_box_does_not_take_it_along():
    ring = with_boxes((10, 10, 60, 60)) & ~with_boxes((12, 12, 58, 58))
    speck = with_boxes((30, 30, 33, 33))
    assert np.array_equal(large_parts(ring | speck, 0.01), ring)


def test_a_neighbour_in_a_corner_is_no_part():
    product, in_corner, at_side = (30, 30, 80, 80), (0, 85, 20, 100), (90, 30, 100, 60)
    mask = with_boxes(product, in_corner, at_side)
    assert np.array_equal(without_neighbours(mask, 0.5), with_boxes(product, at_side))
    assert np.array_equal(without_neighbours(mask, 0.1), mask)
    assert np.array_equal(clean_up(mask, BARE), with_boxes(product, at_side))
    half = with_boxes((0, 0, 40, 100), (60, 0, 100, 100))  # a product in two halves that fill the frame
    assert np.array_equal(without_neighbours(half, 0.5), half)


def test_holes_are_filled_and_bays_are_not():
    solid = with_boxes((20, 20, 60, 60))
    assert np.array_equal(without_holes(solid & ~with_boxes((30, 30, 40, 40))), solid)
    bay = solid & ~with_boxes((30, 20, 40, 40))
    assert np.array_equal(without_holes(bay), bay)
    # What the frame cuts is no hole, though the object is all around the rest of it.
    at_frame = with_boxes((0, 0, 60, 60)) & ~with_boxes((0, 30, 10, 40))
    assert np.array_equal(without_holes(at_frame), at_frame)
    # Two objects that touch at a corner enclose nothing that an edge leads out of.
    corners = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 0]], bool)
    assert without_holes(corners)[1, 1]
    assert without_holes(np.ones((4, 4), bool)).all()
    assert not without_holes(np.zeros((4, 4), bool)).any()


def test_a_narrow_gap_is_closed_and_what_it_shut_is_filled():
    settings = CleanUpSettings(closing_px=5, dilation_px=0, outline="as_found")
    ring = with_boxes((100, 100, 400, 400), side=512) & ~with_boxes((150, 150, 350, 350), side=512)
    slit = ring & ~with_boxes((248, 100, 251, 150), side=512)
    cleaned = clean_up(slit, settings)
    assert cleaned[200:300, 200:300].all()
    assert cleaned.sum() <= 300 * 300
    wide = ring & ~with_boxes((240, 100, 260, 150), side=512)
    assert not clean_up(wide, settings)[250, 250]


@pytest.mark.parametrize(("side", "grows_px"), [(512, 4), (1024, 8), (256, 2), (64, 1)])
def test_growth_goes_with_the_images_size(side, grows_px):
    quarter = side // 4
    mask = with_boxes((quarter, quarter, 3 * quarter, 3 * quarter), side=side)
    cleaned = clean_up(mask, CleanUpSettings(closing_px=0, dilation_px=4, outline="as_found"))
    assert cleaned[side // 2, quarter - grows_px]
    assert not cleaned[side // 2, quarter - grows_px - 1]
    assert grown(mask, grows_px)[side // 2, quarter - grows_px]


def test_the_convex_outline_takes_in_what_lies_between_parts():
    halves = with_boxes((10, 10, 40, 90), (60, 10, 90, 90))
    assert np.array_equal(convex(halves), with_boxes((10, 10, 90, 90)))
    settings = CleanUpSettings(closing_px=0, dilation_px=0, outline="convex")
    assert np.array_equal(clean_up(halves, settings), with_boxes((10, 10, 90, 90)))
    assert not convex(np.zeros((5, 5), bool)).any()
    one = np.zeros((5, 5), bool)
    one[2, 3] = True
    assert np.array_equal(convex(one), one)


def test_nothing_that_was_found_is_lost_but_specks():
    rng = np.random.default_rng(3)
    mask = cv2.GaussianBlur(rng.normal(size=(200, 150)).astype(np.float32), (0, 0), 8) > 0
    for outline in ("as_found", "convex"):
        cleaned = clean_up(mask, CleanUpSettings(least_in_corner=0, outline=outline))
        assert not (large_parts(mask, 0.01) & ~cleaned).any()
        assert cleaned.shape == mask.shape
