"""The cheat sheet: all keys on one page, which stays open beside the work."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QDialog, QFrame, QGridLayout, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from sam_inspector.ui.panels.key_hint import draw_key, key_size
from sam_inspector.ui.panels.labels import TonedLabel
from sam_inspector.ui.panels.look import GAP, MARGIN

Rows = Sequence[tuple[str, Sequence[tuple[str, str]]]]


class _Keys(QWidget):
    """The keys of one action, side by side."""

    def __init__(self, keys: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # A comma may be the key itself.
        self._keys = [key for key in keys.split(", ") if key] or [keys]
        self.setAccessibleName(keys)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        sizes = [key_size(key) for key in self._keys]
        return QSize(sum(size.width() for size in sizes) + 4 * (len(sizes) - 1), sizes[0].height() + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        x = 0
        for key in self._keys:
            size = key_size(key)
            draw_key(painter, QRectF(x, (self.height() - size.height()) / 2, size.width(), size.height()), key)
            x += size.width() + 4


class ShortcutsDialog(QDialog):
    """Groups of actions in two columns of about equal height.

    Parameters
    ----------
    rows
        `(group, [(action, keys)])`; several keys of one action are separated by a comma and a space.
    """

    def __init__(self, rows: Rows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setModal(False)
        page = QWidget()
        columns = QHBoxLayout(page)
        columns.setContentsMargins(2 * GAP, 2 * GAP, 2 * GAP, 2 * GAP)
        columns.setSpacing(5 * GAP)
        for groups in _halves(rows):
            column = QVBoxLayout()
            column.setSpacing(2 * GAP)
            for title, actions in groups:
                column.addLayout(_group(title, actions))
            column.addStretch(1)
            columns.addLayout(column, 1)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
        wanted = page.sizeHint()
        self.resize(wanted.width() + 24, min(wanted.height() + 4, 640))


def _halves(rows: Rows) -> tuple[Rows, Rows]:
    """Split after the group that brings the left column past the middle."""
    total = sum(len(actions) + 2 for _, actions in rows)
    best = min(
        range(1, len(rows) + 1),
        key=lambda split: abs(2 * sum(len(actions) + 2 for _, actions in rows[:split]) - total),
        default=0,
    )
    return rows[:best], rows[best:]


def _group(title: str, actions: Sequence[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(2 * MARGIN)
    grid.setVerticalSpacing(2)
    grid.addWidget(TonedLabel(title, bold=True), 0, 0, 1, 2)
    grid.setRowMinimumHeight(0, 24)
    for row, (name, keys) in enumerate(actions, start=1):
        grid.addWidget(TonedLabel(name), row, 0)
        grid.addWidget(_Keys(keys), row, 1, Qt.AlignmentFlag.AlignRight)
    grid.setColumnStretch(0, 1)
    return grid
