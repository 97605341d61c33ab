"""The view of foregrounds at work: it looks what a category shows, has its foregrounds found, and shows them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from PySide6.QtCore import QObject, Slot

from sam_inspector.engine import requests as rq
from sam_inspector.engine.foreground_steps import ForegroundProgress
from sam_inspector.engine.foreground_works import FoundForeground
from sam_inspector.ui.compute_thread import ComputeThread
from sam_inspector.ui.file_thread import FileThread
from sam_inspector.ui.presenter import Presenter
from sam_inspector.ui.session import Session
from sam_inspector.ui.tune.foregrounds.correcting import Correcting
from sam_inspector.ui.tune.foregrounds.page import ForegroundsPage
from sam_inspector.ui.tune.foregrounds.tasks import DrawCard, LookAtCategory, SetKind, Standing

State = Literal["idle", "running", "stopping"]
TEXTURE = "Textures have no background to remove"
KEPT_WHOLE = "The background of these objects is kept"
ASK = "What do the images of {} show?"
ASK_WHY = (
    "Of an object the background is removed, unless it belongs to it; a texture fills the image. It is remembered."
)


class ForegroundsController(QObject):
    """Connects the page with the session and the threads."""

    def __init__(
        self,
        page: ForegroundsPage,
        session: Session,
        presenter: Presenter,
        compute: ComputeThread,
        files: FileThread,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.page = page
        self.state: State = "idle"
        self.standing: Standing | None = None
        self.correcting = Correcting(page, presenter, compute, files, self)
        self._session = session
        self._presenter = presenter
        self._compute = compute
        self._files = files
        self._job: int | None = None
        self._looked: LookAtCategory | None = None
        self._followed = ""
        self._tried: tuple[object, ...] | None = None
        self._troubles = 0
        self._connect()
        self._take_dataset()

    def _connect(self) -> None:
        side, page = self.page.side, self.page
        self._session.dataset_changed.connect(self._take_dataset)
        self._session.image_changed.connect(self._follow_image)
        self._presenter.model_ready.connect(self._take_model)
        self._compute.replied.connect(self._on_reply)
        self._files.done.connect(self._on_file_done)
        self._files.failed.connect(self._on_file_failed)
        side.category_chosen.connect(self._take_category)
        side.kind_chosen.connect(self._choose_kind)
        side.find_requested.connect(self._find)
        side.cancel_requested.connect(self._cancel)
        page.kind_chosen.connect(self._choose_kind)
        page.shown.connect(self._look)
        self.correcting.kept.connect(self._take_kept)
        page.strip.picture_needed.connect(self._draw_card)

    # --- whose foregrounds ---------------------------------------------------------------------------------------

    @Slot()
    def _take_dataset(self) -> None:
        dataset = self._session.dataset
        self._cancel()
        self._followed = ""
        self.page.side.set_categories(dataset.categories if dataset is not None else (), "")
        self._take_category()

    @Slot()
    def _follow_image(self) -> None:
        """The category is that of the image on screen, until a person has chosen another one."""
        opened, dataset = self._session.opened, self._session.dataset
        if opened is None or dataset is None or self._job is not None or opened.sample.category == self._followed:
            return
        self._followed = opened.sample.category
        before = self.page.side.chosen()
        self.page.side.set_categories(dataset.categories, self._followed)
        if self.page.side.chosen() != before:
            self._take_category()

    @Slot()
    def _take_category(self) -> None:
        self.standing, self._looked, self._tried = None, None, None
        self.correcting.clear()
        self.page.strip.cards.clear()
        self.page.banners.clear()
        self.page.header.set_subtitle(self.page.side.chosen())
        self.page.side.set_hint("")
        self.page.show_message("" if self._session.dataset is not None else "Open a dataset to see its foregrounds")
        self._refresh()
        self._look()

    @Slot()
    def _look(self) -> None:
        dataset, category = self._session.dataset, self.page.side.chosen()
        if dataset is not None and category and self._job is None and self.page.isVisible():
            self._looked = LookAtCategory(category, dataset)
            self._files.submit(self._looked)

    @Slot()
    def _take_model(self) -> None:
        self._refresh()
        self._look()

    def _take_standing(self, standing: Standing) -> None:
        self.standing = standing
        self.page.side.set_kind(standing.kind)
        if standing.problem:
            self.page.show_message("No foregrounds to look at", standing.problem)
        elif standing.kind == "unknown":
            self.page.show_message(ASK.format(standing.category), ASK_WHY, asks_for_kind=True)
        elif standing.kind == "texture":
            self.page.show_message(TEXTURE, "Sam2Sim takes their images as they are.")
        elif standing.kind == "object_kept_whole":
            self.page.show_message(KEPT_WHOLE, "It tells whether they are right, so Sam2Sim takes their images whole.")
        elif self.page.strip.cards.found():
            self.page.show_cards()
        else:
            self.page.show_message(
                "What Sam2Sim keeps of each image",
                "Find foregrounds to see them one by one, and to correct those that are wrong.",
            )
        self._sum_up()
        self._refresh()
        self._begin_if_kept()

    @Slot(str)
    def _choose_kind(self, kind: Any) -> None:
        if self.page.side.chosen():
            self._files.submit(SetKind(self.page.side.chosen(), kind))

    # --- finding -------------------------------------------------------------------------------------------------

    @property
    def can_find(self) -> bool:
        """Whether there is something to find, and a model to find it."""
        standing = self.standing
        has_work = standing is not None and standing.work is not None and standing.kind == "object"
        return has_work and self._presenter.loaded is not None and self._job is None

    def _begin_if_kept(self) -> None:
        """What was found before is shown unasked, once."""
        loaded = self._presenter.loaded
        if self.can_find and loaded is not None and self.standing is not None:
            tried = (self.standing.category, loaded.name)
            if tried != self._tried and not self.page.strip.cards.found():
                self._tried = tried
                self._begin(if_kept=True)

    @Slot()
    def _find(self) -> None:
        if self.can_find:
            self.page.banners.clear()
            self._begin(if_kept=False)

    def _begin(self, *, if_kept: bool) -> None:
        assert self.standing is not None
        assert self.standing.work is not None
        self._troubles = 0
        self._job = self._presenter.jobs.find_foregrounds(replace(self.standing.work, if_kept=if_kept))
        self.state = "running"
        if not if_kept:
            self.page.side.set_hint("Waiting for its turn")
        self._refresh()
        if not self._compute.isRunning():
            self._compute.start()

    @Slot()
    def _cancel(self) -> None:
        if self._job is not None:
            self.state = "stopping"
            self._presenter.jobs.cancel(self._job)
            self._refresh()

    def _take_step(self, step: ForegroundProgress) -> None:
        if self.standing is None:
            return  # another dataset was opened meanwhile
        self.page.side.set_hint(f"{step.text}, {step.done:,} of {step.total:,}")
        if step.trouble:
            self._troubles += 1
            self.page.banners.show_banner("warning", step.trouble)
        if step.choice is not None:
            self.correcting.choice = step.choice
        if step.found is not None:
            self.page.strip.cards.put(step.found)
            self.correcting.take_found(step.found)
            if not self.page.shows_cards:
                self.page.show_cards()

    def _end(self, ended: rq.JobEnded) -> None:
        self._job, self.state = None, "idle"
        if self.standing is None:
            self._look()
        else:
            if ended.error:
                self.page.banners.show_banner("error", ended.error)
            self._sum_up()
        self._refresh()

    @Slot()
    def _sum_up(self) -> None:
        found = self.page.strip.cards.found()
        lost = sum(one.used.fell_back for one in found)
        corrected = sum(one.correction is not None for one in found)
        parts = [f"{len(found):,} foreground" if len(found) == 1 else f"{len(found):,} foregrounds"]
        parts += [f"{corrected:,} corrected"] if corrected else []
        parts += [f"{lost:,} not found"] if lost else []
        self.page.side.set_hint(", ".join(parts) + "." if found else "")

    def _refresh(self) -> None:
        self.page.side.set_state(
            running=self.state != "idle", stopping=self.state == "stopping", can_find=self.can_find
        )
        if self._presenter.loaded is None and self.page.side.chosen() and self.state == "idle":
            self.page.side.set_hint("Waiting for the model that finds them.")

    @Slot(object)
    def _take_kept(self, found: FoundForeground) -> None:
        self._presenter.automatic.sources.forget_networks()
        if self._job is None:
            self._sum_up()

    # --- from the threads ----------------------------------------------------------------------------------------

    @Slot(object)
    def _draw_card(self, found: FoundForeground) -> None:
        self._files.submit(DrawCard(found))

    @Slot(object)
    def _on_reply(self, reply: object) -> None:
        if isinstance(reply, rq.JobStepped) and reply.job.number == self._job:
            if isinstance(reply.progress, ForegroundProgress):
                self._take_step(reply.progress)
        elif isinstance(reply, rq.JobEnded) and reply.job.number == self._job:
            self._end(reply)

    @Slot(object, object)
    def _on_file_done(self, task: object, result: Any) -> None:
        match task:
            case LookAtCategory() if task is self._looked:
                self._take_standing(result)
            case SetKind():
                self._presenter.automatic.settings_changed.emit()  # it shows the kind, too
                self._look()
            case DrawCard():
                self.page.strip.set_picture(task.found, result)

    @Slot(object, str)
    def _on_file_failed(self, task: object, message: str) -> None:
        if isinstance(task, SetKind):
            self.page.banners.show_banner("error", message)
