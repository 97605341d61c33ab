"""What the middle of a workspace says while there is nothing to show: what it is for, and the buttons to begin with."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sam_inspector.ui.panels.buttons import PlainButton
from sam_inspector.ui.panels.labels import TonedLabel
from sam_inspector.ui.panels.look import GAP, MARGIN

WORDS_PX = 420


class Invitation(QWidget):
    """A title, a few sentences, and buttons, in the middle."""

    def __init__(self, title: str, words: str, *buttons: PlainButton) -> None:
        super().__init__()
        head = TonedLabel(title, px=18, bold=True)
        body = TonedLabel(words, tone="muted", wrap=True)
        body.setFixedWidth(WORDS_PX)
        body.setMinimumHeight(body.heightForWidth(WORDS_PX))
        line = QHBoxLayout()
        line.setSpacing(GAP)
        line.addStretch(1)
        for button in buttons:
            line.addWidget(button)
        line.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN * 2, MARGIN * 2, MARGIN * 2, MARGIN * 2)
        column.setSpacing(MARGIN)
        column.addStretch(2)
        for widget in (head, body):
            widget.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addLayout(line)
        column.addStretch(3)
