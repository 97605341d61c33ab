"""Low-rank adaptation (LoRA): a frozen linear layer, and a small trained product of two matrices beside it.

Source: Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models"; rank and scale as in SPT's released code.
There the layers merge the product into their weights whenever `eval()` is called, which loses what is loaded later.
Here a layer never changes its weights by itself: `merge_lora` does it once, where a tuned model is built for use.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

RANK = 8
ALPHA = 1.0


class LoraLinear(nn.Module):
    """A linear layer, some of whose outputs also get a low-rank product of the inputs.

    Parameters
    ----------
    base
        Stays as it is.
    groups
        Which rows of the output form a group with a product of its own, int64 `(R,)` each; None: all rows, one group.
        A fused layer of queries, keys and values has one for the queries and one for the values.
    """

    def __init__(
        self, base: nn.Linear, groups: Sequence[Tensor] | None = None, *, rank: int = RANK, alpha: float = ALPHA
    ) -> None:
        super().__init__()
        self.base = base
        self.scale = alpha / rank
        rows = [torch.arange(base.out_features)] if groups is None else list(groups)
        self.down = nn.ParameterList([nn.Parameter(torch.empty(rank, base.in_features)) for _ in rows])
        self.up = nn.ParameterList([nn.Parameter(torch.zeros(len(group), rank)) for group in rows])
        for matrix in self.down:
            nn.init.kaiming_uniform_(matrix, a=math.sqrt(5))
        for number, group in enumerate(rows):
            self.register_buffer(f"rows{number}", group, persistent=False)

    def forward(self, inputs: Tensor) -> Tensor:
        """The layer's answer."""
        return F.linear(inputs, self.weight, self.base.bias)

    @property
    def weight(self) -> Tensor:
        """The weights with the products added, `(out, in)`."""
        weight = self.base.weight
        for number, (down, up) in enumerate(zip(self.down, self.up, strict=True)):
            rows: Tensor = getattr(self, f"rows{number}")
            weight = weight.index_add(0, rows, (up @ down) * self.scale)
        return weight


def add_lora(network: nn.Module, names: Sequence[str], *, rank: int = RANK, alpha: float = ALPHA) -> None:
    """Put a product beside every linear layer of the network whose last name is among `names`."""
    for parent, name, layer in _linear_layers(network):
        if name in names:
            setattr(parent, name, LoraLinear(layer, rank=rank, alpha=alpha))


def merge_lora(network: nn.Module) -> None:
    """Make plain linear layers of all, the products added to their weights."""
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, LoraLinear):
                with torch.no_grad():
                    child.base.weight.copy_(child.weight)
                setattr(module, name, child.base)


def _linear_layers(network: nn.Module) -> Iterator[tuple[nn.Module, str, nn.Linear]]:
    found = [
        (module, name, child)
        for module in network.modules()
        if not isinstance(module, LoraLinear)
        for name, child in module.named_children()
    ]
    return ((module, name, child) for module, name, child in found if isinstance(child, nn.Linear))
