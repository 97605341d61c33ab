"""The page of the view that tunes SAM: how the training goes, its curves, and held-out images with their masks."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from sam_inspector.models.tuned.manifest import HeldOutScores
from sam_inspector.ui.banner import BannerArea
from sam_inspector.ui.panels.panel_header import PanelHeader
from sam_inspector.ui.panels.run_bar import RunBar
from sam_inspector.ui.tune.loss_chart import LossChart
from sam_inspector.ui.tune.sam.form import SamForm
from sam_inspector.ui.tune.sam.held_out_chart import HeldOutChart
from sam_inspector.ui.tune.sam.mask_cards import MaskCards

NO_LOSS = "The mean loss of each epoch comes here. Choose images at the left, then press Tune."


class SamTunePage(QWidget):
    """Arranges; what things do is connected in the controller. Its form is placed by the workspace."""

    shown = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.form = SamForm()
        self.header = PanelHeader("Tuning")
        self.header.setMinimumHeight(44)
        self.banners = BannerArea()
        self.run_bar = RunBar()
        self.loss = LossChart(NO_LOSS)
        self.held_out = HeldOutChart()
        self.cards = MaskCards()
        charts = QSplitter(Qt.Orientation.Horizontal)
        parts = QSplitter(Qt.Orientation.Vertical)
        for splitter, first, second in ((charts, self.loss, self.held_out), (parts, charts, self.cards)):
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(1)
            splitter.addWidget(first)
            splitter.addWidget(second)
        charts.setSizes([400, 600])
        charts.setStretchFactor(0, 2)
        charts.setStretchFactor(1, 3)
        parts.setSizes([300, 440])
        parts.setStretchFactor(0, 2)
        parts.setStretchFactor(1, 3)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for line in (self.header, self.banners, self.run_bar):
            column.addWidget(line)
        column.addWidget(parts, 1)
        self.run_bar.hide()

    def build_charts(self) -> None:
        """Make the charts; whoever calls sees to it that what draws charts is imported by then."""
        self.loss.build()
        self.held_out.build()

    def show_curves(
        self,
        losses: Sequence[float],
        zero_shot: HeldOutScores | None,
        judged: Sequence[HeldOutScores],
        kept_epoch: int,
        epochs: int,
        *,
        is_judged: bool,
    ) -> None:
        """Show how the training went so far, of so many epochs that are asked for."""
        self.loss.set_losses(losses, epochs)
        self.held_out.set_scores(zero_shot, judged, kept_epoch, epochs, is_judged=is_judged)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102
        super().showEvent(event)
        self.shown.emit()
