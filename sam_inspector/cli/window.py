"""How the commands that open the window are called: `open` and `demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sam_inspector.cli.options import DeviceOption, JsonOption, ModelOption, QuietOption
from sam_inspector.commands.console import Console, command
from sam_inspector.models.registry import DEFAULT_MODEL

app = typer.Typer()


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
