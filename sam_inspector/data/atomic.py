"""Files are written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from sam_inspector.core.errors import StoreError

_NO_SPACE = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


def write_atomic(path: Path | str, content: bytes | str | Iterable[str]) -> None:
    """Write a file so that, whatever happens, either the old or the new content is there in full.

    Folders that are missing are made. Text is written as UTF-8; a large one comes in pieces, for encoding it at once
    would keep all other threads waiting.

    Raises
    ------
    StoreError
        If it can't be written; what was there before is untouched.
    """
    pieces = (content,) if isinstance(content, str | bytes) else content
    # Writing through a link, rather than replacing it by a file.
    target = Path(os.path.realpath(path))
    waiting = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with waiting.open("xb") as file:
            for piece in pieces:
                file.write(piece if isinstance(piece, bytes) else piece.encode())
            file.flush()
            os.fsync(file.fileno())
        waiting.replace(target)
    except OSError as error:
        raise write_failure(Path(path), error) from error
    finally:
        with contextlib.suppress(OSError):
            waiting.unlink(missing_ok=True)


def is_disk_full(error: OSError) -> bool:
    """Whether a write failed for want of space, on the disk or in the user's quota."""
    return error.errno in _NO_SPACE


def write_failure(path: Path, error: OSError) -> StoreError:
    """The sentence for a write that failed."""
    if is_disk_full(error):
        return StoreError(f"No space left on the disk for {path}: free some, then save again; nothing was overwritten.")
    if error.errno in _FORBIDDEN:
        return StoreError(f"{path} can't be written, the folder or file is read-only: choose another folder.")
    reason = (error.strerror or str(error)).lower()
    return StoreError(f"{path} can't be written ({reason}): choose another folder or name.")
