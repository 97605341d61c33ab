"""What can't work with foregrounds and backgrounds, told before a model is loaded. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import get_args

from sam_inspector.core.errors import InputError
from sam_inspector.data.datasets import Sample
from sam_inspector.foreground.backgrounds import BackgroundKind, Backgrounds, BackgroundSettings
from sam_inspector.foreground.category_types import CategoryKind, category_types
from sam_inspector.foreground.settings import MODE_TITLES
from sam_inspector.methods.sam2sim import CATEGORY_KINDS, ForegroundChoice, has_background
from sam_inspector.models.foreground_registry import DEFAULT_FOREGROUND, get_foreground_spec
from sam_inspector.models.registry import get_model_spec
from sam_inspector.models.weights import require_weights

_TRIED_PX = 16


def check_foreground(choice: ForegroundChoice, unknown: CategoryKind) -> None:
    """Refuse a way to find foregrounds that can't work.

    Raises
    ------
    InputError
        For an unknown mode, model or type of category, or the mode `manual`.
    WeightsError
        When the weights of the model named are not there; nothing is fetched.
    """
    mode = choice.settings.mode
    known = [name for name in MODE_TITLES if name != "manual"]
    if mode == "manual":
        raise InputError(f"Prompts by hand are made in the window: choose one of {', '.join(known)} here.")
    if mode not in MODE_TITLES:
        raise InputError(f"There is no way to find foregrounds “{mode}”: choose one of {', '.join(known)}.")
    if unknown not in (*CATEGORY_KINDS, "unknown"):
        raise InputError(f"There is no type of category “{unknown}”: choose one of {', '.join(CATEGORY_KINDS)}.")
    if mode == "u2net":
        require_weights(get_foreground_spec(DEFAULT_FOREGROUND))
    elif choice.model:
        require_weights(get_model_spec(choice.model))


def check_backgrounds(settings: BackgroundSettings, choice: ForegroundChoice) -> None:
    """Refuse backgrounds that can't be made.

    Raises
    ------
    InputError
        For an unknown kind, for photos whose folder is missing, empty or unreadable, and where no object is looked for.
    """
    if choice.settings.mode == "none":
        raise InputError(
            "Without looking for the object no background can be exchanged: choose a way to find foregrounds."
        )
    kinds = get_args(BackgroundKind)
    if settings.kind not in kinds:
        raise InputError(f"There is no kind of background “{settings.kind}”: choose one of {', '.join(kinds)}.")
    if settings.folder is None:
        Backgrounds(settings)
        return
    if settings.kind not in ("photos", "mixed"):
        raise InputError(f"Backgrounds of the kind {settings.kind} need no photos: leave the folder out.")
    Backgrounds(replace(settings, kind="photos")).make("", _TRIED_PX, _TRIED_PX)


def kinds_of(samples: Iterable[Sample], unknown: CategoryKind) -> Mapping[str, bool]:
    """For each category whether its background may be removed or exchanged.

    Raises
    ------
    InputError
        For a category whose type nobody knows, or a damaged table of types.
    """
    types = category_types()
    return {name: has_background(name, types, unknown) for name in dict.fromkeys(each.category for each in samples)}
