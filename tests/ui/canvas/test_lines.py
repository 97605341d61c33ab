"""Outlines are thinner where a defect is small on screen."""

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from sam_inspector.ui.canvas.lines import STEPS, dashed_lines, edge_lines
from sam_inspector.ui.canvas.outlines import Outline
from sam_inspector.ui.canvas.prompt_items import paint_box


def covered(lines):
    line, rim = lines % STEPS, lines // STEPS
    return int(line.sum()), int(rim.sum())


def test_a_thin_edge_covers_about_half():
    coverage = np.zeros((60, 60), np.uint8)
    cv2.circle(coverage, (30, 30), 18, 255, -1)
    usual, thin = covered(edge_lines(coverage, 1.0)), covered(edge_lines(coverage, 1.0, thin=True))
    for whole, half in zip(usual, thin, strict=True):
        assert 0.3 * whole < half < 0.75 * whole


def test_thin_dashes_cover_far_less_and_are_still_there():
    outline = Outline(np.array([[5.0, 5.0], [95.0, 5.0], [95.0, 55.0]]), np.array([True, False, False]))
    matrix = np.array([[1.0, 0, 0], [0, 1.0, 0]])
    usual, thin = (covered(dashed_lines(outline, matrix, (100, 60), 1.0, thin=thin)) for thin in (False, True))
    for whole, half in zip(usual, thin, strict=True):
        assert 0.2 * whole < half < 0.8 * whole, (usual, thin)


@pytest.mark.parametrize(("thin", "dark"), [(False, range(4, 7)), (True, range(1, 4))])
def test_a_thin_box_leaves_more_of_the_image(thin, dark):
    image = QImage(40, 40, QImage.Format.Format_RGB32)
    image.fill(0x808080)
    painter = QPainter(image)
    paint_box(painter, QRectF(10, 10, 20, 20), thin=thin)
    painter.end()
    changed = sum(image.pixel(x, 20) != 0xFF808080 for x in range(20))
    assert changed in dark
