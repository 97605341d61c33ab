"""What the pointer does, as small state machines over values: no Qt, no widget, no truth of their own.

A press asks `begin_drag` what it starts; a press that starts no drag, and is let go where it was made, is a click and
asks `click`. A new tool is a class with these two methods, and a row in `TOOLS`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from sam_inspector.core.geometry import clip_box
from sam_inspector.core.prompts import (
    NEGATIVE,
    POSITIVE,
    Box,
    Point,
    PromptPart,
    Prompts,
    add_box,
    add_point,
    move_point,
    ordered_box,
    remove_part,
    set_box,
)
from sam_inspector.ui.canvas.hit_testing import Handle, Hit

CLICK_BELOW_PX = 4
"""A press that moves less than this, in screen pixels, is a click."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a gesture works on: the prompts, and the image's size in pixels."""

    prompts: Prompts
    width: int
    height: int

    def contains(self, at: Point) -> bool:
        """Whether a place in pixel indices lies on the image."""
        return -0.5 <= at[0] < self.width - 0.5 and -0.5 <= at[1] < self.height - 0.5

    def clamp(self, at: Point) -> Point:
        """The nearest place whose coordinates are between the first and the last pixel's centre."""
        return (_tidy(min(max(at[0], 0.0), self.width - 1.0)), _tidy(min(max(at[1], 0.0), self.height - 1.0)))


@dataclass(frozen=True, slots=True)
class Press:
    """A mouse button going down.

    Attributes
    ----------
    at
        In pixel indices; it may lie outside the image.
    hit
        The part of the prompts there, or None.
    """

    at: Point
    button: Literal["left", "right"] = "left"
    alt: bool = False
    ctrl: bool = False
    hit: Hit | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """New prompts, with the words undo shows for them.

    Attributes
    ----------
    merge_key
        Equal for all edits of one drag, None for an edit of its own.
    select
        The part to select afterwards, or None.
    """

    prompts: Prompts
    sentence: str
    merge_key: object = None
    select: PromptPart | None = None


class Drag(Protocol):
    """A press that became a movement."""

    def move(self, at: Point) -> Edit | None:
        """The pointer is at `at`; an edit to make at once, or None."""

    def finish(self, at: Point) -> Edit | None:
        """The button was let go."""

    def cancel(self) -> Edit | None:
        """The drag was given up; the edit that takes back what it has done."""

    @property
    def rubber_band(self) -> Box | None:
        """A box being drawn that is no prompt yet."""


@dataclass
class MoveDrag:
    """Moves a point or a box, or one handle of a box; the prompts follow while it is dragged."""

    scene: Scene
    start: Point
    hit: Hit
    merge_key: object = field(default_factory=object)
    rubber_band: Box | None = None
    _moved: bool = False

    def move(self, at: Point) -> Edit | None:
        """Edit the prompts as they were at the start by the way gone since."""
        self._moved = True
        part = self.hit.part
        by_x, by_y = at[0] - self.start[0], at[1] - self.start[1]
        if part.point is not None:
            x, y = self.scene.prompts.items[part.item].points[part.point]
            moved = move_point(self.scene.prompts, part, self.scene.clamp((x + by_x, y + by_y)))
            return Edit(moved, "move point", self.merge_key, part)
        box = self.scene.prompts.items[part.item].box
        if box is None:
            return None
        shifted: Box | None
        if self.hit.handle is None:
            shifted, sentence = shift_box(box, by_x, by_y, self.scene), "move box"
        else:
            shifted, sentence = resize_box(box, self.hit.handle, by_x, by_y, self.scene), "resize box"
        if shifted is None:
            return None
        return Edit(set_box(self.scene.prompts, part, shifted), sentence, self.merge_key, part)

    def finish(self, at: Point) -> Edit | None:
        """The last step."""
        return self.move(at)

    def cancel(self) -> Edit | None:
        """Put everything back, as a step of the same drag."""
        if not self._moved:
            return None
        sentence = "move point" if self.hit.part.point is not None else "move box"
        return Edit(self.scene.prompts, sentence, self.merge_key, self.hit.part)


@dataclass
class BoxDrag:
    """Draws a new box; nothing is edited before the button is let go."""

    scene: Scene
    start: Point
    rubber_band: Box | None = None

    def move(self, at: Point) -> Edit | None:
        """Show the box as it would become."""
        self.rubber_band = self._box(at)
        return None

    def finish(self, at: Point) -> Edit | None:
        """Add the box, unless nothing of it lies on the image."""
        box = self._box(at)
        if box is None:
            return None
        return Edit(add_box(self.scene.prompts, box), "add box", None, PromptPart(len(self.scene.prompts)))

    def cancel(self) -> Edit | None:
        """Nothing was done yet."""
        return None

    def _box(self, at: Point) -> Box | None:
        return _clipped((*self.start, *at), self.scene)


