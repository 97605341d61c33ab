"""Which places of an image look alike: the relation matrix of the visual-relation-aware adapter.

Source: Yang et al. 2024, "Promptable Anomaly Segmentation with SAM Through Self-Perception Tuning", and its released
code. Deviations, both off by default: places may be averaged in blocks before they are looked at (`block`), which costs
a sixteenth with blocks of 4 × 4; and sparse rows are normalised row by row, where the released code takes columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

MASKED = -1e16
"""Stands for a place's relation to itself before the softmax; too large for float16."""


@dataclass(frozen=True, eq=False, slots=True)
class Relation:
    """How much each place of an embedding takes from the others.

    Attributes
    ----------
    weights
        float32 `(N, M)`, rows sum to 1: N places, M places or blocks of them.
    grid
        `(height, width)` of the places, `height × width = N`.
    block
        Side of a block in places; 1 where M = N.
    """

    weights: Tensor
    grid: tuple[int, int]
    block: int = 1

    def gather(self, tokens: Tensor) -> Tensor:
        """The mean of related places, for each: float32 `(B, N, C)` in and out."""
        return self.weights @ _in_blocks(tokens, self.grid, self.block)


def relate(features: Tensor, *, block: int = 1, sparse: float = 0.0) -> Relation:
    """Compare all places of an embedding.

    Parameters
    ----------
    features
        float32 `(1, C, H, W)`.
    block
        Places are compared with blocks of so many by so many, which must divide the sides. Only with 1 is a place's
        relation to itself left out, as published.
    sparse
        Relations of at most `sparse / M` are dropped; 0 keeps all.

    Notes
    -----
    R = softmax over rows of the cosine similarity, without a temperature, so that no two entries of a row differ by
    more than e² = 7.4 times.
    """
    grid = (int(features.shape[-2]), int(features.shape[-1]))
    places = F.normalize(features.flatten(2).transpose(1, 2), dim=-1)
    likeness = places[0] @ _in_blocks(places, grid, block)[0].T
    if block == 1:
        likeness.fill_diagonal_(MASKED)
    weights = torch.softmax(likeness, dim=-1)
    if sparse > 0:
        weights = weights * (weights > sparse / weights.shape[-1])
        weights = weights / weights.sum(dim=-1, keepdim=True).clamp_min(torch.finfo(weights.dtype).tiny)
    return Relation(weights, grid, block)


def _in_blocks(tokens: Tensor, grid: tuple[int, int], block: int) -> Tensor:
    if block == 1:
        return tokens
    picture = tokens.transpose(1, 2).reshape(len(tokens), -1, *grid)
    return F.avg_pool2d(picture, block).flatten(2).transpose(1, 2)
