"""The command `sam-inspector`: how each command is called. What it does is in `sam_inspector.commands`.

Each file here declares a group of commands in a `typer.Typer` of its own, and they are put together below. No file
here imports torch, Qt or numpy: `--help` shall not wait for them.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from typing import Annotated

import typer

from sam_inspector import __version__
from sam_inspector.cli import ablation, evaluating, mapping, measuring, models, segmenting, training, window
from sam_inspector.commands.console import CANCELLED_STATUS, is_debugging

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
# Without a name its commands are commands of the program. The help lists them in this order, and named groups last.
for group in (window, segmenting, evaluating, mapping, measuring):
    app.add_typer(group.app)
app.add_typer(ablation.app, name="ablation", short_help="Take a method apart.")
app.add_typer(training.app, name="train", short_help="Train what a method needs.")
app.add_typer(models.app, name="models", short_help="List and fetch models and backbones.")


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
        window.open_window(None)


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
