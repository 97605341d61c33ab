"""The files of a tuning: the tuned model, and beside it what is needed to go on, until the tuning is finished."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from sam_inspector import __version__
from sam_inspector.core.errors import InputError
from sam_inspector.data.atomic import write_atomic
from sam_inspector.engine.spt.checks import training_file
from sam_inspector.engine.spt.works import TrainSpt
from sam_inspector.methods.spt.schedule import Schedule
from sam_inspector.methods.spt.tuning import TuningState
from sam_inspector.models.registry import ModelSpec
from sam_inspector.models.tuned.manifest import HeldOutScores, TunedManifest, read_tuned_manifest
from sam_inspector.models.tuned.tuned_file import SavedTuning, load_tuning

WEIGHTS, AVERAGED, OPTIMISER = "weights.", "averaged.", "optimiser."


@dataclass(eq=False, slots=True)
class SptFile:
    """Where a tuning is written to, and what it knows beside its own state.

    Attributes
    ----------
    manifest
        What the file says so far.
    keeps_last
        Whether every epoch takes the place of the one before.
    kept
        The weights that it holds, by name; None before the first are kept.
    """

    path: Path
    manifest: TunedManifest
    keeps_last: bool = False
    kept: dict[str, Tensor] | None = None

    def take_epoch(self, state: TuningState, tuned: dict[str, Tensor], judged: HeldOutScores | None) -> None:
        """Note an epoch, and keep its weights if they do best on the held-out images, or nothing is held out.

        Parameters
        ----------
        tuned
            The weights that count.
        judged
            Their scores; None where they were not judged, and then they are not kept.
        """
        manifest = replace(self.manifest, losses=state.losses)
        is_better = not manifest.held_out or self.keeps_last
        if judged is not None:
            kept = manifest.kept
            is_better = self.keeps_last or kept is None or judged.mean > kept.mean
            manifest = replace(manifest, judged=(*manifest.judged, judged))
        if is_better:
            manifest = replace(manifest, kept_epoch=len(state.losses))
            self.kept = tuned
        self.manifest = manifest

    def write(self, state: TuningState | None) -> None:
        """Write the model that is kept and, with a state, what is needed to go on from it; else that is removed.

        Raises
        ------
        StoreError
            When one can't be written; what was there before is untouched.
        """
        if self.kept is not None:
            write_atomic(self.path, SavedTuning(self.manifest, self.kept).to_bytes())
        beside = training_file(self.path)
        if state is None:
            beside.unlink(missing_ok=True)
            return
        groups = {WEIGHTS: state.weights, AVERAGED: state.averaged, OPTIMISER: state.optimiser}
        tensors = {f"{group}{name}": value for group, values in groups.items() for name, value in values.items()}
        write_atomic(beside, SavedTuning(self.manifest, tensors).to_bytes())

    def go_on(self) -> TuningState | None:
        """Take up what an earlier run left; None where it left nothing to go on from.

        Raises
        ------
        InputError
            When that is of another tuning, or damaged.
        """
        beside = training_file(self.path)
        if not beside.is_file():
            return None
        saved = load_tuning(beside)
        check_same_tuning(saved.manifest, self.manifest, self.path)
        if saved.manifest.kept_epoch:
            self.kept = dict(load_tuning(self.path).weights)
        self.manifest = saved.manifest

        def group(prefix: str) -> dict[str, Tensor]:
            return {name.removeprefix(prefix): each for name, each in saved.weights.items() if name.startswith(prefix)}

        return TuningState(group(WEIGHTS), group(AVERAGED), group(OPTIMISER), saved.manifest.losses)


def is_finished(out: Path) -> bool:
    """Whether a tuned model is there and nothing is left to do on it.

    Raises
    ------
    InputError
        When the file is none.
    """
    return out.is_file() and not training_file(out).is_file() and bool(read_tuned_manifest(out).losses)


def new_manifest(
    work: TrainSpt, base: ModelSpec, schedule: Schedule, learnt: Sequence[str], categories: Sequence[str]
) -> TunedManifest:
    """What the file of a tuning says before anything was learnt.

    Parameters
    ----------
    learnt
        Hash of each image that is learnt from.
    """
    settings = work.settings
    said = {name: str(value) for name, value in asdict(schedule).items() if name != "loss"}
    said |= {f"loss_{name}": str(value) for name, value in asdict(schedule.loss).items()}
    kept = "last" if settings.keeps_last else "best on the held-out images"
    return TunedManifest(
        base=base.name,
        base_sha256=base.sha256,
        variant=settings.variant,
        preset=settings.preset,
        recipe=settings.recipe,
        datasets=tuple(dict.fromkeys(work.datasets)),
        categories=tuple(dict.fromkeys(categories)),
        images=tuple(learnt),
        held_out=(),
        holdout=str(settings.holdout),
        settings=tuple(
            sorted({**said, "prompts": settings.prompts, "epochs": str(settings.epochs), "kept": kept}.items())
        ),
        seed=settings.seed,
        versions=(("sam-inspector", __version__), ("torch", torch.__version__), ("python", platform.python_version())),
    )


def check_same_tuning(earlier: TunedManifest, now: TunedManifest, path: Path) -> None:
    """Refuse to go on with another tuning.

    Raises
    ------
    InputError
        The message says what differs.
    """
    for name in ("base", "base_sha256", "variant", "preset", "recipe", "holdout", "seed", "settings"):
        if getattr(earlier, name) != getattr(now, name):
            was, is_now = getattr(earlier, name), getattr(now, name)
            if name == "settings":
                before, after = dict(was), dict(is_now)
                name = next(key for key in {**before, **after} if before.get(key) != after.get(key))
                was, is_now = before.get(name), after.get(name)
            raise InputError(
                f"{path} comes from another tuning ({name}: {was} there, {is_now} here): give the same settings, or "
                "name another file."
            )
    if earlier.images != now.images or earlier.held_out != now.held_out:
        raise InputError(f"{path} was tuned on other images than these: give the same, or name another file.")
