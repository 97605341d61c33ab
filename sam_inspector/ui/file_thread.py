"""The thread that reads and writes files, so that neither a slow disk nor a long encoding holds up the window."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from typing import ClassVar, Protocol

from PySide6.QtCore import QObject, QThread, Signal

from sam_inspector.core.errors import SamInspectorError
from sam_inspector.data.review_store import ReviewStore

logger = logging.getLogger(__name__)

SAVE, OPEN, LOW = 0, 1, 2
"""Saves come first: they are quick, and opening another dataset must not overtake them."""
THUMBNAILS_WAITING = 120
"""Beyond this many the oldest are dropped: they have been scrolled past and are asked for again when seen."""


class FileState:
    """What the tasks share: the store of the open dataset. Used on the file thread only."""

    def __init__(self) -> None:
        self.store: ReviewStore | None = None

    def replace_store(self, store: ReviewStore | None) -> None:
        """Close the old store and keep the new one."""
        if self.store is not None:
            self.store.close()
        self.store = store


class FileTask(Protocol):
    """One thing to do with files.

    `priority` orders tasks (lower first). Where `newest_only` is true, a task of the same type that came later makes
    this one needless.
    """

    priority: ClassVar[int]
    newest_only: ClassVar[bool]

    def run(self, state: FileState) -> object:
        """Do it, on the file thread."""
        ...


class FileThread(QThread):
    """Runs tasks by priority; saves are finished before it ends."""

    done = Signal(object, object)
    """The task, and what its `run` gave."""
    failed = Signal(object, str)
    """The task, and one sentence for the user."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("files")
        self._tasks: list[tuple[int, int, FileTask]] = []
        self._newest: dict[type, FileTask] = {}
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._closing = False

    def submit(self, task: FileTask) -> None:
        """Ask, from any thread."""
        number = next(self._order)
        with self._changed:
            if task.newest_only:
                self._newest[type(task)] = task
            # What was scrolled into view last is looked at first.
            heapq.heappush(self._tasks, (task.priority, -number if task.priority == LOW else number, task))
            if task.priority == LOW:
                self._drop_oldest_low()
            self._changed.notify()

    def _drop_oldest_low(self) -> None:
        low = [entry for entry in self._tasks if entry[0] == LOW]
        if len(low) > THUMBNAILS_WAITING:
            self._tasks.remove(max(low))
            heapq.heapify(self._tasks)

    def run(self) -> None:
        """Do tasks until closed; then only the saves that wait."""
        state = FileState()
        while True:
            with self._changed:
                while not (self._closing or self._tasks):
                    self._changed.wait()
                if not self._tasks:
                    break
                task = heapq.heappop(self._tasks)[2]
                if self._closing and task.priority != SAVE:
                    continue
                if task.newest_only and self._newest.get(type(task)) is not task:
                    continue
            self._do(task, state)
        state.replace_store(None)

    def _do(self, task: FileTask, state: FileState) -> None:
        try:
            result = task.run(state)
        except SamInspectorError as error:
            self.failed.emit(task, str(error))
        except Exception as error:
            logger.exception("A file task failed.")
            self.failed.emit(task, f"Something went wrong inside the program ({error}): the log has the details.")
        else:
            self.done.emit(task, result)

    def close(self) -> bool:
        """Finish the saves and end. False when that took too long."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        return self.wait(30_000)
