"""Regions of an image, and the prompts that tuning draws for them."""

import numpy as np
import pytest

from sam_inspector.methods.spt.marked import draw_prompt, mark
from sam_inspector.methods.spt.prompts import prompts_of_kind

SIZE = (120, 200)
FRAME = (154, 256)


@pytest.fixture
def mask():
    found = np.zeros(SIZE, np.bool_)
    found[20:60, 30:50] = True
    found[80:84, 150:190] = True
    return found


def test_a_region_for_each_connected_part(mask):
    marked = mark(mask, FRAME, 256)
    assert [region.box for region in marked.regions] == [(30, 20, 49, 59), (150, 80, 189, 83)]
    assert [region.area for region in marked.regions] == [800, 160]
    first = marked.regions[0]
    assert first.target.shape == (256, 256)
    assert not first.target[154:].any()
    # Cells of the target are 0.78 pixels wide: the area is kept.
    assert first.target.sum() * (120 / 154) * (200 / 256) == pytest.approx(800, rel=0.02)
    assert {tuple(pixel) for pixel in first.pixels} <= {(x, y) for x in range(30, 50) for y in range(20, 60)}


def test_all_defects_may_be_one_region(mask):
    (region,) = mark(mask, FRAME, 256, as_one=True).regions
    assert region.box == (30, 20, 189, 83)
    assert region.area == 960


def test_exact_prompts(mask):
    region = mark(mask, FRAME, 256).regions[0]
    rng = np.random.default_rng(0)
    assert draw_prompt(region, SIZE, "box", rng, jitters=False).box == region.box
    for kind, counts in (("point", {1}), ("points", {2, 3, 4, 5})):
        prompts = [draw_prompt(region, SIZE, kind, rng, jitters=False) for _ in range(40)]
        assert {len(prompt.points) for prompt in prompts} == counts
        assert all(mask[int(y), int(x)] for prompt in prompts for x, y in prompt.points)


def test_boxes_lie_a_little_beside_and_within_the_image(mask):
    mask[:5, :6] = True
    rng = np.random.default_rng(0)
    corner, first, _ = mark(mask, FRAME, 256).regions
    drawn = np.array([draw_prompt(first, SIZE, "box", rng, jitters=True).box for _ in range(200)])
    off = np.abs(drawn - np.array(first.box))
    # A tenth of 19 and of 39 pixels, and two more.
    assert (off.max(0) <= [3.9, 5.9, 3.9, 5.9]).all()
    assert (off.max(0) > 2).all()
    for _ in range(200):
        left, top, right, bottom = draw_prompt(corner, SIZE, "box", rng, jitters=True).box
        assert 0 <= left < right <= 199
        assert 0 <= top < bottom <= 119


def test_half_of_the_lone_points_are_the_deepest(mask):
    region = mark(mask, FRAME, 256).regions[0]
    rng = np.random.default_rng(0)
    points = [draw_prompt(region, SIZE, "point", rng, jitters=True).points[0] for _ in range(200)]
    assert 70 < points.count(region.deepest) < 130


def test_prompts_to_ask_with(mask):
    boxes = prompts_of_kind(mask, "box")
    assert [prompt.box for prompt in boxes.items] == [(30, 20, 49, 59), (150, 80, 189, 83)]
    assert all(not prompt.points for prompt in boxes.items)
    for kind, count in (("point", 1), ("points", 5)):
        prompts = prompts_of_kind(mask, kind).items
        assert all(prompt.box is None and len(prompt.points) == count for prompt in prompts)
