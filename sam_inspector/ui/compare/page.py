"""The Compare view: a grid of panes, the difference and the summary under one header."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from sam_inspector.models.registry import ModelSpec
from sam_inspector.ui.canvas.overlays import MaskOverlay
from sam_inspector.ui.canvas.pyramid import ImagePyramid
from sam_inspector.ui.compare.difference_pane import DifferencePane
from sam_inspector.ui.compare.header import CompareHeader
from sam_inspector.ui.compare.layout import LETTERS, CompareLayout, columns_for
from sam_inspector.ui.compare.linked_views import LinkedView, LinkedViews
from sam_inspector.ui.compare.mode_texts import mode_title, pane_title
from sam_inspector.ui.compare.pane import Pane
from sam_inspector.ui.compare.summary_panel import SummaryPanel
from sam_inspector.ui.panels.look import hairline
from sam_inspector.ui.session import LayerState

PANE_LAYERS = ("prompts", "mask", "gt", "errors")
"""Layers of the session that the panes follow; maps are left to Inspect."""
EQUAL = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
"""No cell of the grid asks for more room than another."""


class ComparePage(QWidget):
    """Arranges; what is in the panes is set by the controller, and what a person wants is told."""

    mode_chosen = Signal(int, str)
    model_chosen = Signal(int, str)
    closed = Signal(int)
    """Place of the pane to close"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compare")
        self.setAccessibleName("Compare")
        self.header = CompareHeader()
        self.linked = LinkedViews(self)
        self.panes: list[Pane] = []
        self._area = _Grid()
        # Without a parent each would be a window of its own for the moment in which it is shown first.
        self.difference = DifferencePane(self._area)
        self.summary = SummaryPanel(self._area)
        self._layers: dict[str, LayerState] = {}
        self._truth: MaskOverlay | None = None
        self._layout = CompareLayout()
        self._shown: object = None
        self._columns = 0
        self._grid = QGridLayout(self._area)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self._area, 1)
        for cell in (self.difference, self.summary):
            cell.setSizePolicy(EQUAL)
        self._link(self.difference.view)
        self.linked.zoom_changed.connect(self.header.set_zoom)
        self.linked.arrived.connect(self._take_arrived)
        self.header.fit_requested.connect(self.linked.fit)

    # --- setters ------------------------------------------------------------------------------------------------------

    def set_layout(
        self,
        layout: CompareLayout,
        model_of: Callable[[int], str],
        points: int,
        offered: Sequence[ModelSpec],
        absent: Collection[str],
    ) -> None:
        """Show other panes.

        Parameters
        ----------
        model_of
            Gives the model that answers the pane at a place.
        points
            Of the mode with many points a region.
        offered
            Models that can be chosen.
        absent
            Models whose weights are not there.
        """
        models = tuple(model_of(place) for place in range(len(layout.panes)))
        shown = (layout, models, points, tuple(offered), frozenset(absent))
        if shown == self._shown:
            return
        self._shown = shown
        while len(self.panes) < len(layout.panes):
            self._add_pane()
        while len(self.panes) > len(layout.panes):
            self._drop_pane()
        self._layout = layout
        titles = []
        for place, choice in enumerate(layout.panes):
            self.panes[place].set_choice(choice, models[place], points, offered, absent)
            self.panes[place].set_can_close(layout.can_close)
            self.panes[place].set_has_common_model(len(set(models)) == 1)
            titles.append(pane_title(choice.mode, models[place], points))
        self.difference.set_pair(layout.pair, titles)
        self.difference.setVisible(layout.difference)
        self.summary.setVisible(layout.summary)
        self.header.set_can_add(layout.can_add)
        self._arrange()

    @property
    def columns(self) -> int:
        """How many cells stand beside each other."""
        return self._columns

    def titles(self, points: int) -> list[str]:
        """The modes of the panes."""
        return [mode_title(pane.mode, points) for pane in self._layout.panes]

    def set_image(self, pyramid: ImagePyramid | None, truth: MaskOverlay | None, placeholder: str = "") -> None:
        """Show another image in all panes; its masks come later."""
        for view in self._views():
            view.set_placeholder(placeholder or "No image")
        self._truth = truth
        self.linked.set_image(pyramid)

    def set_truth(self, truth: MaskOverlay | None) -> None:
        """Show another ground truth, or none."""
        self._truth = truth
        for view in self._views():
            view.set_ground_truth(truth)

    def set_layers(self, layers: Mapping[str, LayerState]) -> None:
        """Show, hide and fade as in Inspect."""
        self._layers = dict(layers)
        for view in self._views():
            self._show_layers(view)
        self.header.set_shown({name: layers[name].visible for name in PANE_LAYERS})

    def set_overlays_hidden(self, hidden: bool) -> None:
        """Show the bare image for as long as this holds."""
        for view in self._views():
            view.set_overlays_hidden(hidden)

    # --- panes --------------------------------------------------------------------------------------------------------

    def _views(self) -> Sequence[LinkedView]:
        return [*(pane.view for pane in self.panes), self.difference.view]

    def _link(self, view: LinkedView) -> None:
        self.linked.add(view)
        view.set_ground_truth(self._truth)
        self._show_layers(view)

    @Slot(object)
    def _take_arrived(self, view: LinkedView) -> None:
        view.set_ground_truth(self._truth)

    def _show_layers(self, view: LinkedView) -> None:
        for name in PANE_LAYERS:
            if name in self._layers:
                view.set_layer(name, self._layers[name].visible, self._layers[name].opacity)

    def _add_pane(self) -> None:
        place = len(self.panes)
        pane = Pane(LETTERS[place])
        pane.setSizePolicy(EQUAL)
        pane.mode_chosen.connect(partial(self._choose_mode, place))
        pane.model_chosen.connect(partial(self._choose_model, place))
        pane.close_requested.connect(partial(self._close, place))
        self.panes.append(pane)
        # The first view speaks for all: panes come before the difference.
        self.linked.remove(self.difference.view)
        self._link(pane.view)
        self._link(self.difference.view)

    def _drop_pane(self) -> None:
        pane = self.panes.pop()
        self.linked.remove(pane.view)
        self._grid.removeWidget(pane)
        pane.hide()
        pane.deleteLater()
        self.setFocusProxy(self.panes[0])

    def _choose_mode(self, place: int, mode: str) -> None:
        self.mode_chosen.emit(place, mode)

    def _choose_model(self, place: int, model: str) -> None:
        self.model_chosen.emit(place, model)

    def _close(self, place: int) -> None:
        self.closed.emit(place)

    # --- grid ---------------------------------------------------------------------------------------------------------

    def _cells(self) -> list[QWidget]:
        cells: list[QWidget] = list(self.panes)
        if self._layout.difference:
            cells.append(self.difference)
        if self._layout.summary:
            cells.append(self.summary)
        return cells

    def _arrange(self) -> None:
        """Equal cells in rows; the last one takes what is left of its row."""
        cells = self._cells()
        columns = columns_for(len(cells), self._area.width(), self._area.height())
        self._columns = columns
        rows = -(-len(cells) // columns)
        for cell in (*self.panes, self.difference, self.summary):
            self._grid.removeWidget(cell)
        for number, cell in enumerate(cells):
            row, column = divmod(number, columns)
            span = columns - column if cell is self.summary else 1
            self._grid.addWidget(cell, row, column, 1, span)
            cell.show()
        for row in range(max(rows, self._grid.rowCount())):
            self._grid.setRowStretch(row, 1 if row < rows else 0)
            self._grid.setRowMinimumHeight(row, 0)
        for column in range(max(columns, self._grid.columnCount())):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
        if self.panes:
            self.setFocusProxy(self.panes[0])
        order: list[QWidget] = [self.header.save]
        for pane in self.panes:
            order += [pane.mode, pane.model, pane.cross]
        for before, after in zip(order, [*order[1:], *self.difference.sides], strict=False):
            self.setTabOrder(before, after)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another shape of window can take another number of columns."""
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self._arrange_again)

    def fit_titles(self) -> None:
        """All titles leave out the same, so that the eye finds a figure where it was in the pane before."""
        level = max((pane.least_level() for pane in self.panes), default=0)
        for pane in self.panes:
            pane.set_level(level)

    def _arrange_again(self) -> None:
        self.fit_titles()
        if self._columns != columns_for(len(self._cells()), self._area.width(), self._area.height()):
            self._arrange()
            self._grid.activate()
            self.fit_titles()


class _Grid(QWidget):
    """Shows through the gaps between the panes as lines."""

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), hairline())
