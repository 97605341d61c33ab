"""What a person has done to a foreground and not kept yet: frozen values, so that undo is keeping the old one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sam_inspector.core.prompts import Point
from sam_inspector.data.masks import mask_to_png
from sam_inspector.engine.foreground_works import FoundForeground, PackedForeground


@dataclass(frozen=True, slots=True)
class Edit:
    """A foreground on the way.

    Attributes
    ----------
    shown
        How it stands.
    points, labels
        What SAM was asked for it.
    start
        What the points mend, as a PNG file; empty where they say all.
    """

    shown: PackedForeground
    start: bytes = b""
    points: tuple[Point, ...] = ()
    labels: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """The edits of one foreground, the newest last; there is always one.

    Attributes
    ----------
    found
        What it began with.
    """

    found: FoundForeground
    edits: tuple[Edit, ...]

    @property
    def last(self) -> Edit:
        """The one that counts."""
        return self.edits[-1]

    @property
    def is_edited(self) -> bool:
        """Whether there is something to keep."""
        return self.last.shown != self.found.used

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return len(self.edits) > 1

    def undone(self) -> Draft:
        """Without the newest edit."""
        return Draft(self.found, self.edits[:-1] or self.edits)

    def answered(self, asked: Edit, answer: PackedForeground) -> Draft:
        """With what SAM answered to points."""
        return self._with(Edit(answer, asked.start, asked.points, asked.labels))

    def whole(self) -> Draft:
        """The whole image; points after it say all."""
        full = mask_to_png(np.ones(self.found.size, bool), one_bit=True)
        return self._with(Edit(PackedForeground(full, 1.0, corrected=True)))

    def automatic(self) -> Draft:
        """What the program found by itself."""
        return self._with(_begun(self.found.automatic))

    def _with(self, edit: Edit) -> Draft:
        return Draft(self.found, (*self.edits, edit))


def begin(found: FoundForeground) -> Draft:
    """A draft with nothing done yet."""
    return Draft(found, (_begun(found.used),))


def with_point(edit: Edit, point: Point, label: int) -> Edit:
    """The same edit with a point that SAM has not answered yet."""
    return Edit(edit.shown, edit.start, (*edit.points, point), (*edit.labels, label))


def _begun(shown: PackedForeground) -> Edit:
    # The whole image is nothing to mend: SAM would be told that everything is the object.
    return Edit(shown, b"" if shown.fell_back or shown.share >= 1.0 else shown.mask)
