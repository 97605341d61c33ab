"""Clicks that correct a foreground: SAM is asked, edits are held until they are kept, and each can be taken back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from sam_inspector.core.prompts import NEGATIVE, POSITIVE
from sam_inspector.engine import requests as rq
from sam_inspector.engine.foreground_steps import ForegroundAnswer
from sam_inspector.engine.foreground_works import AskForeground, FoundForeground
from sam_inspector.methods.sam2sim import ForegroundChoice
from sam_inspector.ui.compute_thread import ComputeThread
from sam_inspector.ui.file_thread import FileThread
from sam_inspector.ui.presenter import Presenter
from sam_inspector.ui.tune.foregrounds.drafts import Draft, Edit, begin, with_point
from sam_inspector.ui.tune.foregrounds.page import ForegroundsPage
from sam_inspector.ui.tune.foregrounds.tasks import DrawLarge, KeepForeground

CLICK_FIRST = "Click on the object first: SAM has nothing yet that it could leave something out of."


class Correcting(QObject):
    """Works on one foreground at a time; edits of others wait until it is their turn again.

    Attributes
    ----------
    choice
        How the foregrounds on screen were found: answers are cleaned up in the same way.
    """

    kept = Signal(object)
    """`FoundForeground`, as it is used from now on"""

    def __init__(
        self,
        page: ForegroundsPage,
        presenter: Presenter,
        compute: ComputeThread,
        files: FileThread,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.choice = ForegroundChoice()
        self._page = page
        self._presenter = presenter
        self._files = files
        self._drafts: dict[Path, Draft] = {}
        self._open: Path | None = None
        self._pending: Edit | None = None
        self._job: int | None = None
        self._drawn: DrawLarge | None = None
        editor = page.editor
        page.strip.opened.connect(self.open)
        editor.view.pressed.connect(self._on_point)
        editor.whole_requested.connect(self._take_whole)
        editor.automatic_requested.connect(self._take_automatic)
        editor.undo_requested.connect(self._undo)
        editor.keep_requested.connect(self._keep)
        editor.close_requested.connect(self.close)
        compute.replied.connect(self._on_reply)
        files.done.connect(self._on_file_done)
        files.failed.connect(self._on_file_failed)

    @property
    def draft(self) -> Draft | None:
        """The foreground that is worked on."""
        return None if self._open is None else self._drafts.get(self._open)

    @property
    def is_asking(self) -> bool:
        """Whether SAM's answer is to come."""
        return self._job is not None

    def clear(self) -> None:
        """Other foregrounds come: forget all edits."""
        self.close()
        self._drafts.clear()

    def take_found(self, found: FoundForeground) -> None:
        """A foreground was found again, perhaps with another outline; what a person has begun stays."""
        draft = self._drafts.get(found.path)
        if draft is None:
            return
        if draft.can_undo or (self._pending is not None and found.path == self._open):
            self._drafts[found.path] = Draft(found, draft.edits)
        elif found != draft.found:
            self._drafts[found.path] = begin(found)
        if found.path == self._open:
            self._show()

    @Slot(object)
    def open(self, found: FoundForeground) -> None:
        """Show a foreground large."""
        if found.path == self._open:
            return
        self._leave()
        self._open = found.path
        self._drawn = None
        self._drafts.setdefault(found.path, begin(found))
        self._page.editor.set_found(found)
        self._page.open_editor(True)
        self._page.strip.set_opened(found.path)
        self._show()

    @Slot()
    def close(self) -> None:
        """Show the cards alone; edits wait."""
        self._leave()
        self._open = None
        self._page.strip.set_opened(None)
        self._page.open_editor(False)

    def _leave(self) -> None:
        self._give_up()
        draft = self.draft
        if draft is not None and not draft.can_undo:
            del self._drafts[draft.found.path]

    def _give_up(self) -> None:
        """Leave what SAM has not answered."""
        if self._job is not None:
            self._presenter.jobs.cancel(self._job)
        self._job, self._pending = None, None

    # --- changes -------------------------------------------------------------------------------------------------

    @Slot(float, float, int)
    def _on_point(self, x: float, y: float, label: int) -> None:
        draft = self.draft
        if draft is None:
            return
        pending = with_point(self._pending or draft.last, (x, y), label)
        if label == NEGATIVE and not pending.start and POSITIVE not in pending.labels:
            self._page.editor.set_state(CLICK_FIRST)
            return
        self._give_up()
        self._pending = pending
        asked = AskForeground(draft.found.path, pending.points, pending.labels, self.choice, pending.start)
        self._job = self._presenter.jobs.ask_foreground(asked)
        self._show()

    @Slot()
    def _take_whole(self) -> None:
        if self.draft is not None:
            self._set(self.draft.whole())

    @Slot()
    def _take_automatic(self) -> None:
        if self.draft is not None:
            self._set(self.draft.automatic())

    @Slot()
    def _undo(self) -> None:
        draft = self.draft
        if draft is not None:
            # What SAM has not answered goes first.
            self._set(draft if self._pending is not None else draft.undone())

    def _set(self, draft: Draft) -> None:
        self._give_up()
        self._drafts[draft.found.path] = draft
        self._show()

    @Slot()
    def _keep(self) -> None:
        draft = self.draft
        if draft is not None and draft.is_edited and self._pending is None:
            shown = draft.last.shown
            self._files.submit(KeepForeground(draft.found, None if shown == draft.found.automatic else shown))

    # --- showing -------------------------------------------------------------------------------------------------

    def _show(self, words: str = "") -> None:
        draft, editor = self.draft, self._page.editor
        if draft is None:
            return
        edit = self._pending or draft.last
        answered = len(draft.last.points) if self._pending is not None else len(edit.points)
        editor.view.set_points(edit.points, edit.labels, answered)
        editor.set_shown(draft.last.shown, edited=draft.is_edited)
        editor.set_state("Asking SAM…" if self._pending is not None else words)
        editor.set_possible(
            whole=draft.last.shown.share < 1.0 or draft.last.shown.fell_back,
            automatic=draft.last.shown != draft.found.automatic,
            undo=draft.can_undo or self._pending is not None,
            keep=draft.is_edited and self._pending is None,
        )
        self._page.strip.cards.set_edited(draft.found.path, draft.is_edited)
        drawn = self._drawn
        if drawn is None or (drawn.found.path, drawn.shown.mask) != (draft.found.path, draft.last.shown.mask):
            self._drawn = DrawLarge(draft.found, draft.last.shown)
            self._files.submit(self._drawn)

    # --- from the threads ----------------------------------------------------------------------------------------

    @Slot(object)
    def _on_reply(self, reply: object) -> None:
        if isinstance(reply, rq.JobStepped) and reply.job.number == self._job:
            progress, draft = reply.progress, self.draft
            if isinstance(progress, ForegroundAnswer) and progress.answer is not None and draft is not None:
                assert self._pending is not None
                self._drafts[draft.found.path] = draft.answered(self._pending, progress.answer)
                self._pending = None
                self._show()
        elif isinstance(reply, rq.JobEnded) and reply.job.number == self._job:
            self._job, self._pending = None, None
            if reply.error:
                self._page.banners.show_banner("warning", reply.error)
            self._show()

    @Slot(object, object)
    def _on_file_done(self, task: object, result: Any) -> None:
        if isinstance(task, DrawLarge) and task is self._drawn:
            if task.found.path == self._open:
                self._page.editor.view.set_picture(result)
        elif isinstance(task, KeepForeground):
            self._take_kept(task)

    def _take_kept(self, task: KeepForeground) -> None:
        found = replace(task.found, correction=task.drawn)
        cards = self._page.strip.cards
        if cards.of(found.path) is None:
            return  # another category was chosen meanwhile
        cards.put(found)
        draft = self._drafts.get(found.path)
        if draft is not None:
            is_same = draft.last.shown == found.used
            self._drafts[found.path] = begin(found) if is_same else Draft(found, draft.edits)
            cards.set_edited(found.path, not is_same)
        if found.path == self._open:
            self._show("Kept: it is used from now on, and a network that learnt with another one is trained again.")
        self.kept.emit(found)

    @Slot(object, str)
    def _on_file_failed(self, task: object, message: str) -> None:
        if isinstance(task, KeepForeground | DrawLarge):
            self._page.banners.show_banner("error", message)
