"""Checkpoint files: where they lie, whether they are what they should be, and how they get there.

A file counts only when its SHA-256 is right, wherever it came from. That is remembered beside it, so that a start does
not read gigabytes again. Where a row gives no SHA-256, because none is published, the size need only be near, and the
check that remains is that of the loader: nothing in the file is run, and every tensor has its name and shape.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import filelock
import platformdirs

from sam_inspector.core.errors import Cancelled, WeightsError
from sam_inspector.models.checksums import file_sha256
from sam_inspector.models.fetching.progress import ByteCount, IsCancelled, Report, SourceFailed, size_text
from sam_inspector.models.registry import WeightsFile

FOLDER_VARIABLE = "SAM_INSPECTOR_WEIGHTS"
NO_ROOM = (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)
SIZE_TOLERANCE = 0.02
"""How far, as a share, a file may be from its row's size where no SHA-256 is known."""

PACKAGE_FACTOR = 2
"""A package and the file in it lie on the disk together for a moment."""


class WeightedRow(Protocol):
    """A row of a registry: a model, a backbone or a CLIP model."""

    @property
    def name(self) -> str:
        """What a user types."""

    @property
    def title(self) -> str:
        """What a user reads."""

    @property
    def licence(self) -> str:
        """SPDX identifier of the weights' licence."""

    @property
    def weights(self) -> WeightsFile | None:
        """The checkpoint; None for what needs none of its own."""


@dataclass(frozen=True, slots=True)
class WeightsStatus:
    """How it stands with the checkpoint of a model.

    Attributes
    ----------
    state
        `ready`, `missing`, or `wrong`: there is a file, but not the right one.
    path
        Where the file is or belongs.
    message
        One sentence: what is the case and, unless ready, what to do.
    """

    state: Literal["ready", "missing", "wrong"]
    path: Path
    message: str


def nothing(fraction: float, text: str) -> None:
    """The report of a call that nobody watches."""


def never() -> bool:
    """The `cancelled` of a call that nobody cancels."""
    return False


def weights_folder() -> Path:
    """The folder of checkpoints: that of the environment variable SAM_INSPECTOR_WEIGHTS, else in the user's cache."""
    chosen = os.environ.get(FOLDER_VARIABLE, "").strip()
    if chosen:
        return Path(chosen).expanduser().absolute()
    return platformdirs.user_cache_path("sam-inspector", appauthor=False) / "weights"


def weights_file(spec: WeightedRow) -> WeightsFile:
    """The checkpoint of a row.

    Raises
    ------
    WeightsError
        For a row that needs none of its own.
    """
    if spec.weights is None:
        raise WeightsError(f"{spec.title} needs no weights of its own: there is nothing to fetch or to check.")
    return spec.weights


def weights_path(spec: WeightedRow) -> Path:
    """Where the checkpoint of a model is or belongs."""
    return weights_folder() / weights_file(spec).name


def find_weights(spec: WeightedRow) -> Path | None:
    """The checkpoint, if it is there and right; quick once it was checked."""
    status = weights_status(spec)
    return status.path if status.state == "ready" else None


def require_weights(spec: WeightedRow) -> Path:
    """The checkpoint, ready to be loaded.

    Raises
    ------
    WeightsError
        When it is missing or wrong; the message says how to get it.
    """
    status = weights_status(spec)
    if status.state != "ready":
        raise WeightsError(status.message)
    return status.path


def weights_status(spec: WeightedRow, *, report: Report = nothing, cancelled: IsCancelled = never) -> WeightsStatus:
    """How it stands with the checkpoint; trusts an earlier check while the file's size and time are the same."""
    path = weights_path(spec)
    if path.is_file() and _remembered(path, spec):
        return WeightsStatus("ready", path, f"{spec.title} is ready at {path}.")
    return verify(spec, report=report, cancelled=cancelled)


