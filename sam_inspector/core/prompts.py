"""Prompts: what SAM is told about the regions of one image, and the edits a person can make to them.

Coordinates are `(x, y)` floats in pixel-index space: the centre of a pixel is an integer, and a box's maximum is
inclusive. All values are frozen and hashable, so that an edit makes a new value and undo is keeping the old one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

Source = Literal["user", "gt", "few-shot", "clip", "simplenet", "sam2sim", "lad"]
MAP_SOURCES: tuple[Source, ...] = ("few-shot", "clip", "simplenet", "sam2sim", "lad")
"""Those that start from an anomaly map."""
Point = tuple[float, float]
Box = tuple[float, float, float, float]

POSITIVE = 1
NEGATIVE = 0


@dataclass(frozen=True, slots=True)
class Prompt:
    """What SAM is told about one region: at most one box, and any number of points.

    Attributes
    ----------
    box
        `(x0, y0, x1, y1)` in pixel indices, maximum inclusive, or None.
    points
        `(x, y)` each, in pixel indices.
    labels
        One for each point: 1 positive (in the region), 0 negative (not in it).
    component
        Number of the connected component that the prompt was made from, counted from 1; None for a hand-made one.
    source
        Who made it.
    edited
        True once a person changed a generated prompt.
    picks
        The masks a person chose among SAM's outputs, as `(number of points at that time, candidate)`: candidate 0 is
        the single-mask output, 1 to 3 the three of the multimask output in the decoder's order. They are kept while
        points are added, so that a refinement starts from the mask that was picked.
    """

    box: Box | None = None
    points: tuple[Point, ...] = ()
    labels: tuple[int, ...] = ()
    component: int | None = None
    source: Source = "user"
    edited: bool = False
    picks: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        """Refuse a point without a label."""
        if len(self.points) != len(self.labels):
            raise ValueError(f"{len(self.points)} points but {len(self.labels)} labels")

    @property
    def candidate(self) -> int | None:
        """The mask chosen for the prompt as it stands; None leaves it to `core.segmentation.default_candidate`."""
        return dict(self.picks).get(len(self.points))

    @property
    def can_segment(self) -> bool:
        """Whether SAM has something to look for: a box or a positive point."""
        return self.box is not None or POSITIVE in self.labels


@dataclass(frozen=True, slots=True)
class Prompts:
    """All prompts of one image; each is decoded alone and the masks are united."""

    items: tuple[Prompt, ...] = ()

    def __bool__(self) -> bool:
        """False when there is nothing at all."""
        return bool(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def decodable(self) -> tuple[Prompt, ...]:
        """The prompts SAM can answer, negative points outside every box added to each of them.

        A negative point in no box has no region of its own; it says "not here" to all regions.
        """
        shared = tuple(point for item in self.items if not item.can_segment for point in item.points)
        count = len(shared)
        return tuple(
            replace(
                item,
                points=shared + item.points,
                labels=(NEGATIVE,) * count + item.labels,
                picks=tuple((points + count, candidate) for points, candidate in item.picks),
            )
            for item in self.items
            if item.can_segment
        )

    @property
    def point_count(self) -> int:
        """Number of points over all prompts."""
        return sum(len(item.points) for item in self.items)

    @property
    def box_count(self) -> int:
        """Number of boxes."""
        return sum(item.box is not None for item in self.items)


@dataclass(frozen=True, slots=True)
class PromptPart:
    """Names one thing on the canvas that can be moved or deleted: a point, or a box.

    Attributes
    ----------
    item
        Index into `Prompts.items`.
    point
        Index into that prompt's points; None means its box.
    """

    item: int
    point: int | None = None


@dataclass(frozen=True, slots=True)
class PromptSet:
    """The prompts of several images of one dataset category, with where they come from.

    Attributes
    ----------
    mode
        `user`, or the name of the generator that made them (`naive`, `b`, `bp`, `bps`, …).
    preset
        `recommended` or `faithful`; None for hand-made ones.
    parameters
        The generator's parameters, by name.
    items
        One entry an image.
    """

    layout: str
    category: str
    mode: str
    preset: str | None
    parameters: tuple[tuple[str, object], ...]
    seed: int
    items: tuple[PromptSetItem, ...] = ()


@dataclass(frozen=True, slots=True)
class PromptSetItem:
    """One image of a prompt set: `path` relative to the category, `size` as (width, height) in pixels."""

    path: str
    image_id: str
    size: tuple[int, int]
    prompts: Prompts = field(default_factory=Prompts)


# --- edits: each returns a new value -------------------------------------------------------------------------------


def box_contains(box: Box, point: Point) -> bool:
    """Whether the point's pixel lies in the box; both edges belong to the box."""
    x0, y0, x1, y1 = box
    return x0 - 0.5 <= point[0] <= x1 + 0.5 and y0 - 0.5 <= point[1] <= y1 + 0.5


