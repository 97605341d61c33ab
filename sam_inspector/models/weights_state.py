"""How it stands with the weights of a row: one file, or several that belong together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from sam_inspector.core.errors import WeightsError
from sam_inspector.models.fetching.progress import IsCancelled, Report, share
from sam_inspector.models.sources import WeightsFile
from sam_inspector.models.weights_on_disk import file_path, file_trouble, is_remembered, remember

State = Literal["ready", "missing", "wrong"]


class WeightedRow(Protocol):
    """A row of a registry: a model, a backbone, a CLIP model or a foreground network."""

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
        """The checkpoint, with the files that belong to it; None for what needs none of its own."""


@dataclass(frozen=True, slots=True)
class FileStatus:
    """How it stands with one file.

    Attributes
    ----------
    state
        `ready`, `missing`, or `wrong`: there is a file, but not the right one.
    path
        Where the file is or belongs.
    trouble
        What is wrong with it, in a few words; empty unless `wrong`.
    """

    file: WeightsFile
    state: State
    path: Path
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class WeightsStatus:
    """How it stands with the weights of a row.

    Attributes
    ----------
    state
        The worst of its files'.
    path
        Where the first file is or belongs.
    message
        One sentence: what is the case and, unless ready, what to do.
    files
        All of them, the first first.
    """

    state: State
    path: Path
    message: str
    files: tuple[FileStatus, ...] = ()


def nothing(fraction: float, text: str) -> None:
    """The report of a call that nobody watches."""


def never() -> bool:
    """The `cancelled` of a call that nobody cancels."""
    return False


def weights_file(spec: WeightedRow) -> WeightsFile:
    """The checkpoint of a row; its `files` are all that the row needs.

    Raises
    ------
    WeightsError
        For a row that needs none of its own.
    """
    if spec.weights is None:
        raise WeightsError(f"{spec.title} needs no weights of its own: there is nothing to fetch or to check.")
    return spec.weights


def weights_path(spec: WeightedRow) -> Path:
    """Where the first file of a row is or belongs."""
    return file_path(weights_file(spec))


def weights_paths(spec: WeightedRow) -> tuple[Path, ...]:
    """Where all files of a row are or belong."""
    return tuple(file_path(file) for file in weights_file(spec).files)


def find_weights(spec: WeightedRow) -> Path | None:
    """The first file, if all are there and right; quick once they were checked."""
    status = weights_status(spec)
    return status.path if status.state == "ready" else None


def require_weights(spec: WeightedRow) -> Path:
    """The first file, all being ready to be loaded.

    Raises
    ------
    WeightsError
        When one is missing or wrong; the message says how to get it.
    """
    status = weights_status(spec)
    if status.state != "ready":
        raise WeightsError(status.message)
    return status.path


def weights_status(spec: WeightedRow, *, report: Report = nothing, cancelled: IsCancelled = never) -> WeightsStatus:
    """How it stands with the weights; trusts an earlier check while a file's size and time are the same."""
    return _status(spec, is_remembered, report, cancelled)


def verify(spec: WeightedRow, *, report: Report = nothing, cancelled: IsCancelled = never) -> WeightsStatus:
    """Read all files whole and compare their SHA-256; no earlier check is trusted.

    Raises
    ------
    Cancelled
        When `cancelled` said so.
    WeightsError
        When a file can't be read.
    """
    return _status(spec, lambda file, path: False, report, cancelled)


def _status(
    spec: WeightedRow, is_trusted: Callable[[WeightsFile, Path], bool], report: Report, cancelled: IsCancelled
) -> WeightsStatus:
    main = weights_file(spec)
    parts = shares(main.files, report)
    found = tuple(_file_status(file, is_trusted, part, cancelled) for file, part in zip(main.files, parts, strict=True))
    get = f"“sam-inspector models get {spec.name}”"
    wrong = [one for one in found if one.state == "wrong"]
    missing = [one for one in found if one.state == "missing"]
    path = found[0].path
    if wrong:
        told = " and ".join(f"{one.path} is not {_called(spec, one.file)} ({one.trouble})" for one in wrong)
        return WeightsStatus("wrong", path, f"{told}: replace it with {get}, or by hand.", found)
    if missing:
        names = " and ".join(one.path.name for one in missing)
        what = f"{spec.title} is not there yet" if missing == list(found) else f"{spec.title} is not complete"
        message = f"{what}: fetch it with {get}, or put {names} into {path.parent} by hand."
        return WeightsStatus("missing", path, message, found)
    places = " and ".join(str(one.path) for one in found)
    return WeightsStatus("ready", path, f"{spec.title} is ready at {places}.", found)


def _file_status(
    file: WeightsFile, is_trusted: Callable[[WeightsFile, Path], bool], report: Report, cancelled: IsCancelled
) -> FileStatus:
    path = file_path(file)
    if not path.is_file():
        return FileStatus(file, "missing", path)
    if is_trusted(file, path):
        return FileStatus(file, "ready", path)
    trouble = file_trouble(file, path, report, cancelled)
    if trouble is not None:
        return FileStatus(file, "wrong", path, trouble)
    remember(file, path)
    return FileStatus(file, "ready", path)


def _called(spec: WeightedRow, file: WeightsFile) -> str:
    return spec.title if weights_file(spec).files == (file,) else f"the file of that name of {spec.title}"


def shares(files: tuple[WeightsFile, ...], report: Report) -> list[Report]:
    """The report of each of several files, as parts of one whole by their sizes."""
    total = max(1, sum(file.size_bytes for file in files))
    parts, before = [], 0
    for file in files:
        parts.append(share(report, before / total, (before + file.size_bytes) / total))
        before += file.size_bytes
    return parts
