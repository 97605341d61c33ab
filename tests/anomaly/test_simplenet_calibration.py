import numpy as np
import pytest

from sam_inspector.anomaly.simplenet.calibration import SimpleNetCalibration


def ramp(low, high, size=(50, 50)):
    return np.linspace(low, high, size[0] * size[1], dtype=np.float32).reshape(size)


def calibration(*maps):
    return SimpleNetCalibration(maps, tuple(f"{number}.png" for number in range(len(maps))))


def test_the_threshold_is_half_above_what_normal_images_reach():
    found = calibration(ramp(-1, 1), ramp(-1, 2))
    assert found.normal_high == pytest.approx((1 + 2) / 2, abs=5e-3)
    assert found.threshold == pytest.approx(found.normal_high + 0.5)


def test_where_nothing_normal_scores_high_the_threshold_is_one():
    for maps in ((ramp(-1, 0), ramp(-1, 0.4)), (ramp(-3, -2),)):
        assert calibration(*maps).threshold == 1


def test_colours_begin_in_the_middle_of_the_normal_and_reach_beyond_the_threshold():
    for maps in ((ramp(-1, 0), ramp(-1, 0.4)), (ramp(-3, -2),), (np.full((4, 4), -0.5, np.float32),)):
        found = calibration(*maps)
        low, high = found.display_range
        assert low == pytest.approx(float(np.median(np.concatenate([values.ravel() for values in maps]))), abs=1e-2)
        assert low < found.threshold < high


def test_an_image_unlike_the_others_is_named():
    usual = [ramp(-1, high) for high in (-0.4, -0.3, -0.2, 0.1, 0.3)]
    assert calibration(*usual).far == ()
    assert calibration(*usual[:2], ramp(-1, 5), *usual[2:]).far == ("2.png",)
    assert calibration(usual[0], ramp(-1, 5)).far == ()
