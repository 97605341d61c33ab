"""How the commands that look at this machine are called: `bench` and `doctor`."""

from __future__ import annotations

import typer

from sam_inspector.cli.options import DeviceOption, JsonOption, ModelOption, QuietOption
from sam_inspector.commands.console import Console, command
from sam_inspector.models.registry import DEFAULT_MODEL

app = typer.Typer()


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


@app.command(short_help="Tell what is installed and what is wrong.")
@command
def doctor(json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Tell what is installed, which device computes, which weights are there, what is wrong and how to mend it."""
    from sam_inspector.commands import doctor as checks

    checks.run(Console(json, quiet))
