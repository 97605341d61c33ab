"""The charts at the right: curves of the chosen cells above, and below how their images are distributed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from sam_inspector.engine.image_rows import ImageRow
from sam_inspector.ui.evaluate import chart_data
from sam_inspector.ui.evaluate.earlier_runs import Curve
from sam_inspector.ui.evaluate.running_table import Cell, CellKey
from sam_inspector.ui.panels.labels import TonedLabel
from sam_inspector.ui.panels.look import GAP, MARGIN, font_px, muted, text
from sam_inspector.ui.panels.panel_header import PanelHeader
from sam_inspector.ui.panels.segmented import SegmentedControl

NOTHING_CHOSEN = "Click a cell of the table to see its images here; Ctrl-click another to compare the two."
CURVES_COME = "Curves come once the category is complete."
NO_CURVES = "This run has no curves of this cell."
CURVES: dict[str, tuple[str, str, float, str, str]] = {
    "roc": ("false positive rate", "true positive rate", 1.0, "p_auroc", "AUROC, pooled"),
    "pr": ("recall", "precision", 1.0, "ap", "AP, pooled"),
    "pro": ("false positive rate", "per-region overlap", 0.3, "aupro", "AUPRO"),
}
"""Names of the axes, how far x goes, and the metric that is the area beneath with its name."""
EDGES = np.linspace(0.0, 1.0, chart_data.BINS + 1)


@dataclass(frozen=True, eq=False, slots=True)
class ChosenCell:
    """A chosen cell with all that is drawn of it.

    Attributes
    ----------
    title
        Its mode and, where there are several, its model.
    curves
        By kind; empty while there are none.
    areas
        Metrics that stand in the legend of the curves.
    """

    key: CellKey
    title: str
    cell: Cell
    complete: bool
    curves: Mapping[str, Curve]
    areas: Mapping[str, float | None]


class _Legend(QWidget):
    """Which line is which, with a number each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: list[tuple[str, str]] = []
        self._sign, self._caption = "line", ""
        self._height = QFontMetrics(font_px(12)).height() + 4
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_lines(self, lines: Sequence[tuple[str, str]], sign: str = "line", caption: str = "") -> None:
        """Titles with their numbers, each after a `line`, a `dot`, or nothing; `caption` says what the numbers are."""
        self._lines, self._sign, self._caption = list(lines), sign, caption
        self.setToolTip("\n".join(f"{title}: {caption} {figure}".replace("  ", " ") for title, figure in lines))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        lines = len(self._lines) + bool(self._caption and self._lines)
        return QSize(160, self._height * lines + (4 if self._lines else 0))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        from sam_inspector.ui.evaluate.chart_view import series_colours

        painter = QPainter(self)
        painter.setFont(font_px(12))
        metrics = QFontMetrics(font_px(12))
        top = 0
        if self._caption and self._lines:
            painter.setPen(muted())
            head = QRect(MARGIN, 0, self.width() - 2 * MARGIN, self._height)
            painter.drawText(head, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), self._caption)
            top = self._height
        for place, (title, figure) in enumerate(self._lines):
            line = QRect(MARGIN, top + place * self._height, self.width() - 2 * MARGIN, self._height)
            self._draw_sign(painter, line, series_colours()[min(place, 1)], is_first=place == 0)
            width = metrics.horizontalAdvance(figure)
            painter.setPen(text())
            painter.drawText(line, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), figure)
            words = line.adjusted(28 if self._sign else 0, 0, -width - GAP, 0)
            painter.setPen(muted())
            shown = metrics.elidedText(title, Qt.TextElideMode.ElideMiddle, words.width())
            painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), shown)

    def _draw_sign(self, painter: QPainter, line: QRect, colour: QColor, *, is_first: bool) -> None:
        middle = line.center().y()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, self._sign == "dot")
        if self._sign == "line":
            painter.setPen(QPen(colour, 2.5, Qt.PenStyle.SolidLine if is_first else Qt.PenStyle.DashLine))
            painter.drawLine(line.left(), middle, line.left() + 20, middle)
        elif self._sign == "dot":
            painter.setPen(QPen(colour, 1.4))
            place = QRect(line.left() + 7, middle - 4, 8, 8)
            if is_first:
                painter.setBrush(colour)
                painter.drawEllipse(place)
                painter.setBrush(Qt.BrushStyle.NoBrush)
            else:
                painter.drawRect(place)


