"""How the commands about masks and the prompts for them are called: `segment` and `prompts`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sam_inspector.cli.options import (
    DeviceOption,
    JsonOption,
    LayoutOption,
    ModelOption,
    PointsOption,
    PresetOption,
    QuietOption,
    SeedOption,
)
from sam_inspector.commands.console import Console, command
from sam_inspector.models.registry import DEFAULT_MODEL

app = typer.Typer()


@app.command(
    short_help="Segment one image from points and boxes.",
    epilog="Example: sam-inspector segment part.png --box 40,60,120,150 --exclude 80,90 --out mask.png",
)
@command
def segment(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="The image.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The mask to write, PNG.")],
    point: Annotated[list[str] | None, typer.Option(metavar="X,Y", help="A pixel of the defect; repeatable.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(metavar="X,Y", help="A pixel not of it; repeatable.")] = None,
    box: Annotated[
        list[str] | None, typer.Option(metavar="X0,Y0,X1,Y1", help="A box around the defect; repeatable.")
    ] = None,
    ground_truth: Annotated[Path | None, typer.Option(metavar="FILE", help="A mask to score against.")] = None,
    model: ModelOption = DEFAULT_MODEL,
    device: DeviceOption = "auto",
    seed: SeedOption = 0,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Segment one image from points and boxes.

    At least one --point or --box is needed. Coordinates are pixels: 0,0 is the centre of the top-left pixel.
    """
    from sam_inspector.commands import segmenting

    segmenting.run(
        Console(json, quiet),
        image,
        segmenting.prompts_from_options(point or [], exclude or [], box or []),
        out=out,
        ground_truth=ground_truth,
        model=model,
        device=device,
        seed=seed,
    )


@app.command(
    short_help="Make prompts from the ground truth of a category.",
    epilog="Example: sam-inspector prompts mvtec/hazelnut --mode bps --points 5 --out prompts.json",
)
@command
def prompts(
    category: Annotated[Path, typer.Argument(metavar="CATEGORY", help="The folder of one dataset category.")],
    mode: Annotated[str, typer.Option(metavar="MODE", help="naive, b, bp or bps.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The prompt set to write, JSON.")],
    preset: PresetOption = "recommended",
    points: PointsOption = 20,
    seed: SeedOption = 0,
    layout: LayoutOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make prompts from the ground truth of a category.

    Modes: naive is one box around the whole image; b is the box of each defect region; bp adds the pixel deepest inside
    it; bps adds --points pixels spread over it.
    """
    from sam_inspector.commands import prompting

    prompting.run(Console(json, quiet), category, mode, preset=preset, points=points, seed=seed, layout=layout, out=out)