def _box_area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _touched(item: Prompt) -> Prompt:
    """A generated prompt that a person changed is marked."""
    return replace(item, edited=item.edited or item.source != "user")


def _rearranged(item: Prompt) -> Prompt:
    """What was there has changed, so the masks picked for it mean nothing any more."""
    return replace(_touched(item), picks=())


def _with_item(prompts: Prompts, index: int, item: Prompt | None) -> Prompts:
    middle = () if item is None or (item.box is None and not item.points) else (item,)
    return Prompts(prompts.items[:index] + middle + prompts.items[index + 1 :])


def add_point(prompts: Prompts, point: Point, label: int) -> Prompts:
    """Add a point to the prompt it belongs to: the smallest box around it, else the image's free points.

    All points outside boxes describe one region, as SAM's own demo has it.
    """
    inside = [
        (_box_area(item.box), index)
        for index, item in enumerate(prompts.items)
        if item.box is not None and box_contains(item.box, point)
    ]
    free = [index for index, item in enumerate(prompts.items) if item.box is None and item.source == "user"]
    index = min(inside)[1] if inside else (free[0] if free else None)
    if index is None:
        return Prompts((*prompts.items, Prompt(points=(point,), labels=(label,))))
    item = _touched(prompts.items[index])
    return _with_item(prompts, index, replace(item, points=(*item.points, point), labels=(*item.labels, label)))


def add_box(prompts: Prompts, box: Box) -> Prompts:
    """Add a box as a region of its own, its corners put in order."""
    return Prompts((*prompts.items, Prompt(box=ordered_box(box))))


def ordered_box(box: Box) -> Box:
    """The same box with the smaller coordinates first."""
    x0, y0, x1, y1 = box
    return (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def move_point(prompts: Prompts, part: PromptPart, to: Point) -> Prompts:
    """Move one point; it stays with its prompt."""
    if part.point is None:
        raise ValueError("move_point needs a part that names a point")
    item = _rearranged(prompts.items[part.item])
    points = (*item.points[: part.point], to, *item.points[part.point + 1 :])
    return _with_item(prompts, part.item, replace(item, points=points))


def set_box(prompts: Prompts, part: PromptPart, box: Box) -> Prompts:
    """Move or resize the box of one prompt."""
    item = _rearranged(prompts.items[part.item])
    return _with_item(prompts, part.item, replace(item, box=ordered_box(box)))


def remove_part(prompts: Prompts, part: PromptPart) -> Prompts:
    """Delete one point or one box; a prompt left with nothing goes too, a box's points stay as free points."""
    item = _rearranged(prompts.items[part.item])
    if part.point is None:
        return _with_item(prompts, part.item, replace(item, box=None))
    return _with_item(
        prompts,
        part.item,
        replace(
            item,
            points=item.points[: part.point] + item.points[part.point + 1 :],
            labels=item.labels[: part.point] + item.labels[part.point + 1 :],
        ),
    )


def remove_last(prompts: Prompts) -> Prompts:
    """Delete what the last prompt got last: its last point, else its box; masks picked before that stay picked."""
    if not prompts.items:
        return prompts
    last = len(prompts.items) - 1
    item = prompts.items[last]
    if not item.points:
        return remove_part(prompts, PromptPart(last))
    picks = tuple(pick for pick in item.picks if pick[0] < len(item.points))
    shorter = replace(_touched(item), points=item.points[:-1], labels=item.labels[:-1], picks=picks)
    return _with_item(prompts, last, shorter)


def choose_candidate(prompts: Prompts, index: int, candidate: int | None) -> Prompts:
    """Pick one of SAM's masks for one prompt; None gives the choice back to the rule."""
    item = prompts.items[index]
    picks = dict(item.picks)
    picks.pop(len(item.points), None)
    if candidate is not None:
        picks[len(item.points)] = candidate
    return _with_item(prompts, index, replace(item, picks=tuple(sorted(picks.items()))))
