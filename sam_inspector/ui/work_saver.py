"""Keeps what the user does: every edit goes to the file thread soon after it was made, and again if that failed."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Slot

from sam_inspector.core.scores import MaskScores
from sam_inspector.data.review_store import ItemScore
from sam_inspector.ui import file_tasks as ft
from sam_inspector.ui.file_thread import FileThread
from sam_inspector.ui.session import Session

SAVE_MS = 150
"""A drag makes an edit for every move of the mouse; the last of a burst is saved."""


class WorkSaver(QObject):
    """Work by image that waits to be saved; where saving fails it waits on, for the next edit or the window's end."""

    def __init__(self, session: Session, files: FileThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._files = files
        self._waiting: dict[str, ft.SaveWork] = {}
        self._timer = QTimer(self, singleShot=True, interval=SAVE_MS)
        self._timer.timeout.connect(self.save_now)
        files.failed.connect(self._on_failed)

    @property
    def has_unsaved_work(self) -> bool:
        """Whether something has not been handed over, or came back."""
        return bool(self._waiting)

    def note_edit(self) -> None:
        """Remember to save the work on the image on screen."""
        opened, dataset = self._session.opened, self._session.dataset
        if opened is not None and dataset is not None and not opened.exchanged:
            image_id = opened.image.image_id
            self._waiting[image_id] = ft.SaveWork(image_id, opened.key, self._session.work, dataset.root)
            self._timer.start()

    @Slot()
    def save_now(self) -> None:
        """Hand over everything that waits."""
        self._timer.stop()
        for task in self._waiting.values():
            self._files.submit(task)
        self._waiting.clear()

    def save_scores(self, scores: MaskScores, model: str) -> None:
        """Keep the scores of the mask on screen, with what made it."""
        opened, source = self._session.opened, self._session.source
        if opened is not None:
            mode = source.mode if source.kind == "gt" else "user"
            score = ItemScore(scores, mode, model, self._session.options.preset)
            self._files.submit(ft.SaveScores(opened.image.image_id, opened.key, score))

    def forget_scores(self) -> None:
        """The image on screen has no mask any more."""
        opened = self._session.opened
        if opened is not None and not opened.exchanged:
            self._files.submit(ft.SaveScores(opened.image.image_id, opened.key, None))

    @Slot(object, str)
    def _on_failed(self, task: object, message: str) -> None:
        """Take back what could not be saved, unless it has been edited again."""
        if isinstance(task, ft.SaveWork):
            self._waiting.setdefault(task.image_id, task)
