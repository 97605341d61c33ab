"""How good the masks of held-out images are, epoch by epoch, beside what SAM gave before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from sam_inspector.models.tuned.manifest import HeldOutScores
from sam_inspector.ui.evaluate.chart_data import count_ticks
from sam_inspector.ui.panels.look import GAP, font_px, muted
from sam_inspector.ui.panels.panel_header import PanelHeader
from sam_inspector.ui.tune.loss_chart import EmptyChart

if TYPE_CHECKING:
    from sam_inspector.ui.evaluate.chart_view import ChartView

EMPTY = "How good the masks of held-out images become is shown here, beside what SAM gave before."
NOT_JUDGED = "No image is held out: nothing is judged, and the last epoch is kept."
TIP = (
    "IoU of held-out images: the mean over categories of their images' means, with a box around each region, and with "
    "one point in each. Of the epochs judged, the one with the best mean of both is kept: its figures are a little too "
    "good."
)
BOX, POINT = 0, 1
NEAR = 0.12
"""Share of the chart's height within which two lines are too near to each other for words between them."""


class HeldOutChart(QWidget):
    """A header with the figures of the kept epoch, and two curves; the chart is there once `build` was called."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = PanelHeader("Held-out IoU")
        self.header.setToolTip(TIP)
        self.key = _Key()
        self.header.add_button(self.key)
        self.empty = EmptyChart(EMPTY)
        self.chart: ChartView | None = None
        self._zero_shot: HeldOutScores | None = None
        self._judged: tuple[HeldOutScores, ...] = ()
        self._kept, self._epochs = 0, 1
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.header)
        self._column.addWidget(self.empty, 1)
        self.setMinimumHeight(160)
        self._draw()

    def build(self) -> None:
        """Make the chart; whoever calls sees to it that what draws charts is imported by then."""
        if self.chart is None:
            from sam_inspector.ui.evaluate.chart_view import ChartView

            self.chart = ChartView()
            self.chart.setToolTip(TIP)
            self._column.addWidget(self.chart, 1)
            self._draw()

    def set_scores(
        self,
        zero_shot: HeldOutScores | None,
        judged: Sequence[HeldOutScores],
        kept_epoch: int,
        epochs: int,
        *,
        is_judged: bool = True,
    ) -> None:
        """Show the scores before tuning and after those epochs that were judged, of so many that are asked for.

        Parameters
        ----------
        kept_epoch
            The one whose state is kept; 0 before the first.
        is_judged
            Whether images are held out at all.
        """
        self.empty.setText(EMPTY if is_judged else NOT_JUDGED)
        last = max((each.epoch for each in judged), default=0)
        shown = (zero_shot, tuple(judged), kept_epoch, max(epochs, last, 1))
        if shown != (self._zero_shot, self._judged, self._kept, self._epochs):
            self._zero_shot, self._judged, self._kept, self._epochs = shown
            self._draw()

    def _draw(self) -> None:
        kept = next((each for each in self._judged if each.epoch == self._kept), None)
        words = f"box {kept.box:.3f}, point {kept.point:.3f}" if kept is not None else ""
        self.header.set_subtitle(words)
        has_scores = self._zero_shot is not None or bool(self._judged)
        self.key.setVisible(has_scores)
        self.empty.setVisible(self.chart is None or not has_scores)
        if self.chart is None:
            return
        self.chart.setVisible(has_scores)
        values = [value for each in (self._zero_shot, *self._judged) if each for value in (each.box, each.point)]
        low, high, ticks = share_axis(values)
        span = (-0.02 * self._epochs, 1.02 * self._epochs)  # with room for the signs at both ends
        self.chart.begin("epoch", "IoU", span, (low, high), count_ticks(self._epochs), ticks)
        if self._zero_shot is not None:
            box, point = self._zero_shot.box, self._zero_shot.point
            upper = BOX if box >= point else POINT
            are_near = abs(box - point) < NEAR * (high - low)
            for series, value, name in ((BOX, box, "box"), (POINT, point, "point")):
                # Curves mostly rise from where they begin, so that there is room below.
                above = are_near and series == upper
                self.chart.add_level(value, series, f"{name} before {value:.3f}", above=above)
        if kept is not None:
            self.chart.add_mark(self._kept, 0, "kept")
        scores = [each for each in (self._zero_shot, *self._judged) if each is not None]
        if self._judged:
            epochs = [each.epoch for each in scores]
            self.chart.add_marked_curve(epochs, [each.box for each in scores], BOX)
            self.chart.add_marked_curve(epochs, [each.point for each in scores], POINT)

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._draw()


def share_axis(values: Sequence[float]) -> tuple[float, float, list[tuple[float, str]]]:
    """The tenths between which all values are, with room at both ends, and ticks at tenths."""
    there = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low = max(0, math.floor(10 * min(there) - 0.5))
    high = min(10, max(low + 2, math.ceil(10 * max(there) + 0.5)))
    step = 1 if high - low <= 5 else 2
    low -= low % step
    return low / 10, high / 10, [(tenth / 10, f"{tenth / 10:.1f}") for tenth in range(low, high + 1, step)]


class _Key(QWidget):
    """Which curve is which."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.setAccessibleName("Discs: with a box. Squares: with one point.")
        self.setToolTip(TIP)

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(font_px(12))
        return QSize(sum(14 + metrics.horizontalAdvance(words) + GAP for words in ("Box", "Point")), 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        from sam_inspector.ui.evaluate.chart_view import series_colours

        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font_px(12))
        x = 0.0
        for words, colour in zip(("Box", "Point"), series_colours(), strict=True):
            sign = QRectF(x + 1, self.height() / 2 - 4, 8, 8)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            if words == "Box":
                painter.drawEllipse(sign)
            else:
                painter.drawRect(sign)
            painter.setPen(muted())
            place = QRectF(x + 14, 0, self.width(), self.height())
            painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), words)
            x += 14 + painter.fontMetrics().horizontalAdvance(words) + GAP
