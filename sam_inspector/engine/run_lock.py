"""Keeps two runs out of one folder. The system lets go of it when a process dies, however it dies."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from sam_inspector.core.errors import InputError
from sam_inspector.data.atomic import write_failure

LOCK_NAME = ".lock"


class RunLock:
    """Holds a folder until `release`; one that had to be made for it goes again if nothing was put into it.

    Raises
    ------
    InputError
        When another run holds it.
    StoreError
        When the folder can't be written.
    """

    def __init__(self, out: Path) -> None:
        self._path = out / LOCK_NAME
        self._lock = FileLock(self._path)
        self._made = [folder for folder in (out, *out.parents) if not folder.exists()]
        try:
            out.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout:
            raise InputError(
                f"Another run writes into {out} just now: wait until it has ended, or give another --out."
            ) from None
        except OSError as error:
            raise write_failure(out, error) from error

    def release(self) -> None:
        """Let go of the folder. Safe to call twice."""
        if self._lock.is_locked:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)  # while it is held: nobody else can have it open by then
            self._lock.release()
            with suppress(OSError):  # the first that holds something ends it
                for folder in self._made:
                    folder.rmdir()
