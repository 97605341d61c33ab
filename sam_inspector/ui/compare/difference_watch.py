"""Sees to it that the difference pane shows the masks of its two panes."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from sam_inspector.ui.canvas.overlays import MaskOverlay
from sam_inspector.ui.compare.answer import PaneAnswer
from sam_inspector.ui.compare.difference import DifferenceOverlay
from sam_inspector.ui.compare.difference_pane import DifferencePane
from sam_inspector.ui.compare.layout import LETTERS
from sam_inspector.ui.compare.tasks import CompareMasks
from sam_inspector.ui.file_thread import FileThread


class DifferenceWatch(QObject):
    """Asks the file thread for differences, for those of large images take long."""

    def __init__(self, pane: DifferencePane, files: FileThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pane = pane
        self._files = files
        self._asked: CompareMasks | None = None
        self._pair = (0, 1)
        self.found: DifferenceOverlay | None = None
        """What is on screen; None while it is not known"""
        files.done.connect(self._take)

    def forget(self) -> None:
        """Another image is on screen."""
        self._asked = self.found = None
        self._pane.show_difference(None, self._pair, "Waiting for the panes…")

    def show(
        self,
        pair: tuple[int, int],
        answers: tuple[PaneAnswer | None, PaneAnswer | None],
        is_waiting: tuple[bool, bool],
        truth: MaskOverlay | None,
        size: tuple[int, int],
    ) -> None:
        """Show where two panes disagree, once both have masks of the image on screen."""
        first, second = answers
        turned, self._pair = pair != self._pair, pair
        if first is None or second is None:
            self._asked = None
            lacking = [LETTERS[place] for place, answer in zip(pair, answers, strict=True) if answer is None]
            words = f"There is no mask in pane {lacking[0]} to compare with."
            if any(is_waiting):
                self._pane.show_difference(self.found, pair, "Waiting for the panes…", stale=True)
            else:
                self.found = None
                self._pane.show_difference(None, pair, words)
            return
        wanted = (first.mask, second.mask, truth)
        asked = self._asked
        if asked is not None and wanted == (asked.first, asked.second, asked.truth):
            if turned and self.found is not None:
                self._pane.show_difference(self.found, pair, "")
            return
        self._asked = CompareMasks(*wanted, size)
        self._pane.show_difference(self.found, pair, "Comparing…", stale=True)
        self._files.submit(self._asked)

    @Slot(object, object)
    def _take(self, task: object, result: DifferenceOverlay) -> None:
        if task is self._asked:
            self.found = result
            self._pane.show_difference(result, self._pair, "")
