"""What a mask is told that it got wrong: cross-entropy and Dice, over all of the picture or at sampled places.

Source: SPT's released code, from PointRend by way of HQ-SAM: 112 × 112 places, three quarters of them where the logits
are least sure among three times as many, the others anywhere; both losses with the same weight.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

POINTS = 112 * 112
OVERSAMPLE = 3
UNSURE_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class LossWeights:
    """How the two are added, and whether places are sampled."""

    cross_entropy: float = 5.0
    dice: float = 1.0
    samples_points: bool = False


def mask_loss(
    logits: Tensor, target: Tensor, valid: Tensor, weights: LossWeights, rng: torch.Generator | None = None
) -> Tensor:
    """The mean loss of masks, a number.

    Parameters
    ----------
    logits
        float32 `(B, h, w)`.
    target
        float32 `(B, h, w)` in [0, 1].
    valid
        float32 `(h, w)`, 1 where the picture is and 0 where it is padded.
    rng
        Draws the places.
    """
    if weights.samples_points:
        places = _places(logits.detach(), valid, rng)
        picked, wanted = logits.flatten(1).gather(1, places), target.flatten(1).gather(1, places)
        everywhere = torch.ones_like(picked)
    else:
        picked, wanted = logits.flatten(1), target.flatten(1)
        everywhere = valid.flatten().expand_as(picked)
    entropy = cross_entropy(picked, wanted, everywhere)
    overlap = dice_loss(picked.sigmoid(), wanted, everywhere)
    return (weights.cross_entropy * entropy + weights.dice * overlap).mean()


def cross_entropy(logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:
    """Binary cross-entropy of each mask: `(B, N)` each, the places weighted by `counts`, to `(B,)`."""
    each = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return (each * counts).sum(1) / counts.sum(1)


def dice_loss(probabilities: Tensor, target: Tensor, counts: Tensor) -> Tensor:
    """1 − (2 Σ p t + 1) / (Σ p + Σ t + 1) of each mask: `(B, N)` each, to `(B,)`."""
    given, wanted = probabilities * counts, target * counts
    return 1 - (2 * (given * wanted).sum(1) + 1) / (given.sum(1) + wanted.sum(1) + 1)


def _places(logits: Tensor, valid: Tensor, rng: torch.Generator | None) -> Tensor:
    """Indices of the places to look at, int64 `(B, POINTS)`."""
    count = len(logits)
    chances = valid.flatten().expand(count, -1)
    drawn = torch.multinomial(chances, OVERSAMPLE * POINTS, replacement=True, generator=rng)
    doubt = -logits.flatten(1).gather(1, drawn).abs()
    unsure = int(UNSURE_SHARE * POINTS)
    least_sure = drawn.gather(1, doubt.topk(unsure, dim=1).indices)
    anywhere = torch.multinomial(chances, POINTS - unsure, replacement=True, generator=rng)
    return torch.cat([least_sure, anywhere], dim=1)
