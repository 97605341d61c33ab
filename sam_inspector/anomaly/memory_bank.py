"""Nearest neighbours among reference tokens, by one matrix product in blocks."""

from __future__ import annotations

import torch
from torch import Tensor

from sam_inspector.models.devices import cpu_has_bfloat16

BLOCK = 1024
"""Reference tokens multiplied at a time: the products of a block stay in the processor's cache."""
QUERY_BLOCK = 4096


def search_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the device multiplies it, which is several times faster there and as many times slower elsewhere.

    Cosines are then within 0.004. Over a map these errors average out: the pixel AP of five categories is the same to
    three digits.
    """
    return torch.bfloat16 if device.type != "cpu" or cpu_has_bfloat16() else torch.float32


def nearest_distance(queries: Tensor, tokens: Tensor, *, exact: bool = False) -> Tensor:
    """Cosine distance of each query to the nearest token.

    Memory beyond the arguments is bounded by `QUERY_BLOCK × BLOCK` products, however many tokens there are.

    Parameters
    ----------
    queries, tokens
        `(Q, C)` and `(N, C)`, N at least 1, rows of length 1.
    exact
        In float32, else in `search_dtype`.

    Returns
    -------
    Tensor
        float32 `(Q,)`: 1 - cosine, in [0, 2].
    """
    dtype = torch.float32 if exact else search_dtype(queries.device)
    queries = queries.to(dtype)
    found = []
    for query in torch.split(queries, QUERY_BLOCK):
        best = torch.full((len(query),), -torch.inf, dtype=dtype, device=query.device)
        for block in torch.split(tokens, BLOCK):
            best = torch.maximum(best, (query @ block.to(dtype).T).amax(1))
        found.append(best)
    return (1 - torch.cat(found).float()).clamp_(0, 2)
