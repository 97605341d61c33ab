"""The foot of a form that trains something: what will be done, and the buttons that start and stop it."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sam_inspector.ui.panels.buttons import AccentButton, PlainButton
from sam_inspector.ui.panels.labels import TonedLabel
from sam_inspector.ui.panels.look import GAP, MARGIN

TrainState = Literal["idle", "looking", "running", "stopping"]


class TrainFoot(QWidget):
    """It is told how things stand, and tells what a person wants.

    Parameters
    ----------
    start
        What the button that begins says.
    anew_tip, use_tip
        What starting anew does with what is there, and what using it in Inspect does.
    """

    start_requested = Signal()
    go_on_requested = Signal()
    anew_requested = Signal()
    cancel_requested = Signal()
    use_requested = Signal()

    def __init__(self, start: str, *, anew_tip: str, use_tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hint = TonedLabel(px=12, tone="muted", wrap=True)
        self.start = AccentButton(start, "play")
        self.go_on = AccentButton("Go on", "play", tip="Go on after the last whole epoch")
        self.anew = PlainButton("Start anew", tip=anew_tip)
        self.use = PlainButton("Use in Inspect", "image", tip=use_tip)
        self.cancel = PlainButton("Cancel", "cancel", tip="Stop; the last whole epoch is kept, and training can go on")
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, GAP, MARGIN, MARGIN)
        column.setSpacing(GAP)
        column.addWidget(self.hint)
        column.addWidget(self.use)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        for button in (self.start, self.go_on, self.anew, self.cancel):
            row.addWidget(button, 1)
        column.addLayout(row)
        for button, requested in (
            (self.start, self.start_requested),
            (self.go_on, self.go_on_requested),
            (self.anew, self.anew_requested),
            (self.cancel, self.cancel_requested),
            (self.use, self.use_requested),
        ):
            button.clicked.connect(requested)

    def set_hint(self, sentence: str, *, is_problem: bool) -> None:
        """What stands above the buttons: what will be done, or why it can't be."""
        self.hint.setText(sentence.replace("/", "/\u200b"))  # a line may end within a path
        self.hint.setToolTip(sentence)
        self.hint.set_tone("changed" if is_problem else "muted")
        self.hint.setVisible(bool(sentence))

    def set_state(
        self,
        state: TrainState,
        *,
        can_start: bool,
        has_earlier: bool,
        can_go_on: bool,
        can_use: bool,
    ) -> None:
        """Show the buttons for how it stands.

        Parameters
        ----------
        can_start
            Whether there is something that can be trained.
        has_earlier
            Whether there is an earlier training that can be begun anew.
        can_go_on
            Whether it is not as long as it is asked to be.
        can_use
            Whether what it has come to so far can be used.
        """
        runs = state in ("running", "stopping")
        self.start.setVisible(not runs and not has_earlier)
        self.go_on.setVisible(not runs and has_earlier and can_go_on)
        self.anew.setVisible(not runs and has_earlier)
        self.use.setVisible(not runs and has_earlier and can_use)
        self.use.setEnabled(state == "idle")
        for button in (self.start, self.go_on, self.anew):
            button.setEnabled(can_start and state == "idle")
        self.cancel.setVisible(runs)
        self.cancel.setEnabled(state == "running")
        self.cancel.setText("Cancelling…" if state == "stopping" else "Cancel")
