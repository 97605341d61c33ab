"""Explanations on the canvas: the colours of the error view, the range of the map, whose mask is shown."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from sam_inspector.ui import theme
from sam_inspector.ui.canvas.error_item import CLASS_COLOURS, PERIOD_PX, colour_table, hatched
from sam_inspector.ui.canvas.layer_items import inferno
from sam_inspector.ui.canvas.overlays import FALSE_NEGATIVE, FALSE_POSITIVE, TRUE_POSITIVE
from sam_inspector.ui.canvas.pyramid import indexed_image

PADDING = theme.GRID_PX + 4
SWATCH = QSize(18, 14)
BAR_HEIGHT = 10
BESIDE = 8
"""Between words and a bar in one line."""
BAND = 4
MAP_WIDTH = 360
"""Widest a colour bar becomes, in widths of the base font's pixel size over 13."""
SHORT_BAR_WIDTH = 64
"""Of the bar in a single line, likewise."""


class Legend(QWidget):
    """A card on the canvas; the pointer goes through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.hide()

    def begin(self) -> QPainter:
        """A painter with the card already drawn."""
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = QColor(colours.panel)
        card.setAlpha(240)
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.setBrush(card)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        return painter

    def bold(self) -> QFont:
        """The font of numbers."""
        font = theme.with_tabular_digits(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        return font


class ErrorLegend(Legend):
    """The three classes, each with its pattern and its share of the image; short names where there is no room."""

    ENTRIES = (
        (TRUE_POSITIVE, "True positive", "TP"),
        (FALSE_POSITIVE, "False positive", "FP"),
        (FALSE_NEGATIVE, "False negative", "FN"),
    )

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._shares = (0.0, 0.0, 0.0)
        self._short = False

    def set_shares(self, shares: tuple[float, float, float]) -> None:
        """Shares of the image, 0 to 1."""
        self._shares = shares
        self.update()

    def texts(self) -> list[tuple[str, str]]:
        """Name and share of each class, as shown."""
        return [
            (short if self._short else name, share_text(share))
            for (_, name, short), share in zip(self.ENTRIES, self._shares, strict=True)
        ]

    def fit_into(self, width: int) -> None:
        """Take the size needed, with short names where the long ones don't fit."""
        for self._short in (False, True):
            needed = PADDING + sum(self._entry_width(*texts) + PADDING for texts in self.texts())
            if needed <= width:
                break
        self.resize(needed, QFontMetrics(self.font()).height() + PADDING + 4)

    def _entry_width(self, name: str, share: str) -> int:
        return (
            SWATCH.width()
            + 10
            + QFontMetrics(self.font()).horizontalAdvance(name + " ")
            + QFontMetrics(self.bold()).horizontalAdvance(share)
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the card, the swatches and the words."""
        painter = self.begin()
        x, height = PADDING, self.height()
        for (kind, _, _), (name, share) in zip(self.ENTRIES, self.texts(), strict=True):
            swatch = QRectF(x, (height - SWATCH.height()) / 2, SWATCH.width(), SWATCH.height())
            paint_swatch(painter, swatch, kind)
            text_x = x + SWATCH.width() + 8
            painter.setPen(QColor(theme.colours().text))
            painter.setFont(self.font())
            area = QRectF(text_x, 0, self.width(), height)
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
            area.setLeft(text_x + QFontMetrics(self.font()).horizontalAdvance(name + " "))
            painter.setFont(self.bold())
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, share)
            x += self._entry_width(name, share) + PADDING
        painter.end()


def share_text(share: float) -> str:
    """A share in percent with two figures after the point; a share too small for that is not called zero."""
    if 0 < share < 0.00005:
        return "< 0.01 %"
    return f"{100 * share:.2f} %"


def paint_swatch(painter: QPainter, rect: QRectF, kind: int) -> None:
    """The pattern of one class of the error view."""
    classes = np.full((round(rect.height()), round(rect.width())), kind, np.uint8)
    image: QImage = indexed_image(hatched(classes, PERIOD_PX), colour_table(1.0))
    painter.drawImage(rect, image)
    painter.setPen(QPen(QColor(CLASS_COLOURS[kind]), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))


class MapLegend(Legend):
    """The map's name and its colours with the raw values at their ends; one line where more would hide much."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._name, self._low, self._high, self._own_range = "", 0.0, 1.0, True
        self._short = False

    def set_range(self, name: str, low: float, high: float, *, own_range: bool) -> None:
        """Raw values of the first and last colour, and whether they are this image's own."""
        self._name, self._low, self._high, self._own_range = name, low, high, own_range
        self.update()

    def texts(self) -> tuple[str, str, str, str]:
        """Title, whose scale it is, lowest and highest value, as shown."""
        if self._short:
            return ("Map", "", f"{self._low:.3g}", f"{self._high:.3g}")
        scale = "scale of this image" if self._own_range else "shared scale"
        return (f"Map, {self._name}" if self._name else "Map", scale, f"{self._low:.3g}", f"{self._high:.3g}")

    def fit_into(self, width: int) -> None:
        """Take the size needed, a single line where more would hide much of the image."""
        line = QFontMetrics(self.font()).height()
        self._short = self.is_short_in(width)
        if self._short:
            title, _, low, high = self.texts()
            metrics = QFontMetrics(theme.with_tabular_digits(self.font()))
            words = sum(metrics.horizontalAdvance(text) + BESIDE for text in (title, low, high))
            self.resize(words + self._scaled(SHORT_BAR_WIDTH) + 2 * PADDING, line + PADDING + 4)
        else:
            self.resize(self._scaled(MAP_WIDTH), 2 * line + BAR_HEIGHT + PADDING + 12)

    def is_short_in(self, width: int) -> bool:
        """Whether there is room for a single line only."""
        return self._scaled(MAP_WIDTH) > 2 * width / 3

    def _scaled(self, width: int) -> int:
        size = self.font().pixelSize()
        return width * size // theme.BASE_FONT_PX if size > 0 else width

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the card, the words and the bar."""
        painter = self.begin()
        (self._paint_line if self._short else self._paint_lines)(painter)
        painter.end()

    def _paint_line(self, painter: QPainter) -> None:
        title, _, low, high = self.texts()
        painter.setFont(theme.with_tabular_digits(self.font()))
        metrics = painter.fontMetrics()
        x, height = float(PADDING), self.height()
        for text, colour in ((title, theme.colours().text), (low, theme.colours().muted)):
            painter.setPen(QColor(colour))
            painter.drawText(QRectF(x, 0, self.width(), height), Qt.AlignmentFlag.AlignVCenter, text)
            x += metrics.horizontalAdvance(text) + BESIDE
        bar = QRectF(x, (height - BAR_HEIGHT) / 2, self._scaled(SHORT_BAR_WIDTH), BAR_HEIGHT)
        _paint_bar(painter, bar)
        painter.setPen(QColor(theme.colours().muted))
        place = QRectF(bar.right() + BESIDE, 0, self.width(), height)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, high)

    def _paint_lines(self, painter: QPainter) -> None:
        colours = theme.colours()
        title, scale, low, high = self.texts()
        inner = QRectF(self.rect()).adjusted(PADDING, PADDING / 2, -PADDING, -PADDING / 2)
        metrics = QFontMetrics(self.font())
        line = metrics.height()
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        top = QRectF(inner.left(), inner.top(), inner.width(), line)
        room = int(inner.width()) - metrics.horizontalAdvance(scale) - PADDING
        painter.setFont(theme.with_tabular_digits(self.font()))
        painter.setPen(QColor(colours.text))
        painter.drawText(top, left, metrics.elidedText(title, Qt.TextElideMode.ElideMiddle, room))
        painter.setPen(QColor(colours.muted))
        painter.drawText(top, right, scale)
        bar = QRectF(inner.left(), top.bottom() + 4, inner.width(), BAR_HEIGHT)
        _paint_bar(painter, bar)
        bottom = QRectF(inner.left(), bar.bottom() + 4, inner.width(), line)
        painter.setPen(QColor(colours.muted))
        painter.drawText(bottom, left, low)
        painter.drawText(bottom, right, high)


def _paint_bar(painter: QPainter, bar: QRectF) -> None:
    gradient = QLinearGradient(bar.topLeft(), bar.topRight())
    steps = inferno()
    for step in range(0, 256, 15):
        gradient.setColorAt(step / 255, QColor(*steps[step]))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(gradient)
    painter.drawRect(bar)


class Notice(Legend):
    """One line that says of the mask on screen what must not be overlooked."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._text = ""

    def set_text(self, text: str) -> None:
        """Say something else, or nothing."""
        self._text = text
        self.update()

    def text(self) -> str:
        """What it says."""
        return self._text

    def fit_into(self, width: int) -> None:
        """Take the size needed; what does not fit is cut."""
        metrics = QFontMetrics(self.bold())
        needed = metrics.horizontalAdvance(self._text) + BAND + 2 * PADDING
        self.resize(min(width, needed), metrics.height() + PADDING + 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the card, a band in the colour of warnings, and the words."""
        painter = self.begin()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.WARNING))
        painter.drawRoundedRect(QRectF(1, 1, BAND, self.height() - 2), 2, 2)
        painter.setPen(QColor(theme.colours().text))
        painter.setFont(self.bold())
        room = self.width() - BAND - 2 * PADDING
        words = painter.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideRight, room)
        place = QRectF(BAND + PADDING, 0, room, self.height())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
        painter.end()
