"""The line above a pane: what it shows, by menus, and how good that is."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from sam_inspector.ui import icons, theme
from sam_inspector.ui.panels.keyboard_focus import KeyboardFocus
from sam_inspector.ui.panels.labels import ElidedLabel
from sam_inspector.ui.panels.look import (
    GAP,
    RADIUS,
    accent,
    field,
    font_px,
    hairline,
    header_fill,
    hover_fill,
    muted,
    outline,
    text,
)

HEIGHT = 32
CARET_PX = 12


class LetterBadge(QWidget):
    """The letter that a pane goes by."""

    def __init__(self, letter: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.letter = letter
        self.setFixedSize(20, 20)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        draw_letter(painter, QRectF(self.rect()), self.letter)


def draw_letter(painter: QPainter, place: QRectF, letter: str) -> None:
    """A letter in a small frame."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(outline(), 1))
    painter.setBrush(field())
    painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
    painter.setPen(text())
    painter.setFont(font_px(12, bold=True))
    painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), letter)


class MenuButton(KeyboardFocus, QToolButton):
    """Words with a caret, which open a menu; what does not fit is cut at its end."""

    def __init__(self, *, bold: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bold = bold
        self.setFont(font_px(13, bold=bold))
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self.setMenu(menu)

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + CARET_PX + 15, 24)

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(min(self.sizeHint().width(), 52), 24)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse() or self.shows_focus or self.isDown():
            painter.setPen(QPen(accent(), 1) if self.shows_focus else Qt.PenStyle.NoPen)
            painter.setBrush(hover_fill())
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        room = self.rect().adjusted(5, 0, -CARET_PX - 6, 0)
        colour = text() if self._bold else muted()
        painter.setPen(colour)
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), shown)
        x = min(room.left() + self.fontMetrics().horizontalAdvance(shown) + 4, self.width() - CARET_PX - 3)
        caret = QRect(x, (self.height() - CARET_PX) // 2, CARET_PX, CARET_PX)
        icons.icon("down", muted().name()).paint(painter, caret)


class Figure(QWidget):
    """A muted word with a number, or only the number where there is little room."""

    def __init__(self, word: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._word, self._value = word, ""
        self._is_short = False
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @property
    def value(self) -> str:
        """The number as shown."""
        return self._value

    def set_value(self, value: str, tip: str = "") -> None:
        """Show another number; empty hides it."""
        self._value = value
        self.setToolTip(tip)
        self.setVisible(bool(value))
        self.updateGeometry()
        self.update()

    def set_short(self, is_short: bool) -> None:
        """Leave the word out."""
        if is_short != self._is_short:
            self._is_short = is_short
            self.updateGeometry()
            self.update()

    @property
    def _shown_word(self) -> str:
        return "" if self._is_short or not self._word else f"{self._word} "

    def sizeHint(self) -> QSize:  # noqa: D102
        value = QFontMetrics(font_px(13, bold=True)).horizontalAdvance(self._value)
        return QSize(self.fontMetrics().horizontalAdvance(self._shown_word) + value + 1, 24)

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        flags = int(Qt.AlignmentFlag.AlignVCenter)
        painter.setPen(muted())
        painter.setFont(self.font())
        painter.drawText(self.rect(), flags, self._shown_word)
        left = self.fontMetrics().horizontalAdvance(self._shown_word)
        painter.setPen(text())
        painter.setFont(font_px(13, bold=True))
        painter.drawText(self.rect().adjusted(left, 0, 0, 0), flags, self._value)


class BestMark(QWidget):
    """The sign of the pane with the highest IoU; only the icon where there is little room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_short = False
        self.setFont(font_px(12, bold=True))
        self.setToolTip("The highest IoU of the panes on this image")
        self.setAccessibleName("Best")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.hide()

    def set_short(self, is_short: bool) -> None:
        """Leave the word out."""
        if is_short != self._is_short:
            self._is_short = is_short
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:  # noqa: D102
        words = 0 if self._is_short else self.fontMetrics().horizontalAdvance("Best") + 4
        return QSize(words + 14 + 8, 20)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(BEST_FILL))
        painter.drawRoundedRect(QRectF(self.rect()), 3, 3)
        icons.icon("best", "#FFFFFF").paint(painter, QRect(4, 3, 14, 14))
        if not self._is_short:
            painter.setPen(QColor("white"))
            painter.drawText(self.rect().adjusted(22, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter), "Best")


BEST_FILL = "#00805D"
"""The green of what is right, dark enough for white words."""


class TitleBar(QWidget):
    """A band with widgets from the left and from the right; the right ones keep their size."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(max(HEIGHT, self.fontMetrics().height() + 14))
        self.parts: list[QWidget] = []
        self._is_best = False
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(GAP, 1, 6, 1)
        self._row.setSpacing(4)

    def set_best(self, is_best: bool) -> None:
        """Mark the pane."""
        self._is_best = is_best
        self.update()

    def add(self, *widgets: QWidget) -> None:
        """Put widgets after those that are there."""
        for widget in widgets:
            self._row.addWidget(widget)
            self.parts.append(widget)

    def add_gap(self) -> None:
        """Set apart what comes after it."""
        self._row.addSpacing(4)

    def add_stretch(self) -> None:
        """Those after it stand at the right."""
        self._row.addStretch(1)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.fillRect(self.rect(), header_fill())
        painter.fillRect(0, self.height() - 1, self.width(), 1, hairline())
        if self._is_best:
            painter.fillRect(0, 0, self.width(), 2, QColor(theme.TRUE_POSITIVE))


def caption(words: str) -> ElidedLabel:
    """Muted words that give way."""
    return ElidedLabel(words, tone="muted")
