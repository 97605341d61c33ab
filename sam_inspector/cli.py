"""The command `sam-inspector`: how each command is called. What it does is in `commands`."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer

from sam_inspector import __version__
from sam_inspector.anomaly.settings import DEFAULT_BACKBONE, DEFAULT_SHOTS, FewShotSettings, ReferenceChoice
from sam_inspector.commands.console import CANCELLED_STATUS, Console, command, is_debugging
from sam_inspector.models.registry import DEFAULT_MODEL
from sam_inspector.prompting.automatic import THRESHOLD_POLICIES, AutomaticPrompts

SUMMARY = "Segment visual defects with SAM, and score every mask as it appears. Without a command the window opens."
EXIT_STATUSES = "Exit status: 0 done, 1 failed, 2 wrong usage, 130 cancelled."

app = typer.Typer(
    name="sam-inspector",
    help=SUMMARY,
    epilog=EXIT_STATUSES,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
models_app = typer.Typer(
    help="The models and backbones, and their weights; without a command it lists them.", rich_markup_mode=None
)
app.add_typer(models_app, name="models", short_help="List and fetch models and backbones.")

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
        "--layout", metavar="NAME", help="The dataset's layout: mvtec_ad, mvtec_loco or folder; recognised by default."
    ),
]


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
    """Open the window when no command is given."""
    if context.invoked_subcommand is None:
        open_window(None)


@app.command("open")
@command
def open_window(
    path: Annotated[
        Path | None, typer.Argument(metavar="PATH", help="An image, a folder, a dataset or one of its categories.")
    ] = None,
    model: ModelOption = DEFAULT_MODEL,
    device: DeviceOption = "auto",
) -> None:
    """Open the window on an image, a folder or a dataset."""
    from sam_inspector.commands import window

    window.run(path, model, device)


@app.command(short_help="Open the window on the bundled samples.")
@command
def demo(
    picture: Annotated[
        Path, typer.Option(metavar="FILE", help="Without a display: where the picture of the window goes, PNG.")
    ] = Path("sam-inspector-demo.png"),
    model: ModelOption = DEFAULT_MODEL,
    device: DeviceOption = "auto",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Open the window on the bundled samples; without a display, run one segmentation in it and print its scores."""
    from sam_inspector.commands import window

    window.demo(Console(json, quiet), model, device, picture)


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
    random: Annotated[
        bool, typer.Option("--random", help="Draw those K images with --seed, instead of taking the first.")
    ] = False,
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
    random: Annotated[
        bool, typer.Option("--random", help="Draw those K images with --seed, instead of taking the first.")
    ] = False,
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


@app.command(short_help="Measure how fast this machine is.")
@command
def bench(
    model: ModelOption = DEFAULT_MODEL,
    device: DeviceOption = "auto",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure how fast this machine encodes, decodes, maps and scores, on a made-up picture of 1024 × 1024 pixels.

    Beside each time stands that of the plain path in the same run: the networks in float32 as their package brings
    them, the map by one product over all tokens in float32, the metrics by scikit-learn. It takes about a minute.
    """
    from sam_inspector.commands import benchmark

    benchmark.run(Console(json, quiet), model, device)


@models_app.callback(invoke_without_command=True)
@command
def models(context: typer.Context, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """The models and backbones, and their weights; without a command it lists them."""
    if context.invoked_subcommand is None:
        models_list(json, quiet)
    elif json or quiet:
        raise typer.BadParameter(f"--json and --quiet go behind the command: models {context.invoked_subcommand} …")


@models_app.command("list")
@command
def models_list(json: JsonOption = False, quiet: QuietOption = False) -> None:
    """List the models and backbones, and the state of their weights."""
    from sam_inspector.commands import weights

    weights.list_models(Console(json, quiet))


@models_app.command("get")
@command
def models_get(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the model or backbone.")],
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Fetch the weights of a model or backbone."""
    from sam_inspector.commands import weights

    weights.get(Console(json, quiet), name)


@models_app.command("verify")
@command
def models_verify(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Name of the model or backbone; all by default.")
    ] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compare the weights that are there with their SHA-256."""
    from sam_inspector.commands import weights

    weights.verify_models(Console(json, quiet), name)


@models_app.command("path")
@command
def models_path(json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Print the folder of the weights."""
    from sam_inspector.commands import weights

    weights.path(Console(json, quiet))


@app.command(short_help="Tell what is installed and what is wrong.")
@command
def doctor(json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Tell what is installed, which device computes, which weights are there, what is wrong and how to mend it."""
    from sam_inspector.commands import doctor as checks

    checks.run(Console(json, quiet))


def main() -> None:
    """Entry point of the command `sam-inspector`; ends the process with its exit status."""
    _quieten_libraries()
    _wait_without_spinning()
    # Allowed anywhere on the line, while the parser knows it in front only; the console looks at sys.argv.
    others = [argument for argument in sys.argv[1:] if argument != "--debug"]
    try:
        app(["--debug", *others] if is_debugging() else others)
    except SystemExit as end:
        if end.code == CANCELLED_STATUS:
            _leave_at_once()
        raise


def _quieten_libraries() -> None:
    """What libraries have to say to programmers is not for the users of this program, unless they debug it."""
    for stream in (sys.stdout, sys.stderr):
        # A file name need not be text, nor need a terminal know every letter.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if not is_debugging() and not sys.warnoptions:
        warnings.simplefilter("ignore")
        logging.getLogger().addHandler(logging.NullHandler())


def _wait_without_spinning() -> None:
    """Let the threads of torch sleep while they wait for one another.

    By default they spin. On two cores beside another busy program that made encoding about five and decoding about ten
    times slower; on an idle machine spinning is a little quicker. OpenMP looks at this once, when torch is imported.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def _leave_at_once() -> None:
    """End without the usual cleaning up.

    Python takes a Ctrl-C that came while it ran generated code, as it does at imports, for unhandled, although it was
    handled; then the exit status would be another. Nor shall a cancelled command wait for its threads.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(CANCELLED_STATUS)
