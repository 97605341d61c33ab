"""What a folder of results begins with, and how a run takes the folder: all that needs no model comes before one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sam_inspector.data.datasets import Dataset, Sample
from sam_inspector.engine.foreground_checks import kinds_of
from sam_inspector.engine.held_run import check_outside
from sam_inspector.engine.modes import AUTOMATIC_MODES, TUNED_MODE
from sam_inspector.engine.requests import MapMethod
from sam_inspector.engine.results import ResultsFolder
from sam_inspector.models.registry import get_model_spec

if TYPE_CHECKING:
    # A run is refused without waiting for torch.
    from sam_inspector.engine.evaluate import EvaluateSettings
    from sam_inspector.engine.inspector import Inspector

MADE_WITH: Mapping[MapMethod, tuple[str, ...]] = {
    "few-shot": ("few_shot",),
    "clip": ("clip",),
    "simplenet": ("simplenet",),
    "sam2sim": ("simplenet", "foreground"),
}
"""Which settings of an evaluation each method's maps depend on."""
NOTHING_TO_SCORE = "it has no test image that these modes can be scored on."


def claim_results(
    out: Path,
    settings: EvaluateSettings,
    datasets: Sequence[Dataset],
    samples: Sequence[Sample],
    model: str,
    *,
    command: str,
    resume: bool,
    replace: bool = False,
) -> ResultsFolder:
    """Take a folder for a run, before its model is loaded; `begin_results` begins it, `ResultsFolder.close` lets go.

    Raises
    ------
    InputError, StoreError
        As `ResultsFolder.claim`; also for a folder within a dataset.
    """
    check_outside(out, datasets)
    spec = get_model_spec(model)
    return ResultsFolder.claim(
        out,
        header={
            "command": command,
            "device": None,
            "dtype": None,
            "seed": settings.seed,
            "model": {"name": spec.name, "sha256": spec.sha256},
            "preset": settings.preset,
            "settings": {
                "modes": list(settings.modes),
                "points": settings.points,
                "categories": list(settings.categories),
                "limit": settings.limit,
                "refine": settings.options.refine,
                "single_point_multimask": settings.options.single_point_multimask,
                **({"three_passes": True} if settings.three_passes else {}),
                **_automatic_settings(settings),
                **_tuned_settings(settings),
                **_background_settings(settings, samples),
            },
            "folders": {sample.category: str(sample.category_folder.absolute()) for sample in samples},
            "skipped": [
                {"path": str(skipped.path), "reason": skipped.reason}
                for dataset in datasets
                for skipped in dataset.skipped
            ]
            + [
                {"path": category, "reason": NOTHING_TO_SCORE}
                for category in categories_left_out(datasets, settings, samples)
            ],
        },
        samples=samples,
        layout=",".join(dict.fromkeys(dataset.layout for dataset in datasets)),
        resume=resume,
        replace=replace,
    )


def begin_results(folder: ResultsFolder, inspector: Inspector) -> None:
    """Begin the run in a folder, or go on with it, with the model that is loaded.

    Raises
    ------
    InputError, StoreError
        As `ResultsFolder.begin`.
    """
    segmenter = inspector.segmenter
    folder.begin(
        device=segmenter.device.device,
        dtype=segmenter.device.precision,
        model={"name": segmenter.spec.name, "sha256": segmenter.spec.sha256},
    )


def open_results(
    out: Path,
    settings: EvaluateSettings,
    datasets: Sequence[Dataset],
    samples: Sequence[Sample],
    inspector: Inspector,
    *,
    command: str,
    resume: bool,
    replace: bool = False,
) -> ResultsFolder:
    """Take a folder and begin in one go, with a model that is there already.

    Raises
    ------
    InputError, StoreError
        As `claim_results` and `begin_results`.
    """
    model = inspector.segmenter.spec.name
    folder = claim_results(out, settings, datasets, samples, model, command=command, resume=resume, replace=replace)
    try:
        begin_results(folder, inspector)
    except BaseException:
        folder.close()
        raise
    return folder


def categories_left_out(
    datasets: Sequence[Dataset], settings: EvaluateSettings, samples: Sequence[Sample]
) -> list[str]:
    """The categories that were asked for and have no image among those evaluated."""
    seen = {sample.category for sample in samples}
    known = dict.fromkeys(name for dataset in datasets for name in dataset.categories)
    return [name for name in known if name not in seen and (not settings.categories or name in settings.categories)]


def json_values(settings: Any) -> dict[str, Any]:
    """A frozen dataclass value as JSON gives it back, lists in place of tuples, so that the two compare equal."""
    values: dict[str, Any] = json.loads(json.dumps(asdict(settings), default=str))
    return values


def _automatic_settings(settings: EvaluateSettings) -> Mapping[str, Any]:
    """What the automatic modes depend on, as JSON values; nothing where there is none, as in earlier runs."""
    if not settings.automatic_modes:
        return {}
    found: dict[str, Any] = {"prompting": json_values(settings.prompting), "save_maps": settings.save_maps}
    for method in settings.map_methods:
        for name in MADE_WITH[method]:
            found[name] = json_values(getattr(settings, name))
    if any(AUTOMATIC_MODES[mode].answer == "cascade" for mode in settings.automatic_modes):
        found |= {"cascade": json_values(settings.cascade), "map": settings.map_method}
    return found


def _tuned_settings(settings: EvaluateSettings) -> Mapping[str, Any]:
    """What mode `spt` is answered by, and asked with; nothing without it."""
    if TUNED_MODE not in settings.modes:
        return {}
    found: dict[str, Any] = {"prompts": settings.spt_prompts}
    if settings.tuned:
        spec = get_model_spec(settings.tuned)
        found |= {"model": spec.name, "sha256": spec.tuned_sha256}
    return {"spt": found}


def _background_settings(settings: EvaluateSettings, samples: Sequence[Sample]) -> Mapping[str, Any]:
    """What becomes of backgrounds; nothing where none is touched, as in earlier runs."""
    if not settings.asks_for_types:
        return {}
    objects = [name for name, has_background in kinds_of(samples, settings.unknown_kind).items() if has_background]
    found: dict[str, Any] = {"objects": objects, "foreground": json_values(settings.foreground)}
    if settings.background is not None:
        found["background"] = json_values(settings.background)
    return found
