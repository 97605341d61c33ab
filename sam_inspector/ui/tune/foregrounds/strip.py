"""Cards with foregrounds: one row, or as many as there is room for."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, QPoint, QRect, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPen, QPixmap, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from sam_inspector.engine.foreground_works import FoundForeground
from sam_inspector.ui import theme
from sam_inspector.ui.panels.look import (
    RADIUS,
    accent,
    field,
    font_px,
    hover_fill,
    mix,
    muted,
    outline,
    selection_fill,
    text,
)
from sam_inspector.ui.tune.foregrounds.card_model import CardModel, Index, card_name, share_text

PICTURE = QSize(132, 99)
AROUND = QSize(14, 36)
"""What a card has around its picture, with the line of words beneath."""
BAR_PX = 16
REST_MS = 40


class _Card(QStyledItemDelegate):
    """Picture, name, share; and a mark where something is to be told."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.card = PICTURE + AROUND
        self.opened: Path | None = None

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return self.card

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        found: FoundForeground = index.data(CardModel.FOUND)
        painter.save()
        card = option.rect.adjusted(3, 2, -3, -2)
        card.setHeight(self.card.height() - 4)  # the view may be higher by a scroll bar
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        strong = found.path == self.opened or bool(option.state & QStyle.StateFlag.State_HasFocus)
        fill = selection_fill() if found.path == self.opened else hover_fill() if hovered else field()
        painter.fillRect(card, fill)
        place = QRect(card.left() + 3, card.top() + 3, card.width() - 6, card.height() - 30)
        painter.fillRect(place, mix(field(), muted(), 0.25))
        picture: QPixmap | None = index.data(CardModel.PICTURE)
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
        self._draw_mark(painter, place, index.data(CardModel.MARK))
        self._draw_words(painter, QRect(card.left() + 5, place.bottom() + 2, card.width() - 10, 24), found)
        painter.setPen(QPen(accent() if strong or hovered else outline(), 2 if strong else 1))
        painter.drawRect(card.adjusted(0, 0, -1, -1))
        painter.restore()

    def _draw_mark(self, painter: QPainter, place: QRect, mark: str) -> None:
        if not mark:
            return
        font = font_px(11, bold=True)
        metrics = QFontMetrics(font)
        tag = QRect(0, 0, metrics.horizontalAdvance(mark) + 10, metrics.height() + 2)
        tag.moveTopLeft(place.topLeft() + QPoint(4, 4))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.MASK if mark == "corrected" else theme.WARNING))
        painter.drawRoundedRect(tag, RADIUS, RADIUS)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setFont(font)
        painter.setPen(QColor("black"))
        painter.drawText(tag, int(Qt.AlignmentFlag.AlignCenter), mark)

    def _draw_words(self, painter: QPainter, line: QRect, found: FoundForeground) -> None:
        figure, name = font_px(12, bold=True), font_px(12)
        share = share_text(found.used.share)
        painter.setFont(figure)
        painter.setPen(text())
        painter.drawText(line, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), share)
        painter.setFont(name)
        painter.setPen(muted())
        room = line.width() - QFontMetrics(figure).horizontalAdvance(share) - 6
        shown = QFontMetrics(name).elidedText(card_name(found), Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter), shown)


class ForegroundStrip(QListView):
    """The cards; asks for the pictures in sight."""

    picture_needed = Signal(object)
    """`FoundForeground`"""
    opened = Signal(object)
    """`FoundForeground`"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards = CardModel(self)
        self._asked: set[tuple[Path, bytes]] = set()
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._ask)
        self.setModel(self.cards)
        self._delegate = _Card(self)
        self.setItemDelegate(self._delegate)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName("Foregrounds")
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        for bar in (self.horizontalScrollBar(), self.verticalScrollBar()):
            bar.valueChanged.connect(self._wait)
        self.cards.rowsInserted.connect(self._wait)
        self.cards.dataChanged.connect(self._wait)
        self.cards.modelReset.connect(self._wait)
        self.clicked.connect(self._open)
        self.activated.connect(self._open)

    def set_opened(self, path: Path | None) -> None:
        """Mark the image that is worked on, and bring it into sight."""
        self._delegate.opened = path
        place = None if path is None else self.cards.place_of(path)
        if place is not None:
            self.scrollTo(self.cards.index(place))
        self.viewport().update()

    def set_picture(self, found: FoundForeground, picture: QImage) -> None:
        """A picture was made."""
        self._asked.discard((found.path, found.used.mask))
        self.cards.set_picture(found, picture)

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(600, self._delegate.card.height() + BAR_PX + 4)

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(200, self.sizeHint().height())

    def keyboardSearch(self, search: str) -> None:  # noqa: D102
        return  # letters are the window's shortcuts

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        self._fit()
        super().resizeEvent(event)
        self._rest.start()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102
        super().showEvent(event)
        # What was asked for while it was out of sight may have been dropped.
        self._asked.clear()
        self._rest.start()

    def _fit(self) -> None:
        """Rows one below the other where there is room for two; their cards fill the width."""
        card = PICTURE + AROUND
        wraps = self.height() >= 2 * card.height()
        if wraps:
            room = self.width() - self.verticalScrollBar().sizeHint().width() - 4
            width = max(card.width(), room // max(1, room // card.width()))
            picture = width - AROUND.width()
            card = QSize(width, round(picture * PICTURE.height() / PICTURE.width()) + AROUND.height())
        if card != self._delegate.card or wraps != self.isWrapping():
            self._delegate.card = card
            always_off, as_needed = Qt.ScrollBarPolicy.ScrollBarAlwaysOff, Qt.ScrollBarPolicy.ScrollBarAsNeeded
            self.setVerticalScrollBarPolicy(as_needed if wraps else always_off)
            self.setHorizontalScrollBarPolicy(always_off if wraps else as_needed)
            self.setWrapping(wraps)
            self.scheduleDelayedItemsLayout()

    @Slot()
    def _wait(self) -> None:
        if not self._rest.isActive():
            self._rest.start()  # not put off while cards keep coming

    def _in_sight(self) -> tuple[int, int]:
        """The first and the last card that can be seen, or nearly so."""
        card, view = self._delegate.card, self.viewport().size()
        if not self.isWrapping():
            first = max(0, self.horizontalScrollBar().value() // card.width())
            return first, first + view.width() // card.width() + 2
        columns = max(1, view.width() // card.width())
        row = self.verticalScrollBar().value() // card.height()
        return row * columns, (row + view.height() // card.height() + 2) * columns

    @Slot()
    def _ask(self) -> None:
        if not self.isVisible():
            return
        first, last = self._in_sight()
        seen = self.cards.found()[first : last + 1]
        wanted = [found for found in seen if not self.cards.has_picture(found.path)]
        asked, self._asked = self._asked, {(found.path, found.used.mask) for found in wanted}
        # The file thread does what was asked for last first, and the first is looked at first.
        for found in reversed(wanted):
            if (found.path, found.used.mask) not in asked:
                self.picture_needed.emit(found)

    @Slot(QModelIndex)
    def _open(self, index: QModelIndex) -> None:
        found = index.data(CardModel.FOUND)
        if found is not None:
            self.opened.emit(found)
