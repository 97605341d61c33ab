"""What the shell shows: results on standard output, everything else on standard error."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, ParamSpec

import typer

from sam_inspector.core.errors import Cancelled, SamInspectorError, StoreError

P = ParamSpec("P")
FAILED_STATUS = 1
CANCELLED_STATUS = 130


@dataclass(frozen=True, slots=True)
class Console:
    """How a command speaks.

    Attributes
    ----------
    as_json
        One JSON object on standard output and nothing else there. A command that fails leaves it empty; those that
        report on something (`doctor`, `evaluate`, `models verify`) print their object also when what they found is bad.
    quiet
        No messages and no bars; errors are still told.
    """

    as_json: bool = False
    quiet: bool = False

    @property
    def shows_bars(self) -> bool:
        """Whether `progress` is seen; where it is not, what takes long is better told with `say`."""
        return not self.quiet and sys.stderr is not None and sys.stderr.isatty()

    def say(self, text: str) -> None:
        """A message that is not the result."""
        if not self.quiet:
            _tell(text)

    def result(self, text: str, values: Any) -> None:
        """The result: for people, who need no empty line, or as JSON.

        Raises
        ------
        StoreError
            When standard output can't take it.
        """
        shown = json.dumps(values, allow_nan=False) if self.as_json else text
        try:
            if shown:
                print(shown, flush=True)
        except BrokenPipeError:
            raise
        except OSError as error:
            _close_output()
            reason = (error.strerror or str(error)).lower()
            raise StoreError(f"Standard output can't be written ({reason}): send it somewhere else.") from error

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[[float, str], None]]:
        """A bar on standard error while something takes its time; on a terminal only.

        Gives `report(fraction, text)`, with a fraction from 0 to 1.
        """
        if not self.shows_bars:
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
        except (typer.Exit, typer.BadParameter):
            raise
        except (KeyboardInterrupt, Cancelled):
            _tell("Cancelled.")
            raise typer.Exit(CANCELLED_STATUS) from None
        except BrokenPipeError:
            # The reader of our output went away, as `head` does.
            _close_output()
            raise typer.Exit(FAILED_STATUS) from None
        except Exception as error:
            if is_debugging():
                raise
            _tell(f"Error: {_sentence(error)}")
            raise typer.Exit(FAILED_STATUS) from None

    return mannered


def is_debugging() -> bool:
    """Whether `--debug` was given: then errors keep their traceback."""
    return "--debug" in sys.argv


def _sentence(error: Exception) -> str:
    if isinstance(error, SamInspectorError):
        return " ".join(str(error).splitlines())
    if isinstance(error, MemoryError):
        return "there is not enough memory for this: close other programs, or take a smaller image or model."
    text = " ".join(f"{type(error).__name__}: {error}".splitlines())
    return f"something went wrong inside the program ({text}); run it again with --debug for the details."


def _tell(text: str) -> None:
    # Where standard error is closed, `print` would turn to standard output.
    if sys.stderr is not None:
        print(text, file=sys.stderr, flush=True)


def _close_output() -> None:
    """What waits to be printed would be tried again when the program ends, and fail with a complaint."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
