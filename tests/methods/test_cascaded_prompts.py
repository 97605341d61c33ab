import numpy as np
import pytest

from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.methods.cascaded_prompts import cascade_scores

MAP = AnomalyMap(np.float32([[1, 3], [2, 9]]), "test", 1.0, 5.0)
"""Brought to [0, 1] by its range: 0, 0.5, 0.25, and 1 for what lies beyond."""
LOGITS = np.float32([[0, np.log(3)], [-np.log(3), -100]])
"""Probabilities 0.5, 0.75, 0.25, 0."""


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("average", [[0.25, 0.625], [0.25, 0.5]]),
        ("product", [[0, 0.375], [0.0625, 0]]),
        ("mask", LOGITS),
    ],
)
def test_map_and_mask_rank_the_pixels_together(rule, expected):
    found = cascade_scores(MAP, LOGITS, rule)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found.dtype == np.float32


def test_the_map_is_laid_over_the_whole_image():
    logits = np.full((40, 60), -100, np.float32)
    found = cascade_scores(MAP, logits, "average")
    assert found.shape == (40, 60)
    assert found[0, 0] == pytest.approx(0, abs=1e-6)
    assert found[-1, -1] == pytest.approx(0.5)


def test_a_map_without_a_range_does_no_harm():
    flat = AnomalyMap(np.full((2, 2), 3, np.float32), "test", 3.0, 3.0)
    assert np.isfinite(cascade_scores(flat, LOGITS, "average")).all()
