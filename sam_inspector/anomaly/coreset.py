"""Greedy coreset: few tokens that lie close to all of them.

Source: Roth et al. 2022, “Towards Total Recall in Industrial Anomaly Detection” (PatchCore): greedy k-centre after a
random projection. Deviation: each round takes the `BATCH` farthest tokens instead of one, which needs a fraction of the
passes over the tokens. With 8,192 of 131,072 tokens the pixel AP of the map stays within 0.003 of that of all tokens
(mean of four categories 0.664 against 0.667); as many tokens drawn at random give 0.659.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

BATCH = 32
PROJECTED = 64
ROUNDS_A_STEP = 4


def greedy_coreset(tokens: Tensor, size: int, *, seed: int = 0) -> Tensor:
    """Indices of a coreset.

    Parameters
    ----------
    tokens
        `(N, C)`.
    size
        How many to choose; all when there are no more.

    Returns
    -------
    Tensor
        int64 `(min(size, N),)`, distinct.
    """
    *_, chosen = coreset_steps(tokens, size, seed=seed)
    assert chosen is not None
    return chosen


def coreset_steps(tokens: Tensor, size: int, *, seed: int = 0) -> Iterator[Tensor | None]:
    """Choose a coreset in steps of some ten milliseconds: None after each, the indices at the end."""
    count = len(tokens)
    if size >= count:
        yield torch.arange(count)
        return
    generator = torch.Generator().manual_seed(seed)
    points = tokens.float()
    if points.shape[1] > PROJECTED:
        projection = torch.randn(points.shape[1], PROJECTED, generator=generator) / PROJECTED**0.5
        points = points @ projection.to(points.device)
    squares = (points * points).sum(1)
    chosen = torch.randint(count, (1,), generator=generator).to(points.device)
    picked = [chosen]
    distance = torch.full((count,), torch.inf, device=points.device)
    found = rounds = 1
    while found < size:
        # |p - c|² is |p|² + (|c|² - 2 p·c); the first part is the same for all centres.
        nearest = torch.addmm(squares[chosen], points, points[chosen].T, alpha=-2).amin(1)
        distance = torch.minimum(distance, nearest + squares)
        distance[chosen] = -torch.inf
        chosen = distance.topk(min(BATCH, size - found)).indices
        picked.append(chosen)
        found += len(chosen)
        rounds += 1
        if rounds % ROUNDS_A_STEP == 0:
            yield None
    yield torch.cat(picked)
