"""Settings of SimpleNet, of foregrounds and of backgrounds, from what was typed. Loads no torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

from sam_inspector.anomaly.simplenet.settings import SimpleNetSettings
from sam_inspector.core.errors import InputError
from sam_inspector.engine.map_methods import LearntSettings
from sam_inspector.foreground.backgrounds import BackgroundKind, BackgroundSettings
from sam_inspector.foreground.category_types import CategoryKind
from sam_inspector.foreground.settings import FAITHFUL, ForegroundMode, ForegroundSettings
from sam_inspector.methods.sam2sim import ForegroundChoice
from sam_inspector.models.registry import get_model_spec

BACKGROUNDS = ("static", "dynamic")


def foreground_from_options(mode: str | None, model: str | None, preset: str) -> ForegroundChoice:
    """How foregrounds are found.

    Raises
    ------
    InputError
        For an unknown model.
    """
    is_faithful = preset == "faithful"
    settings = FAITHFUL if is_faithful else ForegroundSettings()
    if mode is not None:
        settings = replace(settings, mode=cast(ForegroundMode, mode))
    if model is not None:
        get_model_spec(model)
    return ForegroundChoice(settings, model or "", fits_outline=not is_faithful)


def background_from_options(
    background: str, kind: str | None, photos: Path | None, seed: int
) -> BackgroundSettings | None:
    """Which backgrounds test images are set before; None for their own.

    Raises
    ------
    InputError
        For an unknown choice, and for kinds or photos that would not be used.
    """
    if background not in BACKGROUNDS:
        raise InputError(f"There is no background “{background}”: choose {' or '.join(BACKGROUNDS)}.")
    if background == "static":
        for name, given in (("--background-kind", kind), ("--background-photos", photos)):
            if given is not None:
                raise InputError(f"{name} says what stands behind objects: give --background dynamic as well.")
        return None
    usual: BackgroundKind = "photos" if photos is not None else "mixed"
    return BackgroundSettings(usual if kind is None else cast(BackgroundKind, kind), seed, photos)


def learnt_from_options(
    backbone: str,
    preset: str,
    epochs: int,
    seed: int,
    foreground: str | None,
    foreground_model: str | None,
    category_type: str | None,
) -> LearntSettings:
    """What SimpleNet and Sam2Sim are made with; names are checked where they are used.

    Raises
    ------
    InputError
        For an unknown model.
    """
    return LearntSettings(
        SimpleNetSettings(backbone, preset, epochs, seed=seed),
        foreground_from_options(foreground, foreground_model, preset),
        "unknown" if category_type is None else cast(CategoryKind, category_type),
    )
