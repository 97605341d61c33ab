"""From a backbone's features to tokens: each cell with its neighbours, all levels on the finest grid, at a fixed width.

Source: Roth et al. 2022 (PatchCore) and the published code of SimpleNet: each cell is unfolded with its 3 × 3
neighbours, zeros beyond the edge; the values are averaged in groups to the width wanted; levels are brought to the
finest grid bilinearly, joined, and averaged in groups once more. Deviation: the values are averaged before the grid is
made finer instead of after, which gives the same numbers from a fraction of the memory.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from sam_inspector.models.backbone import DenseFeatures

NEIGHBOURHOOD = 3


def patch_tokens(features: DenseFeatures, width: int | None) -> Tensor:
    """Tokens of an image, one a cell of its finest level, row by row.

    Parameters
    ----------
    width
        Values of a token, by averaging in groups as published. None takes the mean of each channel over the cell and
        those of its neighbours that are in the image; as many values as the levels have channels together.

    Returns
    -------
    float32 `(h × w, width)`, on the features' device.
    """
    grid = grid_of(features)
    if width is None:
        return torch.cat([_mean(level, grid) for level in features.levels], dim=1)
    stacked = torch.stack([_pooled(level, grid, width) for level in features.levels], dim=1)
    return functional.adaptive_avg_pool1d(stacked.flatten(1)[:, None], width)[:, 0]


def token_width(features: DenseFeatures, width: int | None) -> int:
    """How many values `patch_tokens` gives a token."""
    return sum(level.shape[0] for level in features.levels) if width is None else width


def grid_of(features: DenseFeatures) -> tuple[int, int]:
    """`(h, w)` of the finest level."""
    height, width = features.levels[0].shape[-2:]
    return int(height), int(width)


def _pooled(level: Tensor, grid: tuple[int, int], width: int) -> Tensor:
    """A level `(C, h, w)` as rows `(cells of the grid, width)`."""
    # Rows of `unfold` are channel by channel, each with its nine places: the order that is averaged in groups.
    patches = functional.unfold(level.float()[None], NEIGHBOURHOOD, padding=NEIGHBOURHOOD // 2)[0].T
    pooled = functional.adaptive_avg_pool1d(patches[:, None], width)[:, 0]
    return _rows(pooled.T.reshape(1, width, *level.shape[-2:]), grid)


def _mean(level: Tensor, grid: tuple[int, int]) -> Tensor:
    # Channels last: the neighbourhoods take a tenth of the time.
    image = level.float()[None].contiguous(memory_format=torch.channels_last)
    padding = NEIGHBOURHOOD // 2
    return _rows(functional.avg_pool2d(image, NEIGHBOURHOOD, 1, padding, count_include_pad=False), grid)


def _rows(image: Tensor, grid: tuple[int, int]) -> Tensor:
    if image.shape[-2:] != grid:
        image = functional.interpolate(image, grid, mode="bilinear")
    return image[0].permute(1, 2, 0).flatten(0, 1)
