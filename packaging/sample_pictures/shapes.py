"""Noise and shapes that defects and materials are made of; lengths in pixels of the (oversampled) scene."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_pictures.picture import Floats

Shape = tuple[int, int]


def smoothstep(value: Floats, low: float, high: float) -> Floats:
    """Rise smoothly from 0 at `low` to 1 at `high`."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def noise(rng: np.random.Generator, shape: Shape, scale: float, octaves: int = 4, gain: float = 0.5) -> Floats:
    """Fractal noise of zero mean and unit deviation; `scale` is the size of its largest features."""
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        size = scale / 2**octave
        if size < 1:
            break
        grid = rng.normal(0, 1, (int(shape[0] / size) + 3, int(shape[1] / size) + 3)).astype(np.float32)
        total += gain**octave * cv2.resize(grid, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return (total - total.mean()) / total.std()


def grid(shape: Shape) -> tuple[Floats, Floats]:
    """The x and y of every point."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    return x, y


def blob(
    rng: np.random.Generator,
    shape: Shape,
    centre: tuple[float, float],
    radii: tuple[float, float],
    angle: float = 0.0,
    ragged: float = 0.25,
) -> Floats:
    """How far inside an irregular ellipse a point lies (negative outside), roughly in pixels."""
    x, y = grid(shape)
    dx, dy = x - centre[0], y - centre[1]
    along = dx * np.cos(angle) + dy * np.sin(angle)
    across = -dx * np.sin(angle) + dy * np.cos(angle)
    mean = float(np.sqrt(radii[0] * radii[1]))
    level = 1 - np.hypot(along / radii[0], across / radii[1]) + ragged * noise(rng, shape, mean * 0.9, 5, 0.55)
    # Far from the centre the noise must not make islands.
    level -= smoothstep(np.hypot(dx, dy), 1.2 * max(radii), 1.6 * max(radii)) * 4
    return (level * mean).astype(np.float32)


def wander(
    rng: np.random.Generator,
    start: tuple[float, float],
    heading: float,
    length: float,
    wiggle: float,
    jagged: float = 0.0,
    step: float = 9,
) -> Floats:
    """A path of `(N, 2)` points (x, y) that keeps to its heading, but for bends of `wiggle` and kinks of `jagged`."""
    turns = rng.normal(0, wiggle, max(2, int(length / step)))
    headings = heading + 0.6 * turns
    for number in range(1, len(turns)):
        headings[number] += 0.85 * (headings[number - 1] - heading)
    headings += rng.normal(0, jagged, len(turns))
    steps = step * np.stack([np.cos(headings), np.sin(headings)], axis=1)
    return np.concatenate([[start], start + steps.cumsum(axis=0)]).astype(np.float32)


def distance_to(shape: Shape, paths: list[Floats]) -> Floats:
    """The distance of every point to the nearest of some paths."""
    canvas = np.full(shape, 255, np.uint8)
    for path in paths:
        cv2.polylines(canvas, [np.rint(path).astype(np.int32)], False, 0)
    return cv2.distanceTransform(canvas, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def taper(shape: Shape, path: Floats, sharpness: float = 5.0) -> Floats:
    """1 along the middle of a path, falling to 0 at both its ends; for widths."""
    x, y = grid(shape)
    small_x, small_y = x[::8, ::8], y[::8, ::8]
    squared = [(small_x - px) ** 2 + (small_y - py) ** 2 for px, py in path]
    place = np.argmin(squared, axis=0).astype(np.float32) / max(1, len(path) - 1)
    place = cv2.GaussianBlur(place, (0, 0), 1.0)
    width = np.clip(sharpness * np.minimum(place, 1 - place), 0, 1)
    return cv2.resize(width, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)


def without_specks(coverage: Floats, smallest: int = 60) -> Floats:
    """The coverage without islands of fewer than `smallest` points, which nobody would call part of the defect."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((coverage >= 0.5).astype(np.uint8))
    specks = np.flatnonzero(stats[:count, cv2.CC_STAT_AREA] < smallest)
    fringe = cv2.dilate(np.isin(labels, specks).astype(np.uint8), np.ones((9, 9), np.uint8))
    return np.where(fringe > 0, 0, coverage).astype(np.float32)


def mixed(base: Floats, other: Floats | NDArray[np.float64] | float, share: Floats) -> Floats:
    """`base` where `share` is 0, `other` where it is 1; a share of shape `(H, W)` serves colours too."""
    weight = share[..., None] if base.ndim == 3 else share
    return (base * (1 - weight) + np.asarray(other, np.float32) * weight).astype(np.float32)
