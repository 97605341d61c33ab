"""One foreground large, and what can be done to it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sam_inspector.engine.foreground_works import FoundForeground, PackedForeground
from sam_inspector.ui import icons
from sam_inspector.ui.panels.buttons import AccentButton, IconButton, PlainButton
from sam_inspector.ui.panels.labels import ElidedLabel
from sam_inspector.ui.panels.look import GAP, MARGIN
from sam_inspector.ui.panels.panel_header import PanelHeader
from sam_inspector.ui.tune.foregrounds.card_model import card_name, share_text
from sam_inspector.ui.tune.foregrounds.picture_view import PictureView

HOW = "Click on the object, right click on what does not belong to it."


class ForegroundEditor(QWidget):
    """Shows how a foreground stands, and asks for changes; it makes none."""

    whole_requested = Signal()
    undo_requested = Signal()
    automatic_requested = Signal()
    keep_requested = Signal()
    close_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = PanelHeader("")
        self.close_button = IconButton(icons.icon("close"), "Back to all foregrounds")
        self.header.add_button(self.close_button)
        self.view = PictureView()
        self.state = ElidedLabel(px=12, tone="muted")
        self.whole = PlainButton(
            "Whole image", tip="All of the image is the object; clicks after it begin from nothing"
        )
        self.automatic = PlainButton("Use automatic again", tip="What the program found by itself")
        self.undo = PlainButton("Undo", "undo", tip="Take the last change back")
        self.keep = AccentButton("Keep", "check", tip="Use this foreground from now on, in training and in tests")
        line = QHBoxLayout()
        line.setContentsMargins(MARGIN, GAP, MARGIN, MARGIN)
        line.setSpacing(GAP)
        for button in (self.whole, self.automatic, self.undo):
            line.addWidget(button)
        line.addStretch(1)
        line.addWidget(self.keep)
        words = QHBoxLayout()
        words.setContentsMargins(MARGIN, 4, MARGIN, 0)
        words.addWidget(self.state)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.view, 1)
        column.addLayout(words)
        column.addLayout(line)
        self.whole.clicked.connect(self.whole_requested)
        self.undo.clicked.connect(self.undo_requested)
        self.automatic.clicked.connect(self.automatic_requested)
        self.keep.clicked.connect(self.keep_requested)
        self.close_button.clicked.connect(self.close_requested)

    def set_found(self, found: FoundForeground) -> None:
        """Another image comes."""
        self.header.title.setText(card_name(found))
        self.view.set_image(found.size)

    def set_shown(self, shown: PackedForeground, *, edited: bool) -> None:
        """Say how its foreground stands."""
        how = "corrected" if shown.corrected else "not found" if shown.fell_back else "automatic"
        self.header.set_subtitle(f"{share_text(shown.share)} of the image, {'not kept yet' if edited else how}")

    def set_state(self, words: str = "") -> None:
        """Say what is going on, or what to do."""
        self.state.setText(words or HOW)

    def set_possible(self, *, whole: bool, automatic: bool, undo: bool, keep: bool) -> None:
        """Which changes there are."""
        for button, possible in (
            (self.whole, whole),
            (self.automatic, automatic),
            (self.undo, undo),
            (self.keep, keep),
        ):
            button.setEnabled(possible)
