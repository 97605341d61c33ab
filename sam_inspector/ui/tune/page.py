"""The page of the Tune workspace: tuning SAM, training SimpleNet, and foregrounds, each with its form at the left."""

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
from sam_inspector.ui.tune.sam.page import SamTunePage

VIEWS = (
    ("sam", "SAM", "Tune SAM on your own defects"),
    ("train", "SimpleNet", "Train a network on the normal images, for anomaly maps"),
    ("foregrounds", "Foregrounds", "See and correct what is kept of each image where its background is removed"),
)
FORM_PX = 280


class TunePage(QWidget):
    """Arranges; what things do is connected in the controllers."""

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
        self.sam = SamTunePage()
        self.foregrounds = ForegroundsPage()
        self._has_dataset = False
        # One in the header of each view, in the same place.
        self.switches = {name: SegmentedControl(VIEWS, can_shrink=False) for name, _, _ in VIEWS}
        headers = (self.sam.header, self.header, self.foregrounds.header)
        for switch, header in zip(self.switches.values(), headers, strict=True):
            header.add_button(switch)
            switch.chosen.connect(self.set_view)
        self.open = PlainButton("Open folder…", "folder", tip="Open a dataset or one of its categories")
        self.open.clicked.connect(self.open_requested)
        self._empty = Invitation(
            "Train on your own images",
            "Open a dataset: SAM is tuned on images whose defects are marked, by ground truth or by masks that you "
            "accept; SimpleNet learns from normal images in train/good what is normal, and marks what is not.",
            self.open,
        )
        self._lay_out()
        self.run_bar.hide()
        self.set_has_dataset(False)

    def set_has_dataset(self, has: bool) -> None:
        """Show the view that is chosen, or how to come to one."""
        self._has_dataset = has
        self._arrange()

    @Slot(str)
    def set_view(self, name: str) -> None:
        """Show one of the views."""
        for switch in self.switches.values():
            switch.set_choice(name)
        self._arrange()
        # The switch that was pressed is out of sight now.
        self.switches[name].segment(name).setFocus(Qt.FocusReason.OtherFocusReason)

    def _arrange(self) -> None:
        side, centre = self._views[self.switches["sam"].choice()]
        self._side.setCurrentWidget(side)
        self._side.setVisible(self._has_dataset)
        self._centre.setCurrentWidget(centre if self._has_dataset else self._empty)

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
        self._views: dict[str, tuple[QWidget, QWidget]] = {
            "sam": (self.sam.form, self.sam),
            "train": (self.form, self._going),
            "foregrounds": (self.foregrounds.side, self.foregrounds),
        }
        self._side, self._centre = QStackedWidget(), QStackedWidget()
        self._centre.addWidget(self._empty)
        for side, centre in self._views.values():
            self._side.addWidget(side)
            self._centre.addWidget(centre)
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
