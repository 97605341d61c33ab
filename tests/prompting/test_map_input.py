import numpy as np
import pytest

from sam_inspector.prompting.map_input import LIMIT, map_as_logits


def test_zero_at_the_threshold_and_clipped():
    values = np.full((256, 256), 0.5, np.float32)
    values[0, :5] = (0.5, 0.55, 0.6, 5.0, 0.0)
    found = map_as_logits(values, 0.5, (256, 256))
    assert found.dtype == np.float32
    assert found[0, :5] == pytest.approx((0, 2, LIMIT, LIMIT, -LIMIT), abs=1e-5)
    assert (found[1:] == 0).all()


@pytest.mark.parametrize("frame", [(256, 100), (60, 256), (1, 256), (256, 256)])
def test_what_shows_no_image_is_surely_no_defect(frame):
    found = map_as_logits(np.ones((40, 30), np.float32), 0.1, frame)
    assert found.shape == (256, 256)
    assert (found[: frame[0], : frame[1]] == LIMIT).all()
    assert (found == LIMIT).sum() == frame[0] * frame[1]
    assert (np.delete(found.ravel(), np.flatnonzero(found == LIMIT)) == -LIMIT).all()


def test_a_map_of_another_size_is_laid_over_the_whole_frame():
    values = np.zeros((10, 20), np.float32)
    values[:5, 10:] = 1
    found = map_as_logits(values, 0.5, (128, 256)) > 0
    expected = np.zeros((256, 256), bool)
    expected[:64, 128:] = True
    assert (found != expected).mean() < 0.01


@pytest.mark.parametrize("threshold", [0.0, -0.5])
def test_a_threshold_that_is_not_positive_is_no_division_by_zero(threshold):
    values = np.array([[threshold - 1, threshold + 1]], np.float32)
    found = map_as_logits(values, threshold, (1, 2))
    assert found[0, :2].tolist() == [-LIMIT, LIMIT]
