"""What a mask is told that it got wrong."""

import pytest
import torch
from torch.testing import assert_close

from sam_inspector.methods.spt.losses import POINTS, LossWeights, cross_entropy, dice_loss, mask_loss


def test_hand_case():
    """T10: four pixels, all at a half, two of them defect."""
    logits, target, all_of_it = torch.zeros(1, 4), torch.tensor([[1.0, 1.0, 0.0, 0.0]]), torch.ones(1, 4)
    assert_close(dice_loss(logits.sigmoid(), target, all_of_it), torch.tensor([0.4]))
    assert_close(cross_entropy(logits, target, all_of_it), torch.tensor([0.693147]))


@pytest.mark.parametrize("weights", [LossWeights(), LossWeights(1.0, 1.0, samples_points=True)])
def test_padding_does_not_count(weights):
    target = torch.zeros(2, 256, 256)
    target[:, 40:90, 30:100] = 1
    logits = torch.where(target > 0, 9.0, -9.0)
    valid = torch.zeros(256, 256)
    valid[:128] = 1
    right = mask_loss(logits, target, valid, weights, torch.Generator().manual_seed(0))
    logits[:, 128:] = 9.0
    assert_close(mask_loss(logits, target, valid, weights, torch.Generator().manual_seed(0)), right)
    logits[:, :20] = 9.0
    assert mask_loss(logits, target, valid, weights, torch.Generator().manual_seed(0)) > right + 0.1


def test_sampled_places_are_where_the_logits_are_least_sure():
    """One half of the picture is in doubt and wrong; it is hit more often than by chance."""
    logits = torch.full((1, 256, 256), -9.0)
    logits[:, :, :64] = -0.1
    target = torch.zeros(1, 256, 256)
    target[:, :, :64] = 1
    valid = torch.ones(256, 256)
    only_entropy = LossWeights(1.0, 0.0, samples_points=True)
    sampled = mask_loss(logits, target, valid, only_entropy, torch.Generator().manual_seed(0))
    whole = mask_loss(logits, target, valid, LossWeights(1.0, 0.0))
    # A quarter of the picture is in doubt: there lie three quarters of the places, and a quarter of the others.
    assert_close(sampled / whole, torch.tensor((0.75 + 0.25 * 0.25) / 0.25), rtol=0.05, atol=0)
    assert POINTS == 12_544
