"""Convolution and linear layers that apply GELU to their own result, on a CPU in bfloat16.

GELU over the 256 × 256 × 256 values of the first stage took a quarter of the encoder's time, most of it reading and
writing memory. oneDNN applies it to the sums while they are still in the registers, in float32, so this is the quicker
and the more exact way. Torch uses these operators for compiled models and names them with an underscore; where a
version lacks them, or they behave otherwise, nothing is fused and all else stays the same.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

TOLERANCE = 0.05


class ConvGelu(nn.Module):
    """A convolution followed by GELU; float or bfloat16 in, bfloat16 out."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        weight = conv.weight.detach().to(torch.bfloat16)
        self.weight = nn.Parameter(weight.contiguous(memory_format=torch.channels_last), requires_grad=False)
        bias = torch.zeros(conv.out_channels) if conv.bias is None else conv.bias.detach()
        self.bias = nn.Parameter(bias.to(torch.bfloat16), requires_grad=False)
        self._shape = (list(conv.padding), list(conv.stride), list(conv.dilation), conv.groups)

    def forward(self, x: Tensor) -> Tensor:
        """GELU of the convolution of `(B, C, H, W)`."""
        x = x.to(torch.bfloat16)
        result: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, self.weight, self.bias, *self._shape, "gelu", [], "none"
        )
        return result


class LinearGelu(nn.Module):
    """A linear layer followed by GELU; float or bfloat16 in, bfloat16 out."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.weight = nn.Parameter(linear.weight.detach().to(torch.bfloat16), requires_grad=False)
        self.bias = nn.Parameter(linear.bias.detach().to(torch.bfloat16), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        """GELU of the linear map of `(…, C)`."""
        x = x.to(torch.bfloat16)
        result: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "gelu", [], "none")
        return result


def can_fuse_gelu() -> bool:
    """Try both layers on small inputs against what they stand for."""
    torch_state = torch.random.get_rng_state()
    try:
        conv, linear = nn.Conv2d(4, 4, 3, padding=1), nn.Linear(4, 8)
        image, rows = torch.rand(1, 4, 6, 6).contiguous(memory_format=torch.channels_last), torch.rand(5, 4)
        with torch.inference_mode():
            pairs = (
                (ConvGelu(conv)(image), functional.gelu(conv(image))),
                (LinearGelu(linear)(rows), functional.gelu(linear(rows))),
            )
            return all(bool((fused.float() - plain).abs().max() < TOLERANCE) for fused, plain in pairs)
    except (AttributeError, RuntimeError, TypeError):
        return False
    finally:
        torch.random.set_rng_state(torch_state)
