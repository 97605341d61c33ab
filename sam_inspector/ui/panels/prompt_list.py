"""The list of an image's prompts: one row a point or box, each with a cross that deletes it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from sam_inspector.core.prompts import POSITIVE, PromptPart, Prompts
from sam_inspector.ui import icons
from sam_inspector.ui.panels.glyphs import draw_box, draw_point
from sam_inspector.ui.panels.look import (
    GAP,
    faint,
    font_px,
    hairline,
    hover_fill,
    muted,
    selection_fill,
    text,
)

ROW_HEIGHT = 26
SIGN = 15
CROSS = 12

_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class PromptLine:
    """One row: the part it names, its sign (`positive`, `negative`, `box`), title, coordinates, and whether edited."""

    part: PromptPart
    sign: str
    title: str
    place: str
    edited: bool


def prompt_lines(prompts: Prompts) -> list[PromptLine]:
    """The rows of a value of prompts; points and boxes are counted from 1, each kind for itself."""
    lines: list[PromptLine] = []
    counts = {"positive": 0, "negative": 0, "box": 0}

    def add(part: PromptPart, sign: str, place: str, *, edited: bool) -> None:
        counts[sign] += 1
        title = f"{sign.capitalize()} {counts[sign]}"
        lines.append(PromptLine(part, sign, title, place, edited))

    for index, item in enumerate(prompts.items):
        if item.box is not None:
            x0, y0, x1, y1 = (round(value) for value in item.box)
            add(PromptPart(index), "box", f"{x0}, {y0} to {x1}, {y1}", edited=item.edited)
        for number, ((x, y), label) in enumerate(zip(item.points, item.labels, strict=True)):
            sign = "positive" if label == POSITIVE else "negative"
            add(PromptPart(index, number), sign, f"{round(x)}, {round(y)}", edited=item.edited)
    return lines


class PromptListModel(QAbstractListModel):
    """The rows of `prompt_lines`."""

    LINE = int(Qt.ItemDataRole.UserRole) + 1

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.lines: list[PromptLine] = []

    def set_prompts(self, prompts: Prompts) -> None:
        """Show other prompts."""
        self.beginResetModel()
        self.lines = prompt_lines(prompts)
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, D102
        return 0 if parent.isValid() else len(self.lines)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:  # noqa: D102
        if not index.isValid() or index.row() >= len(self.lines):
            return None
        line = self.lines[index.row()]
        if role == self.LINE:
            return line
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{line.title}, {line.place}"
        if role == Qt.ItemDataRole.ToolTipRole:
            edited = "\nMade by a generator, then changed by hand" if line.edited else ""
            return f"{line.title}: {line.place} (x, y in pixels){edited}"
        return None


def cross_rect(row: QRect) -> QRect:
    """Where the cross of a row is pressed."""
    return QRect(row.right() - CROSS - 2 * GAP + 1, row.top(), CROSS + 2 * GAP, row.height())


class _PromptDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(120, max(ROW_HEIGHT, option.fontMetrics.height() + 10))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        line: PromptLine = index.data(PromptListModel.LINE)
        row = option.rect
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(row, selection_fill())
        elif hovered:
            painter.fillRect(row, hover_fill())
        painter.fillRect(row.left(), row.bottom(), row.width(), 1, hairline())
        middle = QPointF(row.left() + GAP + SIGN / 2, row.center().y() + 0.5)
        if line.sign == "box":
            draw_box(painter, QRectF(middle.x() - 6, middle.y() - 4.5, 12, 9))
        else:
            draw_point(painter, middle, SIGN / 2, positive=line.sign == "positive")
        cross = cross_rect(row)
        enabled = bool(option.state & QStyle.StateFlag.State_Enabled)
        mark = QRect(0, 0, CROSS, CROSS)
        mark.moveCenter(cross.center())
        icons.icon("close", (text() if hovered and enabled else muted()).name()).paint(painter, mark)
        words = QRect(row)
        words.setLeft(row.left() + GAP + SIGN + 10)
        words.setRight(cross.left() - 2)
        self._draw_words(painter, words, line, enabled=enabled)
        painter.restore()

    def _draw_words(self, painter: QPainter, words: QRect, line: PromptLine, *, enabled: bool) -> None:
        font = font_px(13)
        metrics = QFontMetrics(font)
        painter.setFont(font)
        painter.setPen(text() if enabled else faint())
        place = metrics.elidedText(line.place, Qt.TextElideMode.ElideRight, words.width())
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(words, right, place)
        room = words.width() - metrics.horizontalAdvance(place) - GAP
        title = metrics.elidedText(line.title, Qt.TextElideMode.ElideRight, room)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), title)
        taken = metrics.horizontalAdvance(title) + 6
        small = font_px(12)
        if line.edited and room - taken > QFontMetrics(small).horizontalAdvance("edited"):
            painter.setFont(small)
            painter.setPen(muted())
            painter.drawText(words.adjusted(taken, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter), "edited")


class PromptListView(QListView):
    """Shows prompts; a click on a row chooses its part, on a cross or with Delete removes it."""

    part_selected = Signal(object)
    part_removed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = PromptListModel(self)
        self.setModel(self.lines)
        self.setItemDelegate(_PromptDelegate(self))
        self.setUniformItemSizes(True)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Prompts")
        self.setMinimumHeight(3 * ROW_HEIGHT // 2)
        self.clicked.connect(self._on_clicked)

    def set_prompts(self, prompts: Prompts, selected: PromptPart | None) -> None:
        """Show other prompts, one of them chosen."""
        lines = prompt_lines(prompts)
        if lines != self.lines.lines:
            at = self.verticalScrollBar().value()
            self.lines.set_prompts(prompts)
            self.verticalScrollBar().setValue(at)
        row = next((row for row, line in enumerate(lines) if line.part == selected), -1)
        index = self.lines.index(row) if row >= 0 else QModelIndex()
        self.setCurrentIndex(index)
        if not index.isValid():
            self.clearSelection()

    def sizeHint(self) -> QSize:  # noqa: D102
        rows = min(8, max(2, self.lines.rowCount()))
        return QSize(200, rows * max(ROW_HEIGHT, self.fontMetrics().height() + 10) + 2)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and cross_rect(self.visualRect(index)).contains(event.position().toPoint()):
            event.accept()
            return
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and cross_rect(self.visualRect(index)).contains(event.position().toPoint()):
            self.part_removed.emit(self.lines.lines[index.row()].part)
            return
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        index = self.currentIndex()
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and index.isValid():
            self.part_removed.emit(self.lines.lines[index.row()].part)
            return
        super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: D102
        # Letters are the window's shortcuts.
        return

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: D102
        if event.type() == QEvent.Type.Leave:
            self.viewport().update()
        return super().viewportEvent(event)

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        self.part_selected.emit(self.lines.lines[index.row()].part)
