"""The results panel: how good the mask on screen is, and the masks of the images done so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from sam_inspector.core.scores import MaskScores
from sam_inspector.ui import icons
from sam_inspector.ui.panels.buttons import IconButton, LinkButton
from sam_inspector.ui.panels.labels import TonedLabel
from sam_inspector.ui.panels.look import GAP, MARGIN, font_px
from sam_inspector.ui.panels.metric_grid import MetricGrid
from sam_inspector.ui.panels.metric_texts import COPIED, METRICS, value_of, value_text, value_tooltip
from sam_inspector.ui.panels.panel_header import PanelHeader
from sam_inspector.ui.panels.place_bar import PlaceBar
from sam_inspector.ui.panels.summary_table import SummaryTable

Status = Literal["none", "computing", "ready", "failed"]

LARGE_PX = 34
SUBTITLES = {"none": "", "computing": "mask before", "ready": "current mask", "failed": ""}


class ResultsPanel(QWidget):
    """Shows scores; grey numbers are not of the mask on screen."""

    open_ground_truth_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = PanelHeader("Results")
        titles = ", ".join(METRICS[name].title for name in COPIED)
        self.copy_button = IconButton(
            icons.icon("copy"), f"Copy as one row for a spreadsheet, separated by tabs: {titles}"
        )
        self.header.add_button(self.copy_button)
        self.iou = TonedLabel("–", px=LARGE_PX, bold=True)
        self.iou.setMinimumWidth(QFontMetrics(font_px(LARGE_PX, bold=True)).horizontalAdvance("0.000") + 2)
        self.iou_words = TonedLabel("", px=12, tone="muted", wrap=True)
        self.open_ground_truth = LinkButton("Open ground truth…", tip="Score this image against a mask file (Ctrl+G)")
        self.bar = PlaceBar()
        self.grid = MetricGrid()
        self.table = SummaryTable()
        self._scores: MaskScores | None = None
        self._status: Status = "none"
        self._reason = ""
        self._done: tuple[MaskScores, ...] = ()
        self._lay_out()
        self.copy_button.clicked.connect(self.copy_row)
        self.open_ground_truth.clicked.connect(self.open_ground_truth_requested)
        self._refresh()
        self.table.set_summary(())

    # --- setters --------------------------------------------------------------------------------------------------

    def set_scores(self, scores: MaskScores | None, status: Status, reason: str = "") -> None:
        """Show the scores of a mask.

        Parameters
        ----------
        scores
            Of the mask on screen, or of the one before it while `status` is `computing`; None when there are none.
        status
            Only with `ready` are they of the mask on screen.
        reason
            Why it failed.
        """
        self._scores, self._status, self._reason = scores, status, reason
        self._refresh()

    def set_summary(self, done: Sequence[MaskScores]) -> None:
        """Show the figures over the images done so far, the one on screen included."""
        self._done = tuple(done)
        self.table.set_summary(self._done)
        self._refresh()

    @Slot()
    def copy_row(self) -> str:
        """Put the numbers on the clipboard as one row separated by tabs; a metric that is not defined stays empty."""
        values = [value_of(self._scores, name) for name in COPIED]
        row = "\t".join("" if value is None else f"{value:.6g}" for value in values)
        QGuiApplication.clipboard().setText(row)
        return row

    # --- building and showing -------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addStretch(1)
        words.addWidget(TonedLabel("IoU", bold=True))
        words.addWidget(self.iou_words)
        words.addStretch(1)
        top = QHBoxLayout()
        top.setSpacing(MARGIN)
        top.addWidget(self.iou)
        top.addLayout(words, 1)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(MARGIN, GAP // 2, MARGIN, GAP)
        column.setSpacing(GAP // 2)
        column.addLayout(top)
        column.addWidget(self.open_ground_truth, 0, Qt.AlignmentFlag.AlignLeft)
        for widget in (self.bar, self.grid):
            column.addWidget(widget)
        column.addSpacing(GAP)
        column.addWidget(self.table)
        column.addStretch(1)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(body)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.header)
        outer.addWidget(scroll, 1)
        self.setMinimumWidth(220)

    def _refresh(self) -> None:
        scores, stale = self._scores, self._status != "ready"
        self.header.set_subtitle(SUBTITLES[self._status] if scores is not None else "")
        self.iou.setText(value_text(scores, "iou"))
        self.iou.setToolTip(value_tooltip(scores, "iou"))
        self.iou.set_tone("faint" if stale or self.iou.text() == "–" else "text")
        self.iou_words.setText(self._iou_words())
        without_gt = scores is not None and scores.gt_area is None
        self.open_ground_truth.setVisible(without_gt)
        values = [scores.iou for scores in self._done if scores.iou is not None]
        self.bar.set_values(values, scores.iou if scores is not None else None, stale=stale)
        self.bar.setVisible(bool(values))
        self.grid.show_scores(scores, stale=stale)
        self.copy_button.setEnabled(scores is not None and not stale)

    def _iou_words(self) -> str:
        if self._status == "failed":
            return self._reason or "The mask could not be made."
        if self._scores is None:
            return "computing…" if self._status == "computing" else "No mask to score yet. Click the defect."
        if self._scores.gt_area is None:
            return "No ground truth for this image"
        if self._status == "computing":
            return "of the mask before, computing…"
        return "of mask and ground truth"
