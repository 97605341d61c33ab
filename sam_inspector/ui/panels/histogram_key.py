"""The two colours of the histogram of map values, and the line that names them."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from sam_inspector.ui.panels.look import GAP, font_px, muted

THIS_IMAGE = "#E69F00"
"""Okabe and Ito's orange."""
LOG_COUNT_TIP = (
    "How many pixels have a value, on a logarithmic scale; the references are scaled to the pixels of one image. "
    "Values outside the range are counted at its ends."
)


def image_colours() -> tuple[QColor, QColor]:
    """Outline and fill of the image's histogram."""
    return QColor(THIS_IMAGE), _faded(QColor(THIS_IMAGE), 70)


def reference_colours() -> tuple[QColor, QColor]:
    """Outline and fill of the references' histogram."""
    return _faded(muted(), 190), _faded(muted(), 130)


class HistogramKey(QWidget):
    """Which colour is whose."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = (False, False)
        self.setFixedHeight(QFontMetrics(font_px(12)).height() + 4)
        self.setToolTip(LOG_COUNT_TIP)

    def set_shown(self, *, image: bool, references: bool) -> None:
        """Name only what is there."""
        self._shown = (references, image)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setFont(font_px(12))
        metrics = painter.fontMetrics()
        x = 0.0
        for is_shown, words, (line, fill) in (
            (self._shown[0], "References", reference_colours()),
            (self._shown[1], "This image", image_colours()),
        ):
            if not is_shown:
                continue
            swatch = QRectF(x + 0.5, (self.height() - 10) / 2 + 0.5, 11, 9)
            painter.setPen(line)
            painter.setBrush(fill)
            painter.drawRect(swatch)
            painter.setPen(muted())
            painter.drawText(QRectF(x + 17, 0, self.width(), self.height()), Qt.AlignmentFlag.AlignVCenter, words)
            x += 17 + metrics.horizontalAdvance(words) + GAP + 4
        note = "log count" if any(self._shown) else "No map of this image"
        side = Qt.AlignmentFlag.AlignRight if any(self._shown) else Qt.AlignmentFlag.AlignLeft
        painter.setPen(muted())
        if x + metrics.horizontalAdvance(note) <= self.width():
            painter.drawText(self.rect(), int(side | Qt.AlignmentFlag.AlignVCenter), note)


def _faded(colour: QColor, alpha: int) -> QColor:
    colour.setAlpha(alpha)
    return colour
