import numpy as np
import pytest

from sam_inspector.core.calibration import Calibration


def calibration(*maps):
    names = tuple(f"{number}.png" for number in range(len(maps)))
    return Calibration(tuple(np.asarray(values, np.float32).reshape(-1, 1) for values in maps), names)


HUNDRED = calibration(np.arange(101), 2 * np.arange(101))
"""Two references whose 99th percentiles are 99 and 198."""


def test_the_threshold_by_hand():
    assert HUNDRED.normal_high == pytest.approx(148.5)
    assert HUNDRED.threshold == pytest.approx(1.4 * 148.5)


def test_the_range_of_colours_by_hand():
    # 101 values of 0..100 and 101 of 0, 2, …, 200; the 102nd of them in ascending order: up to 67 there are
    # 68 + 34 = 102 of them.
    assert HUNDRED.display_range == pytest.approx((67.0, 3 * 148.5))


def test_the_share_below_by_hand():
    assert [HUNDRED.share_below(value) for value in (0, 1, 200.5)] == pytest.approx([0, 2 / 202, 1])


def test_maps_of_different_sizes_count_by_image_in_the_threshold():
    small, large = np.ones(10), np.zeros(10_000)
    assert calibration(small, large).normal_high == pytest.approx(0.5)


def test_constant_maps_leave_a_range_above_rounding():
    flat = calibration(np.zeros(9), np.zeros(9))
    assert flat.display_range == (0, 1 / 128)
    assert flat.threshold == 1 / 128, "rounding alone makes no prompt"


@pytest.mark.parametrize(
    ("highest", "far"),
    [
        ((1.0, 1.0, 1.39, 1.0), ()),
        ((1.0, 1.0, 1.51, 1.0), ("2.png",)),
        ((1.0, 3.0), ()),
        ((1.0, 1.0, 1.0, 1.55, 1.6), ("3.png", "4.png")),
        ((0.0, 0.0, 0.01), ()),  # of rounding alone
        ((0.0, 0.0, 0.02), ("2.png",)),
    ],
)
def test_references_unlike_the_others(highest, far):
    assert calibration(*([0, peak] for peak in highest)).far == far
