"""How the commands that train are called: `train clip-adapter`, `train simplenet` and `train spt`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from sam_inspector.cli.options import (
    ClipOption,
    DeviceOption,
    JsonOption,
    LayoutOption,
    ModelOption,
    QuietOption,
    SeedOption,
    TextsOption,
)
from sam_inspector.commands.console import Console, command
from sam_inspector.models.clip_registry import DEFAULT_CLIP
from sam_inspector.models.registry import DEFAULT_MODEL

if TYPE_CHECKING:
    from sam_inspector.methods.spt.settings import PromptKind

app = typer.Typer(help="Train what a method needs on images of your own.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def train() -> None:
    """Train what a method needs on images of your own."""


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


@app.command(
    "simplenet",
    short_help="Train a SimpleNet on normal images.",
    epilog="Example: sam-inspector train simplenet mvtec/hazelnut --out hazelnut.safetensors",
)
@command
def train_simplenet(
    dataset: Annotated[list[Path], typer.Argument(metavar="DATASET", help="Dataset roots or category folders.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The file for the network, ending in .safetensors.")],
    category: Annotated[
        str | None, typer.Option(metavar="NAME", help="The category, where the dataset has several.")
    ] = None,
    backbone: Annotated[
        str, typer.Option(metavar="NAME", help="What describes the images; “models list” prints the names.")
    ] = "sam",
    preset: Annotated[
        str, typer.Option(metavar="NAME", help="recommended, or faithful to the publication (wide_resnet50_2).")
    ] = "recommended",
    model: ModelOption = DEFAULT_MODEL,
    epochs: Annotated[
        int, typer.Option(metavar="N", help="Passes over the images, with those before --resume; published: 160.")
    ] = 160,
    batch: Annotated[int, typer.Option(metavar="N", help="Images a step.")] = 8,
    noise: Annotated[
        float | None, typer.Option(metavar="SIGMA", help="Standard deviation of the noise; by default the preset's.")
    ] = None,
    paper_protocol: Annotated[
        bool,
        typer.Option("--paper-protocol", help="Keep the epoch that does best on the test images, as published."),
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the training in --out, which must be the same one.")
    ] = False,
    seed: SeedOption = 0,
    device: DeviceOption = "auto",
    layout: LayoutOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train a small network to tell the features of a category's normal images from the same with noise.

    No masks and no defects are needed. The last epoch counts. With --paper-protocol it is the one that does best on the
    test images, which makes figures on those too good. The file is written now and then, so that --resume can go on; it
    tells what it was trained on.
    """
    from sam_inspector.anomaly.simplenet.settings import SimpleNetSettings
    from sam_inspector.commands import training_simplenet

    settings = SimpleNetSettings(backbone, preset, epochs, batch, noise, seed, paper_protocol)
    training_simplenet.train_simplenet(
        Console(json, quiet),
        dataset,
        out,
        settings=settings,
        model=model,
        category=category,
        resume=resume,
        device=device,
        layout=layout,
    )


@app.command(
    "spt",
    short_help="Tune SAM on images with masks.",
    epilog="Example: sam-inspector train spt mvtec/grid mvtec/leather --out surfaces.safetensors",
)
@command
def train_spt(
    dataset: Annotated[list[Path], typer.Argument(metavar="DATASET", help="Dataset roots or category folders.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The file for the model, ending in .safetensors.")],
    model: ModelOption = DEFAULT_MODEL,
    variant: Annotated[
        str,
        typer.Option(metavar="NAME", help="What is tuned: spt, sdt, vra, lora, decoder."),
    ] = "spt",
    preset: Annotated[
        str, typer.Option(metavar="NAME", help="recommended, or faithful to the publication, which wants a GPU.")
    ] = "recommended",
    prompts: Annotated[
        str, typer.Option(metavar="NAME", help="What SAM is given in training: mixed, box, point or points.")
    ] = "mixed",
    holdout: Annotated[
        str,
        typer.Option(
            metavar="WHAT",
            help="Images to judge on: a share of each category as 0.25, a fold as 1/5, a category, or none.",
        ),
    ] = "0.25",
    category: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this category; repeatable.")] = None,
    epochs: Annotated[
        int | None, typer.Option(metavar="N", help="Passes over the images; by default the preset's.")
    ] = None,
    rate: Annotated[float | None, typer.Option(metavar="RATE", help="Learning rate; by default the preset's.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the tuning in --out, which must be the same one.")
    ] = False,
    seed: SeedOption = 0,
    device: DeviceOption = "auto",
    layout: LayoutOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Tune SAM on images with masks, so that the same click gives a better mask.

    The images held out are not learnt from: SAM is judged on them before, and now and then while it is tuned, and the
    state that does best on them is kept, so that its scores are a little too good. The file holds what was tuned and
    fits the model it was tuned on only; use it by --model FILE, or score it by “evaluate --mode spt --tuned FILE”.
    """
    from sam_inspector.commands import training_spt
    from sam_inspector.methods.spt.holdout import Holdout
    from sam_inspector.methods.spt.settings import SptSettings, default_epochs

    training_spt.train_spt(
        Console(json, quiet),
        dataset,
        out,
        settings=SptSettings(
            variant,
            preset,
            cast("PromptKind", prompts),
            Holdout.parse(holdout, seed),
            default_epochs(preset) if epochs is None else epochs,
            rate,
            seed,
        ),
        model=model,
        categories=category or [],
        resume=resume,
        device=device,
        layout=layout,
    )
