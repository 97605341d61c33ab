import pytest
import torch

from sam_inspector.anomaly.simplenet.network import SimpleNet, judging, new_network, simplenet_loss
from sam_inspector.anomaly.simplenet.recipe import RECIPES


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_as_large_as_published():
    recipe = RECIPES["faithful"]
    network = SimpleNet(recipe.width, recipe.hidden_of(recipe.width))
    assert count(network.adaptor) == 2_360_832
    assert count(network.discriminator) == 1_576_960


def test_loss_of_the_reference_case():
    """T11: D(q) = .2 and D(z) = .1 give .3 + .6."""
    assert simplenet_loss(torch.tensor([0.2]), torch.tensor([0.1])).item() == pytest.approx(0.9)
    half = simplenet_loss(torch.tensor([0.2, 0.9]), torch.tensor([0.1, -0.7]))
    assert half.item() == pytest.approx(0.45)


def test_beyond_both_thresholds_nothing_is_learnt():
    normal = torch.tensor([0.5, 0.8], requires_grad=True)
    noisy = torch.tensor([-0.5, -3.0], requires_grad=True)
    loss = simplenet_loss(normal, noisy)
    loss.backward()
    assert loss.item() == 0
    assert not normal.grad.any()
    assert not noisy.grad.any()


def test_weights_begin_as_published():
    """Xavier-normal weights have the variance 2 / (inputs + outputs); the last layer has no bias."""
    network = new_network(512, 256, seed=3)
    assert network.adaptor.weight.var().item() == pytest.approx(2 / 1024, rel=0.02)
    assert network.discriminator[0].weight.var().item() == pytest.approx(2 / 768, rel=0.02)
    assert network.discriminator[2].negative_slope == 0.2
    assert network.discriminator[3].bias is None


def test_an_adaptor_may_begin_as_the_identity():
    network = new_network(8, 4, seed=0, keeps_at_first=True)
    tokens = torch.randn(5, 8)
    assert torch.equal(network.adaptor(tokens), tokens)


def test_the_seed_alone_says_how_a_network_begins():
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    one, same, other = new_network(8, 4, seed=5), new_network(8, 4, seed=5), new_network(8, 4, seed=6)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.adaptor.weight, other.adaptor.weight)


def test_tokens_and_noisy_copies_share_the_statistics_of_one_batch():
    network = new_network(6, 5, seed=0)
    tokens = torch.randn(40, 6) + 3
    normal, noisy = network.rate_with_noise(tokens, torch.zeros(40, 6))
    assert torch.allclose(normal, noisy, atol=1e-6)
    adapted = network.adaptor(tokens)
    normal, noisy = network.rate_with_noise(tokens, torch.full((40, 6), 9.0))
    both = network.discriminator(torch.cat([adapted, adapted + 9]))[:, 0]
    assert torch.allclose(torch.cat([normal, noisy]), both, atol=1e-6)
    assert not torch.allclose(normal, network.discriminator(adapted)[:, 0], atol=1e-2)


def test_a_rating_does_not_depend_on_what_stands_beside():
    network = new_network(16, 12, seed=0)
    network.rate_with_noise(torch.randn(200, 16), torch.randn(200, 16))
    tokens = torch.randn(50, 16)
    order = torch.randperm(50)
    with judging(network):
        rated = network(tokens)
        assert torch.allclose(network(tokens[order]), rated[order], atol=1e-6)
        assert torch.allclose(network(tokens[:1]), rated[:1], atol=1e-6)
    assert network.training
