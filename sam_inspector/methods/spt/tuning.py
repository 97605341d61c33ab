"""Tuning SAM on embeddings: what a run's state is, one step of it, and a copy of the state to save.

Source: Yang et al. 2024 (SPT) and its released code: the draft and the refined mask are both told what is wrong with
them, with the same weight. What is drawn at random is drawn for each epoch from the seed and its number, so that a run
that is gone on with ends in the same numbers as one without a break (on the CPU with as many threads).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sam_inspector.core.errors import InputError, ModelError
from sam_inspector.core.prompts import Prompt
from sam_inspector.methods.spt.losses import mask_loss
from sam_inspector.methods.spt.marked import MarkedImage, draw_prompt
from sam_inspector.methods.spt.schedule import Schedule, schedule_for
from sam_inspector.methods.spt.settings import SptSettings
from sam_inspector.models.out_of_memory import is_out_of_memory
from sam_inspector.models.prompt_tensors import PromptTensors
from sam_inspector.models.sam import SamSegmenter
from sam_inspector.models.sam_stages import taking_stages
from sam_inspector.models.segmenter import Embedding
from sam_inspector.models.tuned.perception import SelfPerception

MIXED = ("box", "point", "points")
MIXED_CHANCES = (0.4, 0.5, 0.1)
"""How often `mixed` gives each of these."""


class Examples(Protocol):
    """The images to learn from."""

    def __len__(self) -> int:
        """How many images."""
        ...

    def category(self, image: int) -> str:
        """What an image shows."""
        ...

    def embedding(self, image: int, flip: int) -> Embedding:
        """The embedding of an image turned over."""
        ...

    def pixels(self, image: int, flip: int) -> NDArray[np.uint8]:
        """The image turned over, uint8 `(H, W, 3)`, RGB: for an encoder that is tuned."""
        ...

    def marked(self, image: int, flip: int) -> MarkedImage:
        """Its regions, turned over likewise."""
        ...


@dataclass(frozen=True, eq=False, slots=True)
class TuningState:
    """All of a run after a whole epoch: copies, which training goes on beside.

    Attributes
    ----------
    weights, averaged
        What is tuned, by name; and its running average, empty where there is none.
    optimiser
        Its tensors by `name.kind`.
    losses
        The mean loss of each epoch so far.
    """

    weights: dict[str, Tensor]
    averaged: dict[str, Tensor]
    optimiser: dict[str, Tensor]
    losses: tuple[float, ...]


@dataclass(eq=False)
class TuningRun:
    """SAM while it is tuned.

    Attributes
    ----------
    losses
        The mean loss of each whole epoch.
    """

    segmenter: SamSegmenter
    settings: SptSettings
    losses: tuple[float, ...] = ()
    schedule: Schedule = field(init=False)
    perception: SelfPerception = field(init=False)

    def __post_init__(self) -> None:
        torch.manual_seed(self.settings.seed)
        self.schedule = schedule_for(self.settings)
        self.perception = SelfPerception(self.segmenter.network, self.settings.recipe).to(self.device)
        self._trained = self.perception.trained()
        self._averaged: dict[str, Tensor] = _copied(self._trained, self.device) if self.schedule.average else {}
        # What was not a part of SAM begins at zero, and has farther to go.
        added = [value for name, value in self._trained.items() if _is_added(name)]
        others = [value for name, value in self._trained.items() if not _is_added(name)]
        groups = [{"params": others, "times": 1.0}, {"params": added, "times": self.schedule.added_rate}]
        self._optimiser = torch.optim.AdamW(
            [group for group in groups if group["params"]], lr=self.schedule.rate, weight_decay=self.schedule.decay
        )

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        device: torch.device = self.segmenter.network.device
        return device

    @property
    def tuned(self) -> dict[str, Tensor]:
        """Copies of the weights that count: the running average where there is one."""
        return _copied(self._averaged or self._trained)

    def counting_perception(self) -> SelfPerception:
        """A network with the weights that count, to be asked."""
        perception = SelfPerception(self.segmenter.network, self.settings.recipe).to(self.device)
        with torch.no_grad():
            for name, value in perception.trained().items():
                value.copy_((self._averaged or self._trained)[name])
        return perception.merge()

    def state(self) -> TuningState:
        """A copy of all that training changes."""
        optimiser: dict[str, Tensor] = {}
        for name, parameter in self._trained.items():
            for kind, value in self._optimiser.state.get(parameter, {}).items():
                optimiser[f"{name}.{kind}"] = value
        return TuningState(_copied(self._trained), _copied(self._averaged), _copied(optimiser), self.losses)

    def restore(self, state: TuningState) -> None:
        """Go back, or on, to a state.

        Raises
        ------
        InputError
            When it is not that of such a network.
        """
        try:
            with torch.no_grad():
                for mine, theirs in ((self._trained, state.weights), (self._averaged, state.averaged)):
                    if mine.keys() != theirs.keys():
                        raise KeyError("other names")
                    for name, value in mine.items():
                        value.copy_(theirs[name])
            for name, parameter in self._trained.items():
                kinds = {
                    key.rpartition(".")[2]: value.clone()
                    for key, value in state.optimiser.items()
                    if key.rpartition(".")[0] == name
                }
                if kinds:
                    self._optimiser.state[parameter] = kinds
        except (RuntimeError, KeyError) as error:
            raise InputError("This file holds no state to go on from: tune anew into another file.") from error
        self.losses = state.losses

    def epoch_steps(self, examples: Examples) -> Iterator[float]:
        """Train an epoch, the next one: the loss of each step. The last step done, its mean loss is noted.

        Raises
        ------
        InputError
            When the loss is no number any more.
        ModelError
            When there is not enough memory.
        """
        epoch = len(self.losses)
        rng = np.random.default_rng((self.settings.seed, epoch))
        places = torch.Generator(self.device).manual_seed(int(rng.integers(2**62)))
        losses: list[float] = []
        for step, image in enumerate(self._order(examples, rng)):
            rate = self.schedule.rate_at(epoch * len(examples) + step, len(examples), self.settings.epochs)
            for group in self._optimiser.param_groups:
                group["lr"] = rate * group["times"]
            flip = int(rng.integers(self.schedule.flips))
            marked = examples.marked(int(image), flip)
            prompts, targets = self._draw(marked, rng)
            try:
                loss = self._step(self._features(examples, int(image), flip), marked, prompts, targets, places)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                raise ModelError(
                    "There is not enough memory to tune with: close other programs, or choose a smaller model."
                ) from error
            if not np.isfinite(loss):
                raise InputError(
                    f"The loss of epoch {epoch + 1} is no number any more: the last good state is kept; tune with "
                    f"another seed, or with a smaller learning rate than {self.schedule.rate:g}."
                )
            losses.append(loss)
            yield loss
        self.losses = (*self.losses, float(np.mean(losses)))

    def _order(self, examples: Examples, rng: np.random.Generator) -> NDArray[np.intp]:
        """The images of an epoch; with a balance those of small categories come more often than others."""
        if not self.schedule.balance:
            return rng.permutation(len(examples))
        names = [examples.category(image) for image in range(len(examples))]
        counts = Counter(names)
        chances = np.array([counts[name] ** -self.schedule.balance for name in names])
        return rng.choice(len(examples), len(examples), p=chances / chances.sum())

    def _features(self, examples: Examples, image: int, flip: int) -> Tensor:
        encoder = self.perception.encoder
        if encoder is None:
            embedding = examples.embedding(image, flip)
            stages = [stage.to(self.device) for stage in embedding.stages]
            return self.perception.look(embedding.features.to(self.device), stages)
        with taking_stages(encoder) as stages:
            features: Tensor = encoder(self.segmenter.image_tensor(examples.pixels(image, flip)))
        return self.perception.look(features, stages)

    def _draw(self, marked: MarkedImage, rng: np.random.Generator) -> tuple[list[Prompt], Tensor]:
        """Prompts of one kind for some regions, larger ones more often, and the masks that they ask for."""
        areas = np.sqrt([region.area for region in marked.regions])
        count = min(self.schedule.regions, len(marked.regions))
        chosen = rng.choice(len(marked.regions), count, replace=False, p=areas / areas.sum())
        kind: str = self.settings.prompts
        if kind == "mixed":
            kind = MIXED[int(rng.choice(len(MIXED), p=MIXED_CHANCES))]
        regions = [marked.regions[int(place)] for place in chosen]
        prompts = [draw_prompt(each, marked.size, kind, rng, jitters=self.schedule.jitters) for each in regions]
        if kind == "points":
            # A batch has as many points in each.
            least = min(len(prompt.points) for prompt in prompts)
            prompts = [Prompt(points=each.points[:least], labels=each.labels[:least], source="gt") for each in prompts]
        return prompts, torch.from_numpy(np.stack([region.target for region in regions]))

    def _step(
        self, features: Tensor, marked: MarkedImage, prompts: Sequence[Prompt], target: Tensor, places: torch.Generator
    ) -> float:
        given: PromptTensors = self.segmenter.prompt_tensors(marked.size, prompts)
        target = target.to(self.device)
        side = self.segmenter.logits_side
        valid = torch.zeros(side, side, device=self.device)
        valid[: marked.frame[0], : marked.frame[1]] = 1
        answer = self.perception(features, given, self.perception.relate(features))
        loss = mask_loss(answer.refined[:, 0], target, valid, self.schedule.loss, places)
        if answer.draft is not None:
            loss = loss + mask_loss(answer.draft[:, 0], target, valid, self.schedule.loss, places)
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        value = float(loss.detach())
        if np.isfinite(value):
            self._optimiser.step()
            self._average()
        return value

    def _average(self) -> None:
        """The average follows the weights; quickly at first, when little was before."""
        if not self._averaged:
            return
        steps = int(next(iter(self._optimiser.state.values()))["step"])
        keep = min(self.schedule.average, (1 + steps) / (10 + steps))
        with torch.no_grad():
            for name, value in self._averaged.items():
                value.lerp_(self._trained[name], 1 - keep)


def _is_added(name: str) -> bool:
    return "scales" in name or name.startswith("middle.")


def _copied(
    tensors: dict[str, Tensor] | dict[str, torch.nn.Parameter], device: torch.device | str = "cpu"
) -> dict[str, Tensor]:
    return {name: value.detach().to(device, copy=True).contiguous() for name, value in tensors.items()}
