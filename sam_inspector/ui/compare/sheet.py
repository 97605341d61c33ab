"""All panes as one picture for paper: light, with titles, figures and the meaning of every sign.

It is drawn from values alone, so that any thread can do it.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem

from sam_inspector.core.prompts import Prompts
from sam_inspector.ui import theme
from sam_inspector.ui.canvas.error_item import ErrorItem
from sam_inspector.ui.canvas.layer_items import GroundTruthItem, ImageItem, LayerItem, MaskItem
from sam_inspector.ui.canvas.legend import share_text
from sam_inspector.ui.canvas.prompt_items import PromptsItem
from sam_inspector.ui.compare.difference_item import (
    DifferenceItem,
    GrayImageItem,
    class_names,
    paint_difference_swatch,
)
from sam_inspector.ui.compare.sheet_values import Sheet, SheetCell, draw_sign, signs_of
from sam_inspector.ui.compare.title_bar import BEST_FILL

RATIO = 2.0
"""Pixels of the picture for one of the screen's layout."""
MARGIN, GAP, LINE, TITLE, HEADING = 24.0, 16.0, 20.0, 26.0, 52.0
BESIDE = 12.0
"""Between a title and its figures."""
INK, SOFT, RULE = "#1B1D20", "#5F656D", "#B9BEC6"
LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


def draw_sheet(sheet: Sheet) -> QImage:
    """Draw it, RGB on white."""
    return _Drawing(sheet).draw()


