"""The loss of a training, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sam_inspector.ui.evaluate.chart_data import count_ticks
from sam_inspector.ui.panels.labels import TonedLabel
from sam_inspector.ui.panels.look import MARGIN
from sam_inspector.ui.panels.panel_header import PanelHeader

if TYPE_CHECKING:
    from sam_inspector.ui.evaluate.chart_view import ChartView

TICKS = 5


class LossChart(QWidget):
    """A header with the last loss, and the curve; the chart is there once `build` was called.

    Parameters
    ----------
    empty
        What stands in place of the chart while there is no loss; without it, the chart is empty.
    """

    def __init__(self, empty: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = PanelHeader("Loss")
        self.empty = EmptyChart(empty)
        self.chart: ChartView | None = None
        self._losses: tuple[float, ...] = ()
        self._epochs = 1
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.header)
        self._column.addWidget(self.empty, 1)
        self.empty.setVisible(bool(empty))
        self.setMinimumHeight(160)

    def build(self) -> None:
        """Make the chart; whoever calls sees to it that what draws charts is imported by then."""
        if self.chart is None:
            from sam_inspector.ui.evaluate.chart_view import ChartView

            self.chart = ChartView()
            self._column.addWidget(self.chart, 1)
            self._draw()

    def set_losses(self, losses: Sequence[float], epochs: int) -> None:
        """Show the mean loss of each whole epoch, of so many that are asked for."""
        if (tuple(losses), epochs) != (self._losses, self._epochs):
            self._losses, self._epochs = tuple(losses), max(epochs, len(losses), 1)
            self.header.set_subtitle(f"{losses[-1]:.4f} after {_epochs(len(losses))}" if losses else "")
            self._draw()

    def _draw(self) -> None:
        if self.chart is None:
            return
        has_chart = bool(self._losses) or not self.empty.text()
        self.chart.setVisible(has_chart)
        self.empty.setVisible(not has_chart)
        top, ticks = value_axis(max(self._losses, default=1.0))
        self.chart.begin("epoch", "mean loss", (0, self._epochs), (0.0, top), count_ticks(self._epochs), ticks)
        if self._losses:
            # One epoch alone is a line as well.
            first = [self._losses[0]] if len(self._losses) == 1 else []
            places = list(range(1 - len(first), len(self._losses) + 1))
            self.chart.add_curve(places, [*first, *self._losses], 0)

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._draw()


class EmptyChart(TonedLabel):
    """Words in the middle of where a chart will be."""

    def __init__(self, words: str) -> None:
        super().__init__(words, tone="muted", wrap=True)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setContentsMargins(2 * MARGIN, MARGIN, 2 * MARGIN, MARGIN)


def value_axis(highest: float) -> tuple[float, list[tuple[float, str]]]:
    """Where an axis from 0 ends that holds a value, and its ticks at round numbers."""
    if not (math.isfinite(highest) and highest > 0):
        highest = 1.0
    power = 10.0 ** math.floor(math.log10(highest / TICKS))
    step = next(power * times for times in (1, 2, 5, 10) if highest / (power * times) <= TICKS)
    number = math.ceil(highest / step - 1e-9)
    digits = max(0, -math.floor(math.log10(step)))
    return number * step, [(step * place, f"{step * place:.{digits}f}") for place in range(number + 1)]


def _epochs(number: int) -> str:
    return f"{number:,} epoch" if number == 1 else f"{number:,} epochs"
