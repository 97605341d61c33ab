"""Training SimpleNet on held tokens: what a run's state is, one step of it, and a copy of the state to save.

Source: Liu et al. 2023 and the published code: Adam for the discriminator, AdamW for the adaptor, no schedule; noise is
drawn anew for each token of each step. Deviation: what is drawn at random is drawn for each epoch from the seed and its
number, so that no generator's state has to be kept, and a run that is gone on with ends in the same numbers as one
without a break (on the CPU with as many threads; a GPU may round otherwise from run to run).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sam_inspector.anomaly.simplenet.network import SimpleNet, new_network, simplenet_loss
from sam_inspector.anomaly.simplenet.recipe import SimpleNetRecipe
from sam_inspector.anomaly.simplenet.token_store import TokenSpace, TokenStore
from sam_inspector.core.errors import InputError, ModelError
from sam_inspector.models.out_of_memory import is_out_of_memory

LEAST_TOKENS = 16
"""A part of a batch has no fewer, for the mean over it means something then."""
IN_PARTS = "There was not enough memory for whole batches: they were trained on in parts."
NOISE = 1
"""Apart from the choice of images, which draws from the seed and the epoch alone."""


@dataclass(frozen=True, eq=False, slots=True)
class BestEpoch:
    """The weights that did best on the test images, by the paper protocol.

    Attributes
    ----------
    epoch
        Counted from 1.
    image_auroc, pixel_auroc
        Of those images, pooled; None where one class is missing.
    weights
        The network's, by name.
    """

    epoch: int
    image_auroc: float | None
    pixel_auroc: float | None
    weights: dict[str, Tensor]

    @property
    def rank(self) -> tuple[float, float]:
        """What is compared: images first, pixels where they tie."""
        return self.image_auroc or 0.0, self.pixel_auroc or 0.0


@dataclass(frozen=True, eq=False, slots=True)
class TrainingState:
    """All of a run after a whole epoch: copies, which training goes on beside.

    Attributes
    ----------
    weights
        The network's, by name.
    discriminator_optimiser, adaptor_optimiser
        Their tensors by `number.name`.
    losses
        The mean loss of each epoch so far.
    """

    weights: dict[str, Tensor]
    discriminator_optimiser: dict[str, Tensor]
    adaptor_optimiser: dict[str, Tensor]
    losses: tuple[float, ...]
    best: BestEpoch | None = None

    @property
    def epochs_done(self) -> int:
        """Whole epochs so far."""
        return len(self.losses)


@dataclass(eq=False, slots=True)
class TrainingRun:
    """SimpleNet while it is trained.

    Attributes
    ----------
    images_a_step
        As set; with few images fewer.
    parts_a_step
        In how many steps a batch is gone through: 1, unless memory has run out.
    remarks
        What a person should know of it, a sentence each.
    """

    recipe: SimpleNetRecipe
    network: SimpleNet
    space: TokenSpace
    seed: int
    images_a_step: int
    parts_a_step: int = 1
    losses: tuple[float, ...] = ()
    best: BestEpoch | None = None
    remarks: list[str] = field(default_factory=list)
    _told: int = 0
    _discriminator_optimiser: torch.optim.Adam = field(init=False)
    _adaptor_optimiser: torch.optim.AdamW = field(init=False)

    def __post_init__(self) -> None:
        rates = self.recipe
        self._discriminator_optimiser = torch.optim.Adam(
            self.network.discriminator.parameters(),
            lr=rates.discriminator_rate,
            weight_decay=rates.discriminator_decay,
        )
        self._adaptor_optimiser = torch.optim.AdamW(
            self.network.adaptor.parameters(), lr=rates.adaptor_rate, weight_decay=rates.adaptor_decay
        )

    def counting_network(self) -> SimpleNet:
        """The network whose maps count: of the best epoch by the paper protocol, else this one."""
        if self.best is None:
            return self.network
        width = len(self.space.mean)
        network = SimpleNet(width, self.recipe.hidden_of(width))
        network.load_state_dict(self.best.weights)
        return network.to(self.device)

    def new_remarks(self) -> tuple[str, ...]:
        """The remarks that have come up since this was asked last."""
        new = tuple(self.remarks[self._told :])
        self._told = len(self.remarks)
        return new

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.network.adaptor.weight.device

    def state(self) -> TrainingState:
        """A copy of all that training changes."""
        return TrainingState(
            _copied(self.network.state_dict()),
            _copied(_tensors(self._discriminator_optimiser)),
            _copied(_tensors(self._adaptor_optimiser)),
            self.losses,
            self.best,
        )

    def restore(self, state: TrainingState) -> None:
        """Go back, or on, to a state.

        Raises
        ------
        InputError
            When it is not that of such a network.
        """
        try:
            self.network.load_state_dict(state.weights, strict=True)
            _load(self._discriminator_optimiser, state.discriminator_optimiser)
            _load(self._adaptor_optimiser, state.adaptor_optimiser)
        except (RuntimeError, ValueError, KeyError) as error:
            raise InputError("This file holds no state to go on from: train anew into another file.") from error
        self.losses, self.best = state.losses, state.best

    def keep_parts(self, parts_a_step: int) -> None:
        """Go through batches in as many steps as an earlier run had to, which has told so."""
        self.parts_a_step = parts_a_step
        if parts_a_step > 1:
            self.remarks.append(IN_PARTS)
            self._told = len(self.remarks)

    def epoch_steps(self, store: TokenStore) -> Iterator[float]:
        """Train an epoch, the next one: the loss of each step. The last step done, its mean loss is noted.

        Raises
        ------
        InputError
            When the loss is no number any more.
        ModelError
            When there is no memory even for one image a step.
        """
        epoch = len(self.losses)
        self.network.train()
        noise = torch.Generator(self.device).manual_seed(
            int(np.random.default_rng((self.seed, epoch, NOISE)).integers(2**62))
        )
        losses: list[float] = []
        recipe = self.recipe
        for tokens in store.batches(self.seed, epoch, self.images_a_step, recipe.tokens_a_step, recipe.least_steps):
            loss = self._step_with_room(tokens, noise)
            if not np.isfinite(loss):
                raise InputError(
                    f"The loss of epoch {epoch + 1} is no number any more: train with another seed, or with a smaller "
                    f"noise than {recipe.noise:g}."
                )
            losses.append(loss)
            yield loss
        self.losses = (*self.losses, float(np.mean(losses)))

    def _step_with_room(self, tokens: Tensor, noise: torch.Generator) -> float:
        """One step; where memory runs out, in as many smaller ones as it takes, and so from then on."""
        norm = self.network.discriminator[1]
        while True:
            statistics = {name: value.clone() for name, value in norm.state_dict().items()}
            drawn = noise.get_state()
            try:
                return float(np.mean([self._step(part, noise) for part in tokens.chunk(self.parts_a_step)]))
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                if len(tokens) < 2 * self.parts_a_step * LEAST_TOKENS:
                    raise ModelError(
                        "There is not enough memory to train with, however small the steps: close other programs, or "
                        "choose a smaller backbone."
                    ) from error
            # A step that broke off may have touched these.
            norm.load_state_dict(statistics)
            noise.set_state(drawn)
            self._release_memory()
            if self.parts_a_step == 1:
                self.remarks.append(IN_PARTS)
            self.parts_a_step *= 2

    def _release_memory(self) -> None:
        self._discriminator_optimiser.zero_grad()
        self._adaptor_optimiser.zero_grad()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _step(self, tokens: Tensor, generator: torch.Generator) -> float:
        placed = self.space.place(tokens)
        noise = torch.randn(placed.shape, generator=generator, device=self.device) * self.recipe.noise
        if self.recipe.noise_spread != 1:
            sizes = torch.rand((len(placed), 1), generator=generator, device=self.device)
            noise *= self.recipe.noise_spread**sizes
        loss = simplenet_loss(*self.network.rate_with_noise(placed, noise))
        self._discriminator_optimiser.zero_grad()
        self._adaptor_optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._discriminator_optimiser.step()
        self._adaptor_optimiser.step()
        return float(loss.detach())


def begin_training(recipe: SimpleNetRecipe, space: TokenSpace, seed: int, images_a_step: int) -> TrainingRun:
    """A run with an untrained network, on the device of the space."""
    width = len(space.mean)
    network = new_network(width, recipe.hidden_of(width), seed, keeps_at_first=recipe.keeps_at_first)
    return TrainingRun(recipe, network.to(space.mean.device), space, seed, images_a_step)


def _copied(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()}


def _tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    state: dict[int, dict[str, Tensor]] = optimiser.state_dict()["state"]
    return {f"{number}.{name}": value for number, values in state.items() for name, value in values.items()}


def _load(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Any]] = {}
    for key, value in tensors.items():
        number, _, name = key.partition(".")
        state.setdefault(int(number), {})[name] = value
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    if sorted(state) != list(range(len(parameters))):
        raise ValueError("not the state of as many parameters")
    for place, parameter in enumerate(parameters):
        if any(state[place][name].shape != parameter.shape for name in ("exp_avg", "exp_avg_sq")):
            raise ValueError("not the state of such parameters")
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