class ChartPanel(QWidget):
    """A title, tabs, and a chart or a sentence in its place."""

    dot_clicked = Signal(object, object)
    """The row, and the key of its cell"""

    def __init__(self, title: str, tabs: Sequence[tuple[str, str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = PanelHeader(title)
        self.tabs = SegmentedControl(tabs)
        self.legend = _Legend()
        self.sentence = TonedLabel(NOTHING_CHOSEN, tone="muted", wrap=True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.sentence.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        self.chart: Any = None
        self._chosen: tuple[ChosenCell, ...] = ()
        self._place = QWidget()
        self._stack = QStackedLayout(self._place)
        self._stack.addWidget(self.sentence)
        bar = QWidget()
        row = QVBoxLayout(bar)
        row.setContentsMargins(MARGIN, GAP, MARGIN, 4)
        row.addWidget(self.tabs)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self.header, bar, self.legend):
            column.addWidget(widget)
        column.addWidget(self._place, 1)
        self.tabs.chosen.connect(self._redraw)
        self.setMinimumHeight(210)

    def allow_charts(self) -> None:
        """What draws charts is loaded now."""
        if self.chart is None:
            from sam_inspector.ui.evaluate.chart_view import ChartView

            self.chart = ChartView()
            self._stack.addWidget(self.chart)
            self.chart.dot_clicked.connect(self._on_dot)
            self._redraw()

    def set_chosen(self, chosen: Sequence[ChosenCell]) -> None:
        """Show other cells, or that they have more images."""
        self._chosen = tuple(chosen)
        self._redraw()

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and getattr(self, "chart", None) is not None:
            self._redraw()

    def _tell(self, sentence: str) -> None:
        self.legend.set_lines(())
        self.sentence.setText(sentence)
        self._stack.setCurrentWidget(self.sentence)

    @Slot()
    def _redraw(self) -> None:
        # The modes stand in the legend.
        self.header.set_subtitle(" and ".join(dict.fromkeys(each.key[0] for each in self._chosen)))
        if not self._chosen:
            self._tell(NOTHING_CHOSEN)
        elif self.chart is None:
            self._tell("Getting ready to draw…")
        else:
            self._stack.setCurrentWidget(self.chart)
            self.draw()

    def draw(self) -> None:
        """Draw the chosen tab."""
        raise NotImplementedError

    def _titles(self) -> list[str]:
        """Of each chosen cell what tells it from the other."""
        same = len({each.title for each in self._chosen}) < len(self._chosen)
        several = len({each.key[0] for each in self._chosen}) > 1
        return [f"{each.key[0]}, {each.title}" if same or several else each.title for each in self._chosen]

    @Slot(object, int)
    def _on_dot(self, row: ImageRow, series: int) -> None:
        if series < len(self._chosen):
            self.dot_clicked.emit(row, self._chosen[series].key)


class CurvePanel(ChartPanel):
    """ROC, precision over recall, and overlap of regions."""

    def __init__(self, parent: QWidget | None = None) -> None:
        tabs = (
            ("roc", "ROC", "True over false positive rate, over all pixels of the category"),
            ("pr", "PR", "Precision over recall, over all pixels of the category"),
            ("pro", "PRO", "Overlap with each region over false positives, to 30 %"),
        )
        super().__init__("Curves", tabs, parent)

    def draw(self) -> None:  # noqa: D102
        kind = self.tabs.choice()
        x_name, y_name, end, area, name = CURVES[kind]
        if not any(kind in each.curves for each in self._chosen):
            self._tell(NO_CURVES if all(each.complete for each in self._chosen) else CURVES_COME)
            return
        self.chart.begin(x_name, y_name, (0.0, end), (0.0, 1.02))
        lines = []
        for series, (each, title) in enumerate(zip(self._chosen, self._titles(), strict=True)):
            value = each.areas.get(area)
            lines.append((title, "–" if value is None else f"{value:.3f}"))
            if kind in each.curves:
                self.chart.add_curve(*each.curves[kind], series)
        self.legend.set_lines(lines, caption=name)


class ImagesPanel(ChartPanel):
    """How the images of the chosen cells fare: their IoU, over the size of the defect, and mode against mode."""

    def __init__(self, parent: QWidget | None = None) -> None:
        tabs = (
            ("iou", "IoU", "How many images have which IoU"),
            ("size", "Size", "IoU against the size of the defect; click a dot to open the image"),
            ("pair", "Modes", "IoU under one mode against that under another; click a dot to open the image"),
        )
        super().__init__("Images", tabs, parent)

    def draw(self) -> None:  # noqa: D102
        {"iou": self._draw_distribution, "size": self._draw_sizes, "pair": self._draw_pair}[self.tabs.choice()]()

    def _draw_distribution(self) -> None:
        found = [chart_data.heights_of(each.cell) for each in self._chosen]
        top = max((int(heights.max()) for heights, _ in found), default=0)
        if top == 0:
            self._tell("No image of this cell has an IoU yet.")
            return
        self.chart.begin("IoU", "images", (0.0, 1.0), (0.0, 1.1 * top), y_ticks=chart_data.count_ticks(top))
        lines = []
        for series, ((heights, mean), title) in enumerate(zip(found, self._titles(), strict=True)):
            self.chart.add_steps(heights, EDGES, series)
            if mean is not None:
                self.chart.add_mark(mean, series)
            lines.append((title, "–" if mean is None else f"mean {mean:.3f}"))
        self.legend.set_lines(lines)

    def _draw_sizes(self) -> None:
        dots = [chart_data.size_dots(each.cell) for each in self._chosen]
        if not any(len(each.x) for each in dots):
            self._tell("No image of this cell has an IoU yet.")
            return
        low, high = chart_data.area_range(dots)
        ticks = chart_data.decade_ticks(low, high)
        self.chart.begin("defect, share of the image", "IoU", (low, high), (-0.03, 1.03), ticks)
        for series, each in enumerate(dots):
            logs = chart_data.Dots(np.log10(each.x), each.y, each.rows, each.total)
            self.chart.add_dots(logs, series)
        self.legend.set_lines(list(zip(self._titles(), map(_how_many, dots), strict=True)), "dot")

    def _draw_pair(self) -> None:
        if len(self._chosen) < 2 or self._chosen[0].key[0] != self._chosen[1].key[0]:
            self._tell("Ctrl-click a second cell in the row of the chosen one to compare the two, image by image.")
            return
        first, second = self._chosen
        dots = chart_data.pair_dots(first.cell, second.cell)
        if not len(dots.x):
            self._tell("No image has an IoU under both modes yet.")
            return
        self.chart.begin(f"IoU, {second.title}", f"IoU, {first.title}", (-0.03, 1.03), (-0.03, 1.03))
        self.chart.add_diagonal()
        self.chart.add_dots(dots, 0)
        above, below = int((dots.y > dots.x).sum()), int((dots.y < dots.x).sum())
        self.legend.set_lines([(f"{first.title} better", str(above)), (f"{second.title} better", str(below))], "")


def _how_many(dots: chart_data.Dots) -> str:
    if len(dots.x) < dots.total:
        return f"{len(dots.x):,} of {dots.total:,} images"
    return f"{dots.total:,} images" if dots.total != 1 else "1 image"
