"""A key as it looks on a keyboard, with what it does."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from sam_inspector.ui.panels.look import field, font_px, muted, outline

PAD = 5


def key_size(key: str) -> QSize:
    """Room a key takes."""
    metrics = QFontMetrics(font_px(11))
    height = metrics.height() + 3
    return QSize(max(height, metrics.horizontalAdvance(key) + 2 * PAD), height)


def draw_key(painter: QPainter, place: QRectF, key: str) -> None:
    """A key: a small framed letter."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(outline(), 1))
    painter.setBrush(field())
    painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 2.5, 2.5)
    painter.setFont(font_px(11))
    painter.setPen(muted())
    painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), key)
    painter.restore()


class KeyHint(QWidget):
    """One key and a few words."""

    def __init__(self, key: str, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key, self._words = key, words
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{key}: {words}")

    def sizeHint(self) -> QSize:  # noqa: D102
        key, metrics = key_size(self._key), QFontMetrics(font_px(12))
        return QSize(key.width() + 8 + metrics.horizontalAdvance(self._words) + 2, max(key.height(), 20))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        key = key_size(self._key)
        draw_key(painter, QRectF(0, (self.height() - key.height()) / 2, key.width(), key.height()), self._key)
        painter.setFont(font_px(12))
        painter.setPen(muted())
        room = self.rect().adjusted(key.width() + 8, 0, 0, 0)
        shown = painter.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), shown)
