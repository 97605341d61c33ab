"""The modes that make prompts, as a list of which one holds: a name and one line of what it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QFrame, QSizePolicy, QVBoxLayout, QWidget

from sam_inspector.ui.panels.keyboard_focus import KeyboardFocus
from sam_inspector.ui.panels.look import (
    GAP,
    accent,
    faint,
    field,
    font_px,
    hairline,
    hover_fill,
    muted,
    outline,
    selection_fill,
    text,
)

RADIO = 7.0


@dataclass(frozen=True, slots=True)
class ModeRow:
    """One way of making prompts.

    Attributes
    ----------
    name
        As the shell calls it.
    title, description
        Its words in the list: a name, and one line.
    default_points
        Number of points a region where that can be chosen; None where it can't.
    """

    name: str
    title: str
    description: str
    default_points: int | None = None


class _ModeButton(KeyboardFocus, QAbstractButton):
    """A radio button with two lines."""

    def __init__(self, row: ModeRow, parent: QWidget) -> None:
        super().__init__(parent)
        self.row = row
        self.setText(row.title)
        self.setToolTip(row.description)
        self.setCheckable(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        lines = QFontMetrics(font_px(13)).height() + QFontMetrics(font_px(12)).height()
        return QSize(160, max(40, lines + 11))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.isChecked():
            painter.fillRect(self.rect(), selection_fill())
        elif self.underMouse() and self.isEnabled():
            painter.fillRect(self.rect(), hover_fill())
        painter.fillRect(0, self.height() - 1, self.width(), 1, hairline())
        middle = QPointF(GAP + RADIO, self.height() / 2)
        painter.setPen(QPen(accent() if self.isChecked() else outline(), 1.4))
        painter.setBrush(accent() if self.isChecked() else field())
        painter.drawEllipse(middle, RADIO, RADIO)
        if self.isChecked():
            painter.setBrush(QColor("white"))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawEllipse(middle, RADIO * 0.42, RADIO * 0.42)
        self._draw_words(painter)
        if self.shows_focus:
            painter.setPen(QPen(accent(), 1, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -2.5))

    def _draw_words(self, painter: QPainter) -> None:
        left = int(GAP + 2 * RADIO + 10)
        room = self.width() - left - GAP
        upper, lower = font_px(13, bold=self.isChecked()), font_px(12)
        heights = QFontMetrics(upper).height(), QFontMetrics(lower).height()
        y = (self.height() - sum(heights) - 2) // 2
        for font, height, words, pen in (
            (upper, heights[0], self.row.title, text()),
            (lower, heights[1], self.row.description, muted()),
        ):
            painter.setFont(font)
            painter.setPen(pen if self.isEnabled() else faint())
            shown = QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideRight, room)
            painter.drawText(left, y, room, height, int(Qt.AlignmentFlag.AlignVCenter), shown)
            y += height + 2


class ModeList(QFrame):
    """The modes; `chosen` is sent whenever a person presses one, also the one that holds."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._group = QButtonGroup(self)
        self._group.buttonClicked.connect(self._on_clicked)
        self._buttons: dict[str, _ModeButton] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(1, 1, 1, 1)
        self._column.setSpacing(0)

    def set_modes(self, rows: Sequence[ModeRow]) -> None:
        """Show other modes; the first one holds."""
        for button in self._buttons.values():
            self._group.removeButton(button)
            self._column.removeWidget(button)
            button.deleteLater()
        self._buttons = {row.name: _ModeButton(row, self) for row in rows}
        for button in self._buttons.values():
            self._group.addButton(button)
            self._column.addWidget(button)
        if rows:
            self._buttons[rows[0].name].setChecked(True)

    def set_mode(self, name: str) -> None:
        """Show which mode holds; an unknown one is left alone."""
        if name in self._buttons:
            self._buttons[name].setChecked(True)

    def mode(self) -> ModeRow | None:
        """The mode that holds."""
        return next((button.row for button in self._buttons.values() if button.isChecked()), None)

    def button(self, name: str) -> QAbstractButton:
        """The row of a mode."""
        return self._buttons[name]

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setPen(outline())
        painter.setBrush(field())
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    @Slot(QAbstractButton)
    def _on_clicked(self, button: _ModeButton) -> None:
        self.chosen.emit(button.row.name)
