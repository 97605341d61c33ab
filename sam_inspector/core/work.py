"""What a person has done on one image: the unit of undo and of saving."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.prompts import Prompts

Verdict = Literal["defect", "good", "unsure"]


@dataclass(frozen=True, eq=False, slots=True)
class ImageWork:
    """The work on one image.

    Attributes
    ----------
    prompts
        The prompts being worked on.
    accepted
        bool `(H, W)`: union of the regions accepted so far, or None.
    accepted_prompts
        The prompts those regions were made from.
    verdict
        What the person decided about the image, or None.
    """

    prompts: Prompts = field(default_factory=Prompts)
    accepted: NDArray[np.bool_] | None = None
    accepted_prompts: Prompts = field(default_factory=Prompts)
    verdict: Verdict | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to keep."""
        return not self.prompts and self.accepted is None and self.verdict is None

    @property
    def all_prompts(self) -> Prompts:
        """The accepted prompts, then those being worked on."""
        return Prompts(self.accepted_prompts.items + self.prompts.items)