def verify(spec: WeightedRow, *, report: Report = nothing, cancelled: IsCancelled = never) -> WeightsStatus:
    """Read the whole checkpoint and compare its SHA-256; no earlier check is trusted.

    Raises
    ------
    Cancelled
        When `cancelled` said so.
    WeightsError
        When the file can't be read.
    """
    path = weights_path(spec)
    get = f"“sam-inspector models get {spec.name}”"
    if not path.is_file():
        message = f"{spec.title} is not there yet: fetch it with {get}, or put {path.name} into {path.parent} by hand."
        return WeightsStatus("missing", path, message)
    try:
        trouble = _trouble(path, spec, report, cancelled)
    except OSError as error:
        raise WeightsError(f"{path} can't be read ({error.strerror}): check its permissions.") from error
    if trouble is None:
        _remember(path, spec)
        return WeightsStatus("ready", path, f"{spec.title} is ready at {path}.")
    message = f"{path} is not {spec.title} ({trouble}): replace it with {get}, or by hand."
    return WeightsStatus("wrong", path, message)


def _trouble(path: Path, spec: WeightedRow, report: Report, cancelled: IsCancelled) -> str | None:
    size = path.stat().st_size
    wanted = weights_file(spec)
    if not wanted.sha256:
        is_near = abs(size - wanted.size_bytes) <= SIZE_TOLERANCE * wanted.size_bytes
        return None if is_near else f"{size:,} bytes instead of about {wanted.size_bytes:,}"
    if size < wanted.size_bytes:
        return f"only {size:,} of {wanted.size_bytes:,} bytes"
    if size > wanted.size_bytes:
        return f"{size:,} bytes instead of {wanted.size_bytes:,}"
    count = ByteCount(report, f"Checking {path.name}", size)
    return None if file_sha256(path, cancelled=cancelled, seen=count.at) == wanted.sha256 else "its SHA-256 is another"


def get_weights(
    spec: WeightedRow, *, report: Report = nothing, cancelled: IsCancelled = never, replace_wrong: bool = False
) -> Path:
    """The checkpoint, fetched unless it is there and right.

    The sources are tried in their order, and the file gets its name only after its SHA-256 was found right. A fetch
    that breaks off goes on where it ended.

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
        When no source gave the file, the folder can't take it, or a wrong file is in the way.
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
            if weights_status(spec, report=report, cancelled=cancelled).state != "ready":
                _fetch(spec, path, report, cancelled)
    except OSError as error:
        raise _folder_error(spec, path.parent, error) from error
    return path


def _fetch(spec: WeightedRow, path: Path, report: Report, cancelled: IsCancelled) -> None:
    # The libraries of the network take a while to import, and most starts need none of them.
    from sam_inspector.models.fetching.fetch import fetch, partial_files

    wanted = weights_file(spec)
    part = path.with_name(f"{path.name}.part")
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
            _remember(path, spec)
            report(1.0, f"{spec.title} is ready")
            return
    raise WeightsError(
        f"{spec.title} could not be fetched from {' nor from '.join(reasons)}: put the file by hand at {path} "
        f"({_facts_text(wanted)}), then check it with "
        f"“sam-inspector models verify {spec.name}”."
    )


def _facts_text(wanted: WeightsFile) -> str:
    """What tells the right file, for somebody who fetches it by hand."""
    if not wanted.sha256:
        return f"about {size_text(wanted.size_bytes)}; its makers publish no SHA-256"
    return f"{wanted.size_bytes:,} bytes, SHA-256 {wanted.sha256}"


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
        needed = size_text(PACKAGE_FACTOR * weights_file(spec).size_bytes)
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


# --- what was checked is remembered beside the file ----------------------------------------------------------------


def _memory(path: Path) -> Path:
    return path.with_name(f"{path.name}.verified.json")


def _facts(path: Path, spec: WeightedRow) -> dict[str, object]:
    stat = path.stat()
    return {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": weights_file(spec).sha256}


def _remembered(path: Path, spec: WeightedRow) -> bool:
    try:
        remembered: object = json.loads(_memory(path).read_text("utf-8"))
        return remembered == _facts(path, spec)
    except (OSError, ValueError):
        return False


def _remember(path: Path, spec: WeightedRow) -> None:
    # A folder that can't be written is checked each time; that is only slower.
    with contextlib.suppress(OSError):
        _memory(path).write_text(json.dumps(_facts(path, spec)), "utf-8")