class _Drawing:
    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        width, height = sheet.size
        columns = min(sheet.columns, len(sheet.cells))
        self._columns, self._rows = columns, -(-len(sheet.cells) // columns)
        self._shares_are_long = any(cell.difference and self._shares_width(cell) > width for cell in sheet.cells)
        self._title = TITLE + (LINE if any(self._is_long(cell) for cell in sheet.cells) else 0.0)
        self._tops = [0.0]
        for row in range(self._rows):
            cells = sheet.cells[row * columns : (row + 1) * columns]
            lines = (2 if self._shares_are_long else 1) if any(cell.difference for cell in cells) else 0
            self._tops.append(self._tops[-1] + self._title + height + lines * LINE + GAP)
        self._body = QSizeF(columns * width + (columns - 1) * GAP, self._tops[-1] - GAP)
        self._table_height = (len(sheet.table) + 0.5) * LINE if sheet.table else 0.0

    def draw(self) -> QImage:
        width = self._body.width() + 2 * MARGIN
        height = HEADING + self._body.height() + GAP + self._table_height + 3 * LINE + 2 * MARGIN
        made = QImage(round(width * RATIO), round(height * RATIO), QImage.Format.Format_RGB32)
        made.setDevicePixelRatio(RATIO)
        made.fill(QColor("white"))
        painter = QPainter(made)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_heading(painter)
        for number, cell in enumerate(self._sheet.cells):
            row, column = divmod(number, self._columns)
            x = MARGIN + column * (self._sheet.size[0] + GAP)
            y = MARGIN + HEADING + self._tops[row]
            self._draw_cell(painter, cell, QPointF(x, y))
        y = MARGIN + HEADING + self._body.height() + GAP
        y = self._draw_table(painter, y)
        self._draw_signs(painter, y)
        painter.end()
        return made

    # --- words --------------------------------------------------------------------------------------------------------

    def _write(self, painter: QPainter, area: QRectF, words: str, *, px: float = 13, **how: Any) -> float:
        """Write one line, cut in the middle where it is too long; gives its width."""
        font = QFont(self._sheet.font)
        font.setPixelSize(round(px))
        font.setWeight(QFont.Weight.DemiBold if how.get("bold") else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(how.get("colour", INK)))
        metrics = QFontMetricsF(font)
        shown = metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, area.width())
        painter.drawText(area, how.get("flags", LEFT), shown)
        return metrics.horizontalAdvance(shown)

    def _draw_heading(self, painter: QPainter) -> None:
        area = QRectF(MARGIN, MARGIN - 4, self._body.width(), 24)
        self._write(painter, area, self._sheet.heading, px=17, bold=True)
        self._write(painter, area.translated(0, 23), self._sheet.subheading, px=12, colour=SOFT)

    # --- cells --------------------------------------------------------------------------------------------------------

    def _draw_cell(self, painter: QPainter, cell: SheetCell, at: QPointF) -> None:
        width, height = self._sheet.size
        title = QRectF(at.x(), at.y(), width, TITLE - 4)
        has_two_lines = self._title > TITLE
        figures = title.translated(0, LINE if has_two_lines else 0)
        taken = self._write(painter, figures, cell.figures, flags=RIGHT, bold=cell.is_best) if cell.figures else 0.0
        room = title if has_two_lines else title.adjusted(0, 0, -taken - BESIDE, 0)
        letter = self._write(painter, room, cell.letter, bold=True) + 8 if cell.letter else 0.0
        self._write(painter, room.adjusted(letter, 0, 0, 0), cell.title, bold=cell.is_best)
        picture = self._picture(cell)
        place = QRectF(at.x(), at.y() + self._title, width, height)
        painter.drawImage(place, picture)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.TRUE_POSITIVE if cell.is_best else RULE), 2 if cell.is_best else 1))
        painter.drawRect(place)
        if cell.is_best:
            tag = QRectF(place.left(), place.top(), 40, 20)
            painter.fillRect(tag, QColor(BEST_FILL))
            centred = int(Qt.AlignmentFlag.AlignCenter)
            self._write(painter, tag, "Best", px=12, bold=True, colour="#FFFFFF", flags=centred)
        if cell.note:
            self._draw_note(painter, place, cell.note)
        if cell.difference is not None:
            self._draw_shares(painter, cell, QRectF(place.left(), place.bottom() + 4, width, LINE))

    def _picture(self, cell: SheetCell) -> QImage:
        """The image with its layers as on screen, at twice the resolution."""
        sheet = self._sheet
        width, height = sheet.size
        made = QImage(round(width * RATIO), round(height * RATIO), QImage.Format.Format_RGB32)
        made.setDevicePixelRatio(RATIO)
        made.fill(QColor("white"))
        inverse, _ = sheet.view.inverted()
        exposed = inverse.mapRect(QRectF(0, 0, width, height))
        painter = QPainter(made)
        painter.setWorldTransform(sheet.view)
        option = QStyleOptionGraphicsItem()
        option.exposedRect = exposed
        for item, opacity in self._items(cell):
            painter.save()
            painter.setOpacity(opacity)
            item.paint(painter, option)
            painter.restore()
        painter.end()
        return made

    def _items(self, cell: SheetCell) -> list[tuple[LayerItem, float]]:
        """What lies over one another, from the image up, each with its opacity."""
        sheet, layers = self._sheet, self._sheet.layers
        is_difference = cell.difference is not None or not cell.letter
        image = GrayImageItem() if is_difference else ImageItem()
        image.pyramid = sheet.pyramid
        items: list[tuple[LayerItem, float]] = [(image, 1.0)]
        if cell.difference is not None:
            difference = DifferenceItem()
            difference.set_overlay(cell.difference)
            items.append((difference, 1.0))
        if cell.answer is not None and layers["errors"].visible and cell.answer.errors is not None:
            errors = ErrorItem()
            errors.set_overlay(cell.answer.errors)
            items.append((errors, layers["errors"].opacity))
        elif cell.answer is not None and layers["mask"].visible:
            mask = MaskItem()
            mask.set_overlay(cell.answer.mask)
            mask.set_fill(layers["mask"].opacity)
            items.append((mask, 1.0))
        if layers["gt"].visible and sheet.truth is not None:
            truth = GroundTruthItem()
            truth.set_overlay(sheet.truth)
            items.append((truth, layers["gt"].opacity))
        if cell.answer is not None and layers["prompts"].visible:
            prompts = PromptsItem()
            prompts.set_prompts(cell.answer.prompts, Prompts())
            items.append((prompts, layers["prompts"].opacity))
        return items

    def _draw_note(self, painter: QPainter, place: QRectF, words: str) -> None:
        area = place.adjusted(20, 16, -20, -16)
        flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
        font = QFont(self._sheet.font)
        font.setPixelSize(13)
        painter.setFont(font)
        needed = painter.boundingRect(area, flags, words).adjusted(-10, -6, 10, 6)
        painter.setPen(QPen(QColor(RULE), 1))
        painter.setBrush(QColor(255, 255, 255, 235))
        painter.drawRoundedRect(needed, 3, 3)
        painter.setPen(QColor(INK))
        painter.drawText(area, flags, words)

    def _draw_shares(self, painter: QPainter, cell: SheetCell, area: QRectF) -> None:
        entries = _shares(cell)
        across = (len(entries) + 1) // 2 if self._shares_are_long else len(entries)
        x, y = area.left(), area.top()
        for number, (kind, words) in enumerate(entries):
            if number == across:
                x, y = area.left(), y + LINE
            paint_difference_swatch(painter, QRectF(x, y + 4, 16, 12), kind)
            taken = self._write(painter, QRectF(x + 21, y, area.right() - x - 21, LINE), words, px=12)
            x += area.width() / across if self._shares_are_long else 21 + taken + 10

    def _is_long(self, cell: SheetCell) -> bool:
        """Whether title and figures don't fit one line."""
        font = QFont(self._sheet.font)
        font.setPixelSize(13)
        font.setWeight(QFont.Weight.DemiBold)
        words = cell.letter + cell.title + cell.figures
        return QFontMetricsF(font).horizontalAdvance(words) + 8 + BESIDE > self._sheet.size[0]

    def _shares_width(self, cell: SheetCell) -> float:
        font = QFont(self._sheet.font)
        font.setPixelSize(12)
        metrics = QFontMetricsF(font)
        return sum(metrics.horizontalAdvance(words) + 32 for _, words in _shares(cell))

    # --- table and signs ----------------------------------------------------------------------------------------------

    def _draw_table(self, painter: QPainter, y: float) -> float:
        table = self._sheet.table
        if not table:
            return y
        font = QFont(self._sheet.font)
        font.setPixelSize(12)
        font.setWeight(QFont.Weight.DemiBold)
        metrics = QFontMetricsF(font)
        widths = [max(metrics.horizontalAdvance(row[i]) for row in table) + 18 for i in range(len(table[0]))]
        scale = min(1.0, self._body.width() / sum(widths))
        for number, row in enumerate(table):
            x = MARGIN
            for column, words in enumerate(row):
                flags = LEFT if column < 4 else RIGHT
                area = QRectF(x, y, widths[column] * scale - 8, LINE)
                self._write(painter, area, words, px=12, flags=flags, colour=SOFT if number == 0 else INK)
                x += widths[column] * scale
            y += LINE
            if number == 0:
                painter.setPen(QPen(QColor(RULE), 1))
                painter.drawLine(QPointF(MARGIN, y), QPointF(MARGIN + sum(widths) * scale, y))
        return y + LINE / 2

    def _draw_signs(self, painter: QPainter, y: float) -> None:
        """What the colours and signs over the images mean."""
        x = MARGIN
        for kind, words in signs_of(self._sheet):
            draw_sign(painter, QRectF(x, y + 4, 18, 12), kind)
            area = QRectF(x + 24, y, self._body.width() + MARGIN - x - 24, LINE)
            x += 24 + self._write(painter, area, words, px=12) + 16
        area = QRectF(MARGIN, y + LINE, self._body.width(), LINE)
        self._write(painter, area, self._sheet.closing, px=11, colour=SOFT)


def _shares(cell: SheetCell) -> list[tuple[int, str]]:
    """Classes of a difference, each with its name and share."""
    found = cell.difference
    if found is None:
        return []
    names = class_names(cell.letters, against_truth=found.against_truth)
    return [(kind, f"{name} {share_text(found.shares[kind - 1])}") for kind, name in names]
