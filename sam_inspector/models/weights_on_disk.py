"""One file of weights on the disk: where it belongs, whether it is right, and what of that is remembered.

A file counts only when its SHA-256 is right, wherever it came from. That is remembered beside it, so that a start does
not read gigabytes again. Where a row gives no SHA-256, because none is published, the size need only be near, and the
check that remains is that of the loader: nothing in the file is run, and every tensor has its name and shape.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

import platformdirs

from sam_inspector.core.errors import WeightsError
from sam_inspector.models.checksums import file_sha256
from sam_inspector.models.fetching.progress import ByteCount, IsCancelled, Report, size_text
from sam_inspector.models.sources import WeightsFile

FOLDER_VARIABLE = "SAM_INSPECTOR_WEIGHTS"
SIZE_TOLERANCE = 0.02
"""How far, as a share, a file may be from its row's size where no SHA-256 is known."""


def weights_folder() -> Path:
    """The folder of checkpoints: that of the environment variable SAM_INSPECTOR_WEIGHTS, else in the user's cache."""
    chosen = os.environ.get(FOLDER_VARIABLE, "").strip()
    if chosen:
        return Path(chosen).expanduser().absolute()
    return platformdirs.user_cache_path("sam-inspector", appauthor=False) / "weights"


def file_path(file: WeightsFile) -> Path:
    """Where a file is or belongs."""
    return weights_folder() / file.name


def file_trouble(file: WeightsFile, path: Path, report: Report, cancelled: IsCancelled) -> str | None:
    """What is wrong with a file that is there, in a few words, or None; it is read whole.

    Raises
    ------
    Cancelled
        When `cancelled` said so.
    WeightsError
        When the file can't be read.
    """
    try:
        size = path.stat().st_size
        if not file.sha256:
            is_near = abs(size - file.size_bytes) <= SIZE_TOLERANCE * file.size_bytes
            return None if is_near else f"{size:,} bytes instead of about {file.size_bytes:,}"
        if size < file.size_bytes:
            return f"only {size:,} of {file.size_bytes:,} bytes"
        if size > file.size_bytes:
            return f"{size:,} bytes instead of {file.size_bytes:,}"
        count = ByteCount(report, f"Checking {path.name}", size)
        is_right = file_sha256(path, cancelled=cancelled, seen=count.at) == file.sha256
        return None if is_right else "its SHA-256 is another"
    except OSError as error:
        raise WeightsError(f"{path} can't be read ({error.strerror}): check its permissions.") from error


def facts_text(file: WeightsFile) -> str:
    """What tells the right file, for somebody who fetches it by hand."""
    if not file.sha256:
        return f"about {size_text(file.size_bytes)}; its makers publish no SHA-256"
    return f"{file.size_bytes:,} bytes, SHA-256 {file.sha256}"


def is_remembered(file: WeightsFile, path: Path) -> bool:
    """Whether the file was found right before, and has kept its size and time."""
    try:
        remembered: object = json.loads(_memory(path).read_text("utf-8"))
        return remembered == _facts(file, path)
    except (OSError, ValueError):
        return False


def remember(file: WeightsFile, path: Path) -> None:
    """Note beside the file that it is right. A folder that can't be written is checked each time: slower, no more."""
    with contextlib.suppress(OSError):
        _memory(path).write_text(json.dumps(_facts(file, path)), "utf-8")


def _memory(path: Path) -> Path:
    return path.with_name(f"{path.name}.verified.json")


def _facts(file: WeightsFile, path: Path) -> dict[str, object]:
    stat = path.stat()
    return {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": file.sha256}
