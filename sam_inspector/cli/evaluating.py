"""How the command that scores prompt modes on datasets is called: `evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sam_inspector.anomaly.settings import DEFAULT_BACKBONE, DEFAULT_SHOTS, FewShotSettings, ReferenceChoice
from sam_inspector.cli.options import (
    AdapterOption,
    BackgroundKindOption,
    BackgroundPhotosOption,
    CategoryTypeOption,
    ClipOption,
    DeviceOption,
    EpochsOption,
    ForegroundModelOption,
    ForegroundOption,
    JsonOption,
    LayoutOption,
    ModelOption,
    ObjectOption,
    PointsOption,
    PresetOption,
    QuietOption,
    RandomOption,
    SeedOption,
    TextsOption,
)
from sam_inspector.commands.console import Console, command
from sam_inspector.models.clip_registry import DEFAULT_CLIP
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
            metavar="MODE,...",
            help="One or more with commas: naive, b, bp, bps, spt, few-shot-map, few-shot, clip-map, clip, simplenet, "
            "sam2sim, cascade.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder for the results: new, empty, or of a run.")],
    preset: PresetOption = "recommended",
    points: PointsOption = 20,
    category: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this category; repeatable.")] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", help="At most N images of each category, the first ones.")
    ] = None,
    reference: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="IMAGE_OR_FOLDER",
            help="For few-shot modes: normal images to compare with, repeatable; by default those of the category.",
        ),
    ] = None,
    shots: Annotated[
        int, typer.Option(metavar="K", help="For few-shot modes: normal images that each category is compared with.")
    ] = DEFAULT_SHOTS,
    random: RandomOption = False,
    backbone: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="For few-shot modes, simplenet and sam2sim: whose features; “models list” prints the names.",
        ),
    ] = DEFAULT_BACKBONE,
    policy: Annotated[
        str, typer.Option(metavar="NAME", help="Where the map's threshold comes from: " + ", ".join(THRESHOLD_POLICIES))
    ] = "ref_calibrated",
    threshold: Annotated[
        float | None, typer.Option(metavar="T", help="The raw score for --policy fixed, which it needs.")
    ] = None,
    quantile: Annotated[float, typer.Option(metavar="Q", help="For --policy quantile, between 0 and 1.")] = 0.98,
    threshold_factor: Annotated[float, typer.Option(metavar="F", help="Multiplies that threshold.")] = 1.0,
    map_method: Annotated[
        str,
        typer.Option(
            "--map",
            metavar="NAME",
            help="For mode cascade: where its map comes from, clip, few-shot, simplenet or sam2sim.",
        ),
    ] = "clip",
    three_passes: Annotated[
        bool, typer.Option("--three-passes", help="Let SAM answer in three passes in the other modes, too.")
    ] = False,
    clip: ClipOption = DEFAULT_CLIP,
    object_name: ObjectOption = None,
    texts: TextsOption = None,
    adapter: AdapterOption = None,
    epochs: EpochsOption = 160,
    foreground: ForegroundOption = None,
    foreground_model: ForegroundModelOption = None,
    category_type: CategoryTypeOption = None,
    background: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="dynamic sets the test images of objects before other backgrounds; static leaves them."
        ),
    ] = "static",
    background_kind: BackgroundKindOption = None,
    background_photos: BackgroundPhotosOption = None,
    tuned: Annotated[
        str,
        typer.Option(metavar="FILE", help="For mode spt: the tuned model, as “train spt” writes it; or its name."),
    ] = "",
    spt_prompts: Annotated[
        str,
        typer.Option(
            "--spt-prompts", metavar="NAME", help="For mode spt: box, point (the deepest of a region) or points."
        ),
    ] = "box",
    save_maps: Annotated[
        bool, typer.Option("--save-maps", help="Write the maps of modes ending in -map too, as float16 TIFF in maps/.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out; where there is none, one begins.")
    ] = False,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Put this run in the place of the one in --out, which is deleted."),
    ] = False,
    engine: Annotated[
        str,
        typer.Option(
            "--engine", metavar="NAME", help="local, or ray to spread the images over a Ray cluster (extra ray)."
        ),
    ] = "local",
    ray_address: Annotated[
        str | None,
        typer.Option(
            "--ray-address",
            metavar="ADDRESS",
            help="A cluster that is there, as ray://head:10001 or auto; one on this machine by default. Images must "
            "lie at the same path on all its machines.",
        ),
    ] = None,
    seed: SeedOption = 0,
    model: ModelOption = DEFAULT_MODEL,
    device: DeviceOption = "auto",
    layout: LayoutOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Score prompt modes against the ground truth of datasets.

    Prompts are made from each ground-truth mask (“prompts --help” tells the modes), SAM answers them, and its masks are
    scored; in mode spt a tuned SAM answers them. The modes few-shot and clip make them from an anomaly map instead,
    few-shot-map and clip-map score that map alone, and cascade asks with points where map and image differ, in three
    passes. The modes simplenet and sam2sim train a SimpleNet on the normal images first, which later runs use again;
    sam2sim removes the background of objects before. All these visit the good test images too. With --background
    dynamic any mode can be tried on test images whose background has changed.

    Written to --out: report.html, results.json, results.csv, times.csv, prompts.json and masks/.
    """
    from sam_inspector.commands import evaluating, learnt_options

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
        anew=replace,
        out=out,
        references=reference or [],
        few_shot=FewShotSettings(
            backbone, preset, references=ReferenceChoice("random" if random else "first", shots, seed)
        ),
        clip=evaluating.clip_from_options(clip, object_name, texts, adapter),
        prompting=evaluating.prompting_from_options(policy, threshold, quantile, threshold_factor),
        cascade_preset=preset,
        map_method=map_method,
        three_passes=three_passes,
        save_maps=save_maps,
        engine=engine,
        ray_address=ray_address,
        learnt=learnt_options.learnt_from_options(
            backbone, preset, epochs, seed, foreground, foreground_model, category_type
        ),
        background=learnt_options.background_from_options(background, background_kind, background_photos, seed),
        tuned=tuned,
        spt_prompts=spt_prompts,
    )
