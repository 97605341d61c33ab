"""What the charts show, as plain arrays: made from the rows of one or two cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sam_inspector.engine.image_rows import ImageRow
from sam_inspector.ui.evaluate.running_table import Cell

BINS = 20
DOTS_DRAWN = 3000
"""More dots would hide each other, and take longer to paint than the window may stand still."""


@dataclass(frozen=True, eq=False, slots=True)
class Dots:
    """Dots, and the image of each.

    Attributes
    ----------
    x, y
        float64 `(n,)`.
    rows
        The row that a click on a dot opens.
    total
        How many there are; only some are drawn of very many.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    rows: tuple[ImageRow, ...]
    total: int


def heights_of(cell: Cell) -> tuple[NDArray[np.int64], float | None]:
    """Images in each of 20 equal bins of IoU from 0 to 1, int64 `(20,)`, and the mean IoU."""
    ious = np.frombuffer(cell.ious, np.float64) if cell.ious else np.empty(0)
    there = ious[np.isfinite(ious)]
    heights, _ = np.histogram(there, BINS, (0.0, 1.0))
    return heights.astype(np.int64), float(there.mean()) if there.size else None


def size_dots(cell: Cell) -> Dots:
    """IoU over the share of the image that is defect, in percent; without images that have none."""
    if not cell.ious:
        return _none()
    ious, areas = np.frombuffer(cell.ious, np.float64), np.frombuffer(cell.areas, np.float64)
    places = np.flatnonzero(np.isfinite(ious) & (areas > 0))
    drawn = _some(places)
    rows = tuple(cell.rows[place] for place in drawn)
    return Dots(100 * areas[drawn], ious[drawn].copy(), rows, len(places))


def pair_dots(first: Cell, second: Cell) -> Dots:
    """IoU under one mode over that under another, of the images that both have; a click opens the first's."""
    if not first.ious or not second.ious:
        return _none()
    places = np.flatnonzero(np.isfinite(np.frombuffer(first.ious, np.float64)))
    drawn = [place for place in _some(places).tolist() if first.rows[place].path in second.places]
    rows = [first.rows[place] for place in drawn]
    x = np.array([second.ious[second.places[row.path]] for row in rows], np.float64)
    y = np.array([row.iou for row in rows], np.float64)
    there = np.flatnonzero(np.isfinite(x))
    total = len(places) if len(places) > DOTS_DRAWN else len(there)
    return Dots(x[there], y[there], tuple(rows[place] for place in there), total)


def worst_rows(cell: Cell, most: int) -> list[ImageRow]:
    """The images with the lowest IoU, then normal ones by how much of them is marked; failed ones are left out."""
    if not cell.rows:
        return []
    keys = np.frombuffer(cell.badness, np.float64)
    places = np.flatnonzero(np.isfinite(keys))
    if len(places) > most:
        places = places[np.argpartition(keys[places], most)[:most]]
    return [cell.rows[place] for place in places[np.argsort(keys[places], kind="stable")]]


def _some(places: NDArray[np.intp]) -> NDArray[np.intp]:
    """All of them, or evenly chosen ones of very many."""
    if len(places) <= DOTS_DRAWN:
        return places
    return places[np.linspace(0, len(places) - 1, DOTS_DRAWN).astype(np.intp)]


def _none() -> Dots:
    return Dots(np.empty(0), np.empty(0), (), 0)


def share_ticks(end: float) -> list[tuple[float, str]]:
    """Ticks of an axis that goes from 0 to `end`, at most about 1."""
    step = 0.1 if end < 0.5 else 0.2
    return [(step * place, f"{step * place:.1f}") for place in range(int(end / step + 1e-6) + 1)]


def count_ticks(top: int) -> list[tuple[float, str]]:
    """At most some six ticks, at whole numbers."""
    step = next(step for power in range(12) for step in (10**power, 2 * 10**power, 5 * 10**power) if top / step <= 6)
    return [(float(value), f"{value:,}") for value in range(0, top + 1, step)]


def decade_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Ticks of an axis of percents whose positions are base-10 logarithms; within few decades more of them."""
    steps = (1, 2, 5) if high - low < 2 else (1,)
    found = [step * 10.0**power for power in range(int(np.floor(low)), int(np.ceil(high)) + 1) for step in steps]
    return [(float(np.log10(value)), f"{value:g} %") for value in found if low <= np.log10(value) <= high]


def area_range(dots: Sequence[Dots]) -> tuple[float, float]:
    """From the smallest to the largest area as base-10 logarithms of percents, with room at the ends."""
    values = np.concatenate([each.x for each in dots]) if dots else np.empty(0)
    if not values.size:
        return -1.0, 1.0
    low, high = float(np.log10(values.min())), float(np.log10(values.max()))
    room = max(0.15, 0.05 * (high - low))
    return low - room, high + room
