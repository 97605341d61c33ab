"""Perlin's gradient noise: clouds for backgrounds.

Source: Perlin 2002, "Improving noise" (the curve of fifth degree), with gradients of any direction. Written for whole
arrays at a time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def perlin_noise(
    height: int, width: int, rng: np.random.Generator, *, cells: float = 4.0, octaves: int = 4
) -> NDArray[np.float32]:
    """Smooth noise over an image.

    Parameters
    ----------
    cells
        How many cells of the coarsest octave the longer side has; each further octave has twice as many, at half the
        weight.

    Returns
    -------
    float32 `(height, width)`, from -1 to 1, about 0 in the mean.
    """
    total = np.zeros((height, width), np.float32)
    weight, weights = 1.0, 0.0
    for _ in range(octaves):
        total += np.float32(weight) * _octave(height, width, rng, cells)
        weights += weight
        weight, cells = weight / 2, cells * 2
    return np.asarray(total / np.float32(weights), np.float32)


def _octave(height: int, width: int, rng: np.random.Generator, cells: float) -> NDArray[np.float32]:
    step = cells / max(height, width)
    (rows, down), (columns, across) = _places(height, step), _places(width, step)
    angles = rng.uniform(0, 2 * np.pi, (rows[-1] + 2, columns[-1] + 2))
    gradients = np.stack([np.cos(angles), np.sin(angles)]).astype(np.float32)  # across, down
    y, x = down[:, None], across[None, :]
    fade_y, fade_x = _faded(y), _faded(x)

    def corner(below: int, right: int) -> NDArray[np.float32]:
        at = gradients[:, (rows + below)[:, None], (columns + right)[None, :]]
        return np.asarray(at[0] * (x - right) + at[1] * (y - below), np.float32)

    top = corner(0, 0) * (1 - fade_x) + corner(0, 1) * fade_x
    bottom = corner(1, 0) * (1 - fade_x) + corner(1, 1) * fade_x
    # With gradients of length 1 the noise reaches the square root of a half, in the middle of a cell.
    return np.asarray(np.float32(np.sqrt(2)) * (top * (1 - fade_y) + bottom * fade_y), np.float32)


def _places(count: int, step: float) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """In which cell each pixel lies, and where in it, from 0 to 1."""
    places = (np.arange(count) + 0.5) * step
    cells = np.floor(places).astype(np.intp)
    return cells, (places - cells).astype(np.float32)


def _faded(t: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(t * t * t * (t * (t * 6 - 15) + 10), np.float32)
