"""Looking at the images of a cell, one after the other: which is on screen, and how it comes there."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from sam_inspector.ui.evaluate.look import Look, LookAt, ReadLook
from sam_inspector.ui.evaluate.look_panel import LookPanel
from sam_inspector.ui.evaluate.worst_strip import WorstStrip
from sam_inspector.ui.file_thread import FileThread


class Looker(QObject):
    """Has images read, and steps along the strip; the work on them in Inspect is not touched."""

    wanted = Signal(object)
    """`WorstImage`: the next or previous one"""
    edit_requested = Signal(object)
    """`Look`: its prompts are wanted in Inspect"""
    closed = Signal()

    def __init__(self, panel: LookPanel, strip: WorstStrip, files: FileThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._panel = panel
        self._strip = strip
        self._files = files
        self._task: ReadLook | None = None
        self._look: Look | None = None
        files.done.connect(self._on_file_done)
        files.failed.connect(self._on_file_failed)
        panel.stepped.connect(self._step)
        panel.edit_requested.connect(self._edit)
        panel.closed.connect(self._close)

    @property
    def look_on_screen(self) -> Look | None:
        """What is shown; None until it is read."""
        return self._look

    def look(self, at: LookAt) -> None:
        """Show an image; the one before stays until it is read."""
        self._task = ReadLook(at)
        self._files.submit(self._task)
        self._strip.set_looked_at(at.image)
        place, total = self._strip.place_of(at.image)
        self._panel.expect(at, place, total)

    @Slot(object, object)
    def _on_file_done(self, task: object, result: object) -> None:
        if task is self._task and isinstance(result, Look):
            self._look = result
            self._panel.show_look(result)

    @Slot(object, str)
    def _on_file_failed(self, task: object, message: str) -> None:
        if task is self._task and self._task is not None:
            self._panel.show_look(Look(self._task.at, notes=(message,)))

    @Slot(int)
    def _step(self, by: int) -> None:
        if self._task is None:
            return
        place, total = self._strip.place_of(self._task.at.image)
        if place is not None and 0 <= place + by < total:
            self.wanted.emit(self._strip.images.entries()[place + by])

    @Slot()
    def _edit(self) -> None:
        if self._look is not None and self._task is not None and self._look.at is self._task.at:
            self.edit_requested.emit(self._look)

    @Slot()
    def _close(self) -> None:
        self._task = self._look = None
        self._strip.set_looked_at(None)
        self.closed.emit()
