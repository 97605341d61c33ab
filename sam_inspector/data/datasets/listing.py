"""Looking into folders: quickly, in an order people expect, without opening a file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sam_inspector.core.errors import DatasetError
from sam_inspector.data.datasets.dataset import Skipped
from sam_inspector.data.images import is_image_name

NOT_AN_IMAGE = "not an image file"

# Notes and licences that datasets come with; nobody needs to be told that they are not images.
_COMPANIONS = frozenset(
    {".txt", ".md", ".json", ".csv", ".tsv", ".xml", ".yaml", ".yml", ".html", ".pdf", ".sqlite", ".db", ".ini"}
)


@dataclass(slots=True)
class Folder:
    """The content of one folder, in natural order; hidden entries left out."""

    path: Path
    images: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """A key that sorts `anomaly-2` before `anomaly-10`, upper and lower case alike."""
    parts = re.split(r"([0-9]+)", text.casefold())
    return [(1, int(part), part) if part.isdecimal() else (0, 0, part) for part in parts] + [(2, 0, text)]


def list_folder(path: Path) -> Folder:
    """List one folder.

    Raises
    ------
    DatasetError
        If it can't be read.
    """
    folder = Folder(path)
    try:
        with os.scandir(path) as scan:
            # Kinds are asked for while scanning, where they come without another look at the disk.
            found = [(entry.name, _is_folder(entry)) for entry in scan if not entry.name.startswith(".")]
    except OSError as error:
        raise DatasetError(f"The folder {path} can't be read: {(error.strerror or str(error)).lower()}.") from error
    for name, is_folder in sorted(found, key=lambda item: natural_key(item[0])):
        child = path / name
        if not _is_unicode(name):
            folder.skipped.append(Skipped(Path(ascii(str(child))), "its name is not valid Unicode"))
        elif is_folder:
            folder.folders.append(child)
        elif is_image_name(name):
            folder.images.append(child)
        elif child.suffix.lower() not in _COMPANIONS:
            folder.skipped.append(Skipped(child, NOT_AN_IMAGE))
    return folder


def walk(root: Path) -> Iterator[Folder]:
    """A folder and all folders in it, each real folder once, so that a link to a parent does not go round for ever.

    A folder inside that can't be read counts as skipped.
    """
    waiting = [list_folder(root)]
    status = root.stat()
    seen = {(status.st_dev, status.st_ino)}
    while waiting:
        folder = waiting.pop()
        yield folder
        inner: list[Folder] = []
        for child in folder.folders:
            try:
                status = child.stat()
                if (status.st_dev, status.st_ino) in seen:
                    continue
                seen.add((status.st_dev, status.st_ino))
                inner.append(list_folder(child))
            except (OSError, DatasetError):
                folder.skipped.append(Skipped(child, "a folder that can't be read"))
        waiting.extend(reversed(inner))


def subfolder_names(path: Path) -> list[str]:
    """Names of the folders in a folder; none if it can't be read."""
    try:
        with os.scandir(path) as scan:
            return [entry.name for entry in scan if not entry.name.startswith(".") and _is_folder(entry)]
    except OSError:
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
