"""What a person chose to evaluate, and what an evaluation makes of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from sam_inspector.anomaly.settings import DEFAULT_SHOTS, FewShotSettings, ReferenceChoice
from sam_inspector.anomaly.simplenet.settings import DEFAULT_EPOCHS, SimpleNetSettings
from sam_inspector.engine.requests import MapMethod, SegmentOptions
from sam_inspector.foreground.backgrounds import BackgroundKind, BackgroundSettings
from sam_inspector.methods.spt.prompts import AskedWith
from sam_inspector.prompting.cascade_settings import CASCADE_PRESETS, CascadedPrompting
from sam_inspector.prompting.from_ground_truth import DEFAULT_POINTS

Preset = Literal["recommended", "faithful"]


@dataclass(frozen=True, slots=True)
class EvaluateChoices:
    """A wish; nothing of it has been looked at yet.

    Attributes
    ----------
    roots
        Folders of the datasets.
    categories
        Only these; empty means all of them.
    models
        A run of its own each.
    shots
        Normal images that few-shot maps compare with.
    limit
        At most this many images a category; None means all.
    map_method
        Where the cascade's map comes from.
    epochs
        Of a SimpleNet that has to be trained.
    background
        Which other background the test images of objects are set before; empty leaves them as they were taken.
    tuned
        The tuned model of mode `spt`; empty where the models are tuned ones themselves.
    spt_prompts
        What mode `spt` is asked with.
    out
        Folder of the results; of several models each has a folder in it. Empty leaves its name to the window.
    """

    roots: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    modes: tuple[str, ...] = ("b", "bp", "bps")
    models: tuple[str, ...] = ()
    preset: Preset = "recommended"
    points: int = DEFAULT_POINTS
    shots: int = DEFAULT_SHOTS
    seed: int = 0
    limit: int | None = None
    map_method: MapMethod = "few-shot"
    epochs: int = DEFAULT_EPOCHS
    background: BackgroundKind | Literal[""] = ""
    tuned: str = ""
    spt_prompts: AskedWith = "box"
    out: str = ""

    @property
    def missing(self) -> str:
        """What has still to be chosen, as a sentence; empty when nothing is."""
        if not self.roots:
            return "Choose a dataset: tick one of its categories, or add a folder."
        if not self.modes:
            return "Choose a mode: tick at least one."
        if not self.models:
            return "Choose a model: tick one whose weights are there."
        return ""

    def asks_the_same(self, other: EvaluateChoices) -> bool:
        """Whether both ask for the same results, wherever these go."""
        return self._asked() == other._asked()

    def _asked(self) -> EvaluateChoices:
        return replace(
            self,
            out="",
            roots=tuple(sorted(self.roots)),
            categories=tuple(sorted(self.categories)),
            modes=tuple(sorted(self.modes)),
            models=tuple(sorted(self.models)),
        )

    def folders(self) -> tuple[tuple[str, Path], ...]:
        """Each model with the folder of its run."""
        out = Path(self.out)
        return tuple((model, out / model if len(self.models) > 1 else out) for model in self.models)


def evaluate_settings(choices: EvaluateChoices) -> Any:
    """The `EvaluateSettings` of a wish; unchecked."""
    from sam_inspector.engine.evaluate import EvaluateSettings

    references = ReferenceChoice("first", choices.shots, choices.seed)
    return EvaluateSettings(
        modes=choices.modes,
        preset=choices.preset,
        points=choices.points,
        categories=choices.categories,
        limit=choices.limit,
        seed=choices.seed,
        options=SegmentOptions(preset=choices.preset),
        few_shot=FewShotSettings(preset=choices.preset, references=references),
        cascade=CASCADE_PRESETS.get(choices.preset, CascadedPrompting()),
        map_method=choices.map_method,
        simplenet=SimpleNetSettings(epochs=choices.epochs, seed=choices.seed),
        background=BackgroundSettings(choices.background, choices.seed) if choices.background else None,
        tuned=choices.tuned,
        spt_prompts=choices.spt_prompts,
    )


def choices_of_run(header: Mapping[str, Any], models: tuple[str, ...], out: Path) -> EvaluateChoices:
    """The wish that a run was made from, as far as its header tells; a folder for each category."""
    settings = header.get("settings", {})
    few_shot = settings.get("few_shot", {})
    usual = EvaluateChoices()
    return replace(
        usual,
        roots=tuple(dict.fromkeys(header.get("folders", {}).values())),
        categories=tuple(settings.get("categories", ())),
        modes=tuple(settings.get("modes", ())),
        models=models,
        preset=header.get("preset", usual.preset),
        points=settings.get("points", usual.points),
        shots=few_shot.get("references", {}).get("count", usual.shots),
        seed=header.get("seed", usual.seed),
        limit=settings.get("limit"),
        map_method=settings.get("map", usual.map_method),
        epochs=settings.get("simplenet", {}).get("epochs", usual.epochs),
        background=settings.get("background", {}).get("kind", usual.background),
        tuned=settings.get("spt", {}).get("model", usual.tuned),
        spt_prompts=settings.get("spt", {}).get("prompts", usual.spt_prompts),
        out=str(out),
    )


def proposed_folder(parent: Path, names: Iterable[str], now: datetime) -> Path:
    """A name for a new folder of results: the day, the time and what is evaluated; never that of one that is there."""
    listed = list(names)
    words = "-".join(listed[:2]) + (f"-and-{len(listed) - 2}-more" if len(listed) > 2 else "")
    safe = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in words)[:60].strip("-.")
    folder = parent / f"{now:%Y-%m-%d %H.%M.%S} {safe or 'evaluation'}"
    # A run that is cancelled at once is followed by the next one within the second.
    others = (folder.with_name(f"{folder.name} {number}") for number in itertools.count(2))
    return next(other for other in itertools.chain([folder], others) if not other.exists())
