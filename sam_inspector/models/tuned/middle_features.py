"""What SAM's encoder knew half-way, given to the decoder as well.

Not a part of SPT: the encoder's middle stages tell defects from normal places far better than its output does (see
`models.sam_stages`), and an embedding carries them along for anomaly maps, so that they cost next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

HIDDEN = 96


class MiddleFeatures(nn.Module):
    """Two layers from the stages at each place to what is added to the embedding there; nothing before it is trained.

    Parameters
    ----------
    channels
        Of each stage.
    width
        Of the embedding.
    """

    def __init__(self, channels: Sequence[int], width: int) -> None:
        super().__init__()
        self.reads = nn.ModuleList([nn.Conv2d(count, HIDDEN, 1) for count in channels])
        self.adds = nn.Conv2d(HIDDEN, width, 1)
        nn.init.zeros_(self.adds.weight)
        assert self.adds.bias is not None
        nn.init.zeros_(self.adds.bias)

    def forward(self, stages: Sequence[Tensor]) -> Tensor:
        """From stages `(C, h, w)` to `(1, width, h, w)`, float32."""
        read = []
        for stage, layer in zip(stages, self.reads, strict=True):
            # Directions matter, lengths differ from stage to stage.
            places = F.layer_norm(stage.to(self.adds.weight).movedim(0, -1), (len(stage),)).movedim(-1, 0)
            read.append(layer(places[None]))
        found: Tensor = self.adds(F.gelu(torch.stack(read).sum(0)))
        return found
