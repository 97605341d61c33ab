"""The strip under the image: SAM's masks for one prompt as small pictures, to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QCheckBox, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from sam_inspector.ui.panels.candidate_card import CandidateButton
from sam_inspector.ui.panels.key_hint import KeyHint
from sam_inspector.ui.panels.labels import TonedLabel
from sam_inspector.ui.panels.look import GAP, MARGIN, font_px

EMPTY = "Click the defect, or drag a box around it."


@dataclass(frozen=True, eq=False, slots=True)
class CandidateCard:
    """One of SAM's masks.

    Attributes
    ----------
    index
        0 the single-mask output, 1 to 3 those of the multimask output; of a tuned model 0 the mask that counts, 1 its
        draft.
    title
        As `Candidate 1`.
    key
        The key that chooses it.
    picture
        The image with the mask over it, square or not.
    predicted_iou
        SAM's own estimate.
    chosen
        Whether it is the mask that counts.
    """

    index: int
    title: str
    key: str
    picture: QImage
    predicted_iou: float
    chosen: bool


class CandidateStrip(QWidget):
    """Cards in the order they are given, and how the next click is answered."""

    candidate_chosen = Signal(int)
    refine_toggled = Signal(bool)
    sort_toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards: list[CandidateButton] = []
        self._stale = False
        self.empty = TonedLabel(EMPTY, tone="muted")
        self.refine = QCheckBox("Refine from the last mask")
        self.refine.setToolTip("A further click starts from the mask before it instead of from nothing")
        self.refine.setChecked(True)
        self.sort = QCheckBox("Sort by predicted IoU")
        self.sort.setToolTip("The mask that SAM itself trusts most stands first; the keys follow the order")
        self.sort.setChecked(True)
        for box in (self.refine, self.sort):
            box.setFont(font_px(13))
        self._hint = KeyHint("O", "hold to see the bare image")
        self._lay_out()
        self.refine.clicked.connect(self.refine_toggled)
        self.sort.clicked.connect(self.sort_toggled)

    # --- setters --------------------------------------------------------------------------------------------------

    def set_candidates(self, cards: Sequence[CandidateCard]) -> None:
        """Show other masks; an empty list says what to do."""
        while len(self.cards) > len(cards):
            gone = self.cards.pop()
            self._shelf.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        while len(self.cards) < len(cards):
            button = CandidateButton(self._holder)
            button.chosen.connect(self.candidate_chosen)
            self._shelf.insertWidget(len(self.cards), button)
            self.cards.append(button)
        for button, card in zip(self.cards, cards, strict=True):
            button.show_card(card.index, card.title, card.key, card.picture, card.predicted_iou, chosen=card.chosen)
        self._scroll.setVisible(bool(cards))
        self.empty.setVisible(not cards)
        self._fit()

    def set_stale(self, stale: bool) -> None:
        """Grey the masks while they are not of the prompts on screen."""
        self._stale = stale
        for button in self.cards:
            button.set_stale(stale)

    def set_refine(self, refine: bool) -> None:
        """Show whether a further click starts from the last mask."""
        self.refine.setChecked(refine)

    def set_sort(self, sort: bool) -> None:
        """Show whether the masks are sorted by predicted IoU."""
        self.sort.setChecked(sort)

    def set_can_sort(self, can: bool) -> None:
        """Whether there are masks whose order is a choice."""
        self.sort.setEnabled(can)

    # --- building -------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._holder = QWidget()
        self._shelf = QHBoxLayout(self._holder)
        self._shelf.setContentsMargins(0, 0, 0, 0)
        self._shelf.setSpacing(GAP)
        self._shelf.addStretch(1)
        self._scroll = QScrollArea(widgetResizable=True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(self._holder)
        self._options = QWidget()
        self._choices = QBoxLayout(QBoxLayout.Direction.TopToBottom, self._options)
        self._choices.setContentsMargins(0, 0, 0, 0)
        self._choices.setSpacing(4)
        for widget in (self.refine, self.sort, self._hint):
            self._choices.addWidget(widget)
        self._choices.addStretch(1)
        left = QWidget()
        shelf = QVBoxLayout(left)
        shelf.setContentsMargins(0, 0, 0, 0)
        shelf.addWidget(self._scroll)
        shelf.addWidget(self.empty, 1)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        self._row.setSpacing(MARGIN)
        self._row.addWidget(left, 1)
        self._row.addWidget(self._options)
        self._scroll.hide()
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Full cards beside the options; then small cards; then the options go below the cards."""
        room = self.width() - 2 * MARGIN
        options = max(widget.sizeHint().width() for widget in (self.refine, self.sort, self._hint))
        count = max(len(self.cards), 3)  # so that the strip stays as it is when cards come and go
        beside = room - options - 2 * MARGIN
        below = beside < count * (CandidateButton.SMALL_WIDTH + GAP) - GAP
        shelf = room if below else beside
        small = shelf < (len(self.cards) or count) * (CandidateButton.FULL_WIDTH + GAP) - GAP
        direction = QBoxLayout.Direction
        self._row.setDirection(direction.TopToBottom if below else direction.LeftToRight)
        self._choices.setDirection(direction.LeftToRight if below else direction.TopToBottom)
        self._choices.setSpacing(2 * GAP if below else 4)
        self._row.setSpacing(4 if below else MARGIN)
        width = [widget.sizeHint().width() for widget in (self.refine, self.sort, self._hint)]
        self._hint.setVisible(not below or room >= sum(width) + 4 * GAP)
        for button in self.cards:
            button.set_small(small)
        height = CandidateButton.HEIGHT
        wide = len(self.cards) * ((CandidateButton.SMALL_WIDTH if small else CandidateButton.FULL_WIDTH) + GAP)
        bar = self._scroll.horizontalScrollBar().sizeHint().height() if wide - GAP > shelf else 0
        self._scroll.setFixedHeight(height + bar)
        self.empty.setMinimumHeight(0 if below else height)
