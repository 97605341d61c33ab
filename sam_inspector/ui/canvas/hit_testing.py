"""What lies under the pointer: points before handles before the edges of boxes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from sam_inspector.core.prompts import Box, Point, PromptPart, Prompts
from sam_inspector.ui.canvas.marker_size import FULL_PX, REACH_PX, MarkerSizes

POINT_REACH_PX = FULL_PX / 2 + REACH_PX
"""Of a point that stands alone; less where points are so close together that their signs are smaller."""
HANDLE_REACH_PX = 7
EDGE_REACH_PX = 5
MIDDLE_HANDLE_FROM_PX = 40
"""A box's side of at least this length has a handle in its middle."""
CORNER_HANDLE_FROM_PX = 20
"""A box whose longer side is shorter on screen has no handles, so that it can still be grabbed and moved."""

Handle = tuple[int, int]
"""Which sides a handle moves: -1 the left or upper one, 1 the right or lower one, 0 none."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A part of the prompts; with a handle, that handle of its box."""

    part: PromptPart
    handle: Handle | None = None


def handles(box: Box, scale: float) -> dict[Handle, Point]:
    """The handles a box shows at `scale` screen pixels an image pixel, each with its place in pixel indices."""
    x0, y0, x1, y1 = box
    width_px, height_px = (x1 - x0) * scale, (y1 - y0) * scale
    if max(width_px, height_px) < CORNER_HANDLE_FROM_PX:
        return {}
    columns = (-1, 0, 1) if width_px >= MIDDLE_HANDLE_FROM_PX else (-1, 1)
    rows = (-1, 0, 1) if height_px >= MIDDLE_HANDLE_FROM_PX else (-1, 1)
    xs, ys = {-1: x0, 0: (x0 + x1) / 2, 1: x1}, {-1: y0, 0: (y0 + y1) / 2, 1: y1}
    return {(column, row): (xs[column], ys[row]) for column, row in product(columns, rows) if (column, row) != (0, 0)}


def hit_test(
    prompts: Prompts,
    at: Point,
    scale: float,
    selected: PromptPart | None = None,
    sizes: MarkerSizes | None = None,
) -> Hit | None:
    """The part of the prompts at a place; the nearest point wins, then the selected box, then the smallest box.

    Parameters
    ----------
    at
        In pixel indices.
    scale
        Screen pixels for one image pixel, by which the reach in screen pixels becomes one in image pixels.
    sizes
        Of the points' signs as they are drawn; None: as if nothing else were in sight.
    """
    sizes = sizes or MarkerSizes(prompts)
    near = [
        (_distance(point, at), -number, Hit(PromptPart(number, index)))
        for number, item in enumerate(prompts.items)
        for index, point in enumerate(item.points)
        if (away := _distance(point, at) * scale) <= POINT_REACH_PX and away <= sizes.reach(point, scale)
    ]
    if near:
        return min(near, key=lambda entry: entry[:2])[2]
    boxes = sorted(
        ((number, item.box) for number, item in enumerate(prompts.items) if item.box is not None),
        key=lambda entry: (PromptPart(entry[0]) != selected, _area(entry[1])),
    )
    for number, box in boxes:
        for handle, place in handles(box, scale).items():
            if _distance(place, at) * scale <= HANDLE_REACH_PX:
                return Hit(PromptPart(number), handle)
    for number, box in boxes:
        if _distance_to_edge(box, at) * scale <= EDGE_REACH_PX:
            return Hit(PromptPart(number))
    return None


def _distance(one: Point, other: Point) -> float:
    return float(((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2) ** 0.5)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _distance_to_edge(box: Box, at: Point) -> float:
    x0, y0, x1, y1 = box
    beyond_x = max(x0 - at[0], 0.0, at[0] - x1)
    beyond_y = max(y0 - at[1], 0.0, at[1] - y1)
    if beyond_x or beyond_y:
        return float((beyond_x**2 + beyond_y**2) ** 0.5)
    return min(at[0] - x0, x1 - at[0], at[1] - y0, y1 - at[1])
