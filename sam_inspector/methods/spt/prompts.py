"""What a tuned SAM is asked with: prompts from the ground truth, as box, as one point, or as several points."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.prompts import Prompts
from sam_inspector.prompting.from_ground_truth import prompts_from_ground_truth

AskedWith = Literal["box", "point", "points"]
SEVERAL = 5
_MODES: dict[AskedWith, str] = {"box": "b", "point": "bp", "points": "bps"}


def prompts_of_kind(ground_truth: NDArray[np.bool_], kind: AskedWith, points: int = SEVERAL) -> Prompts:
    """A prompt for each region of an image.

    Parameters
    ----------
    ground_truth
        bool `(H, W)`.
    kind
        `box`: its box; `point`: the pixel deepest inside it; `points`: so many pixels spread over it. No box with
        points.

    Raises
    ------
    InputError
        When the ground truth marks nothing.
    """
    made = prompts_from_ground_truth(ground_truth, _MODES[kind], points=points)
    if kind == "box":
        return made
    return Prompts(tuple(replace(prompt, box=None) for prompt in made.items))
