"""What stands under the image: SAM's masks to choose from, or the masks after each of three passes."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QWidget

from sam_inspector.ui.panels.candidates import CandidateStrip
from sam_inspector.ui.panels.passes import PassStrip


class MaskStrip(QStackedWidget):
    """One of two strips; it takes the height of the one in sight, which is the same where there is room in width."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.candidates = CandidateStrip()
        self.passes = PassStrip()
        self.addWidget(self.candidates)
        self.addWidget(self.passes)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def sizeHint(self) -> QSize:  # noqa: D102
        strip = self.currentWidget()
        return strip.sizeHint().expandedTo(strip.minimumSizeHint())

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return self.currentWidget().minimumSizeHint()

    def show_passes(self, shown: bool) -> None:
        """Whether the passes are in sight instead of the candidates."""
        self.setCurrentWidget(self.passes if shown else self.candidates)
        self.updateGeometry()
