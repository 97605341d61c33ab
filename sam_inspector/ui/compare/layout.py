"""What the Compare view shows: its panes and what stands beside them, as a value that is remembered."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sam_inspector.engine.modes import BY_HAND, COMPARE_MODES
from sam_inspector.ui.model_names import is_there

LETTERS = "ABCDEF"
FEWEST, MOST = 2, len(LETTERS)
SAME_MODEL = ""
"""Stands for the model in the tool bar, whichever that is."""
MODES: tuple[str, ...] = (*COMPARE_MODES, BY_HAND)
NARROWEST_PX = 240
"""A pane's title and what is under it can be read from this width on."""
USUAL_ASPECT = 1.1
TITLE_PX = 32


@dataclass(frozen=True, slots=True)
class PaneChoice:
    """One pane: a name of `MODES`, and the model that answers, or `SAME_MODEL`."""

    mode: str
    model: str = SAME_MODEL

    @property
    def is_known(self) -> bool:
        """Whether there is such a mode and such a model."""
        return self.mode in MODES and (self.model == SAME_MODEL or is_there(self.model))


FIRST_PANES = (PaneChoice("b"), PaneChoice("bp"))


@dataclass(frozen=True, slots=True)
class CompareLayout:
    """The panes in their order, from `FEWEST` to `MOST`.

    Attributes
    ----------
    pair
        Places of the two panes that the difference is taken of; never the same twice.
    difference, summary
        Whether their cells are shown.
    """

    panes: tuple[PaneChoice, ...] = FIRST_PANES
    pair: tuple[int, int] = (0, 1)
    difference: bool = True
    summary: bool = True

    @classmethod
    def checked(
        cls, panes: Iterable[PaneChoice], pair: tuple[int, int], *, difference: bool, summary: bool
    ) -> CompareLayout:
        """Read back what was remembered: panes that are not known any more are left out, too few are filled up."""
        known = [pane for pane in panes if pane.is_known][:MOST]
        known += [pane for pane in FIRST_PANES if pane not in known][: max(0, FEWEST - len(known))]
        first, second = pair
        fits = first != second and min(pair) >= 0 and max(pair) < len(known)
        return cls(tuple(known), (first, second) if fits else (0, 1), difference, summary)

    @property
    def can_add(self) -> bool:
        """Whether there is room for another pane."""
        return len(self.panes) < MOST

    @property
    def can_close(self) -> bool:
        """Whether a pane can be spared."""
        return len(self.panes) > FEWEST

    @property
    def cells(self) -> int:
        """How many places are taken."""
        return len(self.panes) + self.difference + self.summary

    def added(self) -> CompareLayout:
        """With one pane more, of the first mode that no pane has."""
        if not self.can_add:
            return self
        taken = {pane.mode for pane in self.panes}
        order = ("b", "bp", "bps", "few-shot", "cascade", BY_HAND, *MODES)
        mode = next((name for name in order if name not in taken), "b")
        return replace(self, panes=(*self.panes, PaneChoice(mode)))

    def closed(self, place: int) -> CompareLayout:
        """Without a pane; the difference goes on between panes that are left."""
        if not self.can_close or not 0 <= place < len(self.panes):
            return self
        left = [other for other in range(len(self.panes)) if other != place]
        moved = [left.index(other) for other in self.pair if other != place]
        spare = [other for other in range(len(left)) if other not in moved]
        first, second = (moved + spare)[:2]
        if self.pair[0] == place:
            first, second = second, first
        return replace(self, panes=tuple(self.panes[other] for other in left), pair=(first, second))

    def restored(self, place: int, pane: PaneChoice) -> CompareLayout:
        """With a pane back in its place, where there is room for it."""
        if not self.can_add:
            return self
        first, second = (other + (other >= place) for other in self.pair)
        return replace(self, panes=(*self.panes[:place], pane, *self.panes[place:]), pair=(first, second))

    def changed(self, place: int, pane: PaneChoice) -> CompareLayout:
        """With another choice in one pane."""
        return replace(self, panes=(*self.panes[:place], pane, *self.panes[place + 1 :]))

    def paired(self, side: int, place: int) -> CompareLayout:
        """With another pane at one side (0 or 1) of the difference; where it is at the other, they change places."""
        here, there = self.pair[side], self.pair[1 - side]
        if place == there:
            there = here
        return replace(self, pair=(place, there) if side == 0 else (there, place))


def columns_for(cells: int, width: int, height: int) -> int:
    """How many columns show a number of equal cells largest, in an area of so many pixels.

    It does not look at the image, so that the next one finds the same layout.
    """
    most = max(2, width // NARROWEST_PX)

    def size(columns: int) -> float:
        rows = math.ceil(cells / columns)
        return round(min(width / columns / USUAL_ASPECT, height / rows - TITLE_PX), 3)

    return max(range(2, min(most, cells) + 1), key=lambda columns: (size(columns), -columns), default=2)
