"""What SimpleNet trains: an adaptor of features, a discriminator between them and their noisy copies, and the loss.

Source: Liu et al. 2023, "SimpleNet", equations 3 to 6, and the numbers of its published code: one linear layer with
bias as the adaptor; Linear, BatchNorm, LeakyReLU 0.2, Linear without bias as the discriminator; Xavier-normal weights;
both thresholds 0.5. At a width of 1536 and 1024 hidden values they have 2,360,832 and 1,576,960 parameters.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

THRESHOLD = 0.5
"""Normal features shall be rated above it, noisy ones below its negative."""
SLOPE = 0.2


class SimpleNet(nn.Module):
    """Adaptor and discriminator.

    Parameters
    ----------
    width
        Values of a token.
    hidden
        Values between the discriminator's two layers.
    keeps_at_first
        Whether the adaptor begins as the identity, instead of at random as published.
    """

    def __init__(self, width: int, hidden: int, *, keeps_at_first: bool = False) -> None:
        super().__init__()
        self.adaptor = nn.Linear(width, width)
        self.discriminator = nn.Sequential(
            nn.Linear(width, hidden),
            nn.BatchNorm1d(hidden),
            nn.LeakyReLU(SLOPE),
            nn.Linear(hidden, 1, bias=False),
        )
        for layer in (self.adaptor, *self.discriminator):
            if isinstance(layer, nn.Linear):
                nn.init.xavier_normal_(layer.weight)
        if keeps_at_first:
            nn.init.eye_(self.adaptor.weight)
            nn.init.zeros_(self.adaptor.bias)

    def forward(self, tokens: Tensor) -> Tensor:
        """How normal tokens `(N, width)` are: float32 `(N,)`, higher is more normal."""
        rated: Tensor = self.discriminator(self.adaptor(tokens))
        return rated[:, 0]

    def rate_with_noise(self, tokens: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Rate tokens and their noisy copies in one batch, so that both are normalised by the same statistics.

        Parameters
        ----------
        tokens, noise
            float32 `(N, width)`; the noise is added behind the adaptor.

        Returns
        -------
        The ratings of both, float32 `(N,)` each.
        """
        adapted = self.adaptor(tokens)
        rated = self.discriminator(torch.cat([adapted, adapted + noise]))[:, 0]
        return rated[: len(tokens)], rated[len(tokens) :]


def simplenet_loss(normal: Tensor, noisy: Tensor) -> Tensor:
    """The truncated L1 loss of equation 5: zero where normal ≥ 0.5 and noisy ≤ -0.5.

    Parameters
    ----------
    normal, noisy
        Ratings, float32 `(N,)`.
    """
    return (THRESHOLD - normal).clamp_min(0).mean() + (THRESHOLD + noisy).clamp_min(0).mean()


def new_network(width: int, hidden: int, seed: int, *, keeps_at_first: bool = False) -> SimpleNet:
    """An untrained network on the CPU; the same seed makes the same one, and no other random numbers are touched."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return SimpleNet(width, hidden, keeps_at_first=keeps_at_first)


@contextmanager
def judging(network: SimpleNet) -> Iterator[None]:
    """Let a network judge without learning: a token's rating is then its own, whatever stands beside it."""
    was_training = network.training
    network.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        network.train(was_training)
