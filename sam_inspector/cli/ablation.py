"""How the commands that take methods apart are called: `ablation`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sam_inspector.anomaly.settings import DEFAULT_SHOTS, FewShotSettings, ReferenceChoice
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
    PresetOption,
    QuietOption,
    SeedOption,
    TextsOption,
)
from sam_inspector.commands.console import Console, command
from sam_inspector.models.clip_registry import DEFAULT_CLIP
from sam_inspector.models.registry import DEFAULT_MODEL

app = typer.Typer(help="Take a method apart, and see what each part adds.", rich_markup_mode=None)


@app.callback()
def ablation() -> None:
    """Take a method apart, and see what each part adds."""


@app.command(
    "cascade",
    short_help="Tables of the cascaded prompts: kernels and passes.",
    epilog="Example: sam-inspector ablation cascade mvtec/hazelnut mvtec/grid --map few-shot --out tables",
)
@command
def cascade(
    dataset: Annotated[list[Path], typer.Argument(metavar="DATASET", help="Dataset roots or category folders.")],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder for the tables.")],
    map_method: Annotated[
        str, typer.Option("--map", metavar="NAME", help="Where the map comes from, clip or few-shot.")
    ] = "clip",
    category: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this category; repeatable.")] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", help="At most N images of each category, the first ones.")
    ] = None,
    preset: PresetOption = "recommended",
    shots: Annotated[
        int, typer.Option(metavar="K", help="For --map few-shot: normal images that each category is compared with.")
    ] = DEFAULT_SHOTS,
    clip: ClipOption = DEFAULT_CLIP,
    object_name: ObjectOption = None,
    texts: TextsOption = None,
    adapter: AdapterOption = None,
    seed: SeedOption = 0,
    model: ModelOption = DEFAULT_MODEL,
    device: DeviceOption = "auto",
    layout: LayoutOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure the cascaded prompts with nine kernels (ellipse, rectangle, cross; 20, 25, 30) and after each pass.

    Beside the passes stands the map alone. Written to --out: tables.md, tables.csv and tables.json, with AUROC, F1-max
    and AP over all pixels of the test images, good ones included, and the mean IoU of the masks.
    """
    from sam_inspector.commands import ablating

    ablating.run_cascade(
        Console(json, quiet),
        dataset,
        ablating.cascade_settings(
            preset=preset,
            categories=category or [],
            limit=limit,
            seed=seed,
            map_method=map_method,
            few_shot=FewShotSettings(references=ReferenceChoice("first", shots, seed)),
            clip=(clip, object_name, texts, adapter),
        ),
        model=model,
        device=device,
        layout=layout,
        out=out,
    )


@app.command(
    "sam2sim",
    short_help="Table of Sam2Sim: SimpleNet before changing backgrounds.",
    epilog="Example: sam-inspector ablation sam2sim mvtec --out tables",
)
@command
def sam2sim(
    dataset: Annotated[list[Path], typer.Argument(metavar="DATASET", help="Dataset roots or category folders.")],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder for the tables and both runs.")],
    category: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this category; repeatable.")] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", help="At most N images of each category, the first ones.")
    ] = None,
    backbone: Annotated[
        str, typer.Option(metavar="NAME", help="What describes the images; “models list” prints the names.")
    ] = "sam",
    preset: Annotated[
        str, typer.Option(metavar="NAME", help="recommended, or faithful to the publication (wide_resnet50_2).")
    ] = "recommended",
    epochs: EpochsOption = 160,
    foreground: ForegroundOption = None,
    foreground_model: ForegroundModelOption = None,
    category_type: CategoryTypeOption = None,
    background_kind: BackgroundKindOption = None,
    background_photos: BackgroundPhotosOption = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out; where there is none, one begins.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put this run in the place of the one in --out, which is deleted.")
    ] = False,
    seed: SeedOption = 0,
    model: ModelOption = DEFAULT_MODEL,
    device: DeviceOption = "auto",
    layout: LayoutOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure SimpleNet and Sam2Sim on test images as they are, and with the backgrounds of objects exchanged.

    Textures, and objects whose background belongs to them, stay as they are, and have the same figures twice. Written
    to --out: tables.md, tables.csv, tables.tex and tables.json with image and pixel AUROC of each category and their
    means over textures, objects and all; and both runs with their reports, in static/ and dynamic/.
    """
    from sam_inspector.commands import ablating_sam2sim, learnt_options

    background = learnt_options.background_from_options("dynamic", background_kind, background_photos, seed)
    assert background is not None
    ablating_sam2sim.run_sam2sim(
        Console(json, quiet),
        dataset,
        ablating_sam2sim.sam2sim_settings(
            learnt_options.learnt_from_options(
                backbone, preset, epochs, seed, foreground, foreground_model, category_type
            ),
            background,
            categories=category or [],
            limit=limit,
            seed=seed,
        ),
        model=model,
        device=device,
        layout=layout,
        resume=resume,
        anew=replace,
        out=out,
    )


@app.command(
    "spt",
    short_help="The table of SPT: what each part of it adds.",
    epilog="Example: sam-inspector ablation spt mvtec/hazelnut mvtec/grid --out tables",
)
@command
def spt(
    dataset: Annotated[list[Path], typer.Argument(metavar="DATASET", help="Dataset roots or category folders.")],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder for tables and tuned models.")],
    variants: Annotated[
        str, typer.Option(metavar="NAME,...", help="Which are compared: frozen, decoder, lora, sdt, vra, spt.")
    ] = "frozen,decoder,lora,sdt,vra,spt",
    split: Annotated[
        str,
        typer.Option(
            metavar="HOW", help="How images are held out: a number of folds, or category for one after the other."
        ),
    ] = "2",
    curve: Annotated[
        str, typer.Option(metavar="N,...", help="Also learn from so many images only, as 5,10,20, for a curve.")
    ] = "",
    category: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this category; repeatable.")] = None,
    preset: Annotated[
        str, typer.Option(metavar="NAME", help="recommended, or faithful to the publication, which wants a GPU.")
    ] = "recommended",
    epochs: Annotated[
        int | None, typer.Option(metavar="N", help="Passes over the images; by default the preset's.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the ablation in --out, which must be the same one.")
    ] = False,
    model: ModelOption = DEFAULT_MODEL,
    seed: SeedOption = 0,
    device: DeviceOption = "auto",
    layout: LayoutOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Tune each variant of SPT on the same images, and judge it on the same others.

    The last epoch counts: nothing is chosen on the images that are judged. Tells the IoU by a box and by a point for
    each region, and how far SPT is above each other variant, with an interval from drawing the images anew.
    """
    from sam_inspector.commands import ablating_spt
    from sam_inspector.methods.spt.settings import SptSettings, default_epochs

    ablating_spt.run_spt(
        Console(json, quiet),
        dataset,
        SptSettings(preset=preset, epochs=default_epochs(preset) if epochs is None else epochs, seed=seed),
        variants=variants,
        split=split,
        curve=curve,
        model=model,
        device=device,
        layout=layout,
        categories=category or [],
        resume=resume,
        out=out,
    )
