"""How the command that makes anomaly maps is called: `map`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sam_inspector.anomaly.settings import DEFAULT_BACKBONE, DEFAULT_SHOTS, FewShotSettings, ReferenceChoice
from sam_inspector.cli.options import (
    AdapterOption,
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
    QuietOption,
    RandomOption,
    SeedOption,
    TextsOption,
)
from sam_inspector.commands.console import Console, command
from sam_inspector.models.clip_registry import DEFAULT_CLIP
from sam_inspector.models.registry import DEFAULT_MODEL

app = typer.Typer()


@app.command(
    "map",
    short_help="Make anomaly maps of one image or of a category.",
    epilog="Example: sam-inspector map mvtec/hazelnut --method few-shot --shots 4 --out maps",
)
@command
def map_images(
    context: typer.Context,
    path: Annotated[
        Path, typer.Argument(metavar="IMAGE_OR_CATEGORY", help="An image, or the folder of a category or of images.")
    ],
    method: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="How the map is made: few-shot (from normal images), clip (from sentences), simplenet (learnt from "
            "normal images) or sam2sim (the same without backgrounds).",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder for the maps.")],
    reference: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Normal images to compare with; by default train/good of the category."),
    ] = None,
    shots: Annotated[
        int,
        typer.Option(
            metavar="K", help="How many of them are compared with; for clip none, unless this or --reference is given."
        ),
    ] = DEFAULT_SHOTS,
    random: RandomOption = False,
    backbone: Annotated[
        str,
        typer.Option(metavar="NAME", help="For all but clip: whose features; “models list” prints the names."),
    ] = DEFAULT_BACKBONE,
    preset: Annotated[
        str,
        typer.Option(metavar="NAME", help="For all but clip: recommended, or faithful to the publication."),
    ] = "recommended",
    rotations: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="For few-shot: angles that each normal image is shown at; by default what suits the preset.",
        ),
    ] = None,
    object_name: ObjectOption = None,
    texts: TextsOption = None,
    adapter: AdapterOption = None,
    clip: ClipOption = DEFAULT_CLIP,
    epochs: EpochsOption = 160,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="For simplenet and sam2sim: what “train simplenet” wrote; by default one is trained, and kept.",
        ),
    ] = None,
    foreground: ForegroundOption = None,
    foreground_model: ForegroundModelOption = None,
    category_type: CategoryTypeOption = None,
    seed: SeedOption = 0,
    model: ModelOption = DEFAULT_MODEL,
    device: DeviceOption = "auto",
    layout: LayoutOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make anomaly maps of one image or of a category.

    A map tells for each pixel how anomalous it is: with few-shot how far it lies from everything in a few normal
    images, with clip how much more it is like sentences about damage than like sentences about a flawless object, with
    simplenet and sam2sim how unlike it is to what a small network learnt of all normal images.
    Written to --out: the map as float16 TIFF of raw scores at the image's size, and a picture of it over the image as
    PNG. Printed for each image: its score, whether its map exceeds the threshold, and how many boxes automatic prompts
    would get from it. The threshold lies just above what normal images reach; where none are compared with, each
    image's is a share of its highest score.
    """
    from sam_inspector.commands import mapping
    from sam_inspector.commands.map_making import MapOptions

    choice = ReferenceChoice("random" if random else "first", shots, seed)
    mapping.run(
        Console(json, quiet),
        path,
        method,
        MapOptions(
            given=_given(context),
            reference=reference,
            few_shot=FewShotSettings(backbone, preset, rotations, references=choice),
            model=model,
            clip=clip,
            object_name=object_name,
            texts=texts,
            adapter=adapter,
            device=device,
            epochs=epochs,
            checkpoint=checkpoint,
            foreground=foreground,
            foreground_model=foreground_model,
            category_type=category_type,
        ),
        layout=layout,
        out=out,
    )


def _given(context: typer.Context) -> frozenset[str]:
    """The options that stand on the command line, by their long names."""
    found = set()
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if source is not None and source.name == "COMMANDLINE":
            found.add(parameter.opts[0])
    return frozenset(found)
