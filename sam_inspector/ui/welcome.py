"""What stands where the image will be while nothing is open."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from sam_inspector.ui import icons, theme
from sam_inspector.ui.panels.buttons import AccentButton, PlainButton
from sam_inspector.ui.panels.keyboard_focus import KeyboardFocus
from sam_inspector.ui.panels.labels import TonedLabel
from sam_inspector.ui.panels.look import GAP, RADIUS, accent, font_px, hover_fill, muted, outline, text

NAME = "SAM Inspector"
SENTENCE = "Click a defect, get its mask, see how good it is."
COLUMN = 440
RECENT = 6


class RecentButton(KeyboardFocus, QAbstractButton):
    """A folder opened before: its name, and where it is."""

    chosen = Signal(object)

    def __init__(self, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path = path
        self.setText(path.name or str(path))
        self.setToolTip(str(path))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._on_clicked)

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(COLUMN, 32)

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(160, 32)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse() or self.shows_focus:
            painter.setPen(QPen(accent(), 1) if self.shows_focus else Qt.PenStyle.NoPen)
            painter.setBrush(hover_fill())
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        icons.icon("folder", muted().name()).paint(painter, QRect(GAP, (self.height() - 16) // 2, 16, 16))
        align = int(Qt.AlignmentFlag.AlignVCenter)
        room = self.rect().adjusted(GAP + 16 + GAP, 0, -GAP, 0)
        painter.setFont(font_px(13))
        painter.setPen(text())
        name = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, align, name)
        room.setLeft(room.left() + painter.fontMetrics().horizontalAdvance(name) + 12)
        painter.setFont(font_px(12))
        painter.setPen(muted())
        where = painter.fontMetrics().elidedText(str(self.path.parent), Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, align | int(Qt.AlignmentFlag.AlignRight), where)

    @Slot()
    def _on_clicked(self) -> None:
        self.chosen.emit(self.path)


class WelcomePage(QWidget):
    """Says what the program is for, and the ways to begin."""

    open_requested = Signal()
    samples_requested = Signal()
    recent_chosen = Signal(object)
    """`Path` of a folder"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.open_button = AccentButton("Open folder…", "folder", tip="Open a folder of images or a dataset (Ctrl+O)")
        self.samples_button = PlainButton("Try the samples", "image", tip="Open the images that come with the program")
        self.recent: list[RecentButton] = []
        self._recent_title = TonedLabel("Recent folders", px=12, tone="muted")
        self._hint = TonedLabel("or drop images or a folder here", px=12, tone="muted")
        self._lay_out()
        self.open_button.clicked.connect(self.open_requested)
        self.samples_button.clicked.connect(self.samples_requested)
        self.set_recent(())

    def set_recent(self, folders: Sequence[Path]) -> None:
        """The folders opened last, the newest first."""
        for button in self.recent:
            self._folders.removeWidget(button)
            button.deleteLater()
        self.recent = [RecentButton(path) for path in folders[:RECENT]]
        for button in self.recent:
            button.chosen.connect(self.recent_chosen)
            self._folders.addWidget(button)
        self._recent_title.setVisible(bool(self.recent))

    def _lay_out(self) -> None:
        centre = Qt.AlignmentFlag.AlignHCenter
        name = TonedLabel(NAME, px=26, bold=True)
        sentence = TonedLabel(SENTENCE, px=15, tone="muted", wrap=True)
        for label in (name, sentence, self._hint):
            label.setAlignment(centre)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addStretch(1)
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.samples_button)
        buttons.addStretch(1)
        self._folders = QVBoxLayout()
        self._folders.setSpacing(0)
        inner = QWidget()
        inner.setMaximumWidth(COLUMN)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(name)
        column.addWidget(sentence)
        column.addSpacing(2 * GAP)
        column.addLayout(buttons)
        column.addWidget(self._hint)
        column.addSpacing(2 * GAP)
        column.addWidget(self._recent_title)
        column.addLayout(self._folders)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(inner, 4)
        row.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(4 * GAP, 4 * GAP, 4 * GAP, 4 * GAP)
        outer.addStretch(2)
        outer.addLayout(row)
        outer.addStretch(3)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(theme.colours().canvas))
        painter.setPen(QPen(outline(), 1.5, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(16, 16, -16, -16), 8, 8)
