"""What is known of single points, told when the pointer rests on them."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QGraphicsItem, QToolTip

from sam_inspector.core.prompts import Point, PromptPart, Prompts


class PointNotes:
    """Notes by place and label: a point that was moved is another point, of which nothing is known.

    Parameters
    ----------
    drawn
        What draws the points; it carries the note of the one under the pointer as its tooltip.
    """

    def __init__(self, drawn: QGraphicsItem) -> None:
        self._drawn = drawn
        self.notes: Mapping[tuple[Point, int], str] = {}

    def show(self, prompts: Prompts, part: PromptPart | None) -> None:
        """The pointer is over this part, or over none."""
        note = self.notes.get(key, "") if (key := _point(prompts, part)) is not None else ""
        if note != self._drawn.toolTip():
            QToolTip.hideText()  # Qt keeps a tip as long as the pointer stays in the view
            self._drawn.setToolTip(note)


def _point(prompts: Prompts, part: PromptPart | None) -> tuple[Point, int] | None:
    """Place and label of a part that is a point, and still there."""
    if part is None or part.point is None or part.item >= len(prompts.items):
        return None
    item = prompts.items[part.item]
    return (item.points[part.point], item.labels[part.point]) if part.point < len(item.points) else None
