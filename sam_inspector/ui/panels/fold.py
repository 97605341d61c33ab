"""A line with a caret that shows or hides what is beneath it."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from sam_inspector.ui import icons
from sam_inspector.ui.panels.keyboard_focus import KeyboardFocus
from sam_inspector.ui.panels.look import GAP, changed, faint, font_px, muted, text

CARET = 12


class _FoldLine(KeyboardFocus, QAbstractButton):
    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setText(title)
        self.setCheckable(True)
        self.setFont(font_px(13))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.remark = ""
        self.stands_out = False

    def sizeHint(self) -> QSize:
        return QSize(120, max(28, self.fontMetrics().height() + 8))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        name = "collapse" if self.isChecked() else "expand"
        icons.icon(name, muted().name()).paint(painter, QRect(0, (self.height() - CARET) // 2, CARET, CARET))
        left = CARET + GAP
        font = self.font()
        font.setUnderline(self.shows_focus)
        painter.setFont(font)
        painter.setPen(text() if self.isEnabled() else faint())
        painter.drawText(left, 0, self.width(), self.height(), int(Qt.AlignmentFlag.AlignVCenter), self.text())
        left += self.fontMetrics().horizontalAdvance(self.text()) + GAP
        painter.setFont(font_px(12))
        painter.setPen(changed() if self.stands_out else muted())
        room = QRect(left, 0, self.width() - left, self.height())
        shown = painter.fontMetrics().elidedText(self.remark, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), shown)


class Fold(QWidget):
    """A title, a remark at its right, and contents that are folded away at first."""

    def __init__(self, title: str, contents: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = _FoldLine(title, self)
        self.contents = contents
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.line)
        column.addWidget(contents)
        contents.setVisible(False)
        self.line.toggled.connect(self._on_toggled)

    def set_remark(self, words: str, *, stands_out: bool) -> None:
        """What is to know about the contents without looking."""
        self.line.remark, self.line.stands_out = words, stands_out
        self.line.setToolTip(words)
        self.line.update()

    @Slot(bool)
    def _on_toggled(self, is_open: bool) -> None:
        self.contents.setVisible(is_open)
