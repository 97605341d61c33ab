"""Prompts from a ground-truth mask: how well SAM segments a defect that it is pointed to.

Every connected region gets a prompt of its own. Two presets say how: `faithful` follows the released code of the
first system (SAM-Anomaly-Segmentation), `recommended` mends it.

=========================== ===================================== ============================================
rule                        recommended                           faithful
=========================== ===================================== ============================================
regions                     8-connected, holes kept               outer contours, holes filled
`bp`: the point             the pixel deepest inside              the centre of mass, maybe outside the region
`bps`: N points             evenly spaced in scan order, distinct the same, repeated in a region of few pixels
`naive`: box of the image   (0, 0, W - 1, H - 1)                  (0, 0, W, H), one pixel too far
=========================== ===================================== ============================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import InputError
from sam_inspector.core.geometry import Component, components, deepest_point
from sam_inspector.core.prompts import POSITIVE, Box, Point, Prompt, Prompts
from sam_inspector.prompting.faithful_rules import fill_holes, truncated_centre_of_mass

Points = tuple[Point, ...]
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class GtPreset:
    """One way to read regions and points off a mask.

    Attributes
    ----------
    regions
        The mask whose 8-connected regions are prompted, from the ground truth.
    centre
        The single point of a region.
    spread
        N points over a region.
    whole_image
        The box of an image of a width and height.
    """

    regions: Callable[[NDArray[np.bool_]], NDArray[np.bool_]]
    centre: Callable[[Component], Point]
    spread: Callable[[Component, int], Points]
    whole_image: Callable[[int, int], Box]


@dataclass(frozen=True, slots=True)
class GtMode:
    """One kind of prompt.

    Attributes
    ----------
    name
        As typed after `--mode`.
    description
        One line for lists.
    points
        The points of a region, given the preset and N; None: the mode has one box for the whole image.
    """

    name: str
    description: str
    points: Callable[[GtPreset, Component, int], Points] | None


def scan_order_points(component: Component, count: int) -> Points:
    """`count` pixels of a region, evenly spaced in its row-major order from the first to the last."""
    rows, columns = np.nonzero(component.mask)
    picked = np.linspace(0, component.area - 1, count).astype(int)
    x0, y0 = component.box[:2]
    return tuple((float(x0 + x), float(y0 + y)) for x, y in zip(columns[picked], rows[picked], strict=True))


GT_PRESETS: dict[str, GtPreset] = {
    "recommended": GtPreset(
        regions=lambda mask: mask,
        centre=deepest_point,
        spread=lambda component, count: tuple(dict.fromkeys(scan_order_points(component, count))),
        whole_image=lambda width, height: (0.0, 0.0, width - 1.0, height - 1.0),
    ),
    "faithful": GtPreset(
        regions=fill_holes,
        centre=truncated_centre_of_mass,
        spread=scan_order_points,
        whole_image=lambda width, height: (0.0, 0.0, float(width), float(height)),
    ),
}

GT_MODES: dict[str, GtMode] = {
    mode.name: mode
    for mode in (
        GtMode("naive", "Naive: one box around the whole image", None),
        GtMode("b", "Box: box of every GT region", lambda preset, region, count: ()),
        GtMode(
            "bp",
            "Box + 1 point: box and centre of every GT region",
            lambda preset, region, count: (preset.centre(region),),
        ),
        GtMode(
            "bps",
            "Box + N points: box and points over every GT region",
            lambda preset, region, count: preset.spread(region, count),
        ),
    )
}

DEFAULT_POINTS = 20
"""Points of a region in mode `bps`, as published."""


def prompts_from_ground_truth(
    ground_truth: NDArray[np.bool_], mode: str, *, preset: str = "recommended", points: int = DEFAULT_POINTS
) -> Prompts:
    """Make the prompts of one image.

    Parameters
    ----------
    ground_truth
        bool `(H, W)`: True is defect.
    mode
        A name of `GT_MODES`.
    preset
        A name of `GT_PRESETS`.
    points
        N of mode `bps`, at least 1; a region of fewer pixels gets one point a pixel, or repeated ones if `faithful`.

    Returns
    -------
    Prompts
        One for each region, numbered from 1 in row-major order of first pixels; one without number for `naive`.

    Raises
    ------
    InputError
        When mode or preset is unknown, `points` is below 1, or the ground truth marks nothing.
    """
    rule = _row(GT_MODES, "prompt mode", mode)
    chosen = _row(GT_PRESETS, "preset", preset)
    if points < 1:
        raise InputError(f"Mode {mode} was asked for {points} points a region; ask for at least 1.")
    if not ground_truth.any():
        raise InputError(
            "The ground truth marks no defect pixel, so no prompt can be made from it; take an image with a defect, "
            "or set prompts by hand."
        )
    if rule.points is None:
        height, width = ground_truth.shape
        return Prompts((Prompt(box=chosen.whole_image(width, height), source="gt"),))
    items = []
    for region in components(chosen.regions(ground_truth)):
        spots = rule.points(chosen, region, points)
        x0, y0, x1, y1 = (float(value) for value in region.box)
        items.append(Prompt((x0, y0, x1, y1), spots, (POSITIVE,) * len(spots), region.number, source="gt"))
    return Prompts(tuple(items))


def _row(table: dict[str, Row], kind: str, name: str) -> Row:
    if name not in table:
        raise InputError(f"There is no {kind} “{name}”: choose one of {', '.join(table)}.")
    return table[name]
