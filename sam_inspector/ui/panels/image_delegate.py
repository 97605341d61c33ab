"""How one row of the image list is drawn: picture, name, verdict, score."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from sam_inspector.ui.panels.glyphs import draw_verdict, score_colour
from sam_inspector.ui.panels.image_list_model import ImageListModel
from sam_inspector.ui.panels.image_rows import ImageRow, RowState, iou_text, second_line
from sam_inspector.ui.panels.look import (
    GAP,
    MARGIN,
    accent,
    faint,
    field,
    font_px,
    hairline,
    hover_fill,
    mix,
    muted,
    selection_fill,
    text,
)

PICTURE = 48
ROW_HEIGHT = 56
DOT = 9
BAR = 3
COMFORTABLE = 110
"""Least width for name and verdict beside the score."""


class ImageDelegate(QStyledItemDelegate):
    """Draws the rows of an `ImageListModel`."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: D102
        return QSize(160, max(ROW_HEIGHT, 2 * option.fontMetrics.height() + 16))

    def paint(  # noqa: D102
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row: ImageRow = index.data(ImageListModel.ROW)
        state: RowState = index.data(ImageListModel.STATE)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_ground(painter, option, chosen=chosen)
        area = option.rect.adjusted(MARGIN, 0, -GAP, 0)
        picture = QRect(area.left(), area.top() + (area.height() - PICTURE) // 2, PICTURE, PICTURE)
        self._draw_picture(painter, picture, index.data(ImageListModel.THUMBNAIL))
        words = area.adjusted(PICTURE + 10, 0, 0, 0)
        self._draw_words(painter, words, row, state, chosen=chosen)
        painter.restore()

    def _draw_ground(self, painter: QPainter, option: QStyleOptionViewItem, *, chosen: bool) -> None:
        rect = option.rect
        if chosen:
            painter.fillRect(rect, selection_fill())
            painter.fillRect(QRect(rect.left(), rect.top(), BAR, rect.height()), accent())
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, hover_fill())
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, hairline())

    def _draw_picture(self, painter: QPainter, place: QRect, picture: QPixmap | None) -> None:
        painter.fillRect(place, mix(field(), QColor(128, 128, 128), 0.25))
        if picture is None or picture.isNull():
            return
        size = picture.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(0, 0, max(1, size.width()), max(1, size.height()))
        target.moveCenter(place.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(target, picture)

    def _draw_words(self, painter: QPainter, place: QRect, row: ImageRow, state: RowState, *, chosen: bool) -> None:
        """Name over verdict, score at their right; in a narrow list the name has its line for itself."""
        upper, lower = font_px(13, bold=chosen), font_px(12)
        heights = QFontMetrics(upper).height(), QFontMetrics(lower).height()
        score_width = QFontMetrics(font_px(13)).horizontalAdvance("0.00") + DOT + 6
        narrow = place.width() < COMFORTABLE + score_width
        top = place.top() + (place.height() - sum(heights) - 3) // 2
        first = QRect(place.left(), top, place.width(), heights[0])
        second = QRect(place.left(), first.bottom() + 4, place.width(), heights[1])
        beside = second if narrow else place
        has_score = state.error is None and not (narrow and state.iou is None)
        if has_score:
            self._draw_score(painter, beside.adjusted(beside.width() - score_width, 0, 0, 0), state)
            second.setWidth(second.width() - score_width - 4)
            first.setWidth(first.width() - (0 if narrow else score_width + 8))
        painter.setFont(upper)
        painter.setPen(faint() if state.error is not None else text())
        name = QFontMetrics(upper).elidedText(row.name, Qt.TextElideMode.ElideMiddle, first.width())
        painter.drawText(first, int(Qt.AlignmentFlag.AlignVCenter), name)
        sign = min(14, heights[1])
        draw_verdict(painter, QRect(second.left(), second.center().y() - sign // 2 + 1, sign, sign), state)
        painter.setFont(lower)
        painter.setPen(muted())
        second.setLeft(second.left() + sign + 4)
        word = QFontMetrics(lower).elidedText(second_line(row, state), Qt.TextElideMode.ElideRight, second.width())
        painter.drawText(second, int(Qt.AlignmentFlag.AlignVCenter), word)

    def _draw_score(self, painter: QPainter, place: QRect, state: RowState) -> None:
        middle = QPointF(place.left() + DOT / 2, place.center().y() + 1)
        if state.iou is None:
            painter.setPen(QPen(faint(), 1.2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(score_colour(state.iou))
        painter.drawEllipse(middle, DOT / 2, DOT / 2)
        painter.setFont(font_px(13))
        painter.setPen(muted() if state.iou is None else text())
        painter.drawText(place, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), iou_text(state.iou))
