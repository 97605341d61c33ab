"""How the table of results is drawn: its cells, its foot, and the titles above them."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QHeaderView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from sam_inspector.ui import theme
from sam_inspector.ui.evaluate.table_model import CATEGORY, FIRST, FOOT, CellLook, ResultsModel
from sam_inspector.ui.evaluate.words import wrapped
from sam_inspector.ui.panels.look import (
    GAP,
    accent,
    faint,
    field,
    font_px,
    hairline,
    header_fill,
    hover_fill,
    mix,
    muted,
    selection_fill,
    text,
)

BAR_PX = 3
CARET_PX = 16
SHORT_FOOT = dict(zip(FOOT, ("Mean", "Done"), strict=True))


class CellDelegate(QStyledItemDelegate):
    """Draws captions, figures with their bars, and the foot."""

    def paint(  # noqa: D102
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        model = index.model()
        is_foot = index.row() >= model.rowCount() - 2
        painter.save()
        rect = option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver) and index.column() >= FIRST and not is_foot
        ground = header_fill() if is_foot else selection_fill() if chosen else hover_fill() if hovered else field()
        painter.fillRect(rect, ground)
        painter.setPen(hairline())
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.drawLine(rect.topRight(), rect.bottomRight())
        look = index.data(ResultsModel.LOOK)
        if look is None:
            self._draw_caption(painter, rect, index, is_foot=is_foot)
        else:
            self._draw_cell(painter, rect, look)
        if chosen:
            painter.setPen(QPen(accent(), 2))
            painter.drawRect(rect.adjusted(1, 1, -2, -2))
        painter.restore()

    def _draw_caption(
        self, painter: QPainter, rect: QRect, index: QModelIndex | QPersistentModelIndex, *, is_foot: bool
    ) -> None:
        is_mean = is_foot and index.row() == index.model().rowCount() - 2
        font = font_px(13 if not is_foot or is_mean else 12, bold=is_mean)
        painter.setFont(font)
        painter.setPen(text() if index.column() == CATEGORY and (not is_foot or is_mean) else muted())
        room = rect.adjusted(10, 0, -GAP, 0 if is_foot else -BAR_PX)
        words = index.data() or ""
        if is_foot and words and QFontMetrics(font).horizontalAdvance(words) > room.width():
            words = SHORT_FOOT[words]
        shown = QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, int(index.data(Qt.ItemDataRole.TextAlignmentRole)), shown)

    def _draw_cell(self, painter: QPainter, rect: QRect, look: CellLook) -> None:
        room = rect.adjusted(GAP, 0, -GAP, 0)
        if look.bar is not None:
            room.setBottom(room.bottom() - BAR_PX)
            self._draw_bar(painter, rect, look)
        upper, quiet = font_px(13, bold=look.best), font_px(13 if look.words else 12)
        beside = QFontMetrics(quiet).horizontalAdvance(look.beside)
        words = QFontMetrics(upper).horizontalAdvance(look.words)
        right = room.right()
        if look.state == "queued":
            painter.setFont(font_px(12))
            painter.setPen(faint())
            painter.drawText(room, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), look.words)
            return
        if words + beside > room.width():
            beside = 0  # the number that is compared is not cut; the tooltip has both
        self._text(painter, quiet, right - beside, beside, room, look.beside if beside else "", muted())
        colour = text() if look.state == "done" else muted()
        self._text(painter, upper, right - beside - words, words, room, look.words, colour)
        self._draw_progress(painter, room, room.width() - words - beside, look)

    def _draw_progress(self, painter: QPainter, room: QRect, left_px: int, look: CellLook) -> None:
        font = font_px(11)
        note = look.progress or (f"{look.failed:,} failed" if look.failed else "")
        width = QFontMetrics(font).horizontalAdvance(note)
        if note and width + 6 <= left_px:
            self._text(painter, font, room.left(), width, room, note, muted())
        elif look.failed:
            painter.fillRect(room.left() - GAP + 2, room.top() + 2, 5, 5, theme.FALSE_POSITIVE)

    def _text(
        self, painter: QPainter, font: QFont, x: int, width: int, room: QRect, words: str, colour: object
    ) -> None:
        painter.setFont(font)
        painter.setPen(colour)  # type: ignore[call-overload]
        place = QRect(x, room.top(), width + 2, room.height())
        painter.drawText(place, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), words)

    def _draw_bar(self, painter: QPainter, rect: QRect, look: CellLook) -> None:
        track = QRect(rect.left() + GAP, rect.bottom() - BAR_PX - 1, rect.width() - 2 * GAP - 1, BAR_PX)
        if look.state == "running":
            painter.fillRect(track, hairline())
        length = round(track.width() * min(1.0, look.bar or 0.0))
        strong = look.best or look.state == "running"
        colour = accent() if strong else mix(field(), accent(), 0.45)
        painter.fillRect(track.left(), track.top(), length, BAR_PX, colour)


class ResultsHeader(QHeaderView):
    """Titles of one line or two, cut where there is no room, with a caret over the column sorted by."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(48)
        self.setMouseTracking(True)

    def sizeHint(self) -> QSize:  # noqa: D102
        sections = range(self.model().columnCount())
        lines = max((len(self.lines_of(place)) for place in sections), default=1)
        return QSize(super().sizeHint().width(), QFontMetrics(font_px(13)).height() * lines + 12)

    def lines_of(self, section: int) -> list[tuple[str, bool]]:
        """The lines of a title, and whether each is bold: the name in one or two, and the model beneath it."""
        title = str(self.model().headerData(section, Qt.Orientation.Horizontal) or "")
        name, *below = title.split("\n")
        room = self.sectionSize(section) - GAP - (10 if section == CATEGORY else GAP)
        if self.isSortIndicatorShown() and self.sortIndicatorSection() == section:
            room -= CARET_PX
        found = wrapped(name, room, QFontMetrics(font_px(13, bold=True)).horizontalAdvance)
        return [*((line, True) for line in found), *((line, False) for line in below)]

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: D102
        painter.save()
        painter.fillRect(rect, header_fill())
        painter.setPen(hairline())
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.drawLine(rect.topRight(), rect.bottomRight())
        flags = int(self.model().headerData(logicalIndex, Qt.Orientation.Horizontal, Qt.ItemDataRole.TextAlignmentRole))
        room = rect.adjusted(10 if logicalIndex == CATEGORY else GAP, 0, -GAP, 0)
        if self.isSortIndicatorShown() and self.sortIndicatorSection() == logicalIndex:
            self._draw_caret(painter, room)
            room.setRight(room.right() - CARET_PX)
        lines = self.lines_of(logicalIndex)
        height = QFontMetrics(font_px(13)).height()
        top = room.center().y() - height * len(lines) // 2 + 1
        for place, (line, is_bold) in enumerate(lines):
            font = font_px(13 if is_bold else 12, bold=is_bold)
            painter.setFont(font)
            painter.setPen(text() if is_bold else muted())
            part = QRect(room.left(), top + place * height, room.width(), height)
            painter.drawText(
                part, flags, QFontMetrics(font).elidedText(line, Qt.TextElideMode.ElideRight, part.width())
            )
        painter.restore()

    def _draw_caret(self, painter: QPainter, room: QRect) -> None:
        down = self.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder
        x, y, by = room.right() - 4, room.center().y(), 2 if down else -2
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(muted(), 1.5))
        painter.drawPolyline(
            [
                QPoint(x - 4, y - by),
                QPoint(x, y + by),
                QPoint(x + 4, y - by),
            ]
        )
