import cv2
import numpy as np
import pytest

from sam_inspector.core.errors import PromptError
from sam_inspector.core.geometry import (
    check_prompts,
    clip_box,
    components,
    deepest_point,
    pixel_to_view,
    view_to_pixel,
)
from sam_inspector.core.prompts import Prompt, Prompts


def test_the_centre_of_a_pixel_is_an_integer():
    assert view_to_pixel(10.5, 20.5) == (10.0, 20.0)
    assert pixel_to_view(*view_to_pixel(3.25, 7.75)) == (3.25, 7.75)


def test_components_of_a_wide_image_have_x_before_y():
    mask = np.zeros((300, 500), bool)
    mask[10:13, 400:490] = True
    (only,) = components(mask)
    assert (only.number, only.box, only.area) == (1, (400, 10, 489, 12), 270)
    assert only.mask.shape == (3, 90)
    assert deepest_point(only) == (445.0, 11.0)


def test_components_are_numbered_by_their_first_pixels():
    mask = np.zeros((8, 12), bool)
    mask[0, 9] = mask[1, 0] = mask[1, 4] = mask[5, 2] = True
    assert [(part.number, part.box[:2]) for part in components(mask)] == [
        (1, (9, 0)), (2, (0, 1)), (3, (4, 1)), (4, (2, 5)),
    ]  # fmt: skip
    # Of two regions that begin in the same row, the box does not tell which has the first pixel.
    hook = np.array([[0, 0, 0, 1, 1], [0, 0, 0, 0, 1], [1, 1, 1, 1, 1]], bool)
    hook = np.hstack([hook, np.zeros((3, 1), bool)])
    hook[0, 1] = True
    assert [part.box for part in components(hook)] == [(1, 0, 1, 0), (0, 0, 4, 2)]


@pytest.mark.parametrize("seed", range(3))
def test_components_cover_the_mask_once_in_order(seed):
    mask = np.random.default_rng(seed).random((61, 83)) < 0.25
    labels = np.zeros(mask.shape, int)
    for part in components(mask):
        x0, y0, x1, y1 = part.box
        window = labels[y0 : y1 + 1, x0 : x1 + 1]
        assert not np.any(window[part.mask])
        window[part.mask] = part.number
        assert part.mask.any(axis=0)[[0, -1]].all()
        assert part.mask.any(axis=1)[[0, -1]].all()
        assert part.area == part.mask.sum()
    assert np.array_equal(labels > 0, mask)
    first = [np.flatnonzero(labels == number)[0] for number in range(1, labels.max() + 1)]
    assert first == sorted(first)


def test_touching_corners_join_and_small_regions_can_be_left_out():
    mask = np.eye(4, dtype=bool)
    mask = np.pad(mask, ((0, 0), (0, 3)))
    mask[0, 6] = True
    assert [part.area for part in components(mask)] == [4, 1]
    assert [(part.number, part.area) for part in components(mask, min_area=2)] == [(1, 4)]
    assert components(np.zeros((5, 5), bool)) == []
    assert components(np.ones((5, 7), bool))[0].box == (0, 0, 6, 4)


def test_deepest_point_lies_inside_where_the_centre_of_mass_does_not():
    ring = np.ones((30, 40), bool)
    ring[5:25, 5:35] = False
    (part,) = components(ring)
    x, y = deepest_point(part)
    assert ring[int(y), int(x)]


def test_deepest_point_of_a_corner_region_keeps_off_the_border():
    mask = np.zeros((50, 50), bool)
    mask[:9, :9] = True
    assert deepest_point(components(mask)[0]) == (4.0, 4.0)


def test_deepest_point_of_a_scratch_is_its_middle():
    mask = np.eye(61, dtype=bool)
    assert deepest_point(components(mask)[0]) == (30.0, 30.0)


def test_deepest_point_of_one_pixel_is_that_pixel():
    mask = np.zeros((5, 9), bool)
    mask[4, 8] = True
    assert deepest_point(components(mask)[0]) == (8.0, 4.0)


def prompt(**fields):
    return Prompts((Prompt(**fields),))


@pytest.mark.parametrize("point", [(0, 0), (-0.5, -0.5), (11.5, 7.5), (11, 7)])
def test_points_up_to_the_pixels_edges_are_inside(point):
    check_prompts(prompt(points=(point,), labels=(1,)), 12, 8)


@pytest.mark.parametrize("point", [(-1, 0), (12, 0), (0, 8), (7, 11), (float("nan"), 1), (1, float("inf"))])
def test_points_outside_are_refused(point):
    with pytest.raises(PromptError, match="lies outside the image, which is 12 × 8 pixels"):
        check_prompts(prompt(points=(point,), labels=(1,)), 12, 8)


@pytest.mark.parametrize("box", [(0, 0, 12, 7), (-1, 0, 5, 5), (0, 0, 5, 9), (0, 0, 5, float("nan"))])
def test_boxes_outside_are_refused(box):
    with pytest.raises(PromptError, match="reaches outside the image"):
        check_prompts(prompt(box=box), 12, 8)


def test_a_box_without_area_is_refused_by_hand_only():
    with pytest.raises(PromptError, match="has no area"):
        check_prompts(prompt(box=(3, 3, 3, 6)), 12, 8)
    check_prompts(prompt(box=(3, 3, 3, 6), source="gt"), 12, 8)
    with pytest.raises(PromptError, match="wrong order"):
        check_prompts(prompt(box=(3, 3, 2, 6), source="gt"), 12, 8)


def test_the_published_box_of_the_whole_image_is_taken_from_generators_only():
    check_prompts(prompt(box=(0, 0, 12, 8), source="gt"), 12, 8)
    with pytest.raises(PromptError, match="outside"):
        check_prompts(prompt(box=(0, 0, 12.5, 8), source="gt"), 12, 8)


def test_clip_box():
    assert clip_box((-3, 2, 40, 5), 12, 8) == (0, 2, 11, 5)


def test_which_of_equally_deep_pixels_is_taken_does_not_hang_on_rounding(monkeypatch):
    """Distances are roots; OpenCV's differ in the last bit with where its buffers lie."""
    mask = np.zeros((24, 40), bool)
    mask[3:15, 4:34] = True
    (component,) = components(mask)
    steady = deepest_point(component)
    plain = cv2.distanceTransform
    for seed in range(5):
        rng = np.random.default_rng(seed)

        def jittered(*arguments, rng=rng):
            distance = plain(*arguments)
            return np.nextafter(distance, np.where(rng.random(distance.shape) < 0.5, 0, np.inf).astype(np.float32))

        monkeypatch.setattr(cv2, "distanceTransform", jittered)
        assert deepest_point(component) == steady
