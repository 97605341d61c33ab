"""A sentence on a pane: what it is at, or why there is nothing to see."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from sam_inspector.ui import icons, theme
from sam_inspector.ui.canvas.legend import PADDING, Legend
from sam_inspector.ui.panels.look import font_px, muted, text

WIDEST_PX = 340
ICON_PX = 16
MARGIN_PX = theme.GRID_PX


class MessageCard(Legend):
    """A card that the pointer goes through: small at the foot while something is computed, else in the middle."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._words, self._icon, self._colour = "", "info", ""
        self._is_small = False

    @property
    def words(self) -> str:
        """What it says; empty while it is hidden."""
        return self._words

    def say(self, words: str, *, icon: str = "info", colour: str = "", small: bool = False) -> None:
        """Say something, or nothing."""
        self._words, self._icon, self._colour, self._is_small = words, icon, colour, small
        self.setAccessibleName(words)
        self.setVisible(bool(words))
        self.place()
        self.update()

    def place(self) -> None:
        """Take the size and place that fit the view."""
        view = self.parentWidget()
        if not self._words or view is None:
            return
        room = min(WIDEST_PX, view.width() - 4 * MARGIN_PX) - 2 * PADDING - ICON_PX - 8
        flags = int(Qt.TextFlag.TextWordWrap)
        needed = self.fontMetrics().boundingRect(QRect(0, 0, max(room, 40), 10_000), flags, self._words)
        lines = max(needed.height(), ICON_PX)
        self.resize(needed.width() + 2 * PADDING + ICON_PX + 9, lines + PADDING + 4)
        if self._is_small:
            self.move(MARGIN_PX, view.height() - self.height() - MARGIN_PX)
        else:
            self.move((view.width() - self.width()) // 2, max(MARGIN_PX, (view.height() - self.height()) // 2))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter: QPainter = self.begin()
        painter.setFont(font_px(13))
        sign = QRect(PADDING - 2, (PADDING + 4) // 2, ICON_PX, ICON_PX)
        icons.icon(self._icon, self._colour or muted().name()).paint(painter, sign)
        painter.setPen(muted() if self._is_small else text())
        area = self.rect().adjusted(PADDING + ICON_PX + 6, (PADDING + 4) // 2, -PADDING + 2, 0)
        painter.drawText(area, int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop), self._words)
        painter.end()
