"""Looking into folders: quickly, in an order people expect, without opening a file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sam_inspector.core.errors import DatasetError
from sam_inspector.data.datasets.dataset import Skipped
from sam_inspector.data.images import is_image_name

NOT_AN_IMAGE = "not an image file"
UNREADABLE = "a folder that can't be read"

# Notes and licences that datasets come with; nobody needs to be told that they are not images.
_COMPANIONS = frozenset(
    {".txt", ".md", ".json", ".csv", ".tsv", ".xml", ".yaml", ".yml", ".html", ".pdf", ".sqlite", ".db", ".ini"}
)
_NUMBERS = re.compile("[0-9]+")


@dataclass(slots=True)
class Folder:
    """The content of one folder, in natural order; hidden entries left out."""

    path: Path
    images: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def natural_key(text: str) -> str:
    """A key that sorts `anomaly-2` before `anomaly-10`, upper and lower case alike."""
    # One string, for those are compared ten times as quickly as lists of words and numbers.
    return f"{_NUMBERS.sub(_by_length, text.casefold())}\0{text}"


def _by_length(number: re.Match[str]) -> str:
    """Of two numbers the longer one is larger; any number comes before any letter."""
    digits = number[0].lstrip("0")
    return f"\1{chr(len(digits))}{digits}"


def list_folder(path: Path) -> Folder:
    """List one folder.

    Raises
    ------
    DatasetError
        If it can't be read.
    """
    folder = Folder(path)
    images: list[str] = []
    others: list[tuple[str, bool]] = []
    try:
        with os.scandir(path) as scan:
            for entry in scan:
                if entry.name.startswith("."):
                    continue
                # Kinds are asked for while scanning, where they come without another look at the disk.
                is_folder = _is_folder(entry)
                if not is_folder and is_image_name(entry.name) and _is_unicode(entry.name):
                    images.append(entry.name)
                else:
                    others.append((entry.name, is_folder))
    except OSError as error:
        raise DatasetError(f"The folder {path} can't be read: {(error.strerror or str(error)).lower()}.") from error
    images.sort(key=natural_key)
    folder.images = [path / name for name in images]
    for name, is_folder in sorted(others, key=lambda item: natural_key(item[0])):
        child = path / name
        if not _is_unicode(name):
            folder.skipped.append(Skipped(Path(ascii(str(child))), "its name is not valid Unicode"))
        elif is_folder:
            folder.folders.append(child)
        elif child.suffix.lower() not in _COMPANIONS:
            folder.skipped.append(Skipped(child, NOT_AN_IMAGE))
    return folder


def list_if_readable(path: Path, skipped: list[Skipped], *, lost: Literal["image", "mask"] = "image") -> Folder:
    """List one folder of many; one that can't be read is empty, and told in `skipped`, as what else is no image."""
    try:
        folder = list_folder(path)
    except DatasetError:
        folder = Folder(path, skipped=[Skipped(path, UNREADABLE, lost)])
    skipped += folder.skipped
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
                folder.skipped.append(Skipped(child, UNREADABLE))
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
    if name.isascii():
        return True
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
