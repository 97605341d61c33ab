"""The page of the Evaluate workspace: choices at the left, the table and its worst images, charts at the right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from sam_inspector.ui.banner import BannerArea
from sam_inspector.ui.evaluate.chart_panels import CurvePanel, ImagesPanel
from sam_inspector.ui.evaluate.choice_panel import ChoicePanel
from sam_inspector.ui.evaluate.look_panel import LookPanel
from sam_inspector.ui.evaluate.table_model import ResultsModel
from sam_inspector.ui.evaluate.table_view import ResultsView
from sam_inspector.ui.evaluate.words import IOU_AND_AUROC, metric_named
from sam_inspector.ui.evaluate.worst_panel import WorstPanel
from sam_inspector.ui.panels.buttons import PlainButton
from sam_inspector.ui.panels.invitation import Invitation
from sam_inspector.ui.panels.panel_header import PanelHeader
from sam_inspector.ui.panels.run_bar import RunBar

REPORT_TIP = "Write the run as one HTML file, and open it"
NO_REPORT_TIP = "Reports can't be written yet"
LEFT_PX, NARROW_LEFT_PX = 264, 236
ROOMY_PX = 1240
"""From this width on the sides may be wide."""
RIGHT_SHARE, RIGHT_LEAST_PX, RIGHT_MOST_PX = 0.27, 252, 560
"""Of the width, for the charts."""
WORST_SHARE = 0.72
"""Of the height of the middle, at most, for the worst images."""


class EvaluatePage(QWidget):
    """Arranges; what things do is connected in the controller."""

    metric_chosen = Signal(str)
    copy_requested = Signal()
    report_requested = Signal()
    shown = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choices = ChoicePanel()
        self.banners = BannerArea()
        self.header = PanelHeader("Results")
        self.metric_choice = QComboBox()
        self.copy = PlainButton("Copy table", "copy", tip="Copy the table for a spreadsheet or a document")
        self.report = PlainButton("Report…")
        self.run_bar = RunBar()
        self.results = ResultsModel(self)
        self.table = ResultsView(self.results)
        self.look = LookPanel()
        self.add = PlainButton("Add a folder…", "folder", tip="Add the folder of a dataset or of one category")
        self.open_run = PlainButton("Open a run…", "list", tip="Open the folder that an evaluation wrote")
        self.empty = Invitation(
            "Score whole datasets",
            "Tick categories, modes and models at the left, then press Start. The table fills while you go on working; "
            "a run can be paused, cancelled, and gone on with later.",
            self.add,
            self.open_run,
        )
        self.worst = WorstPanel()
        self.curves = CurvePanel()
        self.images = ImagesPanel()
        self._metrics: tuple[str, ...] = ()
        self._subtitle, self._is_arranged, self._is_split_by_hand = "", False, False
        self._lay_out()
        self.metric_choice.activated.connect(self._on_metric)
        self.copy.clicked.connect(self.copy_requested)
        self.report.clicked.connect(self.report_requested)
        self.set_can_report(False, NO_REPORT_TIP)
        self.set_has_table(False)
        self.run_bar.hide()

    def set_has_table(self, has: bool) -> None:
        """Show the table, or what to do to get one."""
        self._centre.setCurrentWidget(self._lower if has else self.empty)
        for widget in (self.metric_choice, self.copy, self.report, self._right):
            widget.setVisible(has)
        if not has:
            self.set_subtitle("", "")

    def show_look(self) -> None:
        """Show an image in the table's place."""
        if self._upper.currentWidget() is not self.look:
            self._upper.setCurrentWidget(self.look)
            self.look.view.setFocus()
            self.fit_table()

    @Slot()
    def show_table(self) -> None:
        """Show the table again."""
        if self._upper.currentWidget() is not self.table:
            self._upper.setCurrentWidget(self.table)
            self.table.setFocus()
            self.fit_table()

    @property
    def shows_look(self) -> bool:
        """Whether an image is in the table's place."""
        return self._upper.currentWidget() is self.look

    def fit_table(self) -> None:
        """Give the table what its rows need and the rest to the images, unless a person has moved the line between."""
        whole = self._lower.height()
        if self._is_split_by_hand or whole < 100:
            return
        least = self.worst.minimumSizeHint().height()
        if self.shows_look:
            below = least
        else:
            below = max(least, min(whole - self.table.height_of_all(), round(WORST_SHARE * whole)))
        self._lower.setSizes([whole - below, below])

    @Slot()
    def _note_split(self) -> None:
        self._is_split_by_hand = not self.shows_look or self._is_split_by_hand

    def set_metrics(self, names: Sequence[str], chosen: str) -> None:
        """What the table can show; the form of the first system's table comes first."""
        wanted = (IOU_AND_AUROC, *names)
        if wanted != self._metrics:
            self._metrics = wanted
            self.metric_choice.clear()
            self.metric_choice.addItem("IoU / P-AUROC", IOU_AND_AUROC)
            tip = "Means over the anomalous images, as in the table of the first system"
            self.metric_choice.setItemData(0, tip, Qt.ItemDataRole.ToolTipRole)
            for place, name in enumerate(names, start=1):
                row = metric_named(name)
                self.metric_choice.addItem(row.title, name)
                self.metric_choice.setItemData(place, row.definition, Qt.ItemDataRole.ToolTipRole)
        self.metric_choice.setCurrentIndex(max(0, self.metric_choice.findData(chosen)))

    def set_can_report(self, can: bool, tip: str = REPORT_TIP) -> None:
        """Whether there is a run to report on, and somebody to write it."""
        self.report.setEnabled(can)
        self.report.setToolTip(tip)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102
        super().showEvent(event)
        if not self._is_arranged:
            self._is_arranged = True
            left = LEFT_PX if self.width() >= ROOMY_PX else NARROW_LEFT_PX
            left = max(left, self.choices.minimumSizeHint().width())
            right = min(RIGHT_MOST_PX, max(RIGHT_LEAST_PX, round(RIGHT_SHARE * self.width())))
            self._columns.setSizes([left, self.width() - left - right, right])
        self.shown.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        # Where there is room for a few letters only, the words are in the tooltip.
        self._show_subtitle()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: D102
        if watched is self._lower and event.type() == QEvent.Type.Resize:  # also when a banner comes or goes
            QTimer.singleShot(0, self, self.fit_table)
        return super().eventFilter(watched, event)

    def set_subtitle(self, words: str, tip: str) -> None:
        """What the table is of."""
        self._subtitle = words
        self.header.title.setToolTip(tip)
        self.header.subtitle.setToolTip(tip)
        self._show_subtitle()

    def _show_subtitle(self) -> None:
        self.header.set_subtitle(self._subtitle if self.width() >= ROOMY_PX else "")

    def _lay_out(self) -> None:
        self.metric_choice.setToolTip("What the table shows")
        self.metric_choice.setAccessibleName("Metric")
        for button in (self.metric_choice, self.copy, self.report):
            self.header.add_button(button)
        self.header.setMinimumHeight(44)
        self._lower = QSplitter(Qt.Orientation.Vertical)
        self._lower.setChildrenCollapsible(False)
        self._upper = QStackedWidget()
        self._upper.addWidget(self.table)
        self._upper.addWidget(self.look)
        self._upper.setMinimumHeight(110)
        self._lower.addWidget(self._upper)
        self._lower.addWidget(self.worst)
        self._lower.installEventFilter(self)
        self._lower.splitterMoved.connect(self._note_split)
        self._lower.setStretchFactor(0, 1)
        self._lower.setStretchFactor(1, 0)
        self._centre = QStackedWidget()
        self._centre.addWidget(self.empty)
        self._centre.addWidget(self._lower)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for line in (self.header, self.banners, self.run_bar):
            column.addWidget(line)
        column.addWidget(self._centre, 1)
        self._right = QSplitter(Qt.Orientation.Vertical)
        self._right.setChildrenCollapsible(False)
        self._right.addWidget(self.curves)
        self._right.addWidget(self.images)
        self._right.setMinimumWidth(240)
        columns = QSplitter(Qt.Orientation.Horizontal)
        columns.setChildrenCollapsible(False)
        for part in (self.choices, middle, self._right):
            columns.addWidget(part)
        for splitter in (columns, self._lower, self._right):
            splitter.setHandleWidth(1)
        columns.setStretchFactor(0, 0)
        columns.setStretchFactor(1, 1)
        columns.setStretchFactor(2, 0)
        self._columns = columns
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(columns)

    @Slot(int)
    def _on_metric(self, place: int) -> None:
        self.metric_chosen.emit(self.metric_choice.itemData(place))
