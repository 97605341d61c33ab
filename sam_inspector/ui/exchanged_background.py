"""The image on screen before another background: to see what a method, or one's own prompts, make of it.

It is an experiment: prompts are carried over and can be changed, but nothing that is done there is saved, and no score
counts for the results of the dataset.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from sam_inspector.core.work import ImageWork
from sam_inspector.engine import requests as rq
from sam_inspector.foreground.backgrounds import BackgroundKind, BackgroundSettings
from sam_inspector.methods.sam2sim import ForegroundChoice
from sam_inspector.ui.background_button import AS_TAKEN
from sam_inspector.ui.compute_thread import ComputeThread, ExchangedView
from sam_inspector.ui.file_tasks import ReadSample
from sam_inspector.ui.presenter import Presenter
from sam_inspector.ui.session import Session
from sam_inspector.ui.views import Views

DOING = "Looking for the object, to set it before another background…"
EXPERIMENT = "Another background: nothing is saved"


class ExchangedBackground(QObject):
    """Asks for the image before another background, and brings it to the screen."""

    def __init__(
        self,
        session: Session,
        presenter: Presenter,
        compute: ComputeThread,
        views: Views,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._presenter = presenter
        self._compute = compute
        self._views = views
        self.settings: BackgroundSettings | None = None
        self.foreground = ForegroundChoice()
        self._taken: ReadSample | None = None  # the image on screen as it was taken
        self._job: int | None = None
        presenter.sample_read.connect(self._on_read)
        presenter.model_ready.connect(self._ask)
        compute.replied.connect(self._on_reply)
        session.dataset_changed.connect(self._leave)
        session.image_changed.connect(self._tell)
        button = views.header.background
        button.chosen.connect(self._choose)
        button.redraw_requested.connect(self._redraw)

    @Slot(str)
    def _choose(self, kind: BackgroundKind) -> None:
        if kind == AS_TAKEN:
            self.show(None)
        elif kind == "photos":
            chosen = QFileDialog.getExistingDirectory(self._views.canvas, "Folder of photos that serve as backgrounds")
            if chosen:
                self.show(BackgroundSettings(kind, folder=Path(chosen)))
        else:
            self.show(BackgroundSettings(kind))

    @Slot()
    def _redraw(self) -> None:
        if self.settings is not None:
            self.show(replace(self.settings, seed=self.settings.seed + 1))

    def show(self, settings: BackgroundSettings | None) -> None:
        """Show this image, and those that are opened next, before such a background; None for as they were taken."""
        self.settings = settings
        self._views.header.background.set_kind(AS_TAKEN if settings is None else settings.kind)
        if settings is not None:
            self._ask()
            return
        self._give_up()
        opened = self._session.opened
        if opened is not None and opened.exchanged and self._taken is not None:
            self._presenter.show_read(self._taken)
        self._tell()

    @Slot()
    def _ask(self) -> None:
        taken = self._taken
        if self.settings is None or taken is None or self._presenter.loaded is None:
            return
        self._give_up()
        work = rq.ExchangeImage(taken.image, taken.sample.category, self.settings, self.foreground)
        self._job = self._presenter.jobs.exchange(work)
        self._tell()

    def _give_up(self) -> None:
        if self._job is not None:
            self._presenter.jobs.cancel(self._job)
            self._job = None

    @Slot()
    def _leave(self) -> None:
        self._give_up()
        self._taken = None

    @Slot(object)
    def _on_read(self, read: ReadSample) -> None:
        if not read.exchanged:
            self._give_up()
            self._taken = read
            self._ask()

    @Slot(object)
    def _on_reply(self, reply: object) -> None:
        if isinstance(reply, ExchangedView) and reply.number == self._job:
            self._take(reply)
        elif isinstance(reply, rq.JobEnded) and reply.job.number == self._job:
            self._job = None
            if reply.error:
                self._fail(reply.error)
            self._tell()

    def _take(self, view: ExchangedView) -> None:
        taken, opened = self._taken, self._session.opened
        if taken is None or opened is None or opened.sample is not taken.sample:
            return
        if view.image is None or view.pyramid is None:
            self._fail(view.remark)
            return
        # What the person has asked of the image is asked of it before this background too.
        work = ImageWork(prompts=self._session.work.prompts)
        self._presenter.show_read(
            replace(taken, image=view.image, pyramid=view.pyramid, work=work, trouble="", exchanged=True)
        )

    def _fail(self, why: str) -> None:
        self._presenter.trouble.emit("warning", why)
        self.show(None)

    @Slot()
    def _tell(self) -> None:
        opened = self._session.opened
        words = DOING if self._job is not None else ""
        if opened is not None and opened.exchanged and self._job is None:
            words = EXPERIMENT
        self._views.canvas.set_remark(words)
