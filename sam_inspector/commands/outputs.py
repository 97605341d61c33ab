"""Whether a result can go where it shall, asked before minutes are spent on making it."""

from __future__ import annotations

import os
from pathlib import Path

from sam_inspector.core.errors import InputError, StoreError


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
        When the folder, or the one that it would be made in, is read-only.
    """
    existing = next(path for path in (out.absolute(), *out.absolute().parents) if os.path.lexists(path))
    if not existing.is_dir():
        raise InputError(f"{existing} is a file, not a folder: give another --out.")
    if not os.access(existing, os.W_OK):
        raise StoreError(f"The folder {existing} is read-only: give another --out.")
