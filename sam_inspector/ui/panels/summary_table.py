"""The table of the images done so far: mean, worst, and over how many images."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from sam_inspector.core.scores import MaskScores
from sam_inspector.ui.panels.labels import ElidedLabel, TonedLabel
from sam_inspector.ui.panels.look import field, font_px, hairline, header_fill, outline
from sam_inspector.ui.panels.metric_texts import METRICS, SUMMARY, value_of

RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class SummaryTable(QWidget):
    """Four rows of figures."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = max(22, QFontMetrics(font_px(13)).height() + 7)
        self.cells: dict[tuple[str, str], TonedLabel] = {}
        self._titles: list[TonedLabel] = []
        grid = QGridLayout(self)
        grid.setContentsMargins(8, 1, 8, 1)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(0)
        grid.addWidget(ElidedLabel("Done so far", px=12, tone="muted"), 0, 0)
        for column, title in enumerate(("Mean", "Worst", "Images"), start=1):
            label = TonedLabel(title, px=12, tone="muted")
            label.setAlignment(RIGHT)
            grid.addWidget(label, 0, column)
            self._titles.append(label)
        for row, name in enumerate(SUMMARY, start=1):
            grid.addWidget(ElidedLabel(METRICS[name].title), row, 0)
            for column, kind in enumerate(("mean", "worst", "images"), start=1):
                cell = TonedLabel("–")
                cell.setAlignment(RIGHT)
                self.cells[name, kind] = cell
                grid.addWidget(cell, row, column)
        for row in range(len(SUMMARY) + 1):
            grid.setRowMinimumHeight(row, self._row)
        grid.setColumnStretch(0, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_summary(self, done: Sequence[MaskScores]) -> None:
        """Show the figures over these images."""
        for name in SUMMARY:
            values = [value for scores in done if (value := value_of(scores, name)) is not None]
            metric, count = METRICS[name], len(values)
            over = (
                f"the {count} images done so far where it is defined." if count != 1 else "the one image done so far."
            )
            words = {
                "mean": (f"{sum(values) / count:.3f}" if values else "–", f"Mean of {metric.title} over {over}"),
                "worst": (f"{min(values):.3f}" if values else "–", f"Lowest {metric.title} among {over}"),
                "images": (str(count), f"Images with a {metric.title}, of {len(done)} done so far."),
            }
            for kind, (text, tip) in words.items():
                cell = self.cells[name, kind]
                cell.setText(text)
                cell.set_tone("text" if values else "faint")
                cell.setToolTip(f"{tip}\n{metric.tooltip('')}".strip())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        # The least important column gives way; its number is in the tooltips too.
        titles = QFontMetrics(font_px(13)).horizontalAdvance(METRICS["boundary_iou"].title)
        figures = QFontMetrics(font_px(13)).horizontalAdvance("0.000") * 2 + self._titles[-1].sizeHint().width()
        has_room = self.width() >= titles + figures + 2 * 8 + 3 * 10
        for label in (self._titles[-1], *(self.cells[name, "images"] for name in SUMMARY)):
            label.setVisible(has_room)

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(160, self.sizeHint().height())

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(super().sizeHint().width(), self._row * (len(SUMMARY) + 1) + 2)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.fillRect(self.rect(), field())
        painter.fillRect(QRect(0, 0, self.width(), self._row + 1), header_fill())
        for row in range(1, len(SUMMARY) + 1):
            painter.fillRect(0, row * self._row + 1, self.width(), 1, hairline())
        painter.setPen(QPen(outline(), 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
