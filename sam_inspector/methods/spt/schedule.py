"""With what SAM is tuned, for each preset: rates, losses, and how images are varied."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from sam_inspector.methods.spt.losses import LossWeights
from sam_inspector.methods.spt.settings import SptSettings

FLIPS = ("as it is", "left and right", "top and bottom", "both")
"""How an image may be turned over."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How a tuning goes.

    Attributes
    ----------
    rate
        Learning rate at its highest.
    added_rate
        So many times that for the adapter and the middle features, which are no part of SAM.
    warm_up
        Steps until that is reached.
    falls
        `cosine` to zero over all steps, or by `step` to a tenth after `step_epoch` epochs.
    decay
        Of the weights, by AdamW.
    regions
        Drawn from an image in a step, at most.
    balance
        How far categories of few images are made up for: 0 takes each image once an epoch, 1 draws every category as
        often as any other.
    average
        Weight of what was before in a running average of the tuned weights, which is what is judged and kept; 0 takes
        the weights as they are.
    flips
        How many of `FLIPS` an image is seen in.
    as_one
        All defects of an image are one region.
    jitters
        See `marked.draw_prompt`.
    """

    rate: float
    loss: LossWeights = field(default_factory=LossWeights)
    warm_up: int = 20
    falls: str = "cosine"
    step_epoch: int = 10
    decay: float = 0.0
    added_rate: float = 5.0
    regions: int = 2
    balance: float = 0.5
    average: float = 0.98
    flips: int = 4
    as_one: bool = False
    jitters: bool = True

    def rate_at(self, step: int, steps_an_epoch: int, epochs: int) -> float:
        """The learning rate of a step, counted from 0 over all epochs."""
        if self.falls == "step":
            return self.rate * (0.1 if step >= self.step_epoch * steps_an_epoch else 1.0)
        share = step / max(1, steps_an_epoch * epochs)
        return self.rate * min(1.0, (step + 1) / self.warm_up) * 0.5 * (1 + math.cos(math.pi * share))


def schedule_for(settings: SptSettings) -> Schedule:
    """The schedule of a preset; `faithful` has the published numbers where they are known."""
    if settings.is_faithful:
        published = LossWeights(1.0, 1.0, samples_points=True)
        return Schedule(
            settings.rate or 1e-3,
            published,
            warm_up=1,
            falls="step",
            added_rate=1.0,
            balance=0.0,
            average=0.0,
            flips=2,
            as_one=True,
            jitters=False,
        )
    return Schedule(settings.rate or (2e-3 if settings.recipe.weights == "lora" else 2e-4))