class Tool(Protocol):
    """What a press means."""

    @property
    def pans(self) -> bool:
        """Whether a drag on nothing in particular moves the view."""

    def begin_drag(self, press: Press, scene: Scene) -> Drag | None:
        """The drag that this press would start, or None."""

    def click(self, press: Press, scene: Scene) -> Edit | None:
        """What a click does, or None."""


def _grab(press: Press, scene: Scene) -> MoveDrag | None:
    if press.hit is None or press.button != "left":
        return None
    return MoveDrag(scene, press.at, press.hit)


@dataclass(frozen=True, slots=True)
class PanTool:
    """Moves the view; prompts can be grabbed."""

    pans: bool = True

    def begin_drag(self, press: Press, scene: Scene) -> Drag | None:
        """Grab what is there."""
        return _grab(press, scene)

    def click(self, press: Press, scene: Scene) -> Edit | None:
        """Nothing: the canvas selects."""
        return None


@dataclass(frozen=True, slots=True)
class PointTool:
    """Adds points of its label; the right button or Alt gives the other label, Ctrl draws a box."""

    label: int
    pans: bool = False

    def begin_drag(self, press: Press, scene: Scene) -> Drag | None:
        """Draw a box with Ctrl, else grab what is there."""
        if press.ctrl and press.button == "left":
            return BoxDrag(scene, press.at)
        return _grab(press, scene)

    def click(self, press: Press, scene: Scene) -> Edit | None:
        """Add a point; a place outside the image is none."""
        if press.ctrl or not scene.contains(press.at):
            return None
        other = press.alt != (press.button == "right")
        label = (NEGATIVE if self.label == POSITIVE else POSITIVE) if other else self.label
        sentence = "add positive point" if label == POSITIVE else "add negative point"
        return Edit(add_point(scene.prompts, scene.clamp(press.at), label), sentence)


@dataclass(frozen=True, slots=True)
class BoxTool:
    """Draws boxes; with Ctrl also on top of an existing one."""

    pans: bool = False

    def begin_drag(self, press: Press, scene: Scene) -> Drag | None:
        """Grab what is there, else draw."""
        if press.button != "left":
            return None
        if press.ctrl:
            return BoxDrag(scene, press.at)
        return _grab(press, scene) or BoxDrag(scene, press.at)

    def click(self, press: Press, scene: Scene) -> Edit | None:
        """Nothing: a box needs a drag."""
        return None


TOOLS: dict[str, Tool] = {
    "pan": PanTool(),
    "positive": PointTool(POSITIVE),
    "negative": PointTool(NEGATIVE),
    "box": BoxTool(),
}


def delete_edit(prompts: Prompts, part: PromptPart) -> Edit:
    """Remove one part."""
    return Edit(remove_part(prompts, part), "delete box" if part.point is None else "delete point")


def shift_box(box: Box, by_x: float, by_y: float, scene: Scene) -> Box:
    """The box moved, kept whole inside the image."""
    by_x = min(max(by_x, -box[0]), max(scene.width - 1.0 - box[2], -box[0]))
    by_y = min(max(by_y, -box[1]), max(scene.height - 1.0 - box[3], -box[1]))
    return (_tidy(box[0] + by_x), _tidy(box[1] + by_y), _tidy(box[2] + by_x), _tidy(box[3] + by_y))


def resize_box(box: Box, handle: Handle, by_x: float, by_y: float, scene: Scene) -> Box | None:
    """The box with the handle's sides moved, cut at the image's border; None when nothing of it is left."""
    x0, y0, x1, y1 = box
    x0, x1 = x0 + by_x * (handle[0] == -1), x1 + by_x * (handle[0] == 1)
    y0, y1 = y0 + by_y * (handle[1] == -1), y1 + by_y * (handle[1] == 1)
    return _clipped((x0, y0, x1, y1), scene)


def _clipped(box: Box, scene: Scene) -> Box | None:
    x0, y0, x1, y1 = clip_box(ordered_box(box), scene.width, scene.height)
    return (_tidy(x0), _tidy(y0), _tidy(x1), _tidy(y1)) if x1 > x0 and y1 > y0 else None


def _tidy(value: float) -> float:
    """A hundredth of a pixel is finer than any hand, and reads well in a file."""
    return round(value, 2)
