"""Weights: how it stands with those of a row (`weights_state.py`), and how they get there."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from sam_inspector.core.errors import Cancelled, WeightsError
from sam_inspector.models.fetching.progress import IsCancelled, Report, SourceFailed, size_text
from sam_inspector.models.sources import WeightsFile
from sam_inspector.models.weights_on_disk import (
    FOLDER_VARIABLE as FOLDER_VARIABLE,
    facts_text,
    file_path,
    remember,
    weights_folder as weights_folder,
)
from sam_inspector.models.weights_state import (
    FileStatus as FileStatus,
    WeightedRow as WeightedRow,
    WeightsStatus as WeightsStatus,
    find_weights as find_weights,
    never,
    nothing,
    require_weights as require_weights,
    shares,
    verify as verify,
    weights_file as weights_file,
    weights_path as weights_path,
    weights_paths as weights_paths,
    weights_status as weights_status,
)

NO_ROOM = (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)

PACKAGE_FACTOR = 2
"""A package and the files in it lie on the disk together for a moment."""


def get_weights(
    spec: WeightedRow, *, report: Report = nothing, cancelled: IsCancelled = never, replace_wrong: bool = False
) -> Path:
    """The first file of a row, all of them fetched unless they are there and right.

    The sources are tried in their order, and a file gets its name only after its SHA-256 was found right. A fetch
    that breaks off goes on where it ended, and keeps the files that have come.

    Parameters
    ----------
    report
        Called with a fraction in [0, 1] and a line of text, some ten times a second.
    cancelled
        Looked at several times a second, also while the network does not answer.
    replace_wrong
        Whether a wrong file that lies there, which someone may have put there by hand, gives way to the right one
        once that has come; otherwise it is an error.

    Raises
    ------
    Cancelled
        When `cancelled` said so.
    WeightsError
        When no source gave a file, the folder can't take it, or a wrong file is in the way.
    """
    path = weights_path(spec)
    try:
        status = weights_status(spec, report=report, cancelled=cancelled)
        if status.state == "ready":
            return path
        if status.state == "wrong" and not replace_wrong:
            raise WeightsError(status.message)
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(path, report, cancelled):
            # Whoever was fetching it meanwhile may have brought it.
            status = weights_status(spec, report=report, cancelled=cancelled)
            wanted = tuple(one.file for one in status.files if one.state != "ready")
            for file, part in zip(wanted, shares(wanted, report), strict=True):
                _fetch(spec, file, part, cancelled)
            _tidy_up(wanted)
    except OSError as error:
        raise _folder_error(spec, path.parent, error) from error
    report(1.0, f"{spec.title} is ready")
    return path


def _fetch(spec: WeightedRow, wanted: WeightsFile, report: Report, cancelled: IsCancelled) -> None:
    # The libraries of the network take a while to import, and most starts need none of them.
    from sam_inspector.models.fetching.fetch import fetch, partial_files

    path, part = file_path(wanted), _part(wanted)
    if shutil.disk_usage(path.parent).free + _size(part) < wanted.size_bytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    reasons: list[str] = []
    for source in wanted.sources:
        report(0.0, f"{spec.title}: asking {source.title}")
        try:
            fetch(source, wanted, part, title=spec.title, report=report, cancelled=cancelled)
            part.replace(path)
        except SourceFailed as error:
            reasons.append(f"{source} ({error})")
        except OSError as error:
            if error.errno in NO_ROOM:
                for left in partial_files(wanted, part):
                    left.unlink()
            raise
        else:
            remember(wanted, path)
            return
    raise WeightsError(
        f"{spec.title} could not be fetched from {' nor from '.join(reasons)}: put the file by hand at {path} "
        f"({facts_text(wanted)}), then check it with “sam-inspector models verify {spec.name}”."
    )


def _tidy_up(fetched: tuple[WeightsFile, ...]) -> None:
    """Drop the packages once nothing more is wanted of them."""
    from sam_inspector.models.fetching.fetch import partial_files

    for file in fetched:
        for left in partial_files(file, _part(file)):
            left.unlink(missing_ok=True)


def _part(file: WeightsFile) -> Path:
    path = file_path(file)
    return path.with_name(f"{path.name}.part")


@contextmanager
def _alone(path: Path, report: Report, cancelled: IsCancelled) -> Iterator[None]:
    """Keep two programs from writing the same partial file."""
    lock = filelock.FileLock(path.with_name(f".{path.name}.lock"))
    while True:
        if cancelled():
            raise Cancelled("Fetching was cancelled.")
        try:
            lock.acquire(timeout=0.1, poll_interval=0.05)
            break
        except filelock.Timeout:
            report(0.0, f"Waiting: another SAM Inspector is fetching {path.name}")
        except NotImplementedError:
            break  # a file system without locks: the check of the SHA-256 remains
    try:
        yield
    finally:
        lock.release()


def _folder_error(spec: WeightedRow, folder: Path, error: OSError) -> WeightsError:
    if error.errno in NO_ROOM:
        needed = size_text(PACKAGE_FACTOR * weights_file(spec).total_bytes)
        return WeightsError(
            f"The disk of {folder} is full: {spec.title} needs {needed} there for a moment; free some space, or "
            f"choose another folder with the environment variable {FOLDER_VARIABLE}."
        )
    return WeightsError(
        f"{spec.title} can't be saved in {folder} ({error.strerror or error}): make the folder writable, or choose "
        f"another with the environment variable {FOLDER_VARIABLE}."
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
