"""Whether a result can go where it shall, asked before minutes are spent on making it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from sam_inspector.core.errors import InputError, StoreError
from sam_inspector.data.atomic import is_disk_full


def check_out_file(out: Path, example: str) -> None:
    """Refuse a file that can't be written.

    Parameters
    ----------
    example
        A name such as the file might have.

    Raises
    ------
    InputError
        When there is a folder of that name, or a file where its folder should be.
    StoreError
        When its folder is read-only.
    """
    if out.is_dir():
        raise InputError(f"{out} is a folder: give --out the name of a file, as {out / example}.")
    check_out_folder(out.parent)


def check_out_folder(out: Path) -> None:
    """Refuse a folder that can't be made or written in.

    Raises
    ------
    InputError
        When there is a file where a folder should be.
    StoreError
        When the folder, or the one that it would be made in, takes no file: it is read-only, or the disk is full.
    """
    existing = next(path for path in (out.absolute(), *out.absolute().parents) if os.path.lexists(path))
    if not existing.is_dir():
        raise InputError(f"{existing} is a file, not a folder: give another --out.")
    # Tried, as permissions do not tell all: not of a drive that is read-only, nor of most folders on Windows.
    try:
        with tempfile.TemporaryFile(dir=existing, prefix=".sam-inspector-") as file:
            file.write(b"0")
    except OSError as error:
        if is_disk_full(error):
            raise StoreError(
                f"No space left on the disk for {existing}: free some, or give --out elsewhere."
            ) from error
        reason = (error.strerror or str(error)).lower()
        raise StoreError(f"No file can be made in the folder {existing} ({reason}): give another --out.") from error


def check_out_places(files: Iterable[Path]) -> None:
    """Refuse files of which one can't be written because of what is there; each folder is tried once.

    Raises
    ------
    InputError
        When a file has the name of a folder that is needed, or a folder that of a file.
    StoreError
        When a folder takes no file.
    """
    folders = set()
    for file in files:
        if file.is_dir():
            raise InputError(f"{file} is a folder, and a file of that name is to be written: give another --out.")
        folders.add(file.parent)
    for folder in sorted(folders):
        check_out_folder(folder)
