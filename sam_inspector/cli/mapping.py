"""How the command that makes anomaly maps is called: `map`."""

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
    QuietOption,
    RandomOption,
    SeedOption,
)
from sam_inspector.commands.console import Console, command
from sam_inspector.models.registry import DEFAULT_MODEL
from sam_inspector.prompting.automatic import AutomaticPrompts

app = typer.Typer()


@app.command(
    "map",
    short_help="Make anomaly maps of one image or of a category.",
    epilog="Example: sam-inspector map mvtec/hazelnut --method few-shot --shots 4 --out maps",
)
@command
def map_images(
    path: Annotated[
        Path, typer.Argument(metavar="IMAGE_OR_CATEGORY", help="An image, or the folder of a category or of images.")
    ],
    method: Annotated[str, typer.Option(metavar="NAME", help="How the map is made: few-shot.")],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder for the maps.")],
    reference: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Normal images to compare with; by default train/good of the category."),
    ] = None,
    shots: Annotated[int, typer.Option(metavar="K", help="How many of them are compared with.")] = DEFAULT_SHOTS,
    random: RandomOption = False,
    backbone: Annotated[
        str, typer.Option(metavar="NAME", help="Whose features are compared; “models list” prints the names.")
    ] = DEFAULT_BACKBONE,
    preset: Annotated[
        str, typer.Option(metavar="NAME", help="recommended, or faithful to the publication of the backbone.")
    ] = "recommended",
    rotations: Annotated[
        int | None,
        typer.Option(metavar="N", help="Angles that each normal image is shown at; by default what suits the preset."),
    ] = None,
    seed: SeedOption = 0,
    model: ModelOption = DEFAULT_MODEL,
    device: DeviceOption = "auto",
    layout: LayoutOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make anomaly maps of one image, or of each test image of a category.

    A map tells for each pixel how far it lies from everything in a few normal images. Written to --out: the map as
    float16 TIFF of raw scores at the image's size, and a picture of it over the image as PNG. Printed: the threshold
    just above what normal images reach, and for each image its score, whether its map exceeds that threshold, and how
    many boxes automatic prompts would get from it.
    """
    from sam_inspector.commands import mapping

    choice = ReferenceChoice("random" if random else "first", shots, seed)
    mapping.run(
        Console(json, quiet),
        path,
        reference,
        mapping.MapRun(
            settings=FewShotSettings(backbone, preset, rotations, references=choice),
            automatic=AutomaticPrompts(),
            method=method,
            layout=layout,
            model=model,
            device=device,
        ),
        out=out,
    )
