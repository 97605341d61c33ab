"""Options that several commands have, written once: a command takes one as the type of its argument."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ModelOption = Annotated[str, typer.Option("--model", metavar="NAME", help="The model; “models list” prints the names.")]
DeviceOption = Annotated[
    str, typer.Option("--device", metavar="NAME", help="Where to compute: auto, cpu, cuda, cuda:N or mps.")
]
SeedOption = Annotated[
    int, typer.Option("--seed", metavar="N", help="Seed of everything random; kept with the results.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output, nothing else there.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No messages, no progress bars; errors are told.")]
PresetOption = Annotated[
    str,
    typer.Option(
        "--preset", metavar="NAME", help="How prompts are made: recommended, or faithful to the published code."
    ),
]
PointsOption = Annotated[int, typer.Option("--points", metavar="N", help="Points in each region, for mode bps.")]
LayoutOption = Annotated[
    str | None,
    typer.Option(
        "--layout",
        metavar="NAME",
        help="The dataset's layout: mvtec_ad, mvtec_loco, mvtec_3d, visa, visa_converted, btad or folder; "
        "recognised by default.",
    ),
]
RandomOption = Annotated[
    bool, typer.Option("--random", help="Draw those K images with --seed, instead of taking the first.")
]
ClipOption = Annotated[
    str,
    typer.Option(
        "--clip", metavar="NAME", help="The CLIP model; “models list” prints the names, ARCHITECTURE@FILE is your own."
    ),
]
ObjectOption = Annotated[
    str | None,
    typer.Option("--object", metavar="NAME", help="What the images show, in English; by default the category's name."),
]
TextsOption = Annotated[
    Path | None,
    typer.Option("--texts", metavar="FILE", help="States and templates as JSON; by default the list of this program."),
]
AdapterOption = Annotated[
    Path | None,
    typer.Option("--adapter", metavar="FILE", help="Linear layers for CLIP, as “train clip-adapter” writes them."),
]
EpochsOption = Annotated[
    int, typer.Option("--epochs", metavar="N", help="For SimpleNet: passes over the normal images; published: 160.")
]
ForegroundOption = Annotated[
    str | None,
    typer.Option(
        "--foreground",
        metavar="NAME",
        help="How an object is told from its background: point_grid, box_center or amg_union (by SAM), u2net, or none.",
    ),
]
ForegroundModelOption = Annotated[
    str | None,
    typer.Option(
        "--foreground-model", metavar="NAME", help="The model that finds foregrounds; by default that of --model."
    ),
]
CategoryTypeOption = Annotated[
    str | None,
    typer.Option(
        "--category-type",
        metavar="NAME",
        help="What categories show of which that is not known: object, texture, or object_kept_whole.",
    ),
]
BackgroundKindOption = Annotated[
    str | None,
    typer.Option(
        "--background-kind",
        metavar="NAME",
        help="Of dynamic backgrounds: flat, gradient, perlin, photos, or mixed (the default).",
    ),
]
BackgroundPhotosOption = Annotated[
    Path | None,
    typer.Option(
        "--background-photos",
        metavar="FOLDER",
        help="Photos for dynamic backgrounds; with the kind mixed, among others.",
    ),
]
