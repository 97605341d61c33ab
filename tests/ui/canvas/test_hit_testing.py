import pytest

from sam_inspector.core.prompts import Prompt, PromptPart, Prompts
from sam_inspector.ui.canvas.hit_testing import EDGE_REACH_PX, POINT_REACH_PX, Hit, handles, hit_test

BOX = (100.0, 100.0, 300.0, 200.0)


@pytest.mark.parametrize("scale", [0.1, 1.0, 20.0])
def test_the_reach_of_a_point_is_in_screen_pixels(scale):
    prompts = Prompts((Prompt(points=((500.0, 500.0),), labels=(1,)),))
    reach = POINT_REACH_PX / scale
    assert hit_test(prompts, (500 + reach * 0.99, 500), scale) == Hit(PromptPart(0, 0))
    assert hit_test(prompts, (500 + reach * 1.01, 500), scale) is None


def test_the_nearest_point_wins_and_the_later_one_of_two_at_one_place():
    prompts = Prompts((Prompt(points=((10.0, 10.0), (16.0, 10.0), (16.0, 10.0)), labels=(1, 0, 1)),))
    assert hit_test(prompts, (11, 10), 1) == Hit(PromptPart(0, 0))
    prompts = Prompts((prompts.items[0], Prompt(points=((16.0, 10.0),), labels=(1,))))
    assert hit_test(prompts, (15, 10), 1) == Hit(PromptPart(1, 0))


def test_a_point_wins_over_the_box_under_it():
    prompts = Prompts((Prompt(box=BOX, points=((100.0, 100.0),), labels=(1,)),))
    assert hit_test(prompts, (100, 100), 1) == Hit(PromptPart(0, 0))


def test_the_inside_of_a_box_is_free():
    prompts = Prompts((Prompt(box=BOX),))
    assert hit_test(prompts, (150, 150), 1) is None
    assert hit_test(prompts, (150, 100 + EDGE_REACH_PX - 0.1), 1) == Hit(PromptPart(0))
    assert hit_test(prompts, (150, 100 - EDGE_REACH_PX - 0.1), 1) is None


def test_corners_and_middles_are_handles():
    prompts = Prompts((Prompt(box=BOX),))
    assert hit_test(prompts, (100, 100), 1) == Hit(PromptPart(0), (-1, -1))
    assert hit_test(prompts, (300, 150), 1) == Hit(PromptPart(0), (1, 0))


def test_small_boxes_have_fewer_handles_so_that_they_can_be_moved():
    assert len(handles(BOX, 1)) == 8
    assert set(handles(BOX, 0.2)) == {(-1, -1), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 1)}
    assert handles(BOX, 0.05) == {}
    assert hit_test(Prompts((Prompt(box=BOX),)), (100, 100), 0.05) == Hit(PromptPart(0))


def test_the_selected_box_wins_over_a_smaller_one():
    prompts = Prompts((Prompt(box=BOX), Prompt(box=(100.0, 100.0, 200.0, 150.0))))
    assert hit_test(prompts, (100, 100), 1) == Hit(PromptPart(1), (-1, -1))
    assert hit_test(prompts, (100, 100), 1, PromptPart(0)) == Hit(PromptPart(0), (-1, -1))
