"""The features that SimpleNet is trained on: computed once, held in memory, bounded."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

LARGEST_HALF = 65504.0
LEAST_SPREAD = 0.01
"""A value that hardly varies is stretched as if it had this share of the usual spread: no division by zero."""


@dataclass(frozen=True, eq=False, slots=True)
class TokenSpace:
    """The scale that tokens are looked at in.

    Attributes
    ----------
    mean, scale
        float32 `(width,)`: tokens become `(token - mean) × scale`.
    """

    mean: Tensor
    scale: Tensor

    def place(self, tokens: Tensor) -> Tensor:
        """Tokens `(N, width)` in this space, float32, on its device."""
        return (tokens.to(self.mean.device).float() - self.mean) * self.scale

    def to(self, device: torch.device) -> TokenSpace:
        """The same on a device."""
        return TokenSpace(self.mean.to(device), self.scale.to(device))


def plain_space(width: int) -> TokenSpace:
    """Tokens as the backbone gives them."""
    return TokenSpace(torch.zeros(width), torch.ones(width))


class TokenStore:
    """The tokens of the training images, float16 on the CPU.

    Parameters
    ----------
    images
        How many will come: the room is shared evenly among them.
    most_bytes
        The most memory. Where all tokens would need more, as many as there is room for are drawn of each image, once.
    """

    def __init__(self, images: int, most_bytes: int, seed: int) -> None:
        self._share_bytes = most_bytes // max(1, images)
        self._seed = seed
        self._held: list[Tensor] = []
        self.dropped = False

    def add(self, tokens: Tensor) -> None:
        """Take the tokens of the next image, `(N, width)`."""
        # Rounded whether there is room or not: the number of images shall not change what is learnt of one.
        rounded = as_held(tokens).cpu().clone()
        most = max(1, self._share_bytes // (rounded.element_size() * rounded.shape[1]))
        if len(rounded) > most:
            rng = np.random.default_rng((self._seed, len(self._held)))
            rounded = rounded[torch.from_numpy(np.sort(rng.permutation(len(rounded))[:most]))]
            self.dropped = True
        self._held.append(rounded)

    @property
    def images(self) -> int:
        """How many there are."""
        return len(self._held)

    def without(self, numbers: Container[int]) -> TokenStore:
        """The tokens of all images but these, counted from 0; nothing is copied."""
        other = TokenStore(0, 0, self._seed)
        other._held = [held for number, held in enumerate(self._held) if number not in numbers]
        return other

    @property
    def width(self) -> int:
        """Values of a token."""
        return int(self._held[0].shape[1])

    def space(self) -> TokenSpace:
        """The space in which each value of these tokens has mean 0 and standard deviation 1."""
        count = sum(len(tokens) for tokens in self._held)
        mean = torch.stack([tokens.double().sum(0) for tokens in self._held]).sum(0) / count
        squares = torch.stack([(tokens.double() - mean).square().sum(0) for tokens in self._held]).sum(0)
        spread = (squares / count).sqrt()
        # Images of one colour all over have no spread; then any scale does.
        usual = float(spread.square().mean().sqrt()) or 1.0
        return TokenSpace(mean.float(), (1 / spread.clamp_min(LEAST_SPREAD * usual)).float())

    def batches(self, seed: int, epoch: int, images: int, tokens: int | None, least: int) -> Iterator[Tensor]:
        """The tokens of each step of an epoch, float16 `(N, width)`; the same whenever it is asked for.

        Parameters
        ----------
        images
            A step; the last of a pass over all images may have fewer.
        tokens
            Drawn a step, evenly from its images; None takes all tokens of them.
        least
            The least number of steps; with few images an epoch passes over them more than once.
        """
        rng = np.random.default_rng((seed, epoch))
        steps = 0
        while steps < least or steps == 0:
            order = rng.permutation(len(self._held)).tolist()
            for start in range(0, len(order), images):
                chosen = [self._held[number] for number in order[start : start + images]]
                yield torch.cat([_drawn(held, tokens, len(chosen), rng) for held in chosen])
                steps += 1

    def steps_an_epoch(self, images: int, least: int) -> int:
        """How many batches an epoch has."""
        return steps_of(len(self._held), images, least)


def steps_of(images: int, images_a_step: int, least: int) -> int:
    """How many batches an epoch on so many images has: whole passes over them, until they are `least` at least."""
    a_pass = -(-images // images_a_step)
    return a_pass * max(1, -(-least // a_pass))


def as_held(tokens: Tensor) -> Tensor:
    """Tokens in float16, as they are held. What is mapped is rounded alike.

    A value that hardly varies is stretched by `TokenSpace`, and the rounding with it: measured on such a one, normal
    images that were not rounded scored as far off as defects.
    """
    return tokens.float().clamp(-LARGEST_HALF, LARGEST_HALF).half()


def _drawn(held: Tensor, tokens: int | None, images: int, rng: np.random.Generator) -> Tensor:
    if tokens is None:
        return held
    return held[torch.from_numpy(rng.integers(0, len(held), max(1, tokens // images)))]
