"""The strip under the image after three passes: the mask after each, to see what a pass changed and to choose one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sam_inspector.prompting.cascade_settings import PASSES
from sam_inspector.ui.panels.candidate_card import CandidateButton
from sam_inspector.ui.panels.key_hint import KeyHint
from sam_inspector.ui.panels.look import GAP, MARGIN


@dataclass(frozen=True, eq=False, slots=True)
class PassCard:
    """The mask after one pass.

    Attributes
    ----------
    number
        1 to 3.
    title
        As `2 + logits`; it begins with the key that shows the pass.
    picture
        The image with the mask over it, square or not.
    caption, value
        What the number is, and the number.
    tip
        What the pass was given, and what the number means.
    shown
        Whether it is the mask that counts.
    """

    number: int
    title: str
    picture: QImage
    caption: str
    value: str
    tip: str
    shown: bool


class PassButton(CandidateButton):
    """A card that keeps its words in the small form, for they say what the pass was given."""

    SMALL_WIDTH = 142

    def show_pass(self, card: PassCard) -> None:
        """Show the mask after a pass."""
        self.index, self._caption, self._number = card.number, card.caption, card.value
        self._picture = QPixmap.fromImage(card.picture)
        self._shows_chosen = card.shown
        self.setText(card.title)
        self.setChecked(card.shown)
        self.setAccessibleDescription(f"{card.caption} {card.value}")
        self.setToolTip(card.tip)
        self.update()

    def set_number_stale(self, stale: bool) -> None:
        """Grey the number alone while the scores of these masks are awaited."""
        self._number_stale = stale
        self.update()


class PassStrip(QWidget):
    """A card for each pass, the first at the left."""

    pass_chosen = Signal(int)
    """1 to 3"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards: list[PassButton] = []
        self._hints = QWidget()
        hints = QVBoxLayout(self._hints)
        hints.setContentsMargins(0, 0, 0, 0)
        hints.setSpacing(4)
        hints.addWidget(KeyHint("1 – 3", "choose the pass that counts"))
        hints.addWidget(KeyHint("O", "hold to see the bare image"))
        hints.addStretch(1)
        self._shelf = QHBoxLayout()
        self._shelf.setSpacing(GAP)
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        row.setSpacing(MARGIN)
        row.addLayout(self._shelf)
        row.addStretch(1)
        row.addWidget(self._hints)

    # --- setters --------------------------------------------------------------------------------------------------

    def set_passes(self, cards: Sequence[PassCard]) -> None:
        """Show other masks."""
        while len(self.cards) > len(cards):
            gone = self.cards.pop()
            self._shelf.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        while len(self.cards) < len(cards):
            button = PassButton(self)
            button.chosen.connect(self.pass_chosen)
            self._shelf.addWidget(button)
            self.cards.append(button)
        for button, card in zip(self.cards, cards, strict=True):
            button.show_pass(card)
        self._fit()

    def set_stale(self, masks: bool, numbers: bool) -> None:
        """Grey masks that are not of the prompts on screen, and numbers that are not of the masks."""
        for button in self.cards:
            button.set_stale(masks)
            button.set_number_stale(numbers)

    # --- room -----------------------------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(PASSES * (PassButton.SMALL_WIDTH + GAP) - GAP + 2 * MARGIN, PassButton.HEIGHT + 2 * GAP)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Full cards beside the hints; then small cards; then no hints."""
        room = self.width() - 2 * MARGIN
        beside = room - self._hints.sizeHint().width() - 2 * MARGIN
        full, small = (PASSES * (width + GAP) - GAP for width in (PassButton.FULL_WIDTH, PassButton.SMALL_WIDTH))
        self._hints.setVisible(beside >= small)
        is_small = (beside if beside >= small else room) < full
        for button in self.cards:
            button.set_small(is_small)
