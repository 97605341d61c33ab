"""A chart: two axes with their names, and curves, steps and dots between them.

Importing this module imports pyqtgraph, half a second: it waits until a chart is shown, and the file thread does it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from sam_inspector.ui import theme
from sam_inspector.ui.evaluate.chart_data import Dots, share_ticks
from sam_inspector.ui.panels.look import field, font_px, hairline, muted, outline, text

CATCH_PX = 9
"""A dot is caught from so far."""


def series_colours() -> tuple[QColor, QColor]:
    """Of the first and the second chosen cell; the second is dashed or hollow as well."""
    dark = theme.colours().dark
    return QColor("#56B4E9" if dark else "#0072B2"), QColor("#E69F00" if dark else "#D55E00")


class ChartView(pg.GraphicsView):  # type: ignore[misc]
    """Draws; a click on a dot tells which image it is."""

    dot_clicked = Signal(object, int)
    """The row, and of which series"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, useOpenGL=False)
        # A whole PlotItem would bring menus and forms that are windows of their own.
        layout = pg.GraphicsLayout()
        layout.setContentsMargins(2, 10, 16, 2)
        layout.setSpacing(0)
        self._box = pg.ViewBox(enableMenu=False, enableMouse=False, defaultPadding=0.0)
        self._left, self._bottom = pg.AxisItem("left"), pg.AxisItem("bottom")
        for axis in (self._left, self._bottom):
            axis.enableAutoSIPrefix(False)
            axis.linkToView(self._box)
        layout.addItem(self._left, row=0, col=0)
        layout.addItem(self._box, row=0, col=1)
        layout.addItem(self._bottom, row=1, col=1)
        self.setCentralItem(layout)
        self._names = ("", "")
        self._dots: list[Dots | None] = []
        self._drawn: list[object] = []
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumSize(160, 120)
        self.restyle()

    # --- what is drawn -------------------------------------------------------------------------------------------

    def begin(
        self,
        x_name: str,
        y_name: str,
        x_range: tuple[float, float],
        y_range: tuple[float, float],
        x_ticks: Sequence[tuple[float, str]] | None = None,
        y_ticks: Sequence[tuple[float, str]] | None = None,
    ) -> None:
        """Wipe the chart and set its axes; without ticks those of shares from 0 to the end."""
        for item in self._drawn:
            self._box.removeItem(item)
        self._drawn, self._dots = [], []
        self._names = (x_name, y_name)
        self._box.setRange(xRange=x_range, yRange=y_range, padding=0)
        self._bottom.setTicks([list(x_ticks or share_ticks(x_range[1])), []])
        self._left.setTicks([list(y_ticks or share_ticks(y_range[1])), []])
        self.restyle()

    def add_curve(self, x: Sequence[float], y: Sequence[float], series: int) -> None:
        """A line through points."""
        curve = pg.PlotCurveItem(np.asarray(x, np.float64), np.asarray(y, np.float64), pen=_series_pen(series, 2.0))
        self._add(curve)

    def add_steps(self, heights: NDArray[np.int64], edges: NDArray[np.float64], series: int) -> None:
        """A histogram: the first series filled, the second as an outline."""
        colour = series_colours()[series]
        fill = QColor(colour)
        fill.setAlphaF(0.45)
        curve = pg.PlotCurveItem(
            edges,
            heights,
            stepMode="center",
            fillLevel=0.0,
            brush=fill if series == 0 else None,
            pen=_series_pen(series, 1.5),
        )
        self._add(curve)

    def add_marked_curve(self, x: Sequence[float], y: Sequence[float], series: int) -> None:
        """A line with a sign at each of its points: discs, or squares for the second series."""
        colour = series_colours()[series]
        curve = pg.PlotDataItem(
            np.asarray(x, np.float64),
            np.asarray(y, np.float64),
            pen=pg.mkPen(colour, width=2.0),
            symbol="os"[series],
            symbolSize=7,
            symbolPen=pg.mkPen(field(), width=0.8),
            symbolBrush=colour,
        )
        self._add(curve)

    def add_mark(self, x: float, series: int, words: str = "") -> None:
        """A dashed line across the chart at an x, with words at its top."""
        colour = text() if series == 0 else series_colours()[1]
        self._add(_dashed(x, 90, colour, words, 0.93, [(-0.05, 0.5), (1.05, 0.5)]))

    def add_level(self, y: float, series: int, words: str, *, above: bool) -> None:
        """A dashed line across the chart at a height, with words above or below its beginning."""
        side = 1.0 if above else 0.0
        self._add(_dashed(y, 0, series_colours()[series], words, 0.01, [(0.0, side), (0.0, side)]))

    def add_diagonal(self) -> None:
        """Where both axes agree."""
        pen = QPen(outline(), 1.0, Qt.PenStyle.DashLine)
        pen.setCosmetic(True)
        self._add(pg.PlotCurveItem(np.array([0.0, 1.0]), np.array([0.0, 1.0]), pen=pen))

    def add_dots(self, dots: Dots, series: int) -> None:
        """Dots that can be clicked; the second series is hollow."""
        colour = series_colours()[series]
        fill = QColor(colour)
        fill.setAlphaF(0.75)
        item = pg.ScatterPlotItem(
            x=dots.x,
            y=dots.y,
            size=8,
            symbol="o" if series == 0 else "s",
            pen=pg.mkPen(field() if series == 0 else colour, width=0.8 if series == 0 else 1.4),
            brush=fill if series == 0 else None,
        )
        while len(self._dots) <= series:
            self._dots.append(None)
        self._dots[series] = dots
        self._add(item)

    def _add(self, item: object) -> None:
        self._drawn.append(item)
        self._box.addItem(item, ignoreBounds=True)

    def item_count(self) -> int:
        """Curves, histograms, marks and groups of dots that are drawn."""
        return len(self._drawn)

    def restyle(self) -> None:
        """Take the colours of the theme in use."""
        self.setBackground(None)
        self._box.setBackgroundColor(field())
        self._box.setBorder(QPen(hairline(), 1))
        for axis, name in ((self._bottom, self._names[0]), (self._left, self._names[1])):
            axis.setPen(QPen(outline(), 1))
            axis.setTextPen(QPen(muted(), 1))
            axis.setTickFont(font_px(11))
            axis.setStyle(tickLength=-3, tickTextOffset=4, maxTickLevel=0, hideOverlappingLabels=False)
            axis.setLabel(name, **{"color": muted().name(), "font-size": f"{font_px(11).pixelSize()}px"})
            axis.showLabel(bool(name))

    # --- the mouse -----------------------------------------------------------------------------------------------

    def view_position(self, x: float, y: float) -> QPointF:
        """Where a place of the chart is on this widget, in pixels."""
        return QPointF(self.mapFromScene(self._box.mapViewToScene(QPointF(x, y))))

    def dot_at(self, position: QPointF) -> tuple[int, int] | None:
        """Series and number of the dot nearest to a position of this widget, None where there is none near."""
        best, found = float(CATCH_PX), None
        for series, dots in enumerate(self._dots):
            if dots is None or not len(dots.x):
                continue
            origin, unit = self.view_position(0.0, 0.0), self.view_position(1.0, 1.0)
            far = np.hypot(
                origin.x() + dots.x * (unit.x() - origin.x()) - position.x(),
                origin.y() + dots.y * (unit.y() - origin.y()) - position.y(),
            )
            nearest = int(far.argmin())
            if far[nearest] < best:
                best, found = float(far[nearest]), (series, nearest)
        return found

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        if event.button() == Qt.MouseButton.LeftButton and (found := self.dot_at(event.position())) is not None:
            dots = self._dots[found[0]]
            if dots is not None:
                self.dot_clicked.emit(dots.rows[found[1]], found[0])
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        found = self.dot_at(event.position())
        self.setCursor(Qt.CursorShape.ArrowCursor if found is None else Qt.CursorShape.PointingHandCursor)
        dots = None if found is None else self._dots[found[0]]
        if dots is None or found is None:
            QToolTip.hideText()
        else:
            row = dots.rows[found[1]]
            QToolTip.showText(event.globalPosition().toPoint(), f"{row.path}\nIoU {row.iou or 0.0:.3f}", self)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        event.accept()


def _dashed(
    at: float, angle: int, colour: QColor, words: str, position: float, anchors: list[tuple[float, float]]
) -> pg.InfiniteLine:
    """A dashed line, and words a share of its length from its beginning; `anchors` of either side of the chart."""
    pen = QPen(colour, 1.3, Qt.PenStyle.DashLine)
    pen.setCosmetic(True)
    options = {"position": position, "color": colour, "anchors": anchors, "movable": False}
    line = pg.InfiniteLine(at, angle=angle, movable=False, pen=pen, label=words or None, labelOpts=options)
    if words:
        line.label.setFont(font_px(11))
    return line


def _series_pen(series: int, width: float) -> QPen:
    pen = QPen(series_colours()[series], width, Qt.PenStyle.SolidLine if series == 0 else Qt.PenStyle.DashLine)
    pen.setCosmetic(True)
    return pen
