"""The images of a cell, the worst first, each with its errors in colour."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QModelIndex,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtGui import QFontMetrics, QImage, QPainter, QPen, QPixmap, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from sam_inspector.ui.evaluate.worst_model import Index, WorstImage as WorstImage, WorstModel
from sam_inspector.ui.panels.look import accent, field, font_px, hover_fill, mix, muted, outline, selection_fill, text

LEAST_PICTURE = QSize(120, 90)
MOST_PICTURE = QSize(360, 270)
BESIDE = QSize(12, 34)
"""What a card has around its picture, with the line of words beneath."""
BAR_PX = 16
GRID_LEAST_PX, GRID_LEAST_WIDTH_PX = 130, 210
"""Rows of pictures so high at least, of cards so wide at least, stand one below the other where there is room."""
REST_MS = 40


class _Card(QStyledItemDelegate):
    """Picture, name, figure; as large as there is room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture = LEAST_PICTURE
        self.looked_at: object = None

    @property
    def card(self) -> QSize:
        """How large a card is."""
        return self.picture + BESIDE

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return self.card

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: WorstImage = index.data(WorstModel.ENTRY)
        painter.save()
        card = option.rect.adjusted(2, 2, -6, -2)
        card.setHeight(self.card.height() - 4)  # the view is higher by a scroll bar
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
        looked_at = entry.key == self.looked_at
        painter.fillRect(card, selection_fill() if looked_at else hover_fill() if hovered else field())
        place = QRect(card.left() + 3, card.top() + 3, self.picture.width() - 2, self.picture.height() - 2)
        painter.fillRect(place, mix(field(), muted(), 0.25))
        picture: QPixmap | None = index.data(WorstModel.PICTURE)
        if picture is not None and not picture.isNull():
            size = picture.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRect(0, 0, max(1, size.width()), max(1, size.height()))
            target.moveCenter(place.center())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(target, picture)
        elif picture is not None:
            painter.setFont(font_px(12))
            painter.setPen(muted())
            painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), "no picture")
        self._draw_words(painter, QRect(card.left() + 4, place.bottom() + 2, card.width() - 8, 24), entry)
        strong = hovered or focused or looked_at
        painter.setPen(QPen(accent() if strong else outline(), 2 if focused or looked_at else 1))
        painter.drawRect(card.adjusted(0, 0, -1, -1))
        painter.restore()

    def _draw_words(self, painter: QPainter, line: QRect, entry: WorstImage) -> None:
        figure, name = font_px(12, bold=True), font_px(12)
        width = QFontMetrics(figure).horizontalAdvance(entry.figure)
        painter.setFont(figure)
        painter.setPen(text())
        painter.drawText(line, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), entry.figure)
        painter.setFont(name)
        painter.setPen(muted())
        room = line.width() - width - 6
        words = entry.row.path.removeprefix("test/")
        shown = QFontMetrics(name).elidedText(words, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter), shown)


