"""What the shell shows: results on standard output, everything else on standard error."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ParamSpec

import typer

from sam_inspector.core.errors import Cancelled, SamInspectorError

P = ParamSpec("P")
CANCELLED_STATUS = 130


@dataclass(frozen=True, slots=True)
class Console:
    """How a command speaks.

    Attributes
    ----------
    as_json
        One JSON object on standard output and nothing else there.
    quiet
        No messages and no bars; errors are still told.
    """

    as_json: bool = False
    quiet: bool = False

    def say(self, text: str) -> None:
        """A message that is not the result."""
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)

    def result(self, text: str, values: Any) -> None:
        """The result: for people, or as JSON."""
        print(json.dumps(values, allow_nan=False) if self.as_json else text, flush=True)

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[[float, str], None]]:
        """A bar on standard error while something takes its time; on a terminal only.

        Gives `report(fraction, text)`, with a fraction from 0 to 1.
        """
        if self.quiet or not sys.stderr.isatty():
            yield lambda fraction, text: None
            return
        from rich.console import Console as RichConsole
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
        with Progress(*columns, TimeRemainingColumn(), console=RichConsole(stderr=True), transient=True) as bar:
            task = bar.add_task(title, total=1.0)

            def report(fraction: float, text: str) -> None:
                bar.update(task, completed=fraction, description=text or title)

            yield report


def command(function: Callable[P, None]) -> Callable[P, None]:
    """Give a command the program's manners: one line for an error and status 1, 130 when cancelled, no traceback."""

    @functools.wraps(function)
    def mannered(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except typer.Exit:
            raise
        except (KeyboardInterrupt, Cancelled):
            print("Cancelled.", file=sys.stderr)
            raise typer.Exit(CANCELLED_STATUS) from None
        except SamInspectorError as error:
            if is_debugging():
                raise
            print(f"Error: {error}", file=sys.stderr)
            raise typer.Exit(1) from None
        except BrokenPipeError:
            # The reader of our output went away, as `head` does.
            sys.stderr.close()
            raise typer.Exit(1) from None
        except Exception as error:
            if is_debugging():
                raise
            print(
                f"Error: something went wrong inside the program ({type(error).__name__}: {error}); "
                "run it again with --debug for the details.",
                file=sys.stderr,
            )
            raise typer.Exit(1) from None

    return mannered


def is_debugging() -> bool:
    """Whether `--debug` was given: then errors keep their traceback."""
    return "--debug" in sys.argv
