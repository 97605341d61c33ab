"""`sam-inspector evaluate`: prompt modes scored over datasets."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from sam_inspector.anomaly.clip_settings import ClipSettings
from sam_inspector.anomaly.settings import FewShotSettings
from sam_inspector.commands.console import Console
from sam_inspector.commands.loading import loaded_inspector
from sam_inspector.commands.outputs import check_out_folder
from sam_inspector.core.errors import DatasetError, InputError
from sam_inspector.data.datasets import open_dataset
from sam_inspector.data.text_prompts import default_text_prompts, read_text_prompts
from sam_inspector.engine.evaluate import (
    EvaluateSettings,
    evaluate,
    open_results,
    samples_to_evaluate,
)
from sam_inspector.engine.map_methods import map_works
from sam_inspector.engine.requests import MapMethod, SegmentOptions
from sam_inspector.engine.results import check_is_run_or_empty
from sam_inspector.models.registry import get_model_spec
from sam_inspector.prompting.automatic import AutomaticPrompts, ThresholdPolicy
from sam_inspector.prompting.cascade_settings import CASCADE_PRESETS, CascadedPrompting

COLUMNS = ("iou", "dice", "p_auroc_per_image", "p_auroc", "ap", "f1_max", "aupro")
MAP_COLUMNS = ("i_auroc", "false_alarm_area")
"""Shown where good images were visited too."""


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
    out: Path,
    few_shot: FewShotSettings,
    clip: ClipSettings,
    prompting: AutomaticPrompts,
    cascade_preset: str,
    map_method: str,
    three_passes: bool,
    save_maps: bool,
) -> None:
    """Evaluate and write the results; what is finished stays when it is cancelled."""
    get_model_spec(model)
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
    )
    settings.check()
    check_out_folder(out)
    check_is_run_or_empty(out)
    opened = [open_dataset(path, layout) for path in datasets]
    samples = samples_to_evaluate(opened, settings)
    works = map_works(opened, settings.categories, settings.map_methods, settings.few_shot, settings.clip)
    for dataset in opened:
        for skipped in dataset.skipped:
            console.say(f"Skipped {skipped.path}: {skipped.reason}")
    inspector = loaded_inspector(console, model, device)
    # The files of a run that was stopped and went on are those of one that was not.
    arguments = [argument for argument in sys.argv[1:] if argument not in ("--resume", "--debug")]
    command = shlex.join(["sam-inspector", *arguments])
    folder = open_results(out, settings, opened, samples, inspector, command=command, resume=resume)
    try:
        with console.progress("Evaluating") as report:
            for step in evaluate(samples, settings, inspector, folder, works):
                for remark in step.remarks:
                    console.say(f"{step.sample.category}: {remark}")
                report(step.done / step.total, f"{step.sample.category} {step.done}/{step.total}")
    except KeyboardInterrupt:
        folder.write()
        console.say(f"What was finished is in {out}; go on with --resume.")
        raise
    results = folder.as_json()
    for row in results["images"]:
        if row["error"]:
            console.say(f"No result for {row['category']}/{row['path']} ({row['mode']}): {row['error']}")
    if all(row["error"] for row in results["images"]):
        first = results["images"][0]["error"]
        raise DatasetError(f"No image could be evaluated; {out} lists why. The first: {first}")
    console.result(f"{_table(results)}\nResults in {out}", results)


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


def _table(results: dict[str, Any]) -> str:
    """The categories of each mode and the mean over them, as a plain table."""
    with_maps = any(row["normal"] for row in results["categories"])
    columns = (*COLUMNS, *MAP_COLUMNS) if with_maps else COLUMNS
    lines = [["mode", "category", "images", "failed", *columns]]
    for summary in results["summary"]:
        rows = [row for row in results["categories"] if row["mode"] == summary["mode"]]
        for row in rows:
            lines.append([row["mode"], row["category"], str(row["images"]), str(row["failed"]), *_cells(row, columns)])
        if len(rows) > 1:
            images = str(sum(row["images"] for row in rows))
            lines.append([summary["mode"], "mean of all", images, str(summary["failed"]), *_cells(summary, columns)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _cells(row: dict[str, Any], columns: Sequence[str]) -> list[str]:
    return ["–" if row[name] is None else f"{row[name]:.3f}" for name in columns]
