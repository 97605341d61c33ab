"""The numbers of one mask in two columns, in one where there is no room for two."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from sam_inspector.core.scores import MaskScores
from sam_inspector.ui.panels.labels import ElidedLabel, TonedLabel
from sam_inspector.ui.panels.look import hairline
from sam_inspector.ui.panels.metric_texts import AREAS, GRID, METRICS, value_text, value_tooltip

SPACING = 12


class MetricCell(QWidget):
    """A metric's name and value over a thin line; its tooltip defines it."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self.title = ElidedLabel(METRICS[name].title, px=12, tone="muted")
        self.value = TonedLabel("–")
        self.value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 3)
        row.setSpacing(4)
        row.addWidget(self.title, 1)
        row.addWidget(self.value)

    def show_scores(self, scores: MaskScores | None, *, stale: bool) -> None:
        """Show a mask's number, grey when it is not of the mask on screen."""
        self.value.setText(value_text(scores, self.name))
        self.value.set_tone("faint" if stale or self.value.text() == "–" else "text")
        tip = value_tooltip(scores, self.name)
        self.setToolTip(tip)
        self.title.setToolTip(tip)

    def wanted_width(self) -> int:
        """Room for the name and the widest usual value."""
        sample = "00.00 %" if self.name in AREAS else "0.000"
        return self.title.sizeHint().width() + self.value.fontMetrics().horizontalAdvance(sample) + 4

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        QPainter(self).fillRect(0, self.height() - 1, self.width(), 1, hairline())


class MetricGrid(QWidget):
    """One cell a metric."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cells = {name: MetricCell(name) for name in GRID}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(SPACING)
        self._grid.setVerticalSpacing(0)
        self._columns = 0
        self._arrange(2)

    def show_scores(self, scores: MaskScores | None, *, stale: bool) -> None:
        """Show the numbers of a mask."""
        for cell in self.cells.values():
            cell.show_scores(scores, stale=stale)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        widths = [cell.wanted_width() for cell in self.cells.values()]
        self._arrange(2 if self.width() >= 2 * max(widths) + SPACING else 1)

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for number, cell in enumerate(self.cells.values()):
            self._grid.addWidget(cell, number // columns, number % columns)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 1 if columns == 2 else 0)
        self._grid.setHorizontalSpacing(SPACING if columns == 2 else 0)
