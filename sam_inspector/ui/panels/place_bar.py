"""A line from 0 to 1 with a mark for every image done, the one on screen standing out."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from sam_inspector.ui.panels.look import accent, faint, font_px, muted, outline

LINE_Y = 8
TICK = 5


class PlaceBar(QWidget):
    """Where the IoU of this image lies among those of the images done so far."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: tuple[float, ...] = ()
        self._current: float | None = None
        self._stale = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_values(self, values: Sequence[float], current: float | None, *, stale: bool) -> None:
        """IoU of every image done, and of the one on screen."""
        self._values, self._current, self._stale = tuple(values), current, stale
        self.setToolTip(f"IoU of {self.caption()[0].lower()}{self.caption()[1:]}" if values else "")
        self.update()

    def caption(self) -> str:
        """The words under the line."""
        count = len(self._values)
        if self._current is None:
            return f"{count} images done" if count != 1 else "1 image done"
        return f"Place of this image among {count}" if count > 1 else "The first image done"

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(160, 2 * LINE_Y + 4 + QFontMetrics(font_px(12)).height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        span = self.width() - 4
        painter.fillRect(QRectF(0, LINE_Y - 1, self.width(), 2), outline())
        for value in self._values:
            painter.fillRect(QRectF(1 + span * value, LINE_Y - TICK, 2, 2 * TICK), muted())
        if self._current is not None:
            mark = QRectF(span * self._current, LINE_Y - TICK - 2, 4, 2 * TICK + 4)
            painter.fillRect(mark, faint() if self._stale else accent())
        painter.setFont(font_px(12))
        painter.setPen(muted())
        words = self.rect().adjusted(0, 2 * LINE_Y + 2, 0, 0)
        for align, text in (
            (Qt.AlignmentFlag.AlignLeft, "0"),
            (Qt.AlignmentFlag.AlignHCenter, self.caption()),
            (Qt.AlignmentFlag.AlignRight, "1"),
        ):
            painter.drawText(words, int(align | Qt.AlignmentFlag.AlignTop), text)
