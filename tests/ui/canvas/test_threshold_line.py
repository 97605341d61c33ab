"""The outline of what lies above a threshold."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF

from sam_inspector.ui.canvas.threshold_line import threshold_path

SIZE = (400, 200)


@pytest.fixture
def values():
    """A map of 100 × 50 with a block of ones in columns 20 to 39 and rows 10 to 29."""
    made = np.zeros((50, 100), np.float32)
    made[10:30, 20:40] = 1
    return made


def test_the_line_lies_around_what_is_above_in_pixels_of_the_image(values):
    box = threshold_path(values, 0.5, SIZE).boundingRect()
    assert box.left() == pytest.approx(80, abs=2)
    assert box.top() == pytest.approx(40, abs=2)
    assert box.right() == pytest.approx(160, abs=2)
    assert box.bottom() == pytest.approx(120, abs=2)


def test_inside_is_inside_and_a_hole_is_not(values):
    values[15:25, 25:35] = 0
    path = threshold_path(values, 0.5, SIZE)
    assert path.contains(QPointF(90, 50))
    assert not path.contains(QPointF(120, 80))
    assert not path.contains(QPointF(200, 80))


def test_regions_get_a_line_each(values):
    values[40:45, 70:80] = 1
    path = threshold_path(values, 0.5, SIZE)
    assert len(path.toSubpathPolygons()) == 2


@pytest.mark.parametrize("threshold", [1.0, np.inf])
def test_nothing_above_gives_no_line(values, threshold):
    assert threshold_path(values, threshold, SIZE).isEmpty()


def test_everything_above_is_outlined_at_the_border(values):
    box = threshold_path(values, -1, SIZE).boundingRect()
    assert box.width() == pytest.approx(400, abs=2)
    assert box.height() == pytest.approx(200, abs=2)


def test_a_higher_threshold_draws_a_smaller_region():
    values = np.add.outer(-np.abs(np.arange(50) - 25.0), -np.abs(np.arange(100) - 50.0)).astype(np.float32)
    wide, narrow = (threshold_path(values, level, SIZE).boundingRect() for level in (-20, -10))
    assert wide.contains(narrow)
    assert narrow.width() < wide.width()
