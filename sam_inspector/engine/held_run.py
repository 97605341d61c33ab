"""What lies in the folder that a run is to write into, and why the run may not.

Hours of computing are not replaced by accident, and results of two kinds are not mixed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sam_inspector.core.errors import InputError
from sam_inspector.data.datasets import Dataset
from sam_inspector.data.review_database import STORE_FOLDER
from sam_inspector.engine.journal import Journal
from sam_inspector.engine.results_file import RESULTS_FILE, SCHEMA, read_results, read_results_header
from sam_inspector.engine.run_lock import LOCK_NAME

REPORT_FILES = ("report.html", "table.md", "table.tex")
RUN_FILES = (RESULTS_FILE, "results.csv", "times.csv", "prompts.json", "curves.json", *REPORT_FILES)
RUN_FOLDERS = ("masks", "maps")
MUST_AGREE = ("version", "model", "device", "dtype", "preset", "seed", "settings")
"""Parts of the header without which results do not belong into one run."""
ANEW = "give another --out, or begin anew with --replace"
_ANY_KIND = SCHEMA.rpartition("/")[0]
_MOST_NAMES, _MOST_DIFFERENCES, _MOST_LETTERS = 4, 3, 60


@dataclass(frozen=True, eq=False, slots=True)
class HeldRun:
    """The run in a folder.

    Attributes
    ----------
    header
        What its results.json begins with, or, of a run under way, its journal.
    is_complete
        Whether it has nothing left to do.
    """

    out: Path
    header: Mapping[str, Any]
    is_complete: bool

    def images_done(self) -> int:
        """How many images have a result: what would be lost."""
        if not self.is_complete:
            return Journal(self.out).images_done()
        rows = (read_results(self.out / RESULTS_FILE) or {}).get("images", ())
        return len({(row["category"], row["path"]) for row in rows if row["error"] is None})

    def title(self, images: int) -> str:
        """What a person knows it by: categories, modes, number of images, and when it was written."""
        changed = Journal(self.out).changed_at() if not self.is_complete else (self.out / RESULTS_FILE).stat().st_mtime
        when = datetime.fromtimestamp(changed).strftime("%Y-%m-%d %H:%M")
        names = _some(sorted(self.header.get("folders", {})) or ["unknown images"])
        so_far = "" if self.is_complete else " so far"
        counted = f"{images} image{'' if images == 1 else 's'}{so_far}"
        return f"{names} under {_some(self.header['settings']['modes'])} ({counted}, last written {when})"


def held_run(out: Path, *, replace: bool = False) -> HeldRun | None:
    """The run in a folder; None for a folder that is empty or not there.

    Parameters
    ----------
    replace
        Whether a run may go that is damaged; it counts as none.

    Raises
    ------
    InputError
        For a folder with files of other kinds, which a run would mix with its own; for results of another schema; and
        for a run that is damaged.
    """
    try:
        names = {path.name for path in out.iterdir()} - {LOCK_NAME} if out.is_dir() else set()
    except OSError as error:
        raise InputError(f"The folder {out} can't be read ({error.strerror or error}): give another --out.") from error
    journal = Journal(out)
    results = read_results_header(out / RESULTS_FILE)
    for header in (journal.header(), results):
        if header is not None and header.get("schema") == SCHEMA and _is_usable(header):
            return HeldRun(out, header, not journal)
    if not names:
        return None
    kind = (results or {}).get("schema")
    if isinstance(kind, str) and kind.startswith(_ANY_KIND) and kind != SCHEMA:
        raise InputError(f"{out} holds results of another kind ({kind}), {SCHEMA} is written: give another --out.")
    is_ours = results is None or kind == SCHEMA
    if not (is_ours and (journal or RESULTS_FILE in names) and all(map(_is_name_of_run, names))):
        raise InputError(f"{out} holds other files: give a new or empty folder to --out.")
    if replace:
        return None
    raise damaged_run(out)


def damaged_run(out: Path) -> InputError:
    """The error for a run whose results can't be read back."""
    return InputError(f"The {RESULTS_FILE} of the run in {out} is damaged, so nobody can go on with it: {ANEW}.")


