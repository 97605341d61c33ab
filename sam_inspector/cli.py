"""The command `sam-inspector`: how each command is called. What it does is in `commands`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from sam_inspector import __version__
from sam_inspector.commands.console import Console, command

app = typer.Typer(
    name="sam-inspector",
    help="Segment visual defects with SAM, and score every mask as it appears. Without a command the window opens.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
models_app = typer.Typer(help="The models and their weights.", rich_markup_mode=None)
app.add_typer(models_app, name="models")

# typer reads these at run time, and Python 3.10 has no other form that it understands.
ModelOption = Annotated[str, typer.Option("--model", help="Name of the model; “models list” prints them.")]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:N or mps.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Seed of everything random.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output, nothing else there.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No messages, no progress bars.")]
PresetOption = Annotated[str, typer.Option("--preset", help="recommended, or faithful to the published code.")]
PointsOption = Annotated[int, typer.Option("--points", help="Points of each region in mode bps.")]
LayoutOption = Annotated[Optional[str], typer.Option("--layout", help="The dataset's layout; recognised by default.")]  # noqa: UP045

MOBILE_SAM = "mobile_sam"


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sam-inspector {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error; may stand anywhere.")] = False,
) -> None:
    """Segment visual defects with SAM, and score every mask as it appears. Without a command the window opens."""
    if context.invoked_subcommand is None:
        open_window(None)


@app.command("open")
@command
def open_window(
    path: Annotated[Path | None, typer.Argument(help="An image, a folder, a dataset or one of its categories.")] = None,
    model: ModelOption = MOBILE_SAM,
    device: DeviceOption = "auto",
) -> None:
    """Open the window on an image, a folder or a dataset."""
    from sam_inspector.commands import window

    window.run(path, model, device)


@app.command()
@command
def demo(
    picture: Annotated[Path, typer.Option(help="Without a display: where the picture of the window goes.")] = Path(
        "sam-inspector-demo.png"
    ),
    model: ModelOption = MOBILE_SAM,
    device: DeviceOption = "auto",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Open the window on the bundled samples; without a display, run one segmentation in it and print its scores."""
    from sam_inspector.commands import window

    window.demo(Console(json, quiet), model, device, picture)


@app.command()
@command
def segment(
    image: Annotated[Path, typer.Argument(help="The image.")],
    out: Annotated[Path, typer.Option(help="The mask to write, PNG.")],
    point: Annotated[list[str] | None, typer.Option(metavar="X,Y", help="A pixel of the defect; repeatable.")] = None,
    exclude: Annotated[Optional[list[str]], typer.Option(metavar="X,Y", help="A pixel not of it; repeatable.")] = None,  # noqa: UP045
    box: Annotated[Optional[list[str]], typer.Option(metavar="X0,Y0,X1,Y1", help="A box; repeatable.")] = None,  # noqa: UP045
    ground_truth: Annotated[Optional[Path], typer.Option(help="A mask to score against.")] = None,  # noqa: UP045
    model: ModelOption = MOBILE_SAM,
    device: DeviceOption = "auto",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Segment one image from points and boxes, in pixels from the centre of the top-left pixel."""
    from sam_inspector.commands import segmenting

    prompts = segmenting.prompts_from_options(point or [], exclude or [], box or [])
    segmenting.run(Console(json, quiet), image, prompts, out, ground_truth, model, device)


@app.command()
@command
def prompts(
    category: Annotated[Path, typer.Argument(help="The folder of one dataset category.")],
    mode: Annotated[str, typer.Option(help="naive, b, bp or bps.")],
    out: Annotated[Path, typer.Option(help="The prompt set to write, JSON.")],
    preset: PresetOption = "recommended",
    points: PointsOption = 20,
    seed: SeedOption = 0,
    layout: LayoutOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make prompts from the ground truth of a category."""
    from sam_inspector.commands import prompting

    prompting.run(Console(json, quiet), category, mode, preset, points, seed, out, layout)


@app.command()
@command
def evaluate(
    dataset: Annotated[list[Path], typer.Argument(help="Dataset roots or category folders.")],
    mode: Annotated[str, typer.Option(help="One or more of naive, b, bp, bps, with commas.")],
    out: Annotated[Path, typer.Option(help="The folder for the results.")],
    preset: PresetOption = "recommended",
    points: PointsOption = 20,
    category: Annotated[Optional[list[str]], typer.Option(help="Only this category; repeatable.")] = None,  # noqa: UP045
    limit: Annotated[Optional[int], typer.Option(help="At most so many images a category.")] = None,  # noqa: UP045
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")] = False,
    seed: SeedOption = 0,
    model: ModelOption = MOBILE_SAM,
    device: DeviceOption = "auto",
    layout: LayoutOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Score prompt modes against the ground truth of whole datasets."""
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
    )


@models_app.callback(invoke_without_command=True)
@command
def models(context: typer.Context, json: JsonOption = False) -> None:
    """List the models, or fetch and check their weights."""
    if context.invoked_subcommand is None:
        from sam_inspector.commands import weights

        weights.list_models(Console(json))


@models_app.command("list")
@command
def models_list(json: JsonOption = False) -> None:
    """List the models and the state of their weights."""
    from sam_inspector.commands import weights

    weights.list_models(Console(json))


@models_app.command("get")
@command
def models_get(
    name: Annotated[str, typer.Argument(help="Name of the model.")],
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Fetch the weights of a model."""
    from sam_inspector.commands import weights

    weights.get(Console(json, quiet), name)


@models_app.command("verify")
@command
def models_verify(
    name: Annotated[Optional[str], typer.Argument(help="Name of the model; all by default.")] = None,  # noqa: UP045
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compare the weights that are there with their SHA-256."""
    from sam_inspector.commands import weights

    weights.verify_models(Console(json, quiet), name)


@models_app.command("path")
@command
def models_path(json: JsonOption = False) -> None:
    """Print the folder of the weights."""
    from sam_inspector.commands import weights

    weights.path(Console(json))


@app.command()
@command
def doctor(json: JsonOption = False) -> None:
    """Tell what is installed, which device computes, which weights are there, what is wrong and how to mend it."""
    from sam_inspector.commands import doctor as checks

    checks.run(Console(json))


def main() -> None:
    """Entry point of the command `sam-inspector`; ends the process with its exit status."""
    if "--debug" in sys.argv:
        # Allowed anywhere on the line, while the parser knows it in front only; the console looks at sys.argv.
        arguments = ["--debug", *(argument for argument in sys.argv[1:] if argument != "--debug")]
        app(arguments)
    app()
