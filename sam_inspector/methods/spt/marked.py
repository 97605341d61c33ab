"""An image with its defects marked, as tuning sees it: regions, the prompts one could give for them, and targets."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.geometry import Component, components, deepest_point
from sam_inspector.core.prompts import POSITIVE, Box, Point, Prompt

MOST_PIXELS = 4096
"""Kept of a region, evenly, for points to be drawn from."""
JITTER_SHARE, JITTER_PX = 0.1, 2.0
"""How far the sides of a box may lie from where they should: in shares of its size, and in pixels besides."""
MOST_POINTS = 5
"""Of a prompt of several points."""


@dataclass(frozen=True, eq=False, slots=True)
class MarkedRegion:
    """One defect.

    Attributes
    ----------
    box
        Tight, in pixel indices.
    deepest
        The pixel farthest from its edge.
    pixels
        int32 `(N, 2)`, `(x, y)` of some of its pixels.
    target
        float32 `(256, 256)` in [0, 1]: its share of each cell of the low-resolution logits.
    area
        In pixels.
    """

    box: Box
    deepest: Point
    pixels: NDArray[np.int32]
    target: NDArray[np.float32]
    area: int


@dataclass(frozen=True, eq=False, slots=True)
class MarkedImage:
    """The regions of an image.

    Attributes
    ----------
    size
        `(height, width)` in pixels.
    frame
        `(height, width)` of the part of the low-resolution logits that shows the image.
    """

    size: tuple[int, int]
    frame: tuple[int, int]
    regions: tuple[MarkedRegion, ...]


def mark(mask: NDArray[np.bool_], frame: tuple[int, int], side: int, *, as_one: bool = False) -> MarkedImage:
    """The regions of a mask.

    Parameters
    ----------
    mask
        bool `(H, W)`, not empty.
    side
        Of the low-resolution logits.
    as_one
        All defects of the image are one region, as in the published protocol.
    """
    if as_one:
        rows, columns = np.nonzero(mask)
        box = (int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max()))
        crop = mask[box[1] : box[3] + 1, box[0] : box[2] + 1]
        parts = [Component(1, crop, box, len(rows))]
    else:
        parts = components(mask)
    size = (int(mask.shape[0]), int(mask.shape[1]))
    return MarkedImage(size, frame, tuple(_region(part, size, frame, side) for part in parts))


def _region(part: Component, size: tuple[int, int], frame: tuple[int, int], side: int) -> MarkedRegion:
    left, top, right, bottom = part.box
    rows, columns = np.nonzero(part.mask)
    step = max(1, len(rows) // MOST_PIXELS)
    pixels = np.stack([left + columns[::step], top + rows[::step]], axis=1).astype(np.int32)
    whole = np.zeros(size, np.float32)
    whole[top : bottom + 1, left : right + 1] = part.mask
    target = np.zeros((side, side), np.float32)
    target[: frame[0], : frame[1]] = cv2.resize(whole, (frame[1], frame[0]), interpolation=cv2.INTER_AREA)
    box = (float(left), float(top), float(right), float(bottom))
    return MarkedRegion(box, deepest_point(part), pixels, target, part.area)


def draw_prompt(
    region: MarkedRegion, size: tuple[int, int], kind: str, rng: np.random.Generator, *, jitters: bool
) -> Prompt:
    """A prompt such as a person or a map might give for a region.

    Parameters
    ----------
    size
        `(height, width)` of the image in pixels.
    kind
        `box`, `point` or `points`.
    jitters
        Whether boxes lie a little beside, and a lone point is as often the deepest pixel as any other.
    """
    if kind == "box":
        return Prompt(box=_beside(region.box, size, rng) if jitters else region.box, source="gt")
    if kind == "point" and jitters and rng.random() < 0.5:
        points: tuple[Point, ...] = (region.deepest,)
    else:
        count = 1 if kind == "point" else int(rng.integers(2, MOST_POINTS + 1))
        drawn = region.pixels[rng.integers(len(region.pixels), size=count)]
        points = tuple((float(x), float(y)) for x, y in drawn)
    return Prompt(points=points, labels=(POSITIVE,) * len(points), source="gt")


def _beside(box: Box, size: tuple[int, int], rng: np.random.Generator) -> Box:
    left, top, right, bottom = box
    share = rng.uniform(-JITTER_SHARE, JITTER_SHARE, 4)
    pixels = rng.uniform(-JITTER_PX, JITTER_PX, 4)
    spans = np.array([right - left, bottom - top, right - left, bottom - top])
    x0, y0, x1, y1 = np.array(box) + share * spans + pixels
    height, width = size
    x0, x1 = sorted((float(np.clip(x0, 0, width - 1)), float(np.clip(x1, 0, width - 1))))
    y0, y1 = sorted((float(np.clip(y0, 0, height - 1)), float(np.clip(y1, 0, height - 1))))
    # A box has an area, however small the region.
    return (x0, y0, max(x1, min(x0 + 1, width - 1)), max(y1, min(y0 + 1, height - 1)))
