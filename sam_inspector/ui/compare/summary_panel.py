"""All panes in one table: this image, and the images seen so far; beneath it a row of dots for each pane."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QVBoxLayout, QWidget

from sam_inspector.ui import icons
from sam_inspector.ui.compare.summary_rows import COLUMNS, GIVES_WAY, Column, SummaryRow, image_count, over_text
from sam_inspector.ui.compare.title_bar import TitleBar, caption, draw_letter
from sam_inspector.ui.map_sources import count_text
from sam_inspector.ui.panels.buttons import IconButton
from sam_inspector.ui.panels.labels import TonedLabel
from sam_inspector.ui.panels.look import (
    GAP,
    accent,
    faint,
    field,
    font_px,
    hairline,
    header_fill,
    muted,
    outline,
    selection_fill,
    text,
)
from sam_inspector.ui.panels.metric_texts import value_text

MODE_PX = (84, 132)
"""The least width of the first column, and what it takes of a wide table."""
DOT_ROW_PX = 18
DOTS_ABOVE_PX, DOTS_BELOW_PX = 30, 20
RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


class SummaryTable(QWidget):
    """Paints the rows and the dots; what has no room is left out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[SummaryRow, ...] = ()

    def set_rows(self, rows: Sequence[SummaryRow]) -> None:
        """Show other figures."""
        self._rows = tuple(rows)
        self.update()

    def shown_columns(self) -> list[str]:
        """Names of the columns there is room for."""
        return [column.name for column, _ in self._columns()]

    def _head(self, column: Column) -> str:
        images = image_count(self._rows)
        return f"{column.title} ({images:,})" if column.name == "mean" and images else column.title

    def _columns(self) -> list[tuple[Column, int]]:
        head, body = self._metrics(12), self._metrics(13)
        widths = {
            column.name: max(head.horizontalAdvance(self._head(column)), body.horizontalAdvance(column.sample)) + 14
            for column in COLUMNS
        }
        words = min(max(self.width() // 3, MODE_PX[0]), MODE_PX[1])
        room, left_out = self.width() - 2 * GAP - words - 26, set()
        for name in GIVES_WAY:
            if sum(width for other, width in widths.items() if other not in left_out) <= room:
                break
            left_out.add(name)
        return [(column, widths[column.name]) for column in COLUMNS if column.name not in left_out]

    def _metrics(self, px: float) -> QFontMetrics:
        return QFontMetrics(font_px(px))

    # --- painting -----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._rows:
            return
        columns = self._columns()
        head = self._metrics(12).height() + 8
        one, two = self._metrics(13).height() + 6, self._metrics(13).height() + self._metrics(12).height() + 8
        count = len(self._rows)
        dots = DOTS_ABOVE_PX + count * DOT_ROW_PX + DOTS_BELOW_PX
        room = self.height() - 2 * GAP - head
        row_height = two if count * two + dots <= room or one * count + dots > room >= two * count else one
        if count * row_height > room:
            row_height = max(16, room // count)
        table = QRect(GAP, GAP, self.width() - 2 * GAP, head + count * row_height)
        self._paint_table(painter, table, head, row_height, row_height == two, columns)
        left = self.height() - table.bottom() - GAP
        if left >= dots:
            self._paint_dots(painter, QRect(GAP, table.bottom(), self.width() - 2 * GAP, dots))

    def _paint_table(
        self,
        painter: QPainter,
        place: QRect,
        head: int,
        row_height: int,
        with_detail: bool,
        columns: list[tuple[Column, int]],
    ) -> None:
        painter.fillRect(place, field())
        painter.fillRect(QRect(place.left(), place.top(), place.width(), head), header_fill())
        painter.setFont(font_px(12))
        painter.setPen(muted())
        painter.drawText(QRect(place.left() + 34, place.top(), 120, head), LEFT, "Mode")
        right = place.right() - 4
        for column, width in reversed(columns):
            painter.drawText(QRect(right - width, place.top(), width - 4, head), RIGHT, self._head(column))
            right -= width
        for number, row in enumerate(self._rows):
            line = QRect(place.left(), place.top() + head + number * row_height, place.width(), row_height)
            self._paint_row(painter, row, line, right, with_detail, columns)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(outline(), 1))
        painter.drawRect(QRectF(place).adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_row(
        self,
        painter: QPainter,
        row: SummaryRow,
        line: QRect,
        words_to: int,
        with_detail: bool,
        columns: list[tuple[Column, int]],
    ) -> None:
        if row.is_best:
            painter.fillRect(line, selection_fill())
        painter.fillRect(line.left(), line.top(), line.width(), 1, hairline())
        badge = QRectF(line.left() + 7, line.center().y() - 8.5, 18, 18)
        draw_letter(painter, badge, row.letter)
        words = QRect(line.left() + 34, line.top(), words_to - line.left() - 38, line.height())
        painter.setPen(text())
        painter.setFont(font_px(13, bold=row.is_best))
        title = painter.fontMetrics().elidedText(row.title, Qt.TextElideMode.ElideRight, words.width())
        if with_detail and row.detail:
            middle = words.top() + 4 + self._metrics(13).height()
            painter.drawText(QRect(words.left(), words.top() + 3, words.width(), middle - words.top() - 3), LEFT, title)
            painter.setFont(font_px(12))
            painter.setPen(muted())
            detail = painter.fontMetrics().elidedText(row.detail, Qt.TextElideMode.ElideRight, words.width())
            painter.drawText(QRect(words.left(), middle - 1, words.width(), line.bottom() - middle), LEFT, detail)
        else:
            painter.drawText(words, LEFT, title)
        right = line.right() - 4
        for column, width in reversed(columns):
            shown = column.value(row)
            painter.setFont(font_px(13, bold=row.is_best and column.name == "iou"))
            painter.setPen(faint() if shown == "–" else text())
            painter.drawText(QRect(right - width, line.top(), width - 4, line.height()), RIGHT, shown)
            right -= width

    def _paint_dots(self, painter: QPainter, place: QRect) -> None:
        images = image_count(self._rows)
        painter.setFont(font_px(12))
        painter.setPen(muted())
        top = QRect(place.left() + 2, place.top() + 8, place.width() - 4, 18)
        words = f"IoU of {count_text(images, 'image')}" if images else "No image was scored yet"
        painter.drawText(top, LEFT, words)
        if any(row.iou_here is not None for row in self._rows):
            painter.drawText(top, RIGHT, "this image")
            width = painter.fontMetrics().horizontalAdvance("this image")
            _mark(painter, QPointF(top.right() - width - 9, top.center().y() + 1))
        first, last = place.left() + 26, place.right() - 8
        y = place.top() + DOTS_ABOVE_PX + DOT_ROW_PX / 2
        for row in self._rows:
            painter.setPen(muted())
            painter.drawText(QRectF(place.left() + 2, y - 9, 20, 18), LEFT, row.letter)
            painter.fillRect(QRectF(first, y, last - first, 1), hairline())
            painter.setPen(Qt.PenStyle.NoPen)
            dot = muted()
            dot.setAlphaF(0.55)
            painter.setBrush(dot)
            for iou in row.summary.ious.values():
                painter.drawEllipse(QPointF(first + iou * (last - first), y + 0.5), 3, 3)
            if row.iou_here is not None:
                _mark(painter, QPointF(first + row.iou_here * (last - first), y + 0.5))
            y += DOT_ROW_PX
        painter.setPen(muted())
        for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
            x = first + tick * (last - first)
            painter.drawText(QRectF(x - 20, y - 5, 40, 18), int(Qt.AlignmentFlag.AlignCenter), f"{tick:g}")

    # --- words --------------------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Say of a column what it holds."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            right, words = self.width() - GAP - 4, ""
            for column, width in reversed(self._columns()):
                if right - width <= event.pos().x() < right and self._rows:
                    words = column.tip
                right -= width
            if not words:
                words = "\n".join(
                    f"{row.letter}: {row.title}, {row.model}{f', {row.detail}' if row.detail else ''}"
                    for row in self._rows
                )
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)


def _mark(painter: QPainter, at: QPointF) -> None:
    painter.save()
    painter.setPen(QPen(field(), 1.5))
    painter.setBrush(accent())
    painter.drawEllipse(at, 5, 5)
    painter.restore()


class SummaryPanel(QWidget):
    """A title over the table."""

    copy_requested = Signal()
    close_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = SummaryTable()
        self.over = caption("")
        copy = IconButton(icons.icon("copy"), "Copy the table", px=14)
        copy.clicked.connect(self.copy_requested)
        cross = IconButton(icons.icon("close"), "Close the summary; Show brings it back", px=12)
        cross.clicked.connect(self.close_requested)
        self.title = TitleBar()
        self.title.add(TonedLabel("All panes", bold=True), self.over)
        self.title.add_stretch()
        self.title.add(copy, cross)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.title)
        column.addWidget(self.table, 1)
        self.setMinimumSize(120, 100)

    def set_rows(self, rows: Sequence[SummaryRow]) -> None:
        """Show other figures."""
        self.over.setText(over_text(rows))
        self.over.setToolTip(
            "Means are over the images seen in this sitting on which all panes were scored; show the others again for "
            "a pane that came later"
        )
        self.table.set_rows(rows)
        figures = "; ".join(f"{row.letter} {row.title} IoU {value_text(row.scores, 'iou')}" for row in rows)
        self.table.setAccessibleName(f"All panes: {figures}")

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        QPainter(self).fillRect(self.rect(), self.palette().window())
