import cv2
import numpy as np
import pytest

from sam_inspector.core.errors import InputError
from sam_inspector.core.metrics.overlap import boundary_iou, dice, false_alarm_area, iou, precision, recall

ALL = (iou, dice, precision, recall, boundary_iou)


def rectangle(shape, rows, columns):
    mask = np.zeros(shape, bool)
    mask[slice(*rows), slice(*columns)] = True
    return mask


def test_half_overlapping_squares_by_hand():
    mask, truth = rectangle((20, 30), (0, 10), (0, 10)), rectangle((20, 30), (0, 10), (5, 25))
    assert iou(mask, truth) == pytest.approx(50 / 250)
    assert dice(mask, truth) == pytest.approx(100 / 300)
    assert precision(mask, truth) == pytest.approx(0.5)
    assert recall(mask, truth) == pytest.approx(0.25)
    assert false_alarm_area(mask, truth) == 50


def test_mean_and_pooled_iou_differ():
    """T3: a one-pixel hit counts as much as a large region in the mean, and next to nothing pooled."""
    small = rectangle((10, 20), (0, 1), (0, 1))
    truth = rectangle((10, 20), (0, 10), (0, 10))
    half = rectangle((10, 20), (0, 5), (0, 10))
    assert np.mean([iou(small, small), iou(half, truth)]) == pytest.approx(0.75)
    pooled = iou(np.concatenate([small, half]), np.concatenate([small, truth]))
    assert pooled == pytest.approx(51 / 101)


@pytest.mark.parametrize("metric", ALL)
def test_perfect_mask_is_one_and_both_empty_is_undefined(metric):
    truth = rectangle((40, 30), (5, 20), (3, 9))
    nothing = np.zeros((40, 30), bool)
    assert metric(truth, truth) == 1.0
    assert metric(nothing, nothing) is None


def test_one_side_empty():
    truth, nothing = rectangle((8, 8), (2, 5), (2, 5)), np.zeros((8, 8), bool)
    assert [metric(nothing, truth) for metric in ALL] == [0.0, 0.0, None, 0.0, 0.0]
    assert [metric(truth, nothing) for metric in ALL] == [0.0, 0.0, 0.0, None, 0.0]
    assert false_alarm_area(truth, nothing) == 9


@pytest.mark.parametrize("metric", [*ALL, false_alarm_area])
def test_other_size_is_refused_with_both_sizes(metric):
    with pytest.raises(InputError, match="6 × 4 and 4 × 6 pixels"):
        metric(np.zeros((4, 6), bool), np.zeros((6, 4), bool))


def reference_boundary_iou(mask, truth, share):
    """What the paper describes: rounds of 3 × 3 erosion on a mask framed by zeros."""
    rounds = max(1, round(share * np.hypot(*mask.shape)))

    def band(region):
        framed = cv2.copyMakeBorder(region.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
        return region & ~cv2.erode(framed, np.ones((3, 3), np.uint8), iterations=rounds)[1:-1, 1:-1].astype(bool)

    a, b = band(mask), band(truth)
    return (a & b).sum() / (a | b).sum()


@pytest.mark.parametrize("shape", [(300, 500), (130, 64), (3, 200)])
@pytest.mark.parametrize("share", [0.005, 0.02, 0.2])
def test_boundary_iou_equals_rounds_of_erosion(shape, share):
    rng = np.random.default_rng(7)
    field = cv2.GaussianBlur(rng.normal(size=shape), (0, 0), 6)
    smooth = cv2.GaussianBlur(field, (0, 0), 4)
    mask, truth = field > np.median(field), smooth > np.median(smooth)
    assert boundary_iou(mask, truth, share=share) == pytest.approx(reference_boundary_iou(mask, truth, share))
    full = np.ones(shape, bool)
    assert boundary_iou(full, truth, share=share) == pytest.approx(reference_boundary_iou(full, truth, share))


def test_boundary_iou_by_hand_and_sees_what_iou_does_not():
    # Diagonal 500 × .002 = 1 pixel: a 100 × 100 ring of 396 pixels against one shifted by a pixel sideways.
    mask = rectangle((300, 400), (100, 200), (100, 200))
    shifted = rectangle((300, 400), (100, 200), (101, 201))
    both = 2 * 99
    assert boundary_iou(mask, shifted, share=0.002) == pytest.approx(both / (2 * 396 - both))
    assert iou(mask, shifted) > 0.98


def test_boundary_of_a_full_image_is_its_frame():
    full = np.ones((300, 400), bool)
    inner = rectangle((300, 400), (10, 290), (10, 390))
    assert boundary_iou(full, inner) == 0.0  # the bands are 10 pixels wide
    assert boundary_iou(full, full) == 1.0
