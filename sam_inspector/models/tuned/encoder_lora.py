"""Low-rank products in an image encoder: beside the queries and values of every fused attention layer."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from sam_inspector.models.tuned.lora import LoraLinear


def encoder_with_lora(encoder: nn.Module, *, rank: int, alpha: float) -> nn.Module:
    """A copy of an encoder of SAM or MobileSAM that stays as it is but for the products; its neck gets none."""
    tuned = copy.deepcopy(encoder).requires_grad_(False)
    attention: Any
    for attention in list(tuned.modules()):
        layer = getattr(attention, "qkv", None)
        if isinstance(layer, nn.Linear):
            attention.qkv = LoraLinear(layer, _queries_and_values(attention, layer), rank=rank, alpha=alpha)
    return tuned


def _queries_and_values(attention: Any, layer: nn.Linear) -> tuple[Tensor, Tensor]:
    """The rows of a fused layer's output that are queries, and those that are values."""
    rows = torch.arange(layer.out_features)
    if not hasattr(attention, "key_dim"):
        # ViT: all queries, all keys, all values.
        queries, _, values = rows.chunk(3)
        return queries, values
    # TinyViT: head after head, each with its queries, keys and values.
    heads = rows.reshape(attention.num_heads, -1)
    width = int(attention.key_dim)
    return heads[:, :width].flatten(), heads[:, 2 * width :].flatten()
