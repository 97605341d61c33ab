"""The manners all commands share."""

import errno
import sys

import pytest
import typer

from sam_inspector.commands import console
from sam_inspector.commands.console import Console, command
from sam_inspector.core.errors import Cancelled, InputError, StoreError
from sam_inspector.prompting.from_ground_truth import GT_MODES, GT_PRESETS
from tests.commands.conftest import finish_process, start_process

COMMANDS = ("open", "demo", "segment", "prompts", "map", "evaluate", "models", "bench", "doctor")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (InputError("This is wrong:\ndo that."), "Error: This is wrong: do that."),
        (MemoryError(), "Error: there is not enough memory"),
        (ZeroDivisionError("by zero"), "Error: something went wrong inside the program (ZeroDivisionError: by zero)"),
    ],
)
def test_an_error_is_one_line_and_status_1(capsys, error, line):
    with pytest.raises(typer.Exit) as end:
        command(_raising(error))()
    told = capsys.readouterr()
    assert (end.value.exit_code, told.out) == (1, "")
    assert told.err.startswith(line)
    assert told.err.count("\n") == 1


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), Cancelled("given up")])
def test_cancelling_is_status_130(capsys, stop):
    with pytest.raises(typer.Exit) as end:
        command(_raising(stop))()
    assert (end.value.exit_code, capsys.readouterr().err) == (130, "Cancelled.\n")


def test_debugging_keeps_the_traceback(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["sam-inspector", "doctor", "--debug"])
    with pytest.raises(InputError):
        command(_raising(InputError("x")))()


def _raising(error):
    def function():
        raise error

    return function


def test_messages_stay_off_standard_output(capsys):
    Console(as_json=True).say("a message")
    Console(as_json=True).result("for people", {"for": "programs"})
    Console(quiet=True).say("nothing")
    told = capsys.readouterr()
    assert (told.out, told.err) == ('{"for": "programs"}\n', "a message\n")


def test_messages_stay_off_standard_output_where_standard_error_is_closed(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    Console().say("a message")
    with Console().progress("Working") as report:
        report(0.5, "half")
    assert capsys.readouterr().out == ""


def test_a_full_disk_behind_standard_output_is_told(monkeypatch):
    def no_room(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("builtins.print", no_room)
    monkeypatch.setattr(console, "_close_output", lambda: None)
    with pytest.raises(StoreError, match="no space left"):
        Console().result("text", {})


def test_a_reader_that_goes_away_is_no_error_message():
    process = start_process("models", "list")
    process.stdout.close()
    assert process.wait(60) == 1
    assert process.stderr.read() == ""
    process.stderr.close()


@pytest.mark.parametrize("arguments", [("--debug", "models", "get", "nope"), ("models", "get", "nope", "--debug")])
def test_debug_may_stand_anywhere(arguments):
    outcome = finish_process(start_process(*arguments))
    assert outcome.status == 1
    assert "Traceback" in outcome.err
    assert "There is no model or backbone “nope”" in outcome.err.splitlines()[-1]


def test_letters_that_the_terminal_lacks_are_no_error():
    outcome = finish_process(start_process("models", "get", "nope", PYTHONIOENCODING="ascii"))
    assert outcome.status == 1
    assert outcome.error.startswith("There is no model or backbone \\u201cnope\\u201d: choose")
    outcome = finish_process(start_process("models", "verify", PYTHONIOENCODING="ascii"))
    assert (outcome.status, outcome.err) == (0, "")
    assert "\\u201csam-inspector models get" in outcome.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(shell, name):
    outcome = shell(name, "--help")
    assert outcome.status == 0
    assert "Usage:" in outcome.out
    assert outcome.err == ""
    assert shell(name, "-h").out == outcome.out


def test_the_overview_names_every_command(shell):
    overview = shell("--help").out
    assert all(f"  {name} " in overview for name in COMMANDS)
    assert "…" not in overview  # no description is cut off
    assert "..." not in overview.replace("[ARGS]...", "")


@pytest.mark.parametrize("name", ["prompts", "evaluate"])
def test_help_names_the_modes_and_presets_that_there_are(shell, name):
    text = shell(name, "--help").out
    assert all(mode in text for mode in (*GT_MODES, *GT_PRESETS))


def test_version(shell):
    assert shell("--version").out.startswith("sam-inspector 0.")


@pytest.mark.parametrize(
    "arguments",
    [
        ("nosuchcommand",),
        ("segment",),
        ("segment", "a.png", "--point", "1,1"),
        ("segment", "a.png", "--out", "m.png", "--nosuchoption"),
        ("evaluate", "folder", "--out", "o"),
        ("evaluate", "folder", "--mode", "b", "--out", "o", "--limit", "many"),
        ("models", "--json", "list"),
        ("models", "nosuchcommand"),
        ("models", "get"),
    ],
)
def test_wrong_usage_is_status_2(shell, arguments):
    outcome = shell(*arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert "Error: " in outcome.err.splitlines()[-1]
