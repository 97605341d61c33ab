"""The page of the Tune workspace: the form at the left, how the training goes, and maps of what it has learnt."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from sam_inspector.ui.banner import BannerArea
from sam_inspector.ui.panels.buttons import PlainButton
from sam_inspector.ui.panels.invitation import Invitation
from sam_inspector.ui.panels.panel_header import PanelHeader
from sam_inspector.ui.panels.run_bar import RunBar
from sam_inspector.ui.panels.segmented import SegmentedControl
from sam_inspector.ui.tune.foregrounds.page import ForegroundsPage
from sam_inspector.ui.tune.form import TuneForm
from sam_inspector.ui.tune.loss_chart import LossChart
from sam_inspector.ui.tune.preview_strip import PreviewStrip

VIEWS = (
    ("train", "Train", "Train a network on the normal images"),
    ("foregrounds", "Foregrounds", "See and correct what is kept of each image where its background is removed"),
)
FORM_PX = 280


class TunePage(QWidget):
    """Arranges; what things do is connected in the controller."""

    shown = Signal()
    open_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.form = TuneForm()
        self.banners = BannerArea()
        self.header = PanelHeader("Training")
        self.run_bar = RunBar()
        self.loss = LossChart()
        self.previews = PreviewStrip()
        self.foregrounds = ForegroundsPage()
        self._has_dataset = False
        # One in the header of each view, in the same place.
        self.switches = {name: SegmentedControl(VIEWS, can_shrink=False) for name, _, _ in VIEWS}
        for switch, header in zip(self.switches.values(), (self.header, self.foregrounds.header), strict=True):
            header.add_button(switch)
            switch.chosen.connect(self.set_view)
        self.open = PlainButton("Open folder…", "folder", tip="Open a dataset or one of its categories")
        self.open.clicked.connect(self.open_requested)
        self._empty = Invitation(
            "Train on your own images",
            "Open a dataset with normal images in train/good: a network learns from them what is normal, and marks "
            "what is not.",
            self.open,
        )
        self._lay_out()
        self.run_bar.hide()
        self.set_has_dataset(False)

    def set_has_dataset(self, has: bool) -> None:
        """Show the training, or how to come to one."""
        self._has_dataset = has
        self._arrange()

    @Slot(str)
    def set_view(self, name: str) -> None:
        """Show the training, or the foregrounds."""
        for switch in self.switches.values():
            switch.set_choice(name)
        self._arrange()
        # The switch that was pressed is out of sight now.
        self.switches[name].segment(name).setFocus(Qt.FocusReason.OtherFocusReason)

    def _arrange(self) -> None:
        shows_foregrounds = self.switches["train"].choice() == "foregrounds"
        going = self.foregrounds if shows_foregrounds else self._going
        self._side.setCurrentWidget(self.foregrounds.side if shows_foregrounds else self.form)
        self._side.setVisible(self._has_dataset)
        self._centre.setCurrentWidget(going if self._has_dataset else self._empty)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102
        super().showEvent(event)
        self.shown.emit()

    def _lay_out(self) -> None:
        self.header.setMinimumHeight(44)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.setChildrenCollapsible(False)
        parts.setHandleWidth(1)
        parts.addWidget(self.loss)
        parts.addWidget(self.previews)
        parts.setStretchFactor(0, 2)
        parts.setStretchFactor(1, 3)
        parts.setSizes([320, 480])
        self._going = QWidget()
        column = QVBoxLayout(self._going)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for line in (self.header, self.banners, self.run_bar):
            column.addWidget(line)
        column.addWidget(parts, 1)
        self._centre = QStackedWidget()
        self._centre.addWidget(self._empty)
        self._centre.addWidget(self._going)
        self._centre.addWidget(self.foregrounds)
        self._side = QStackedWidget()
        self._side.addWidget(self.form)
        self._side.addWidget(self.foregrounds.side)
        columns = QSplitter(Qt.Orientation.Horizontal)
        columns.setChildrenCollapsible(False)
        columns.setHandleWidth(1)
        columns.addWidget(self._side)
        columns.addWidget(self._centre)
        columns.setStretchFactor(0, 0)
        columns.setStretchFactor(1, 1)
        columns.setSizes([FORM_PX, 1000])
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(columns)
