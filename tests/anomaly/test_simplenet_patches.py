import numpy as np
import pytest
import torch
from torch.nn import functional

from sam_inspector.anomaly.simplenet.backbone import windowed_backbone
from sam_inspector.anomaly.simplenet.framing import window_of
from sam_inspector.anomaly.simplenet.patches import patch_tokens
from sam_inspector.anomaly.simplenet.recipe import RECIPES
from sam_inspector.models.backbone import DenseFeatures
from sam_inspector.models.backbone_registry import get_backbone_spec
from sam_inspector.models.devices import choose_device

FAITHFUL = RECIPES["faithful"]


def features(*levels):
    return DenseFeatures(tuple(levels), (64, 64), "stub")


@pytest.fixture(scope="module")
def wide_resnet():
    """The published network with random weights."""
    import timm

    with torch.random.fork_rng():
        torch.manual_seed(0)
        weights = timm.create_model("wide_resnet50_2", pretrained=False).state_dict()
    spec = get_backbone_spec("wide_resnet50_2")
    return windowed_backbone(spec, weights, choose_device("cpu", "float32"), FAITHFUL.crop_side)


def test_the_published_input_gives_1296_patches_of_1536_values(wide_resnet):
    pixels = np.random.default_rng(0).integers(0, 255, (350, 400, 3), np.uint8)
    window = window_of(FAITHFUL, *pixels.shape[:2])
    described = wide_resnet.features(window.seen(pixels))
    assert [tuple(level.shape) for level in described.levels] == [(512, 36, 36), (1024, 18, 18)]
    tokens = patch_tokens(described, FAITHFUL.width)
    assert tokens.shape == (1296, 1536)
    assert tokens.dtype == torch.float32


def test_values_are_averaged_as_published():
    """Unfold, make the grid finer, pool each level to the width, stack, pool again: literally, on a small case."""
    generator = torch.Generator().manual_seed(0)
    fine = torch.randn(8, 6, 4, generator=generator)
    coarse = torch.randn(16, 3, 2, generator=generator)
    width = 12
    pooled = []
    for level in (fine, coarse):
        height, columns = level.shape[-2:]
        patches = functional.unfold(level[None], 3, padding=1)[0]  # (C × 9, cells)
        image = patches.reshape(1, -1, height, columns)
        image = functional.interpolate(image, (6, 4), mode="bilinear", align_corners=False)
        rows = image[0].flatten(1).T
        pooled.append(functional.adaptive_avg_pool1d(rows[:, None], width)[:, 0])
    expected = functional.adaptive_avg_pool1d(torch.stack(pooled, 1).reshape(24, 1, -1), width)[:, 0]
    assert torch.allclose(patch_tokens(features(fine, coarse), width), expected, atol=1e-6)


def test_a_cell_knows_its_eight_neighbours_and_no_others():
    level = torch.zeros(4, 7, 7)
    level[:, 3, 3] = 1
    for width in (4, None):
        touched = patch_tokens(features(level), width).abs().sum(1).reshape(7, 7) > 0
        rows, columns = torch.nonzero(touched, as_tuple=True)
        assert (rows.min(), rows.max(), columns.min(), columns.max()) == (2, 4, 2, 4)
        assert touched.sum() == 9


def test_channel_means_leave_out_what_is_beyond_the_edge():
    tokens = patch_tokens(features(torch.full((3, 5, 5), 2.0), torch.full((2, 2, 2), 7.0)), None)
    assert torch.allclose(tokens, torch.tensor([2.0, 2, 2, 7, 7]).expand(25, 5))


def test_the_window_is_the_published_one():
    window = window_of(FAITHFUL, 1024, 1024)
    assert (window.shown, window.top, window.left, window.side) == ((329, 329), 20, 20, 288)
    wide = window_of(FAITHFUL, 600, 800)
    assert wide.shown == (329, 438)
    pixels = np.zeros((600, 800, 3), np.uint8)
    pixels[:, 390:410] = 255
    seen = wide.seen(pixels)
    assert seen.shape == (288, 288, 3)
    lit = np.flatnonzero(seen[144, :, 0] > 127)
    assert abs(lit.mean() - 143.5) < 1
    assert window_of(RECIPES["recommended"], 600, 800) is None


def test_a_map_of_the_window_lies_where_the_window_is():
    window = window_of(FAITHFUL, 600, 800)
    values = np.full((288, 288), -0.5, np.float32)
    values[10, 250] = 3
    whole = window.placed(values)
    assert whole.shape == (329, 438)
    row, column = np.unravel_index(whole.argmax(), whole.shape)
    assert (row, column) == (window.top + 10, window.left + 250)
    assert whole[0, 0] == -0.5
    mask = np.zeros((600, 800), bool)
    mask[:, :200] = True
    seen = window.seen_of_mask(mask)
    assert seen.shape == (288, 288)
    assert seen[:, : int(200 * 438 / 800) - window.left].all()
    assert seen.mean() == pytest.approx((200 * 438 / 800 - window.left) / 288, abs=0.01)
