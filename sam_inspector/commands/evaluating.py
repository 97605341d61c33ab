"""`sam-inspector evaluate`: prompt modes scored over datasets."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from sam_inspector.anomaly.clip_settings import ClipSettings
from sam_inspector.anomaly.settings import FewShotSettings
from sam_inspector.commands.console import Console
from sam_inspector.commands.loading import loaded_inspector
from sam_inspector.commands.outputs import check_out_folder
from sam_inspector.commands.result_table import results_table
from sam_inspector.core.errors import DatasetError, InputError, SamInspectorError
from sam_inspector.data.datasets import Dataset, Sample, open_dataset
from sam_inspector.data.images import is_image_name
from sam_inspector.data.text_prompts import default_text_prompts, read_text_prompts
from sam_inspector.engine.backbone_weights import require_backbone_weights
from sam_inspector.engine.evaluate import EvaluateSettings, EvaluateStep, evaluate, samples_to_evaluate
from sam_inspector.engine.evaluate_on_ray import RayCluster, connect, evaluate_on_ray
from sam_inspector.engine.held_run import held_run
from sam_inspector.engine.loco_scoring import spro_problems
from sam_inspector.engine.map_methods import LEARNT_METHODS, LearntSettings, MapWorks, map_works
from sam_inspector.engine.references import NoNormalImagesError, named_references
from sam_inspector.engine.report import write_report
from sam_inspector.engine.requests import MapMethod, SegmentOptions, SimpleNetProgress
from sam_inspector.engine.results import ResultsFolder
from sam_inspector.engine.run_header import NOTHING_TO_SCORE, begin_results, categories_left_out, claim_results
from sam_inspector.foreground.backgrounds import BackgroundSettings
from sam_inspector.methods.spt.prompts import AskedWith
from sam_inspector.models.registry import get_model_spec
from sam_inspector.prompting.automatic import AutomaticPrompts, ThresholdPolicy
from sam_inspector.prompting.cascade_settings import CASCADE_PRESETS, CascadedPrompting

ENGINES = ("local", "ray")
TOLD_EPOCHS = 4
"""Lines on a whole training, where no bar is seen."""


def run(
    console: Console,
    datasets: list[Path],
    modes: str,
    *,
    preset: str,
    points: int,
    categories: list[str],
    limit: int | None,
    seed: int,
    model: str,
    device: str,
    layout: str | None,
    resume: bool,
    anew: bool,
    out: Path,
    references: list[Path],
    few_shot: FewShotSettings,
    clip: ClipSettings,
    prompting: AutomaticPrompts,
    cascade_preset: str,
    map_method: str,
    three_passes: bool,
    save_maps: bool,
    engine: str,
    ray_address: str | None,
    learnt: LearntSettings,
    background: BackgroundSettings | None,
    tuned: str,
    spt_prompts: str,
) -> None:
    """Evaluate and write the results; what is finished stays when it is cancelled.

    Parameters
    ----------
    anew
        Whether a run that is there is replaced.
    references
        Images and folders to compare with, instead of the dataset's own normal images.
    """
    get_model_spec(model)
    if engine not in ENGINES:
        raise InputError(f"There is no engine “{engine}”: choose from {', '.join(ENGINES)}.")
    if ray_address is not None and engine != "ray":
        raise InputError("--ray-address names a Ray cluster: give --engine ray as well.")
    if resume and anew:
        raise InputError("--resume goes on with the run in --out, --replace begins anew: give one of the two.")
    settings = EvaluateSettings(
        modes=tuple(dict.fromkeys(part.strip() for part in modes.split(",") if part.strip())),
        preset=preset,
        points=points,
        categories=tuple(categories),
        limit=limit,
        seed=seed,
        options=SegmentOptions(preset=preset),
        few_shot=few_shot,
        clip=clip,
        prompting=prompting,
        cascade=CASCADE_PRESETS.get(cascade_preset, CascadedPrompting()),
        map_method=cast(MapMethod, map_method),
        three_passes=three_passes,
        save_maps=save_maps,
        simplenet=learnt.simplenet,
        foreground=learnt.foreground,
        unknown_kind=learnt.unknown_kind,
        background=background,
        tuned=tuned,
        spt_prompts=cast(AskedWith, spt_prompts),
    )
    settings.check()
    settings.check_tuned(model)
    if engine == "ray" and LEARNT_METHODS & set(settings.map_methods):
        raise InputError("SimpleNet is trained before it maps, which every worker would do again: leave --engine away.")
    check_out_folder(out)
    held_run(out, replace=anew)
    for path in datasets:
        if path.is_file() and not is_image_name(path.name):
            raise DatasetError(f"{path} is a file: give the folder of a dataset or of one category.")
    opened = [open_dataset(path, layout) for path in datasets]
    samples = samples_to_evaluate(opened, settings)
    if references:
        settings = _with_references(settings, references, samples)
    works = _map_works(opened, settings)
    # The files of a run that was stopped and went on are those of one that was not.
    arguments = [argument for argument in sys.argv[1:] if argument not in ("--resume", "--replace", "--debug")]
    command = shlex.join(["sam-inspector", *arguments])
    folder = claim_results(out, settings, opened, samples, model, command=command, resume=resume, replace=anew)
    try:
        tell_what_is_missing(console, opened, settings, samples)
        inspector = loaded_inspector(console, model, device)

        from sam_inspector.models.loading import load_segmenter

        if engine == "ray":
            cluster = RayCluster(ray_address)
            connect(cluster)  # before the results of an earlier run give way to this one
        begin_results(folder, inspector)
        if folder.lost:
            console.say(f"Images whose masks are no longer in {out}, and which are computed again: {folder.lost}")
        if engine == "ray":
            steps = evaluate_on_ray(
                samples, settings, folder, works, cluster, load=load_segmenter, model=model, device=device
            )
        else:
            steps = evaluate(samples, settings, inspector, folder, works)
        go_through(console, steps, folder)
    finally:
        folder.close()
    write_report(out)
    _tell_results(console, folder)


def _with_references(
    settings: EvaluateSettings, references: Sequence[Path], samples: Sequence[Sample]
) -> EvaluateSettings:
    if "few-shot" not in settings.map_methods:
        raise InputError(
            f"--reference names normal images for few-shot maps, which {', '.join(settings.modes)} does without: leave "
            "it out."
        )
    categories = list(dict.fromkeys(sample.category for sample in samples))
    if len(categories) > 1:
        raise InputError(
            f"--reference names normal images of one category, and {len(categories)} are evaluated "
            f"({', '.join(categories[:3])}{', …' if len(categories) > 3 else ''}): choose one with --category."
        )
    chosen = named_references(references, settings.few_shot.references)
    return replace(settings, few_shot=replace(settings.few_shot, references=chosen))


def _map_works(opened: Sequence[Dataset], settings: EvaluateSettings) -> dict[str, MapWorks]:
    """What the maps are made from, as far as it can be told without a model."""
    try:
        works = map_works(
            opened, settings.categories, settings.map_methods, settings.few_shot, settings.clip, settings.learnt
        )
    except NoNormalImagesError as error:
        raise InputError(
            f"The category {error.category} has no normal images to compare with: put some in train/good, or name some "
            "with --reference."
        ) from error
    if "few-shot" in settings.map_methods:
        require_backbone_weights(settings.few_shot.backbone)
    return works


def tell_what_is_missing(
    console: Console, opened: Sequence[Dataset], settings: EvaluateSettings, samples: Sequence[Sample]
) -> None:
    """Say what of the datasets is left out, and why."""
    for dataset in opened:
        for skipped in dataset.skipped:
            console.say(f"Skipped {skipped.path}: {skipped.reason}")
    for category in categories_left_out(opened, settings, samples):
        console.say(f"Left out {category}: {NOTHING_TO_SCORE}")
    for category, problem in spro_problems(samples).items():
        console.say(f"No sPRO of {category}, only the other metrics: {problem}")


def go_through(console: Console, steps: Iterable[EvaluateStep], folder: ResultsFolder) -> None:
    """Evaluate; whatever ends it, what was finished is written."""
    described = None
    told = 0
    try:
        with console.progress("Evaluating") as report:
            for step in steps:
                category = step.sample.category
                if step.maps is not None and category != described and not console.shows_bars:
                    described = category
                    console.say(f"{category}: describing what its maps are made from")
                if isinstance(step.maps, SimpleNetProgress) and not console.shows_bars:
                    told = _tell_epoch(console, category, step.maps, told)
                for remark in step.remarks:
                    console.say(f"{category}: {remark}")
                doing = f", {step.text}" if step.maps is not None else ""
                if isinstance(step.maps, SimpleNetProgress):
                    doing = f", {step.maps.text}"
                report(step.done / step.total, f"{category} {step.done}/{step.total}{doing}")
    except KeyboardInterrupt:
        folder.write()
        console.say(f"What was finished is in {folder.out}; go on with --resume.")
        raise
    except SamInspectorError:
        folder.write()
        raise


def _tell_epoch(console: Console, category: str, progress: SimpleNetProgress, told: int) -> int:
    """A line now and then on a training; gives the number of the last epoch that was told."""
    whole = len(progress.losses)
    if whole < told:
        told = 0  # another training
    is_at_work = progress.loss is not None and whole == progress.epoch
    is_due = whole - told >= progress.epochs / TOLD_EPOCHS or whole == progress.epochs
    if is_at_work and whole > told and is_due:
        console.say(f"{category}: epoch {whole} of {progress.epochs}, loss {progress.losses[-1]:.4f}")
        return whole
    return told


def _tell_results(console: Console, folder: ResultsFolder) -> None:
    results = folder.as_json()
    failed = [row for row in results["images"] if row["error"]]
    if len(failed) == len(results["images"]):
        console.result("", results)
        images = len({(row["category"], row["path"]) for row in failed})
        raise DatasetError(
            f"None of {images} images could be evaluated; {folder.out / 'report.html'} lists why, the first: "
            f"{failed[0]['error']}"
        )
    for row in failed:
        console.say(f"No result for {row['category']}/{row['path']} ({row['mode']}): {row['error']}")
    console.result(f"{results_table(results)}\nResults in {folder.out}", results)


def clip_from_options(model: str, object_name: str | None, texts: Path | None, adapter: Path | None) -> ClipSettings:
    """The settings of CLIP's maps, from what was typed; without an object each category's name stands for it.

    Raises
    ------
    InputError
        For a file of texts that can't be read.
    """
    prompts = read_text_prompts(texts) if texts is not None else default_text_prompts()
    return ClipSettings(object_name or "", model, prompts, adapter)


def prompting_from_options(policy: str, threshold: float | None, quantile: float, factor: float) -> AutomaticPrompts:
    """The settings of automatic prompts, from what was typed.

    Raises
    ------
    InputError
        When a fixed threshold was wanted and none given.
    """
    if policy == "fixed" and threshold is None:
        raise InputError("The policy fixed needs a raw score: give it with --threshold.")
    usual = AutomaticPrompts()
    return replace(
        usual,
        policy=cast(ThresholdPolicy, policy),
        threshold=usual.threshold if threshold is None else threshold,
        quantile=quantile,
        factor=factor,
    )
