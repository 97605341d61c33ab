"""How the commands that train are called: `train clip-adapter`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sam_inspector.cli.options import (
    ClipOption,
    DeviceOption,
    JsonOption,
    LayoutOption,
    QuietOption,
    SeedOption,
    TextsOption,
)
from sam_inspector.commands.console import Console, command
from sam_inspector.models.clip_registry import DEFAULT_CLIP

app = typer.Typer(help="Train what a method needs on images with masks.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def train() -> None:
    """Train what a method needs on images with masks."""


@app.command(
    "clip-adapter",
    short_help="Train CLIP's linear layers on datasets.",
    epilog="Example: sam-inspector train clip-adapter visa --out visa.safetensors",
)
@command
def train_clip_adapter(
    dataset: Annotated[list[Path], typer.Argument(metavar="DATASET", help="Dataset roots or category folders.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The file for the layers, ending in .safetensors.")],
    clip: ClipOption = DEFAULT_CLIP,
    category: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this category; repeatable.")] = None,
    epochs: Annotated[
        int, typer.Option(metavar="N", help="Passes over the images, with those before --resume; published: 3 to 15.")
    ] = 15,
    batch: Annotated[int, typer.Option(metavar="N", help="Images a step.")] = 8,
    mosaics: Annotated[
        float,
        typer.Option(
            metavar="SHARE", help="How often four images of a category stand for one; published for MVTec: 0.2."
        ),
    ] = 0.0,
    texts: TextsOption = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the training in --out, which must be the same one.")
    ] = False,
    seed: SeedOption = 111,
    device: DeviceOption = "auto",
    layout: LayoutOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train the linear layers that bring CLIP's image tokens near to its sentences.

    They are trained on the test images of datasets with masks, good ones too, and make better maps of other categories
    than those (“map --method clip --adapter FILE”). After each epoch the file is written, so that --resume can go on
    from there; it tells what it was trained on.
    """
    from sam_inspector.commands import training

    training.train_clip(
        Console(json, quiet),
        dataset,
        out,
        clip=clip,
        categories=category or [],
        epochs=epochs,
        batch_size=batch,
        mosaic_share=mosaics,
        texts=texts,
        seed=seed,
        resume=resume,
        device=device,
        layout=layout,
    )
