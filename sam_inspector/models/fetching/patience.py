"""Waiting for the network without being at its mercy."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from sam_inspector.core.errors import Cancelled
from sam_inspector.models.fetching.progress import IsCancelled, SourceFailed

T = TypeVar("T")

LOOK_EVERY_S = 0.05
GIVEN_UP = "Fetching was cancelled; what has arrived is kept, and the next try goes on from there."


def patiently(
    function: Callable[[], T],
    cancelled: IsCancelled,
    timeout_s: float,
    *,
    too_late: Callable[[Future[T]], None] | None = None,
) -> T:
    """Call a function that may block for long, such as one that looks up a name or reads from a socket.

    It runs on a thread of its own: neither name look-up nor a blocked read can be interrupted, only left behind.

    Parameters
    ----------
    too_late
        Called when a function that was left behind comes back after all, to tidy up.

    Raises
    ------
    Cancelled
        Within 0.1 s of `cancelled` saying so.
    SourceFailed
        After `timeout_s`.
    """
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(function())
        except BaseException as error:  # noqa: BLE001  # the waiting thread raises it
            future.set_exception(error)

    threading.Thread(target=work, name="sam-inspector-network", daemon=True).start()
    deadline = time.monotonic() + timeout_s
    try:
        while not wait([future], timeout=LOOK_EVERY_S).done:
            if cancelled():
                raise Cancelled(GIVEN_UP)
            if time.monotonic() > deadline:
                raise SourceFailed(f"no answer within {timeout_s:.0f} s")
    except BaseException:
        if too_late is not None:
            future.add_done_callback(too_late)
        raise
    return future.result()
