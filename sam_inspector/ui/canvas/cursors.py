"""Cursors: a cross that is seen on any image, with a small ring while the image is being encoded."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QCursor, QPainter, QPen, QPixmap

from sam_inspector.ui import theme
from sam_inspector.ui.canvas.hit_testing import Handle

SIZE_PX = 32
CENTRE = QPointF(12, 12)
HANDLE_SHAPES = {
    (-1, -1): Qt.CursorShape.SizeFDiagCursor,
    (1, 1): Qt.CursorShape.SizeFDiagCursor,
    (1, -1): Qt.CursorShape.SizeBDiagCursor,
    (-1, 1): Qt.CursorShape.SizeBDiagCursor,
    (-1, 0): Qt.CursorShape.SizeHorCursor,
    (1, 0): Qt.CursorShape.SizeHorCursor,
    (0, -1): Qt.CursorShape.SizeVerCursor,
    (0, 1): Qt.CursorShape.SizeVerCursor,
}


def handle_cursor(handle: Handle | None) -> QCursor:
    """The cursor over a handle, or over a part that can be moved."""
    return QCursor(Qt.CursorShape.SizeAllCursor if handle is None else HANDLE_SHAPES[handle])


def tool_cursor(tool: str, *, busy: bool, ratio: float) -> QCursor:
    """The cursor of a tool; `ratio` is the screen's device pixels for one pixel of the layout."""
    if tool == "pan" and not busy:
        return QCursor(Qt.CursorShape.OpenHandCursor)
    return QCursor(_pixmap(tool, busy, ratio), int(CENTRE.x()), int(CENTRE.y()))


@lru_cache(maxsize=32)
def _pixmap(tool: str, busy: bool, ratio: float) -> QPixmap:
    made = QPixmap(round(SIZE_PX * ratio), round(SIZE_PX * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for colour, width in ((QColor(theme.RIM), 3.0), (QColor(theme.HALO), 1.25)):
        painter.setPen(QPen(colour, width))
        for step in (QPointF(1, 0), QPointF(-1, 0), QPointF(0, 1), QPointF(0, -1)):
            painter.drawLine(CENTRE + step * 2.5, CENTRE + step * (6 if busy else 9.5))
    _paint_mark(painter, tool)
    if busy:
        ring = QRectF(CENTRE.x() - 9, CENTRE.y() - 9, 18, 18)
        for colour, width in ((QColor(theme.RIM), 4.0), (QColor(theme.ACCENT), 2.0)):
            painter.setPen(QPen(colour, width))
            painter.drawArc(ring, 30 * 16, 270 * 16)
    painter.end()
    return made


def _paint_mark(painter: QPainter, tool: str) -> None:
    """What the tool makes, at the lower right of the cross."""
    place = QPointF(25.5, 25.5)
    colour = {"positive": theme.POSITIVE_POINT, "negative": theme.NEGATIVE_POINT}.get(tool)
    if colour is not None:
        painter.setPen(QPen(QColor(theme.RIM), 1))
        painter.setBrush(QColor(colour))
        painter.drawEllipse(place, 5, 5)
        painter.setPen(QPen(QColor(theme.RIM), 1.5))
        painter.drawLine(place - QPointF(3, 0), place + QPointF(3, 0))
        if tool == "positive":
            painter.drawLine(place - QPointF(0, 3), place + QPointF(0, 3))
    elif tool == "box":
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for line, width in ((QColor(theme.HALO), 3.0), (QColor(theme.RIM), 1.25)):
            painter.setPen(QPen(line, width))
            painter.drawRect(QRectF(place.x() - 5, place.y() - 4, 10, 8))
