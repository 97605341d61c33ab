"""How the command that scores prompt modes on datasets is called: `evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sam_inspector.anomaly.settings import DEFAULT_BACKBONE, DEFAULT_SHOTS, FewShotSettings, ReferenceChoice
from sam_inspector.cli.options import (
    DeviceOption,
    JsonOption,
    LayoutOption,
    ModelOption,
    PointsOption,
    PresetOption,
    QuietOption,
    RandomOption,
    SeedOption,
)
from sam_inspector.commands.console import Console, command
from sam_inspector.models.registry import DEFAULT_MODEL
from sam_inspector.prompting.automatic import THRESHOLD_POLICIES

app = typer.Typer()


@app.command(
    short_help="Score prompt modes against the ground truth of datasets.",
    epilog="Example: sam-inspector evaluate mvtec/hazelnut mvtec/grid --mode b,bp,bps --out results",
)
@command
def evaluate(
    dataset: Annotated[list[Path], typer.Argument(metavar="DATASET", help="Dataset roots or category folders.")],
    mode: Annotated[
        str,
        typer.Option(
            metavar="MODE,...", help="One or more of naive, b, bp, bps, few-shot-map and few-shot, with commas."
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder for the results: new, empty, or of a run.")],
    preset: PresetOption = "recommended",
    points: PointsOption = 20,
    category: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this category; repeatable.")] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", help="At most N images of each category, the first ones.")
    ] = None,
    shots: Annotated[
        int, typer.Option(metavar="K", help="For few-shot modes: normal images that each category is compared with.")
    ] = DEFAULT_SHOTS,
    random: RandomOption = False,
    backbone: Annotated[
        str, typer.Option(metavar="NAME", help="For few-shot modes: whose features; “models list” prints the names.")
    ] = DEFAULT_BACKBONE,
    policy: Annotated[
        str, typer.Option(metavar="NAME", help="Where the map's threshold comes from: " + ", ".join(THRESHOLD_POLICIES))
    ] = "ref_calibrated",
    threshold: Annotated[
        float | None, typer.Option(metavar="T", help="The raw score for --policy fixed, which it needs.")
    ] = None,
    quantile: Annotated[float, typer.Option(metavar="Q", help="For --policy quantile, between 0 and 1.")] = 0.98,
    threshold_factor: Annotated[float, typer.Option(metavar="F", help="Multiplies that threshold.")] = 1.0,
    save_maps: Annotated[
        bool, typer.Option("--save-maps", help="Write the maps of few-shot-map too, as float16 TIFF in maps/.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out; without it the run there is replaced.")
    ] = False,
    seed: SeedOption = 0,
    model: ModelOption = DEFAULT_MODEL,
    device: DeviceOption = "auto",
    layout: LayoutOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Score prompt modes against the ground truth of datasets.

    Prompts are made from each ground-truth mask (“prompts --help” tells the modes), SAM answers them, and its masks are
    scored. The mode few-shot makes them from an anomaly map instead, few-shot-map scores that map alone; both visit the
    good test images too. Written to --out: results.json, results.csv, prompts.json and masks/.
    """
    from sam_inspector.commands import evaluating

    evaluating.run(
        Console(json, quiet),
        dataset,
        mode,
        preset=preset,
        points=points,
        categories=category or [],
        limit=limit,
        seed=seed,
        model=model,
        device=device,
        layout=layout,
        resume=resume,
        out=out,
        few_shot=FewShotSettings(
            backbone, preset, references=ReferenceChoice("random" if random else "first", shots, seed)
        ),
        prompting=evaluating.prompting_from_options(policy, threshold, quantile, threshold_factor),
        save_maps=save_maps,
    )
