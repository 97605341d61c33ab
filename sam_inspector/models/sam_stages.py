"""Dense features from the middle of SAM's image encoder, taken in the pass that makes the embedding.

Which stages: measured on five categories with four references (pooled pixel AP of the single stage; hazelnut, leather,
grid, cookie, juice bottle):

======================================== ===== ===== ===== ===== =====
MobileSAM's TinyViT                      haz.  lea.  grid  cook. juice
======================================== ===== ===== ===== ===== =====
second stage, 128 × 128 averaged to 64   0.896 0.643 0.441 0.170 0.516
third stage, after its downsampling      0.893 0.680 0.493 0.172 0.469
third stage                              0.770 0.811 0.336 0.151 0.633
fourth stage, after its downsampling     0.784 0.810 0.431 0.117 0.586
fourth stage                             0.674 0.792 0.384 0.106 0.501
neck (the embedding itself)              0.709 0.784 0.297 0.125 0.515
the first three, their distances added   0.893 0.798 0.537 0.183 0.558
======================================== ===== ===== ===== ===== =====

The fourth stage added to those three lifts leather and juice bottle by 0.01 to 0.04 and costs hazelnut and
grid as much.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from sam_inspector.models.tiny_vit_encoder import TinyViTEncoder

GRID = 64
"""Cells along the longest side: SAM's own."""


def stage_modules(encoder: nn.Module) -> tuple[nn.Module, ...]:
    """The modules whose outputs are the stages, finest first.

    For the original encoders: the second and third of the four blocks with global attention, [A], as no weights of
    theirs could be measured.
    """
    if isinstance(encoder, TinyViTEncoder):
        stages = encoder.body.stages
        return (stages[1], stages[2].downsample, stages[2])
    blocks: Any = getattr(encoder, "blocks", ())
    with_global_attention = [block for block in blocks if block.window_size == 0]
    return tuple(with_global_attention[1:3])


def stage_channels(encoder: nn.Module) -> tuple[int, ...]:
    """How many channels each stage has."""
    if isinstance(encoder, TinyViTEncoder):
        stages = encoder.body.stages
        widths = [int(stage.blocks[-1].mlp.fc2.out_features) for stage in (stages[1], stages[2])]
        return (widths[0], widths[1], widths[1])
    width: Any = getattr(getattr(encoder, "patch_embed", None), "proj", None)
    return tuple(int(width.out_channels) for _ in stage_modules(encoder))


@contextmanager
def taking_stages(encoder: nn.Module) -> Iterator[list[Tensor]]:
    """Collect the stages of one encoded image: bfloat16 `(C, 64, 64)` each, filled in while the encoder runs."""
    taken: list[Tensor] = []
    channels_last = not isinstance(encoder, TinyViTEncoder)  # the blocks of a ViT keep channels behind

    def take(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        stage = output.permute(0, 3, 1, 2) if channels_last else output
        if stage.shape[-1] > GRID:
            stage = nn.functional.adaptive_avg_pool2d(stage, GRID)
        taken.append(stage[0].to(torch.bfloat16).contiguous())

    hooks = [module.register_forward_hook(take) for module in stage_modules(encoder)]
    try:
        yield taken
    finally:
        for hook in hooks:
            hook.remove()
