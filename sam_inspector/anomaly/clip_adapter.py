"""The linear layers that bring CLIP's middle tokens into the space of its sentences, and what they are trained by.

Source: Chen et al. 2023 (APRIL-GAN): one linear layer with bias a tap, focal loss (gamma 2, alpha 1, labels smoothed by
1e-5) and Dice loss (smoothed by 1) on the map of each tap, summed over the taps. No deviation.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

GAMMA = 2.0
FOCAL_SMOOTHING = 1e-5
DICE_SMOOTHING = 1.0
TEMPERATURE = 100.0
"""CLIP's own, at which its training ended."""
NORMAL, ABNORMAL = 0, 1
"""Rows of the text embeddings, and channels of the maps."""


class ClipAdapter(nn.Module):
    """One linear layer a tap, from the width of the tower to the dimension of the sentences.

    Drawn at random by torch's usual rule; 3,148,800 parameters for ViT-L/14.
    """

    def __init__(self, taps: int, width: int, dimension: int) -> None:
        super().__init__()
        self.width = width
        self.dimension = dimension
        self.layers = nn.ModuleList(nn.Linear(width, dimension) for _ in range(taps))

    def forward(self, taps: Sequence[Tensor]) -> list[Tensor]:
        """Tokens `(…, width)` of each tap to float32 `(…, D)`, not yet of length 1."""
        return [layer(tap.float()) for layer, tap in zip(self.layers, taps, strict=True)]


def tap_probabilities(tokens: Tensor, texts: Tensor, grid: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """How normal and how abnormal the sentences find each place, at one tap.

    Parameters
    ----------
    tokens
        `(B, h × w, D)`, of any length.
    texts
        `(B, 2, D)` or `(2, D)`, rows of length 1: normal, abnormal.
    grid
        `(h, w)`.
    size
        `(H, W)` of the map.

    Returns
    -------
    Tensor
        float32 `(B, 2, H, W)`, adding up to 1 over the second axis: the logits are stretched, then compared.
    """
    directions = functional.normalize(tokens.float(), dim=-1)
    logits = TEMPERATURE * directions @ texts.float().transpose(-1, -2)
    planes = logits.transpose(1, 2).reshape(len(tokens), 2, *grid)
    return functional.interpolate(planes, size, mode="bilinear", align_corners=True).softmax(dim=1)


def focal_loss(probabilities: Tensor, masks: Tensor) -> Tensor:
    """The focal loss, mean over all pixels.

    Parameters
    ----------
    probabilities
        float32 `(B, 2, H, W)`, after the softmax.
    masks
        float32 `(B, H, W)`: 1 where defect, 0 elsewhere.
    """
    wanted = torch.stack([1 - masks, masks], dim=1).clamp(FOCAL_SMOOTHING, 1 - FOCAL_SMOOTHING)
    right = (wanted * probabilities).sum(dim=1) + FOCAL_SMOOTHING
    return -((1 - right) ** GAMMA * right.log()).mean()


def dice_loss(abnormal: Tensor, masks: Tensor) -> Tensor:
    """The Dice loss, mean over the images.

    Parameters
    ----------
    abnormal
        float32 `(B, H, W)` in [0, 1].
    masks
        float32 `(B, H, W)`: 1 where defect, 0 elsewhere.
    """
    shown, wanted = abnormal.flatten(1), masks.flatten(1)
    both = (shown * wanted).sum(dim=1)
    return 1 - ((2 * both + DICE_SMOOTHING) / (shown.sum(dim=1) + wanted.sum(dim=1) + DICE_SMOOTHING)).mean()


def adapter_loss(
    adapter: ClipAdapter, taps: Sequence[Tensor], grid: tuple[int, int], texts: Tensor, masks: Tensor
) -> Tensor:
    """What training makes small: focal and Dice loss of each tap's map, summed over the taps.

    Parameters
    ----------
    taps
        `(B, h × w, width)` each.
    texts
        `(B, 2, D)`, rows of length 1.
    masks
        float32 `(B, H, W)`: 1 where defect, 0 elsewhere; the maps get this size.
    """
    size = (int(masks.shape[-2]), int(masks.shape[-1]))
    total = torch.zeros((), device=masks.device)
    for tokens in adapter(taps):
        probabilities = tap_probabilities(tokens, texts, grid, size)
        total = total + focal_loss(probabilities, masks) + dice_loss(probabilities[:, ABNORMAL], masks)
    return total
