"""Scoring prompt modes over datasets: a generator that yields after every image, so it can be watched and stopped.

What is finished is on disk before the next image begins; a run that was stopped goes on with `resume` where it was,
and ends with the same files as one that was not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from sam_inspector.anomaly.clip_settings import ClipSettings
from sam_inspector.anomaly.settings import FewShotSettings
from sam_inspector.core.errors import DatasetError, InputError
from sam_inspector.data.datasets import Dataset, Sample
from sam_inspector.engine.map_methods import MapWorks, check_map_methods
from sam_inspector.engine.modes import AUTOMATIC_MODES, EVALUATE_MODES
from sam_inspector.engine.requests import MapMethod, SegmentOptions
from sam_inspector.engine.results import ResultsFolder
from sam_inspector.engine.running_modes import ModeRunner
from sam_inspector.methods.prompt_modes import RECOMMENDED
from sam_inspector.prompting.automatic import AutomaticPrompts
from sam_inspector.prompting.cascade_settings import CascadedPrompting
from sam_inspector.prompting.from_anomaly_map import check_settings
from sam_inspector.prompting.from_ground_truth import DEFAULT_POINTS, GT_PRESETS

if TYPE_CHECKING:
    # What can't be evaluated is refused without waiting for torch.
    from sam_inspector.engine.inspector import Inspector


@dataclass(frozen=True, slots=True)
class EvaluateSettings:
    """What is evaluated, and how; results of different settings do not go into one folder.

    Attributes
    ----------
    modes
        Names of `EVALUATE_MODES`.
    categories
        Only these; empty means all.
    limit
        At most this many images a category; None means all.
    few_shot, clip, prompting, cascade
        How maps, and prompts from them, are made. A `clip` that names no object takes the name of each category.
    map_method
        Where the map of the mode `cascade` comes from.
    three_passes
        Whether SAM answers in three passes in the other modes too.
    save_maps
        Whether maps are written to the run's folder.
    """

    modes: tuple[str, ...]
    preset: str = RECOMMENDED
    points: int = DEFAULT_POINTS
    categories: tuple[str, ...] = ()
    limit: int | None = None
    seed: int = 0
    options: SegmentOptions = field(default_factory=SegmentOptions)
    few_shot: FewShotSettings = field(default_factory=FewShotSettings)
    clip: ClipSettings = field(default_factory=lambda: ClipSettings(""))
    prompting: AutomaticPrompts = field(default_factory=AutomaticPrompts)
    cascade: CascadedPrompting = field(default_factory=CascadedPrompting)
    map_method: MapMethod = "clip"
    three_passes: bool = False
    save_maps: bool = False

    @property
    def automatic_modes(self) -> tuple[str, ...]:
        """Those that start from an anomaly map."""
        return tuple(mode for mode in self.modes if mode in AUTOMATIC_MODES)

    @property
    def map_methods(self) -> tuple[MapMethod, ...]:
        """The maps that the modes need."""
        return tuple(dict.fromkeys(AUTOMATIC_MODES[mode].map or self.map_method for mode in self.automatic_modes))

    def check(self) -> None:
        """Refuse what can't be evaluated.

        Raises
        ------
        InputError
            For an unknown mode or preset, or a number below 1.
        """
        unknown = [mode for mode in self.modes if mode not in EVALUATE_MODES]
        if unknown:
            raise InputError(f"There is no mode “{unknown[0]}”: choose from {', '.join(EVALUATE_MODES)}.")
        if not self.modes:
            raise InputError(f"No mode was given: choose from {', '.join(EVALUATE_MODES)}.")
        if self.preset not in GT_PRESETS:
            raise InputError(f"There is no preset “{self.preset}”: choose from {', '.join(GT_PRESETS)}.")
        if self.points < 1:
            raise InputError(f"{self.points} points a region were asked for; ask for at least 1.")
        if self.limit is not None and self.limit < 1:
            raise InputError(f"At most {self.limit} images were asked for; ask for at least 1.")
        if self.map_method not in get_args(MapMethod):
            raise InputError(f"There is no map “{self.map_method}”: choose from {', '.join(get_args(MapMethod))}.")
        if self.automatic_modes:
            check_settings(self.prompting)
            check_map_methods(self.map_methods, self.few_shot, self.clip)
            self.cascade.points.check()


@dataclass(frozen=True, slots=True)
class EvaluateStep:
    """One image is done; `remarks` are sentences on the references of its category, with its first image."""

    done: int
    total: int
    sample: Sample
    remarks: tuple[str, ...] = ()


def samples_to_evaluate(datasets: Sequence[Dataset], settings: EvaluateSettings) -> list[Sample]:
    """The test images of the categories, in order. None comes twice.

    Those that have a ground truth; with an automatic mode also those that are good.

    Raises
    ------
    InputError
        For a category that no dataset has, or that two folders have.
    DatasetError
        When there is no such image.
    """
    known = {name for dataset in datasets for name in dataset.categories}
    for category in settings.categories:
        if category not in known:
            raise InputError(f"There is no category “{category}”: choose from {', '.join(sorted(known))}.")
    found: dict[str, dict[str, Sample]] = {}
    folders: dict[str, Path] = {}
    for dataset in datasets:
        for sample in dataset.samples:
            has_defect = sample.mask_path is not None and not sample.is_normal
            is_good_test = sample.is_normal and sample.split == "test" and bool(settings.automatic_modes)
            if not (has_defect or is_good_test):
                continue
            if settings.categories and sample.category not in settings.categories:
                continue
            folder = sample.path.parents[sample.relative_path.count("/")]
            first = folders.setdefault(sample.category, folder)
            if first != folder and not first.samefile(folder):
                # Results are kept by category and path, and pooled by category.
                raise InputError(
                    f"Both {first} and {folder} are a category “{sample.category}”, whose results would be mixed: "
                    "evaluate each with an --out of its own, or rename one."
                )
            # A dataset may be given twice, or with one of its categories.
            found.setdefault(sample.category, {}).setdefault(sample.relative_path, sample)
    chosen = [sample for by_path in found.values() for sample in list(by_path.values())[: settings.limit]]
    if not any(sample.mask_path is not None for sample in chosen):
        roots = ", ".join(str(dataset.root) for dataset in datasets)
        raise DatasetError(
            f"No image in {roots} has a ground-truth mask, which results are scored against: put masks in "
            "ground_truth/<defect>/<name>_mask.png."
        )
    return chosen


def evaluate(
    samples: Sequence[Sample],
    settings: EvaluateSettings,
    inspector: Inspector,
    folder: ResultsFolder,
    map_works: Mapping[str, MapWorks] | None = None,
) -> Iterator[EvaluateStep]:
    """Evaluate images, each by all modes with one encoding.

    An image that can't be read, or whose mask does not fit or marks nothing, becomes a row with its error; the run goes
    on.

    Parameters
    ----------
    map_works
        For each category what its maps are made from; see `map_works`.

    Raises
    ------
    StoreError
        When results can't be written; those of the images finished before are kept.
    InputError, WeightsError
        When a category's maps can't be made.
    """
    modes = ModeRunner(settings, inspector, folder, map_works or {})
    for number, sample in enumerate(samples, start=1):
        remarks: tuple[str, ...] = ()
        if not folder.has(sample):
            remarks = modes.prepare(sample)
            folder.add(sample, modes.run(sample))
        yield EvaluateStep(number, len(samples), sample, remarks)
    folder.finish()


def open_results(
    out: Path,
    settings: EvaluateSettings,
    datasets: Sequence[Dataset],
    samples: Sequence[Sample],
    inspector: Inspector,
    *,
    command: str,
    resume: bool,
) -> ResultsFolder:
    """Begin or go on with a folder of results.

    Raises
    ------
    InputError, StoreError
        As `ResultsFolder.open`.
    """
    segmenter = inspector.segmenter
    return ResultsFolder.open(
        out,
        header={
            "command": command,
            "device": segmenter.device.device,
            "dtype": segmenter.device.precision,
            "seed": settings.seed,
            "model": {"name": segmenter.spec.name, "sha256": segmenter.spec.sha256},
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
            },
            "skipped": [
                {"path": str(skipped.path), "reason": skipped.reason}
                for dataset in datasets
                for skipped in dataset.skipped
            ],
        },
        samples=samples,
        layout=",".join(dict.fromkeys(dataset.layout for dataset in datasets)),
        resume=resume,
    )


def _automatic_settings(settings: EvaluateSettings) -> dict[str, Any]:
    """What the automatic modes depend on, as JSON values; nothing where there is none, as in earlier runs."""
    if not settings.automatic_modes:
        return {}
    found: dict[str, Any] = {"prompting": json_values(settings.prompting), "save_maps": settings.save_maps}
    for method in settings.map_methods:
        found["clip" if method == "clip" else "few_shot"] = json_values(getattr(settings, method.replace("-", "_")))
    if any(AUTOMATIC_MODES[mode].answer == "cascade" for mode in settings.automatic_modes):
        found |= {"cascade": json_values(settings.cascade), "map": settings.map_method}
    return found


def json_values(settings: FewShotSettings | ClipSettings | AutomaticPrompts | CascadedPrompting) -> dict[str, Any]:
    """A frozen value as JSON gives it back, lists in place of tuples, so that the two compare equal."""
    values: dict[str, Any] = json.loads(json.dumps(asdict(settings), default=str))
    return values