def check_is_run_or_empty(out: Path) -> None:
    """Refuse a folder that no run can write into, whatever its settings.

    Raises
    ------
    InputError
        As `held_run`.
    """
    held_run(out)


def check_nothing_is_lost(held: HeldRun) -> None:
    """Refuse to put another run in the place of one that has results.

    Raises
    ------
    InputError
        When it has: the message says what is there.
    """
    images = held.images_done()
    if images:
        raise InputError(f"{held.out} holds a run of {held.title(images)}: go on with it by --resume, {ANEW}.")


def check_same_run(held: HeldRun, wanted: Mapping[str, Any]) -> None:
    """Refuse to go on with a run of other settings or categories.

    Parameters
    ----------
    wanted
        The header of the run that shall go on; what is None there is not known yet, and not compared.

    Raises
    ------
    InputError
        When they differ: the message has both values of each.
    """
    differing = [
        line
        for name in MUST_AGREE
        if wanted.get(name) is not None
        for line in _differences(name, held.header.get(name), wanted[name])
    ]
    there, here = sorted(held.header.get("folders", {})), sorted(wanted.get("folders", {}))
    if set(there) - set(here):
        differing.insert(0, _line("categories", there, here))
    if not differing:
        return
    more = len(differing) - _MOST_DIFFERENCES
    shown = "; ".join([*differing[:_MOST_DIFFERENCES], *([f"and {more} more"] if more > 0 else [])])
    raise InputError(f"The run in {held.out} was made with other settings ({shown}): repeat those, {ANEW}.")


def check_outside(out: Path, datasets: Sequence[Dataset]) -> None:
    """Refuse a folder of results within a dataset, whose part the masks and maps would become.

    Raises
    ------
    InputError
        When it lies in one, but for the hidden folder where a person's work is kept.
    """
    place = out.resolve()
    for dataset in datasets:
        root = dataset.root.resolve()
        if place.is_relative_to(root) and STORE_FOLDER not in place.relative_to(root).parts:
            raise InputError(
                f"{out} lies in the dataset {dataset.root}, whose part the results would become: give an --out outside "
                "of it."
            )


def _is_usable(header: Mapping[str, Any]) -> bool:
    settings, model = header.get("settings"), header.get("model")
    return isinstance(settings, dict) and isinstance(settings.get("modes"), list) and isinstance(model, dict)


def _is_name_of_run(name: str) -> bool:
    is_half_written = name.startswith(".") and name.endswith(".part")
    return is_half_written or name in (*RUN_FILES, *RUN_FOLDERS, Journal.FOLDER)


def _differences(name: str, there: Any, here: Any) -> Iterator[str]:
    """A line for each value that differs, those in objects by their path."""
    if there == here:
        return
    if not (isinstance(there, dict) and isinstance(here, dict)):
        yield _line(name, there, here)
        return
    if name == "model" and there.get("name") != here.get("name"):
        yield _line(name, there.get("name"), here.get("name"))  # its weights differ by themselves
        return
    inside = "" if name == "settings" else f"{name}."
    # What belongs to a mode is there with that mode only.
    same_modes = there.get("modes") == here.get("modes")
    for key in dict.fromkeys((*here, *there)):
        if (key in here and key in there) or same_modes:
            yield from _differences(f"{inside}{key}", there.get(key), here.get(key))


def _line(name: str, there: Any, here: Any) -> str:
    return f"{name}: {_value(there)} there, {_value(here)} here"


def _value(value: Any) -> str:
    if value is None or value in ([], ""):
        return "not given"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "given"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= _MOST_LETTERS else f"{text[:_MOST_LETTERS]}…"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
