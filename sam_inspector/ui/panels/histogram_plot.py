"""Two histograms of map values over one axis, and the threshold as a line that follows the pointer.

Importing this module imports pyqtgraph, half a second: it waits until a histogram is shown.
"""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from sam_inspector.ui.panels.histogram_key import image_colours, reference_colours
from sam_inspector.ui.panels.look import field, font_px, hairline, muted, outline, text

EDGE_PX = 7
"""From the edge to the lowest and highest value: half a slider's handle, so that line and handle stand in a column."""


class HistogramPlot(pg.GraphicsView):  # type: ignore[misc]
    """Draws heights over values; a press or a drag anywhere on it asks for another threshold."""

    threshold_dragged = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, useOpenGL=False)
        self._low, self._high = 0.0, 1.0
        # A whole PlotItem would bring menus and forms that are windows of their own.
        layout = pg.GraphicsLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._box = pg.ViewBox(enableMenu=False, enableMouse=False, defaultPadding=0.0)
        self._axis = pg.AxisItem("bottom")
        self._axis.enableAutoSIPrefix(False)
        self._axis.linkToView(self._box)
        layout.addItem(self._box, row=0, col=0)
        layout.addItem(self._axis, row=1, col=0)
        self.setCentralItem(layout)
        self._references, self._image = pg.PlotCurveItem(), pg.PlotCurveItem()
        self._line = pg.InfiniteLine(angle=90, movable=False)
        for item in (self._references, self._image, self._line):
            self._box.addItem(item, ignoreBounds=True)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.restyle()

    def set_range(self, low: float, high: float) -> None:
        """The values at the left and right end; `low < high`."""
        self._low, self._high = low, high
        self._fit()

    def set_heights(
        self, image: NDArray[np.float64] | None, references: NDArray[np.float64] | None, edges: NDArray[np.float64]
    ) -> None:
        """Show other histograms.

        Parameters
        ----------
        image, references
            float64 `(bins,)`, not negative; None where there is none.
        edges
            float64 `(bins + 1,)`, ascending.
        """
        top = 0.0
        for curve, heights in ((self._references, references), (self._image, image)):
            filled = np.flatnonzero(heights) if heights is not None else np.empty(0, int)
            curve.setVisible(filled.size > 0)
            if heights is not None and filled.size > 0:
                # Between the first and the last bin with something in it, with a wall at either end.
                first, last = filled[0], filled[-1] + 1
                xs = np.concatenate([edges[first : first + 1], edges[first : last + 1], edges[last : last + 1]])
                ys = np.concatenate([[0.0], heights[first:last], [0.0]])
                curve.setData(xs, ys, stepMode="center", fillLevel=0.0)
                top = max(top, float(heights.max()))
        self._box.setYRange(0.0, top * 1.08 if top > 0 else 1.0, padding=0)

    def set_threshold(self, value: float) -> None:
        """Where the line stands."""
        self._line.setPos(value)

    def threshold(self) -> float:
        """Where the line stands."""
        return float(self._line.value())

    def position_of(self, value: float) -> float:
        """The x of a value on this widget, in pixels."""
        share = (value - self._low) / (self._high - self._low)
        return float(EDGE_PX + share * (self.width() - 2 * EDGE_PX))

    def value_at(self, x: float) -> float:
        """The value at an x of this widget, within the range shown."""
        share = (x - EDGE_PX) / max(1, self.width() - 2 * EDGE_PX)
        return float(self._low + min(1.0, max(0.0, share)) * (self._high - self._low))

    def restyle(self) -> None:
        """Take the colours of the theme in use."""
        self.setBackground(None)
        self._box.setBackgroundColor(field())
        self._box.setBorder(QPen(hairline(), 1))
        for curve, (line, fill), width in (
            (self._references, reference_colours(), 1.0),
            (self._image, image_colours(), 1.5),
        ):
            curve.setPen(_pen(line, width))
            curve.setBrush(fill)
        self._line.setPen(_pen(text(), 2.0))
        self._line.clearMarkers()
        self._line.addMarker("v", 1.0, 9.0)
        self._axis.setPen(QPen(outline(), 1))
        self._axis.setTextPen(QPen(muted(), 1))
        self._axis.setTickFont(font_px(12))
        self._axis.setStyle(tickLength=-3, tickTextOffset=4, maxTickLevel=0, hideOverlappingLabels=True)
        self._axis.setHeight(self.fontMetrics().height() + 5)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        if hasattr(self, "_box"):
            self._fit()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        if event.button() == Qt.MouseButton.LeftButton:
            self.threshold_dragged.emit(self.value_at(event.position().x()))
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        # pyqtgraph would drop moves that come faster than 100 a second.
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.threshold_dragged.emit(self.value_at(event.position().x()))
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        event.accept()

    def _fit(self) -> None:
        margin = (self._high - self._low) * EDGE_PX / max(1, self.width() - 2 * EDGE_PX)
        self._box.setXRange(self._low - margin, self._high + margin, padding=0)


def _pen(colour: QColor, width: float) -> QPen:
    pen = QPen(colour, width)
    pen.setCosmetic(True)
    return pen
