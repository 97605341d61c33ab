"""Counting the values of maps for a histogram."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_VALUES = 500_000
"""More reference values than these are thinned out: counting must not hold up the window."""


def finite(values: NDArray[np.float32] | None) -> NDArray[np.float32] | None:
    """The values that are finite, float32 `(n,)`; None where there are none."""
    if values is None:
        return None
    kept = values[np.isfinite(values)]
    return kept if kept.size else None


def thinned(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """At most `MAX_VALUES` of the values `(n,)`, the lowest and the highest among them."""
    if values.size <= MAX_VALUES:
        return values
    # Drawn at random, since even steps fall into step with an image's rows; the ends stay, so that "all" is true.
    drawn = values[np.random.default_rng(0).integers(values.size, size=MAX_VALUES)]
    drawn[:2] = values.min(), values.max()
    return drawn


def heights(values: NDArray[np.float32] | None, edges: NDArray[np.float64], pixels: int) -> NDArray[np.float64] | None:
    """A histogram with logarithmic heights.

    Parameters
    ----------
    values
        float32, any shape; None gives None. Those outside the edges are counted at the ends.
    edges
        float64 `(bins + 1,)`, ascending.
    pixels
        Counts are scaled as if there were so many values in all; 0 leaves them.

    Returns
    -------
    float64 `(bins,)`, `log10(1 + count)`.
    """
    if values is None:
        return None
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    return np.log10(1.0 + counts * (pixels / values.size if pixels else 1.0))


def share_text(count: int, total: int) -> str:
    """So many values of the references, in percent that is never rounded to all or nothing."""
    if count in (0, total):
        return "All references" if count else "No reference value"
    percent = 100 * count / total
    for digits in (1, 2, 3):
        shown = f"{percent:.{digits}f}"
        if 0 < float(shown) < 100:
            return f"{shown} % of references"
    return f"{'> 99.999' if percent > 50 else '< 0.001'} % of references"
