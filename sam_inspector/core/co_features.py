"""Co-feature points of an image: where a map is extreme, and where its surroundings differ. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.prompts import Point, Prompt, Prompts, Source


@dataclass(frozen=True, slots=True)
class ScoredPoint:
    """A point and what chose it.

    Attributes
    ----------
    point
        `(x, y)` in pixel indices of the image.
    label
        1 positive, 0 negative.
    score
        Of a positive point the map's raw score there; of a negative one the cosine similarity of the image features
        there with those of the extreme region, in [-1, 1].
    """

    point: Point
    label: int
    score: float


@dataclass(frozen=True, eq=False, slots=True)
class CoFeaturePoints:
    """What was found in an image.

    Attributes
    ----------
    regions
        The points of each extreme region, or of the image as a whole; highest peak first, positive points first.
    extreme, ring
        bool `(h, w)`: the extreme pixels and those around them, over the whole image at the size of the search frame.
    threshold
        The raw score above which a pixel is extreme.
    """

    regions: tuple[tuple[ScoredPoint, ...], ...]
    extreme: NDArray[np.bool_]
    ring: NDArray[np.bool_]
    threshold: float

    def as_prompts(self, source: Source) -> Prompts:
        """A prompt a region, numbered from 1."""
        return Prompts(
            tuple(
                Prompt(
                    None,
                    tuple(scored.point for scored in points),
                    tuple(scored.label for scored in points),
                    number,
                    source=source,
                )
                for number, points in enumerate(self.regions, start=1)
            )
        )
