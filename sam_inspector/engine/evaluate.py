"""Scoring prompt modes over datasets: a generator of small steps, so it can be watched, paused and stopped.

What is finished is on disk before the next image begins; a run that was stopped goes on with `resume` where it was,
and ends with the same files as one that was not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from sam_inspector.anomaly.clip_settings import ClipSettings
from sam_inspector.anomaly.settings import FewShotSettings
from sam_inspector.anomaly.simplenet.settings import SimpleNetSettings
from sam_inspector.core.errors import DatasetError, InputError
from sam_inspector.data.datasets import Dataset, Sample
from sam_inspector.engine.foreground_checks import check_backgrounds, check_foreground, kinds_of
from sam_inspector.engine.image_rows import ImageRow, ModeResult
from sam_inspector.engine.map_methods import LearntSettings, MapWorks, check_map_methods
from sam_inspector.engine.modes import AUTOMATIC_MODES, EVALUATE_MODES, TUNED_MODE
from sam_inspector.engine.requests import JobProgress, MapMethod, SegmentOptions
from sam_inspector.engine.results import ResultsFolder
from sam_inspector.engine.run_header import json_values as json_values, open_results as open_results
from sam_inspector.engine.running_modes import ModeRunner
from sam_inspector.foreground.backgrounds import BackgroundSettings
from sam_inspector.foreground.category_types import CategoryKind
from sam_inspector.methods.prompt_modes import RECOMMENDED
from sam_inspector.methods.sam2sim import ForegroundChoice
from sam_inspector.methods.spt.prompts import AskedWith
from sam_inspector.models.backbone import never
from sam_inspector.models.registry import get_model_spec
from sam_inspector.models.tuned.finding import check_base, tuned_manifest, untuned_spec
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
    simplenet
        How SimpleNet is trained, for itself and for Sam2Sim.
    foreground
        How the foreground of an object is found, where its background is removed or exchanged.
    unknown_kind
        What stands for the type of a category that the table of types does not know; `unknown` refuses it.
    background
        Which backgrounds the test images of objects are set before, whatever the mode; None leaves them as they are.
    tuned
        The tuned model of mode `spt`, by name or file; empty where the model of the evaluation is one itself.
    spt_prompts
        What mode `spt` is asked with.
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
    simplenet: SimpleNetSettings = field(default_factory=SimpleNetSettings)
    foreground: ForegroundChoice = field(default_factory=ForegroundChoice)
    unknown_kind: CategoryKind = "unknown"
    background: BackgroundSettings | None = None
    tuned: str = ""
    spt_prompts: AskedWith = "box"

    @property
    def automatic_modes(self) -> tuple[str, ...]:
        """Those that start from an anomaly map."""
        return tuple(mode for mode in self.modes if mode in AUTOMATIC_MODES)

    @property
    def map_methods(self) -> tuple[MapMethod, ...]:
        """The maps that the modes need."""
        return tuple(dict.fromkeys(AUTOMATIC_MODES[mode].map or self.map_method for mode in self.automatic_modes))

    @property
    def learnt(self) -> LearntSettings:
        """What SimpleNet and Sam2Sim are made with."""
        return LearntSettings(self.simplenet, self.foreground, self.unknown_kind)

    @property
    def asks_for_types(self) -> bool:
        """Whether it must be known which categories show objects before a background."""
        return self.background is not None or "sam2sim" in self.map_methods

    def check_tuned(self, model: str) -> None:
        """Refuse mode `spt` without a tuned model, or with one that was tuned on another than the evaluation's.

        Raises
        ------
        InputError
            For such, and for a file that is no tuned model.
        """
        if TUNED_MODE not in self.modes:
            return
        spec = get_model_spec(model)
        if not self.tuned and not spec.tuned_sha256:
            raise InputError(
                f"Mode {TUNED_MODE} needs a tuned model: name its file with --tuned, or tune {spec.title} with "
                "“train spt” first."
            )
        if self.tuned:
            check_base(tuned_manifest(self.tuned), untuned_spec(spec), self.tuned)

    def check(self) -> None:
        """Refuse what can't be evaluated.

        Raises
        ------
        InputError
            For an unknown mode or preset, a number below 1, or backgrounds that can't be made.
        WeightsError
            When weights are missing that are not fetched unasked.
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
        if self.spt_prompts not in get_args(AskedWith):
            known = ", ".join(get_args(AskedWith))
            raise InputError(f"A tuned model can't be asked with “{self.spt_prompts}”: choose from {known}.")
        if self.automatic_modes:
            check_settings(self.prompting)
            check_map_methods(self.map_methods, self.few_shot, self.clip, self.learnt)
            self.cascade.points.check()
        if self.background is not None:
            check_foreground(self.foreground, self.unknown_kind)
            check_backgrounds(self.background, self.foreground)


@dataclass(frozen=True, slots=True)
class EvaluateStep:
    """A part of the work is done: of a category's maps, one mode of an image, or all of an image.

    Attributes
    ----------
    done, total
        Images.
    sample
        The image at hand.
    text
        What is being done with it.
    rows
        The image's results, once all are there and on disk; empty before, and for an image of an earlier run.
    maps
        How far what the maps of its category are made from is described; None where it does not go on with that.
    remarks
        Sentences on what the maps of its category are made from, with its first image.
    """

    done: int
    total: int
    sample: Sample
    text: str = ""
    rows: tuple[ImageRow, ...] = ()
    remarks: tuple[str, ...] = ()
    maps: JobProgress | None = None


def samples_to_evaluate(datasets: Sequence[Dataset], settings: EvaluateSettings) -> list[Sample]:
    """The test images of the categories, in order. None comes twice.

    Those that have a ground truth; with an automatic mode also those that are good.

    Raises
    ------
    InputError
        For a category that no dataset has, or that two folders have; for one whose type must be known and is not.
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
            folder = sample.category_folder
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
    if settings.asks_for_types:
        kinds_of(chosen, settings.unknown_kind)
    return chosen


def evaluate(
    samples: Sequence[Sample],
    settings: EvaluateSettings,
    inspector: Inspector,
    folder: ResultsFolder,
    map_works: Mapping[str, MapWorks] | None = None,
    *,
    cancelled: Callable[[], bool] = never,
) -> Iterator[EvaluateStep]:
    """Evaluate images, each by all modes with one encoding.

    An image that can't be read, or whose mask does not fit or marks nothing, becomes a row with its error; the run goes
    on.

    Parameters
    ----------
    map_works
        For each category what its maps are made from; see `map_works`.
    cancelled
        Asked between the parts of an encoding.

    Raises
    ------
    StoreError
        When results can't be written; those of the images finished before are kept.
    InputError, WeightsError
        When a category's maps can't be made.
    Cancelled
        When `cancelled` said so.
    """
    modes = ModeRunner(settings, inspector, folder.places, map_works or {}, cancelled)
    total = len(samples)
    waiting = [sample for sample in samples if not folder.has(sample)]
    done = total - len(waiting)
    if done:
        yield EvaluateStep(done, total, samples[0], "finished before")
    for sample in waiting:
        was_prepared = True
        for progress in modes.prepare(sample):
            was_prepared = False
            yield EvaluateStep(done, total, sample, f"maps, {progress.done}/{progress.total}", maps=progress)
        results: list[ModeResult] = []
        for result in modes.results(sample):
            results.append(result)
            yield EvaluateStep(done, total, sample, result.row.mode)
        remarks = () if was_prepared else modes.remarks
        folder.add(sample, results, remarks)
        done += 1
        yield EvaluateStep(done, total, sample, rows=tuple(result.row for result in results), remarks=remarks)
    folder.finish()
