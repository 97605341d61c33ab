"""Pixels, boxes and components.

Two spaces meet here. A *view* counts pixel edges: the first pixel covers 0 to 1. *Pixel-index space*, in which
prompts live and which SAM expects, counts pixel centres: the first pixel's centre is 0. The half pixel between them
is added and taken away in this file only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import PromptError
from sam_inspector.core.prompts import Box, Point, Prompts


def view_to_pixel(x: float, y: float) -> Point:
    """From view coordinates (pixel edges) to pixel indices (pixel centres)."""
    return (x - 0.5, y - 0.5)


def pixel_to_view(x: float, y: float) -> Point:
    """From pixel indices (pixel centres) to view coordinates (pixel edges)."""
    return (x + 0.5, y + 0.5)


@dataclass(frozen=True, eq=False, slots=True)
class Component:
    """A connected region of a mask.

    Attributes
    ----------
    number
        From 1, in the row-major order of first pixels.
    mask
        bool `(h, w)`: the region within its box.
    box
        Tight box in pixel indices, maximum inclusive.
    area
        Number of pixels.
    """

    number: int
    mask: NDArray[np.bool_]
    box: tuple[int, int, int, int]
    area: int


def components(mask: NDArray[np.bool_], *, min_area: int = 1) -> list[Component]:
    """Split a mask into its 8-connected regions of at least `min_area` pixels."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    found: list[tuple[tuple[int, int], Component]] = []
    for index in range(1, count):
        x, y, width, height, area = (int(value) for value in stats[index])
        if area < min_area:
            continue
        crop = labels[y : y + height, x : x + width] == index
        first_pixel = (y, x + int(np.argmax(crop[0])))
        found.append((first_pixel, Component(0, crop, (x, y, x + width - 1, y + height - 1), area)))
    # OpenCV scans in blocks of 2 × 2 pixels, so that its own numbers can differ from row-major order.
    found.sort(key=lambda pair: pair[0])
    return [replace(component, number=number) for number, (_, component) in enumerate(found, start=1)]


def deepest_point(component: Component) -> Point:
    """The pixel of a component that lies farthest from its edge; always inside, unlike the centre of mass.

    Pixels beyond the component's box count as outside, so that a region cut by the image's border still gets a
    middle. Of several equally deep, as along a scratch, it is the middle one in row-major order.
    """
    padded = np.pad(component.mask, 1).astype(np.uint8)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    # Squared distances are whole numbers; as the roots come, equal ones can differ in the last bit from run to run.
    squared = np.rint(distance.astype(np.float64) ** 2)
    rows, columns = np.nonzero(squared == squared.max())
    middle = rows.size // 2
    return (float(component.box[0] + columns[middle]), float(component.box[1] + rows[middle]))


def clip_box(box: Box, width: int, height: int) -> Box:
    """The part of a box inside the image."""
    x0, y0, x1, y1 = box
    return (max(x0, 0.0), max(y0, 0.0), min(x1, width - 1.0), min(y1, height - 1.0))


def check_prompts(prompts: Prompts, width: int, height: int) -> None:
    """Refuse prompts that SAM can't take.

    Raises
    ------
    PromptError
        For a point or box outside the image, or a box of zero area; the message names it.
    """
    for item in prompts.items:
        for x, y in item.points:
            if not (-0.5 <= x <= width - 0.5 and -0.5 <= y <= height - 0.5):
                raise PromptError(
                    f"The point ({x:g}, {y:g}) lies outside the image, which is {width} × {height} pixels: "
                    f"x goes from 0 to {width - 1}, y from 0 to {height - 1}."
                )
        if item.box is None:
            continue
        x0, y0, x1, y1 = item.box
        if x1 <= x0 or y1 <= y0:
            # A box of one pixel's width has equal corners, for its maximum is inclusive; generators may make one.
            if item.source == "user":
                raise PromptError(
                    f"The box ({x0:g}, {y0:g}, {x1:g}, {y1:g}) has no area: its second corner must lie to the right "
                    "of and below the first."
                )
            if x1 < x0 or y1 < y0:
                raise PromptError(f"The box ({x0:g}, {y0:g}, {x1:g}, {y1:g}) has its corners in the wrong order.")
        # The first system's box of the whole image ends one pixel beyond it, and counts as inside for a generator.
        reach = 0.5 if item.source == "user" else 0.0
        if not (x0 >= -0.5 and y0 >= -0.5 and x1 <= width - reach and y1 <= height - reach):
            raise PromptError(
                f"The box ({x0:g}, {y0:g}, {x1:g}, {y1:g}) reaches outside the image, which is {width} × {height} "
                f"pixels: x goes from 0 to {width - 1}, y from 0 to {height - 1}."
            )
