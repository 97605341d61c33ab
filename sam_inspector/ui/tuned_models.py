"""The tuned models that lie in the user's folder, as the window's lists offer them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from PySide6.QtCore import QFileSystemWatcher, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication

from sam_inspector.models.registry import ModelSpec
from sam_inspector.models.tuned.finding import tuned_folder, tuned_models
from sam_inspector.ui.file_thread import OPEN, FileState, FileThread

LOOK_MS = 250
"""A file that is written tells of itself several times."""


@dataclass(frozen=True, eq=False)
class ListTuned:
    """Look which tuned models there are; a file that was not seen before is read whole for its hash."""

    priority: ClassVar[int] = OPEN
    newest_only: ClassVar[bool] = True

    def run(self, state: FileState) -> tuple[ModelSpec, ...]:
        """List them; what is no tuned model is passed over."""
        return tuned_models()


class TunedModels(QObject):
    """Keeps the list: it looks again when the folder changes, and when the window comes to the front."""

    changed = Signal()
    """Others are there, or one of them was trained further"""

    def __init__(self, files: FileThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.specs: tuple[ModelSpec, ...] = ()
        self._files = files
        self._watcher = QFileSystemWatcher(self)
        self._soon = QTimer(self, singleShot=True, interval=LOOK_MS)
        self._soon.timeout.connect(self.look)
        self._watcher.directoryChanged.connect(self._on_folder)
        files.done.connect(self._on_file_done)
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.applicationStateChanged.connect(self._on_state)

    @Slot()
    def look(self) -> None:
        """List them anew."""
        self._files.submit(ListTuned())

    @Slot(str)
    def _on_folder(self, _folder: str) -> None:
        self._soon.start()

    @Slot(Qt.ApplicationState)
    def _on_state(self, state: Qt.ApplicationState) -> None:
        """The shell may have made the folder meanwhile, which could not be watched before."""
        if state == Qt.ApplicationState.ApplicationActive:
            self._soon.start()

    @Slot(object, object)
    def _on_file_done(self, task: object, result: Any) -> None:
        if not isinstance(task, ListTuned):
            return
        folder = tuned_folder()
        if folder.is_dir() and not self._watcher.directories():
            self._watcher.addPath(str(folder))
        if result != self.specs:
            self.specs = result
            self.changed.emit()
