"""How the commands about models and their weights are called: `models list`, `get`, `verify` and `path`."""

from __future__ import annotations

from typing import Annotated

import typer

from sam_inspector.cli.options import JsonOption, QuietOption
from sam_inspector.commands.console import Console, command

app = typer.Typer(
    help="The models, backbones and other networks, and their weights; without a command it lists them.",
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
@command
def models(context: typer.Context, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """The models, backbones and other networks, and their weights; without a command it lists them."""
    if context.invoked_subcommand is None:
        models_list(json, quiet)
    elif json or quiet:
        raise typer.BadParameter(f"--json and --quiet go behind the command: models {context.invoked_subcommand} …")


@app.command("list")
@command
def models_list(json: JsonOption = False, quiet: QuietOption = False) -> None:
    """List the models, backbones and other networks, and the state of their weights."""
    from sam_inspector.commands import weights

    weights.list_models(Console(json, quiet))


@app.command("get")
@command
def models_get(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the model or backbone.")],
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Fetch the weights of a model or backbone."""
    from sam_inspector.commands import weights

    weights.get(Console(json, quiet), name)


@app.command("verify")
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


@app.command("path")
@command
def models_path(json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Print the folder of the weights."""
    from sam_inspector.commands import weights

    weights.path(Console(json, quiet))
