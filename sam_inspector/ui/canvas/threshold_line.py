"""The line where a map crosses its threshold, as a path in scene coordinates."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath, QPolygonF

FINER = 4
"""The map is drawn smooth, so the line is traced on this many pixels for each of its own."""


def threshold_path(values: NDArray[np.float32], threshold: float, size: tuple[int, int]) -> QPainterPath:
    """Outline what lies above a threshold, holes included.

    Parameters
    ----------
    values
        float32 `(h, w)`, laid over the whole image.
    size
        `(width, height)` of the image.
    """
    rows, columns = values.shape
    finer = cv2.resize(values, (columns * FINER, rows * FINER), interpolation=cv2.INTER_LINEAR)
    lines, _ = cv2.findContours((finer > threshold).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    scale = np.array([size[0] / finer.shape[1], size[1] / finer.shape[0]])
    path = QPainterPath()
    for line in lines:
        path.addPolygon(QPolygonF([QPointF(x, y) for x, y in (line[:, 0] + 0.5) * scale]))
        path.closeSubpath()
    return path
