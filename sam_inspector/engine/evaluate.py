"""Scoring prompt modes over datasets: a generator that yields after every image, so it can be watched and stopped.

What is finished is on disk before the next image begins; a run that was stopped goes on with `resume` where it was,
and ends with the same files as one that was not.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sam_inspector.core.errors import Cancelled, DatasetError, InputError, SamInspectorError, StoreError
from sam_inspector.core.metrics.mask_scores import score_mask
from sam_inspector.core.metrics.pixel_tally import PixelTally
from sam_inspector.data.datasets import Dataset, Sample
from sam_inspector.data.export import export_mask
from sam_inspector.data.images import LoadedImage, read_image
from sam_inspector.data.masks import read_mask
from sam_inspector.data.prompt_json import prompts_to_json
from sam_inspector.engine.image_rows import ImageRow, ModeResult
from sam_inspector.engine.requests import SegmentOptions
from sam_inspector.engine.results import ResultsFolder
from sam_inspector.methods.prompt_modes import RECOMMENDED
from sam_inspector.prompting.from_ground_truth import DEFAULT_POINTS, GT_MODES, GT_PRESETS, prompts_from_ground_truth

if TYPE_CHECKING:
    # What can't be evaluated is refused without waiting for torch.
    from sam_inspector.engine.inspector import EmbedOutcome, Inspector


@dataclass(frozen=True, slots=True)
class EvaluateSettings:
    """What is evaluated, and how; results of different settings do not go into one folder.

    Attributes
    ----------
    modes
        Names of `GT_MODES`.
    categories
        Only these; empty means all.
    limit
        At most this many images a category; None means all.
    """

    modes: tuple[str, ...]
    preset: str = RECOMMENDED
    points: int = DEFAULT_POINTS
    categories: tuple[str, ...] = ()
    limit: int | None = None
    seed: int = 0
    options: SegmentOptions = field(default_factory=SegmentOptions)

    def check(self) -> None:
        """Refuse what can't be evaluated.

        Raises
        ------
        InputError
            For an unknown mode or preset, or a number below 1.
        """
        unknown = [mode for mode in self.modes if mode not in GT_MODES]
        if unknown:
            raise InputError(f"There is no mode “{unknown[0]}”: choose from {', '.join(GT_MODES)}.")
        if not self.modes:
            raise InputError(f"No mode was given: choose from {', '.join(GT_MODES)}.")
        if self.preset not in GT_PRESETS:
            raise InputError(f"There is no preset “{self.preset}”: choose from {', '.join(GT_PRESETS)}.")
        if self.points < 1:
            raise InputError(f"{self.points} points a region were asked for; ask for at least 1.")
        if self.limit is not None and self.limit < 1:
            raise InputError(f"At most {self.limit} images were asked for; ask for at least 1.")


@dataclass(frozen=True, slots=True)
class EvaluateStep:
    """One image is done."""

    done: int
    total: int
    sample: Sample


def samples_to_evaluate(datasets: Sequence[Dataset], settings: EvaluateSettings) -> list[Sample]:
    """The anomalous test images of the categories, in order: those that have a ground truth. None comes twice.

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
            if sample.mask_path is None or sample.is_normal:
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
    if not chosen:
        roots = ", ".join(str(dataset.root) for dataset in datasets)
        raise DatasetError(
            f"No image in {roots} has a ground-truth mask, which prompts are made from: put masks in "
            "ground_truth/<defect>/<name>_mask.png."
        )
    return chosen


def evaluate(
    samples: Sequence[Sample], settings: EvaluateSettings, inspector: Inspector, folder: ResultsFolder
) -> Iterator[EvaluateStep]:
    """Evaluate images, each by all modes with one encoding.

    An image that can't be read, or whose mask does not fit or marks nothing, becomes a row with its error; the run goes
    on.

    Raises
    ------
    StoreError
        When results can't be written; those of the images finished before are kept.
    """
    for number, sample in enumerate(samples, start=1):
        if not folder.has(sample):
            folder.add(sample, _evaluate_image(sample, settings, inspector, folder))
        yield EvaluateStep(number, len(samples), sample)
    folder.finish()


def _evaluate_image(
    sample: Sample, settings: EvaluateSettings, inspector: Inspector, folder: ResultsFolder
) -> list[ModeResult]:
    image: LoadedImage | None = None
    try:
        assert sample.mask_path is not None
        image = read_image(sample.path)
        ground_truth = read_mask(sample.mask_path, width=image.width, height=image.height)
    except SamInspectorError as error:
        return [ModeResult(ImageRow.failed(sample, mode, image, str(error))) for mode in settings.modes]
    results: list[ModeResult] = []
    embedded: EmbedOutcome | None = None
    for mode in settings.modes:
        try:
            prompts = prompts_from_ground_truth(ground_truth, mode, preset=settings.preset, points=settings.points)
            # The first mode pays for the encoding, and its row says so.
            encode_seconds = None
            if embedded is None:
                embedded = inspector.embed(image, preset=settings.preset)
                encode_seconds = embedded.seconds
            segmentation, decode_seconds = inspector.segment(embedded, prompts, settings.options)
            export_mask(folder.mask_path(sample, mode), segmentation.mask)
            started = time.perf_counter()
            scores = score_mask(segmentation, ground_truth)
            tally = PixelTally.of_image(segmentation.score_map, ground_truth)
            seconds = {
                "encode": encode_seconds,
                "decode": decode_seconds,
                "map": None,
                "score": time.perf_counter() - started,
            }
        except (Cancelled, StoreError):
            raise
        except SamInspectorError as error:
            results.append(ModeResult(ImageRow.failed(sample, mode, image, str(error))))
        else:
            row = ImageRow.scored(sample, mode, image, scores, prompts=len(prompts), seconds=seconds)
            results.append(ModeResult(row, prompts_to_json(prompts), tally))
    return results


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
