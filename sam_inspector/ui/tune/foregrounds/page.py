"""The page of foregrounds: the cards, beneath them the one that is worked on, or why there are none."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from sam_inspector.ui.banner import BannerArea
from sam_inspector.ui.panels.automatic import KINDS
from sam_inspector.ui.panels.buttons import PlainButton
from sam_inspector.ui.panels.labels import TonedLabel
from sam_inspector.ui.panels.look import GAP, MARGIN
from sam_inspector.ui.panels.panel_header import PanelHeader
from sam_inspector.ui.tune.foregrounds.editor import ForegroundEditor
from sam_inspector.ui.tune.foregrounds.side import ForegroundsSide
from sam_inspector.ui.tune.foregrounds.strip import ForegroundStrip

WORDS_PX = 420


class ForegroundsPage(QWidget):
    """Arranges; what things do is connected in the controller. Its left side is placed by the workspace."""

    shown = Signal()
    kind_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.side = ForegroundsSide()
        self.header = PanelHeader("Foregrounds")
        self.header.setMinimumHeight(44)
        self.banners = BannerArea()
        self.strip = ForegroundStrip()
        self.editor = ForegroundEditor()
        self.message = _Message()
        self.message.kind_chosen.connect(self.kind_chosen)
        self._parts = QSplitter(Qt.Orientation.Vertical)
        self._parts.setChildrenCollapsible(False)
        self._parts.setHandleWidth(1)
        self._parts.addWidget(self.strip)
        self._parts.addWidget(self.editor)
        self._parts.setStretchFactor(0, 0)
        self._parts.setStretchFactor(1, 1)
        self._body = QStackedWidget()
        self._body.addWidget(self.message)
        self._body.addWidget(self._parts)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.banners)
        column.addWidget(self._body, 1)
        self.editor.hide()

    def show_message(self, title: str, words: str = "", *, asks_for_kind: bool = False) -> None:
        """Say why there are no cards, or ask what the category shows."""
        self.message.set_words(title, words, asks_for_kind=asks_for_kind)
        self._body.setCurrentWidget(self.message)

    def show_cards(self) -> None:
        """Show the cards."""
        self._body.setCurrentWidget(self._parts)

    @property
    def shows_cards(self) -> bool:
        """Whether the cards are shown."""
        return self._body.currentWidget() is self._parts

    def open_editor(self, is_open: bool) -> None:
        """Show a foreground large beneath one row of cards, or the cards alone."""
        if is_open == self.editor.isVisibleTo(self._parts):
            return
        self.editor.setVisible(is_open)
        if is_open:
            row = self.strip.sizeHint().height()
            self._parts.setSizes([row, max(1, self._parts.height() - row)])

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102
        super().showEvent(event)
        self.shown.emit()


class _Message(QWidget):
    """A sentence in the middle, and the kinds of categories to choose from."""

    kind_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = TonedLabel(px=18, bold=True)
        self.words = TonedLabel(tone="muted", wrap=True)
        self.words.setFixedWidth(WORDS_PX)
        self._kinds = QWidget()
        self.kinds: dict[str, PlainButton] = {}
        row = QHBoxLayout(self._kinds)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        for name, title, tip in KINDS:
            button = PlainButton(title, tip=tip)
            button.clicked.connect(lambda _=False, name=name: self.kind_chosen.emit(name))
            self.kinds[name] = button
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.setSpacing(MARGIN)
        column.addStretch(2)
        for label in (self.title, self.words):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(label, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._kinds, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)

    def set_words(self, title: str, words: str, *, asks_for_kind: bool) -> None:
        """Say something."""
        self.title.setText(title)
        self.words.setText(words)
        self.words.setMinimumHeight(max(0, self.words.heightForWidth(WORDS_PX)))
        self.words.setVisible(bool(words))
        self._kinds.setVisible(asks_for_kind)
