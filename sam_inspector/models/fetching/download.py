"""One file from one address: resumed where it broke off, checked before it counts."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from sam_inspector.core.errors import Cancelled
from sam_inspector.models.checksums import Digest, file_digest
from sam_inspector.models.fetching.connection import (
    CONNECT_S,
    NETWORK_ERRORS,
    READ_S,
    check_reachable,
    http_reason,
    reason,
)
from sam_inspector.models.fetching.patience import GIVEN_UP, patiently
from sam_inspector.models.fetching.progress import ByteCount, IsCancelled, Report, SourceFailed

CHUNK_BYTES = 1 << 17
RESUMPTIONS = 4


@dataclass(frozen=True, slots=True)
class Download:
    """What to fetch, and how to know it.

    Attributes
    ----------
    text
        What a progress bar calls it.
    size_bytes, digest
        None where they are not known beforehand.
    limit_bytes
        More than this is never written.
    """

    url: str
    text: str
    size_bytes: int | None
    digest: Digest | None
    limit_bytes: int


class _Broken(Exception):
    """The connection ended early; what came is good as far as it goes."""


def download(
    session: requests.Session, wanted: Download, part: Path, *, report: Report, cancelled: IsCancelled
) -> None:
    """Fetch a file into `part`, going on from what is there, and check it.

    On any failure but a wrong content, `part` keeps what has come.

    Raises
    ------
    SourceFailed
        When the address does not give the file.
    Cancelled
        When `cancelled` said so.
    OSError
        When the file can't be written.
    """
    resumed = part.exists()
    if resumed and wanted.digest is not None and _trouble(wanted, part, cancelled) is None:
        return  # it came whole before, and another file of the same package was missing
    check_reachable(session, wanted.url, cancelled)
    _receive_all(session, wanted, part, report, cancelled)
    trouble = _trouble(wanted, part, cancelled)
    if trouble and resumed:
        # What was there may have been of another file: once more from the beginning.
        part.unlink()
        _receive_all(session, wanted, part, report, cancelled)
        trouble = _trouble(wanted, part, cancelled)
    if trouble:
        part.unlink()
        raise SourceFailed(trouble)


def _receive_all(
    session: requests.Session, wanted: Download, part: Path, report: Report, cancelled: IsCancelled
) -> None:
    for attempt in range(1 + RESUMPTIONS):
        before = _size(part)
        if before == wanted.size_bytes:
            return
        try:
            _receive(session, wanted, part, report, cancelled)
        except _Broken as error:
            if attempt == RESUMPTIONS or (part.exists() and _size(part) <= before):
                raise SourceFailed(str(error)) from error
        else:
            return


def _receive(session: requests.Session, wanted: Download, part: Path, report: Report, cancelled: IsCancelled) -> None:
    start = _size(part)
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    with _answer(session, wanted.url, headers, cancelled) as stream:
        response = stream.response
        if response.status_code == requests.codes.requested_range_not_satisfiable and start:
            part.unlink()
            raise _Broken("it would not go on where the last try ended")
        if not response.ok:
            raise SourceFailed(http_reason(response.status_code))
        if not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            start = 0
        total = start + int(response.headers.get("Content-Length") or 0)
        if total > start and wanted.size_bytes is not None and total != wanted.size_bytes:
            raise SourceFailed(f"what it has is {total:,} bytes long instead of {wanted.size_bytes:,}")
        count = ByteCount(report, wanted.text, wanted.size_bytes or total)
        with part.open("ab" if start else "wb") as file:
            done = start
            for chunk in stream.chunks():
                done += len(chunk)
                if done > (wanted.size_bytes or wanted.limit_bytes):
                    raise SourceFailed(f"it sends more than {wanted.size_bytes or wanted.limit_bytes:,} bytes")
                file.write(chunk)
                count.at(done)


class _Stream:
    """A response whose reads can be left behind."""

    def __init__(self, response: requests.Response, cancelled: IsCancelled) -> None:
        self.response = response
        self._cancelled = cancelled
        self.left_behind = False

    def chunks(self) -> Iterator[bytes]:
        """The content, in pieces."""
        pieces = self.response.iter_content(CHUNK_BYTES)
        while True:
            try:
                piece = patiently(lambda: next(pieces, b""), self._cancelled, READ_S + 5, too_late=self._close_late)
            except NETWORK_ERRORS as error:
                raise _Broken(reason(error)) from error
            except (Cancelled, SourceFailed, KeyboardInterrupt):
                self.left_behind = True
                raise
            if not piece:
                return
            yield piece

    def _close_late(self, _: Future[bytes]) -> None:
        self.response.close()


@contextmanager
def _answer(session: requests.Session, url: str, headers: dict[str, str], cancelled: IsCancelled) -> Iterator[_Stream]:
    def ask() -> requests.Response:
        return session.get(url, headers=headers, stream=True, timeout=(CONNECT_S, READ_S))

    try:
        response = patiently(ask, cancelled, READ_S + 5, too_late=_close_answer)
    except NETWORK_ERRORS as error:
        raise SourceFailed(reason(error)) from error
    stream = _Stream(response, cancelled)
    try:
        yield stream
    finally:
        # Closing waits for a read that is under way, so a stream left behind is closed when its read comes back.
        if not stream.left_behind:
            response.close()


def _close_answer(answer: Future[requests.Response]) -> None:
    if answer.exception() is None:
        answer.result().close()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _trouble(wanted: Download, part: Path, cancelled: IsCancelled) -> str | None:
    """What is wrong with the file that came, or None."""
    size = _size(part)
    if wanted.size_bytes is not None and size != wanted.size_bytes:
        return f"only {size:,} of {wanted.size_bytes:,} bytes came"
    digest = wanted.digest
    try:
        if digest is not None and file_digest(part, digest.algorithm, cancelled=cancelled) != digest.value:
            return f"the file that came has the wrong {digest.title}"
    except Cancelled as error:
        raise Cancelled(GIVEN_UP) from error
    return None
