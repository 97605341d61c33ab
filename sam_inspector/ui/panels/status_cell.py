"""One place in the status bar: a caption and a number, as wide as its widest number."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from sam_inspector.ui.panels.look import GAP, font_px, hairline, muted, text


class StatusCell(QWidget):
    """`Encode 312 ms`: the caption muted, the value in text; a thin line at the right.

    Parameters
    ----------
    sample
        The widest value; the cell keeps room for it, so that its neighbours never move.
    """

    def __init__(self, caption: str, sample: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._caption, self._sample = caption, sample
        self.value = "–"
        self.setToolTip(tip)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    def set_value(self, value: str) -> None:
        """Show another value."""
        if value != self.value:
            self.value = value
            self.setAccessibleName(f"{self._caption} {value}")
            self.update()

    def sizeHint(self) -> QSize:  # noqa: D102
        metrics = QFontMetrics(font_px(12))
        caption = metrics.horizontalAdvance(self._caption) + (6 if self._caption else 0)
        return QSize(caption + metrics.horizontalAdvance(self._sample) + 2 * GAP + 1, metrics.height() + 8)

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setFont(font_px(12))
        metrics = painter.fontMetrics()
        align = int(Qt.AlignmentFlag.AlignVCenter)
        room = self.rect().adjusted(GAP, 0, -GAP, 0)
        painter.setPen(muted())
        painter.drawText(room, align, self._caption)
        if self._caption:
            room.setLeft(room.left() + metrics.horizontalAdvance(self._caption) + 6)
        painter.setPen(muted() if "–" in self.value else text())
        painter.drawText(room, align, metrics.elidedText(self.value, Qt.TextElideMode.ElideRight, room.width()))
        painter.fillRect(self.width() - 1, 5, 1, self.height() - 10, hairline())