class WorstStrip(QListView):
    """One row of cards; asks for the pictures in sight."""

    picture_needed = Signal(object)
    """`WorstImage`"""
    opened = Signal(object)
    """`WorstImage`"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.images = WorstModel(self)
        self._asked: set[object] = set()
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._ask)
        self.setModel(self.images)
        self._cards = _Card(self)
        self.setItemDelegate(self._cards)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Worst images")
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        for bar in (self.horizontalScrollBar(), self.verticalScrollBar()):
            bar.valueChanged.connect(self._wait)
        self.clicked.connect(self._open)
        self.activated.connect(self._open)

    def set_entries(self, entries: Sequence[WorstImage]) -> None:
        """Show other images, from the left; the same ones leave the view where it is."""
        if tuple(entries) == self.images.entries():
            return
        bar = self.verticalScrollBar() if self.isWrapping() else self.horizontalScrollBar()
        kept = bar.value() if self._is_longer(entries) else 0
        self.images.set_entries(entries)
        bar.setValue(kept)
        self._asked.clear()
        self._wait()

    def _is_longer(self, entries: Sequence[WorstImage]) -> bool:
        """Whether it is the same cell with more images."""
        old = self.images.entries()
        return bool(old and entries) and old[0].key[:3] == entries[0].key[:3]

    def forget_pictures(self) -> None:
        """Another run may have other masks under the same names: what is in sight is asked for again."""
        self.images.forget_pictures()
        self._asked.clear()
        self._wait()

    def place_of(self, image: WorstImage) -> tuple[int | None, int]:
        """Where an image stands, and how many there are."""
        keys = [entry.key for entry in self.images.entries()]
        return (keys.index(image.key) if image.key in keys else None), len(keys)

    def set_looked_at(self, image: WorstImage | None) -> None:
        """Mark the image that is shown large, and bring it into sight."""
        self._cards.looked_at = None if image is None else image.key
        place = None if image is None else self.place_of(image)[0]
        if place is not None:
            self.scrollTo(self.images.index(place))
        self.viewport().update()

    def set_picture(self, key: object, picture: QImage) -> None:
        """A picture was made."""
        self._asked.discard(key)
        self.images.set_picture(key, picture)

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(600, LEAST_PICTURE.height() + BESIDE.height() + BAR_PX + 4)

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(200, self.sizeHint().height())

    def _fit_cards(self) -> None:
        """One row, as large as the height allows; where that has room for more, rows that fill the width."""
        height = self.height() - BESIDE.height() - BAR_PX - 4
        wraps = self.height() >= 2 * (GRID_LEAST_PX + BESIDE.height())
        if wraps:
            room = self.width() - self.verticalScrollBar().sizeHint().width() - 4
            columns = max(1, room // GRID_LEAST_WIDTH_PX)
            width = room // columns - BESIDE.width()
            height = round(width * LEAST_PICTURE.height() / LEAST_PICTURE.width())
        height = min(MOST_PICTURE.height(), max(LEAST_PICTURE.height(), height))
        picture = QSize(round(height * LEAST_PICTURE.width() / LEAST_PICTURE.height()), height)
        if picture != self._cards.picture or wraps != self.isWrapping():
            self._cards.picture = picture
            always_off, as_needed = Qt.ScrollBarPolicy.ScrollBarAlwaysOff, Qt.ScrollBarPolicy.ScrollBarAsNeeded
            self.setVerticalScrollBarPolicy(as_needed if wraps else always_off)
            self.setHorizontalScrollBarPolicy(always_off if wraps else as_needed)
            self.setWrapping(wraps)
            self.scheduleDelayedItemsLayout()

    def keyboardSearch(self, search: str) -> None:  # noqa: D102
        return  # letters are the window's shortcuts

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        self._fit_cards()
        super().resizeEvent(event)
        self._rest.start()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102
        super().showEvent(event)
        # What was asked for while it was out of sight may have been dropped.
        self._asked.clear()
        self._rest.start()

    @Slot()
    def _wait(self) -> None:
        self._rest.start()

    def _in_sight(self) -> tuple[int, int]:
        """The first and the last card that can be seen, or nearly so."""
        card, view = self._cards.card, self.viewport().size()
        if not self.isWrapping():
            first = max(0, self.horizontalScrollBar().value() // card.width())
            return first, first + view.width() // card.width() + 2
        columns = max(1, view.width() // card.width())
        row = self.verticalScrollBar().value() // card.height()
        return row * columns, (row + view.height() // card.height() + 2) * columns

    @Slot()
    def _ask(self) -> None:
        entries = self.images.entries()
        if not self.isVisible() or not entries:
            return
        first, last = self._in_sight()
        wanted = [entry for entry in entries[first : last + 1] if not self.images.has_picture(entry.key)]
        asked, self._asked = self._asked, {entry.key for entry in wanted}
        # The file thread does what was asked for last first, and the leftmost is looked at first.
        for entry in reversed(wanted):
            if entry.key not in asked:
                self.picture_needed.emit(entry)

    @Slot(QModelIndex)
    def _open(self, index: QModelIndex) -> None:
        entry = index.data(WorstModel.ENTRY)
        if entry is not None:
            self.opened.emit(entry)
