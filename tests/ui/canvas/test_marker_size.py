"""Signs of points that are close together on screen: smaller, told apart, and grabbed where they are drawn."""

import time

import numpy as np
import pytest
from canvas_driver import CanvasDriver

from sam_inspector.core.prompts import Prompt, PromptPart, Prompts
from sam_inspector.ui import theme
from sam_inspector.ui.canvas.hit_testing import POINT_REACH_PX, Hit, hit_test
from sam_inspector.ui.canvas.marker_size import FULL_PX, SIZES_PX, SMALL_BELOW, MarkerSizes, nearest_distances

NEAR = Prompts((Prompt(points=((50.0, 50.0), (55.0, 50.0), (120.0, 50.0)), labels=(1, 0, 1)),))


@pytest.mark.parametrize("count", [0, 1, 2, 300])
def test_the_nearest_other_point(count):
    rng = np.random.default_rng(count)
    points = [tuple(place) for place in rng.integers(0, 40, (count, 2)).astype(float).tolist()]
    far = np.linalg.norm(np.array(points).reshape(-1, 1, 2) - np.array(points).reshape(1, -1, 2), axis=2)
    np.fill_diagonal(far, np.inf)
    expected = far.min(axis=1) if count else np.empty(0)
    assert nearest_distances(points) == pytest.approx(expected)


def test_thousands_of_points_do_not_hold_the_window_up():
    points = [tuple(place) for place in np.random.default_rng(0).uniform(0, 2000, (5000, 2)).tolist()]
    began = time.perf_counter()
    nearest_distances(points)
    assert time.perf_counter() - began < 1.0


def test_signs_shrink_before_they_overlap_and_not_without_need():
    sizes = MarkerSizes(NEAR)
    near, alone = NEAR.items[0].points[0], NEAR.items[0].points[2]
    for scale in (0.5, 1.0, 2.0, 2.5, 3.0, 4.0, 8.0):
        assert sizes.diameter(near, scale) in SIZES_PX
        fits = sizes.diameter(near, scale) + 2 <= 5 * scale
        assert fits or sizes.diameter(near, scale) == SIZES_PX[-1]
    assert sizes.diameter(near, 8.0) == FULL_PX
    assert sizes.diameter(near, 2.0) < FULL_PX
    assert sizes.diameter(alone, 1.0) == FULL_PX


def test_accepted_points_are_neighbours_too():
    alone = Prompts((Prompt(points=((50.0, 50.0),), labels=(1,)),))
    beside = Prompts((Prompt(points=((58.0, 50.0),), labels=(1,)),))
    assert MarkerSizes(alone).diameter((50.0, 50.0), 1.0) == FULL_PX
    assert MarkerSizes(alone, beside).diameter((50.0, 50.0), 1.0) < FULL_PX


def test_a_smaller_sign_is_hit_where_it_is_drawn():
    sizes = MarkerSizes(NEAR)
    reach = sizes.reach((50.0, 50.0), 1.0)
    assert reach < POINT_REACH_PX
    assert hit_test(NEAR, (50 - reach * 0.99, 50), 1.0, sizes=sizes) == Hit(PromptPart(0, 0))
    assert hit_test(NEAR, (50 - reach * 1.01, 50), 1.0, sizes=sizes) is None, "a click there makes a point"
    assert hit_test(NEAR, (52, 50), 1.0, sizes=sizes) == Hit(PromptPart(0, 0))
    assert hit_test(NEAR, (53, 50), 1.0, sizes=sizes) == Hit(PromptPart(0, 1))


def test_two_near_points_are_both_seen_and_the_pointer_brings_the_other_up(qtbot):
    driver = CanvasDriver(qtbot)
    driver.canvas.zoom_to(2)
    driver.canvas.center_on(60, 50)
    driver.show(NEAR)
    plus, minus = (np.array(_rgb(colour)) for colour in (theme.POSITIVE_POINT, theme.NEGATIVE_POINT))

    def seen(colour):
        x, y = (round(value) for value in driver.at((52.5, 50)).toTuple())
        image = driver.canvas.viewport().grab().toImage()
        places = [(x + dx, y + dy) for dx in range(-14, 15) for dy in range(-10, 11)]
        return sum(np.abs(np.array(image.pixelColor(*place).getRgb()[:3]) - colour).max() < 12 for place in places)

    assert seen(plus) > 15
    assert seen(minus) > 15
    hidden = Prompts((Prompt(points=((50.0, 50.0), (51.0, 50.0)), labels=(1, 0)),))
    driver.show(hidden)
    before = seen(plus)
    driver.move(driver.at((49.0, 50)))
    assert seen(plus) > before


def _rgb(colour):
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


def test_where_a_defect_is_small_on_screen_signs_are_smallest_and_as_easy_to_hit():
    alone = MarkerSizes(Prompts((Prompt(points=((50.0, 50.0),), labels=(1,)),)))
    assert alone.diameter((50.0, 50.0), SMALL_BELOW) == FULL_PX
    assert alone.diameter((50.0, 50.0), SMALL_BELOW - 0.01) == SIZES_PX[-1]
    assert alone.reach((50.0, 50.0), 0.1) == alone.reach((50.0, 50.0), 1.0)
