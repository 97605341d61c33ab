"""One pane: the image with what a mode and a model made of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from sam_inspector.core.prompts import Prompts
from sam_inspector.models.registry import ModelSpec
from sam_inspector.ui import icons, theme
from sam_inspector.ui.compare.answer import PaneAnswer
from sam_inspector.ui.compare.layout import SAME_MODEL, PaneChoice
from sam_inspector.ui.compare.linked_views import LinkedView
from sam_inspector.ui.compare.message_card import MessageCard
from sam_inspector.ui.compare.mode_texts import MODE_TEXTS, mode_title
from sam_inspector.ui.compare.title_bar import BestMark, Figure, LetterBadge, MenuButton, TitleBar
from sam_inspector.ui.model_names import model_title
from sam_inspector.ui.panels.buttons import IconButton
from sam_inspector.ui.panels.metric_texts import value_text, value_tooltip

LEVELS_OF_ONE_MODEL = (
    (True, True, True, True),
    (True, True, True, False),
    (False, True, True, False),
    (False, False, True, False),
    (False, False, False, False),
)
"""Where all panes have one model, which the tool bar names too: it goes first."""
LEVELS = (
    (True, True, True, True),
    (False, True, True, True),
    (False, False, True, True),
    (False, False, False, True),
    (False, False, False, False),
)
"""What a title shows beside mode and IoU: the word of the best mark, that of the IoU, the time, the model."""
BY_HAND_TIP = ", cut at the threshold moved by hand in Inspect"
SPARE_PX = 40
"""Of a title, between what stands at the left and at the right, and at the ends."""


@dataclass(frozen=True, slots=True)
class PaneState:
    """What a pane shows.

    Attributes
    ----------
    answer
        The one to show; while `computing`, that of the question before, greyed.
    words
        What is being done, or why it failed.
    seconds
        What the mode took.
    is_refused
        It was not even asked, for something is lacking that a person can see to, or there is nothing to ask.
    by_hand
        The threshold of its map was moved by hand.
    """

    status: Literal["computing", "ready", "failed", "empty"]
    answer: PaneAnswer | None = None
    words: str = ""
    seconds: float | None = None
    is_best: bool = False
    is_refused: bool = False
    by_hand: bool = False


class PaneView(LinkedView):
    """The image of a pane, with room for a sentence on it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.card = MessageCard(self.viewport())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the sentence in its place."""
        super().resizeEvent(event)
        self.card.place()


class Pane(QWidget):
    """A title with menus over a view."""

    mode_chosen = Signal(str)
    model_chosen = Signal(str)
    close_requested = Signal()

    def __init__(self, letter: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.letter = letter
        self.view = PaneView()
        self.mode = MenuButton(bold=True)
        self.model = MenuButton()
        self._models = QMenu("Model", self.mode)  # for a pane too narrow for the other menu
        self._models.setToolTipsVisible(True)
        self.best = BestMark()
        self.iou = Figure("IoU")
        self.time = Figure("")
        self.cross = IconButton(icons.icon("close"), f"Close pane {letter}", px=12)
        self.cross.clicked.connect(self.close_requested)
        self.title = TitleBar()
        self.title.add(LetterBadge(letter), self.mode, self.model)
        self.title.add_stretch()
        self.title.add(self.best, self.iou)
        self.title.add_gap()
        self.title.add(self.time, self.cross)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.title)
        column.addWidget(self.view, 1)
        self.setMinimumSize(120, 100)
        self.setFocusProxy(self.view)
        self._state = PaneState("empty")
        self._tip = ""
        self._level = 0
        self._has_common_model = False

    # --- setters ------------------------------------------------------------------------------------------------------

    def set_choice(
        self, pane: PaneChoice, model: str, points: int, offered: Sequence[ModelSpec], absent: Collection[str]
    ) -> None:
        """Show which mode and model hold.

        Parameters
        ----------
        model
            The one that answers.
        points
            Of the mode with many points a region.
        offered
            Models that can be chosen.
        absent
            Models whose weights are not there.
        """
        title = mode_title(pane.mode, points)
        self.mode.setText(title)
        self._tip = MODE_TEXTS[pane.mode].tip
        self.mode.setToolTip(f"{self._tip}; press for other modes")
        self.mode.setAccessibleName(f"Mode of pane {self.letter}: {title}")
        self.model.setText(model_title(model))
        self.model.setToolTip(f"{model_title(model)} answers; press for other models")
        self.model.setAccessibleName(f"Model of pane {self.letter}: {model_title(model)}")
        models = self._fill_models(self.model.menu(), pane, model, offered, absent)
        menu = self.mode.menu()
        self._fill_modes(menu, pane, points)
        menu.addSeparator()
        self._models.clear()
        self._models.addActions(models)
        menu.addMenu(self._models)
        for button in (self.mode, self.model):
            button.updateGeometry()
        self._name()

    def set_has_common_model(self, holds: bool) -> None:
        """Whether all panes are answered by one model."""
        self._has_common_model = holds
        self.set_level(self._level)

    def set_can_close(self, can_close: bool) -> None:
        """Offer to close the pane, or not."""
        self.cross.setVisible(can_close)

    def show_state(self, state: PaneState) -> None:
        """Show an answer, or what is being done, or what went wrong."""
        if state == self._state:
            return  # a pane that stays as it is need not be painted
        answer, view = state.answer, self.view
        self._state = state
        is_ready = state.status == "ready"
        view.set_prompts(answer.prompts if answer is not None else Prompts(), Prompts(), False)
        view.set_mask(answer.mask if answer is not None else None, not is_ready)
        view.set_errors(answer.errors if answer is not None else None)
        failed = state.status == "failed" and not state.is_refused
        view.card.say(
            state.words,
            icon="warning" if failed else "waiting" if state.status == "computing" else "info",
            colour=theme.WARNING if failed else "",
            small=state.status == "computing",
        )
        scores = answer.scores if answer is not None and is_ready else None
        has_iou = scores is not None and scores.iou is not None
        self.iou.set_value(
            value_text(scores, "iou") if scores is not None else "", value_tooltip(scores, "iou") if scores else ""
        )
        time = f"{1000 * state.seconds:,.0f} ms" if is_ready and state.seconds is not None else ""
        self.time.set_value(time, _time_tip(answer))
        self.mode.setToolTip(f"{self._tip}{BY_HAND_TIP if state.by_hand else ''}; press for other modes")
        self.best.setVisible(is_ready and has_iou and state.is_best)
        self.title.set_best(is_ready and state.is_best)
        self.set_level(self._level)
        self._name()

    # --- room ---------------------------------------------------------------------------------------------------------

    def least_level(self) -> int:
        """How much has to be left out of the title, for what is left to be read: a level of `set_level`."""
        kept = self._level
        for level in range(len(LEVELS)):
            self.set_level(level)
            shown = [part for part in self.title.parts if not part.isHidden()]
            if sum(part.sizeHint().width() + 4 for part in shown) + SPARE_PX <= self.width():
                break
        self.set_level(kept)
        return level

    def set_level(self, level: int) -> None:
        """Leave out of the title what matters least, from 0 for nothing."""
        self._level = level
        best, iou, time, model = (LEVELS_OF_ONE_MODEL if self._has_common_model else LEVELS)[level]
        self.best.set_short(not best)
        self.iou.set_short(not iou)
        self.time.setVisible(time and bool(self.time.value))
        self.model.setVisible(model)

    # --- menus --------------------------------------------------------------------------------------------------------

    def _fill_modes(self, menu: QMenu, pane: PaneChoice, points: int) -> None:
        menu.clear()
        group, section = QActionGroup(menu), ""
        for name, words in MODE_TEXTS.items():
            if words.section != section:
                section = words.section
                menu.addSection(section)
            action = _choice(menu, group, mode_title(name, points), words.tip, name == pane.mode)
            action.triggered.connect(partial(self._choose_mode, name))

    def _fill_models(
        self, menu: QMenu, pane: PaneChoice, model: str, offered: Sequence[ModelSpec], absent: Collection[str]
    ) -> list[QAction]:
        menu.clear()
        group = QActionGroup(menu)
        follows = pane.model == SAME_MODEL
        words = f"As in the tool bar ({model_title(model)})" if follows else "As in the tool bar"
        action = _choice(menu, group, words, "Whichever model is chosen in the tool bar", follows)
        action.triggered.connect(partial(self._choose_model, SAME_MODEL))
        menu.addSeparator()
        has_tuned = False
        for spec in offered:
            if spec.tuned_sha256 and not has_tuned:
                has_tuned = bool(menu.addSeparator())
            is_there = spec.name not in absent
            title = spec.title if is_there else f"{spec.title}, {spec.size_bytes / 1e6:.0f} MB to fetch"
            tip = spec.note if is_there else f"{spec.note} Choose it in the tool bar first, which fetches its weights."
            action = _choice(menu, group, title, tip, spec.name == pane.model)
            action.setEnabled(is_there)
            action.triggered.connect(partial(self._choose_model, spec.name))
        return menu.actions()

    def _choose_mode(self, name: str, _checked: bool = False) -> None:
        self.mode_chosen.emit(name)

    def _choose_model(self, name: str, _checked: bool = False) -> None:
        self.model_chosen.emit(name)

    def _name(self) -> None:
        figures = f", IoU {self.iou.value}" if self.iou.value else ""
        told = f", {self.view.card.words}" if self.view.card.words else ""
        self.view.setAccessibleName(f"Pane {self.letter}: {self.mode.text()}, {self.model.text()}{figures}{told}")


def _choice(menu: QMenu, group: QActionGroup, title: str, tip: str, holds: bool) -> QAction:
    action = QAction(title, menu)
    action.setCheckable(True)
    action.setChecked(holds)
    action.setToolTip(tip)
    group.addAction(action)
    menu.addAction(action)
    return action


def _time_tip(answer: PaneAnswer | None) -> str:
    """What the time is made of."""
    if answer is None:
        return ""
    names = {"map": "map", "points": "points", "decode": "prompts to mask", "encode": "encoding of the image"}
    known = [
        f"{words} {1000 * seconds:,.0f} ms"
        for part, words in names.items()
        if (seconds := answer.seconds.get(part)) is not None
    ]
    return (
        "Milliseconds from the encoded image to the mask; a map that several panes start from counts for each of them."
        + (f"\nHere: {', '.join(known)}." if known else "")
    )
