"""The Tune view at work: it looks what can be trained, starts and stops it, and shows how it goes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, QTimer, QUrl, Slot
from PySide6.QtGui import QDesktopServices

from sam_inspector.engine import requests as rq
from sam_inspector.ui.compute_thread import ComputeThread
from sam_inspector.ui.evaluate.tasks import LoadCharts
from sam_inspector.ui.file_thread import FileThread
from sam_inspector.ui.main_window import MainWindow
from sam_inspector.ui.model_choice import ModelChoice
from sam_inspector.ui.panels.jobs import time_left
from sam_inspector.ui.presenter import Presenter
from sam_inspector.ui.session import Session
from sam_inspector.ui.settings import Settings
from sam_inspector.ui.tune.choices import networks_folder
from sam_inspector.ui.tune.foregrounds.controller import ForegroundsController
from sam_inspector.ui.tune.page import TunePage
from sam_inspector.ui.tune.sam.controller import SamController
from sam_inspector.ui.tune.tasks import DrawPreview, LookAtTraining, SetAside, Standing
from sam_inspector.ui.tune.train_foot import TrainState
from sam_inspector.ui.tuned_models import TunedModels

LOOK_MS = 150
NO_MODEL = "Waiting for the model whose encoder is the backbone."


class TuneController(QObject):
    """Connects the page with the session and the threads."""

    def __init__(
        self,
        window: MainWindow,
        page: TunePage,
        session: Session,
        presenter: Presenter,
        compute: ComputeThread,
        files: FileThread,
        settings: Settings,
        models: ModelChoice,
        tuned: TunedModels,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self.page = page
        self.sam = SamController(
            window, page.sam, session, presenter, compute, files, settings, models, tuned, parent=self
        )
        self.foregrounds = ForegroundsController(page.foregrounds, session, presenter, compute, files, self)
        self.state: TrainState = "idle"
        self.standing: Standing | None = None
        self._session = session
        self._presenter = presenter
        self._compute = compute
        self._files = files
        self._settings = settings
        self._job: int | None = None
        self._running: rq.TrainSimpleNet | None = None  # whose progress is on screen
        self._looked: LookAtTraining | None = None
        self._aside: SetAside | None = None
        self._category = ""
        self._look_soon = QTimer(self, singleShot=True, interval=LOOK_MS)
        self._look_soon.timeout.connect(self._look)
        self._connect()
        self._take_model()
        self._take_dataset()

    def _connect(self) -> None:
        form, page = self.page.form, self.page
        self._session.dataset_changed.connect(self._take_dataset)
        self._session.image_changed.connect(self._follow_image)
        self._presenter.model_ready.connect(self._take_model)
        self._compute.replied.connect(self._on_reply)
        self._files.done.connect(self._on_file_done)
        self._files.failed.connect(self._on_file_failed)
        form.changed.connect(self._on_changed)
        form.start_requested.connect(self._start)
        form.anew_requested.connect(self._start_anew)
        form.cancel_requested.connect(self._cancel)
        form.use_requested.connect(self._use)
        page.shown.connect(self._on_shown)
        page.open_requested.connect(self._window.action("open_folder").trigger)
        page.run_bar.folder_requested.connect(self._show_folder)

    # --- what can be trained -------------------------------------------------------------------------------------

    @Slot()
    def _on_shown(self) -> None:
        if self.page.loss.chart is None:
            self._files.submit(LoadCharts())
        self._look_soon.start()  # images may have come or gone

    @Slot()
    def _take_model(self) -> None:
        loaded = self._presenter.loaded
        if loaded is not None:
            self.page.form.set_model(loaded.name, loaded.title)
            self._look_soon.start()

    @Slot()
    def _take_dataset(self) -> None:
        dataset = self._session.dataset
        self._category = ""
        self.page.set_has_dataset(dataset is not None or self._job is not None)
        if dataset is not None:
            self.page.form.set_categories(dataset.categories, "")
            self._look_soon.start()

    @Slot()
    def _follow_image(self) -> None:
        """The category is that of the image on screen, until a person has chosen another one."""
        opened, dataset = self._session.opened, self._session.dataset
        if opened is None or dataset is None or self._job is not None or opened.sample.category == self._category:
            return
        self._category = opened.sample.category
        self.page.form.set_categories(dataset.categories, self._category)
        self._look_soon.start()

    @Slot()
    def _on_changed(self) -> None:
        self._looked = None  # an answer under way is of another wish
        self._set_state("looking" if self._job is None else self.state)
        self._look_soon.start()

    @Slot()
    def _look(self) -> None:
        dataset, choices = self._session.dataset, self.page.form.choices()
        if dataset is None or not choices.category or self._job is not None or not self.page.isVisible():
            return
        self._looked = LookAtTraining(choices, dataset, networks_folder(), self._settings.device)
        self._files.submit(self._looked)

    def _take_standing(self, standing: Standing) -> None:
        self.standing = standing
        earlier, epochs = standing.earlier, standing.choices.epochs
        if standing.problem:
            self.page.form.set_hint(standing.problem, is_problem=True)
        elif self._needs_model:
            self.page.form.set_hint(NO_MODEL, is_problem=False)
        else:
            self.page.form.set_hint(_summary(standing), is_problem=False)
        self._set_state("idle")
        self.page.header.set_subtitle(standing.choices.category)
        self.page.loss.set_losses(() if earlier is None else earlier.losses, epochs)
        if standing.work is not None:
            self.page.previews.set_images(standing.work.preview_paths)
        if self._running is None or standing.work is None or self._running.out != standing.work.out:
            # What is on screen is of another network.
            self.page.previews.forget_pictures()
            self._running = None
            self.page.run_bar.setVisible(earlier is not None)
            if earlier is not None and standing.work is not None:
                self.page.run_bar.set_rest(*_stands(standing), str(standing.work.out.parent))

    @property
    def _needs_model(self) -> bool:
        choices = self.page.form.choices()
        return choices.backbone == "sam" and self._presenter.loaded is None

    def _set_state(self, state: TrainState) -> None:
        self.state = state
        standing = self.standing
        self.page.form.set_state(
            state,
            can_start=standing is not None and standing.work is not None and not self._needs_model,
            has_earlier=standing is not None
            and standing.work is not None
            and (standing.earlier is not None or bool(standing.problem)),
            is_done=standing is not None and (standing.is_done or bool(standing.problem)),
            epochs_done=0 if standing is None else standing.epochs_done,
        )

    # --- starting and stopping -----------------------------------------------------------------------------------

    @Slot()
    def _start(self) -> None:
        standing = self.standing
        if self.state != "idle" or standing is None or standing.work is None:
            return
        self.page.banners.clear()
        self._running = standing.work
        self._job = self._presenter.jobs.train(standing.work)
        self._set_state("running")
        self.page.previews.set_images(standing.work.preview_paths)
        self.page.previews.forget_pictures()
        self.page.form.set_hint("Training goes on while you work elsewhere.", is_problem=False)
        self.page.run_bar.show()
        self.page.run_bar.set_progress("Training", "Waiting for its turn", 0.0, "")
        if not self._compute.isRunning():
            self._compute.start()

    @Slot()
    def _start_anew(self) -> None:
        if self.state == "idle" and self.standing is not None and self.standing.work is not None:
            self._aside = SetAside(self.standing.work.out)
            self._set_state("looking")
            self._files.submit(self._aside)

    @Slot()
    def _cancel(self) -> None:
        if self._job is not None:
            self._set_state("stopping")
            self._presenter.jobs.cancel(self._job)

    @Slot()
    def _use(self) -> None:
        """Let the network that is there make the maps of its category."""
        standing = self.standing
        if standing is None or standing.work is None:
            return
        automatic = self._presenter.automatic
        automatic.sources.forget_networks()  # the file may hold another network by now
        automatic.sources.networks[standing.choices.category] = standing.work.out
        self._window.set_workspace("inspect")
        automatic.choose_method("simplenet")
        self._session.set_source(replace(self._session.source, kind="auto"))

    # --- from the threads ----------------------------------------------------------------------------------------

    @Slot(object)
    def _on_reply(self, reply: object) -> None:
        if isinstance(reply, rq.JobStepped) and reply.job.number == self._job:
            if isinstance(reply.progress, rq.SimpleNetProgress):
                self._show_step(reply.progress)
        elif isinstance(reply, rq.JobEnded) and reply.job.number == self._job:
            self._end(reply)

    def _show_step(self, step: rq.SimpleNetProgress) -> None:
        page = self.page
        loss = "" if step.loss is None else f"loss {step.loss:.4f}"
        figures = ", ".join(part for part in (loss, time_left(step.seconds_left)) if part)
        page.run_bar.set_progress("Training", step.text, step.done / max(1, step.total), figures)
        if step.losses:
            page.loss.set_losses(step.losses, step.epochs)
        for remark in step.remarks:
            page.banners.show_banner("warning", remark)
        if step.previews:
            page.previews.set_epoch(len(step.losses))
            for preview in step.previews:
                self._files.submit(DrawPreview(preview))

    def _end(self, ended: rq.JobEnded) -> None:
        self._job = None
        running = self._running
        assert running is not None
        titles = {"done": "Trained", "cancelled": "Cancelled", "failed": "Failed"}
        self.page.run_bar.set_rest(titles[ended.outcome], running.out.name, str(running.out.parent))
        if ended.error:
            self.page.banners.show_banner("error", ended.error)
        elif ended.outcome == "done" and not self.page.isVisible():
            self._presenter.trouble.emit("info", f"SimpleNet for {running.category} is trained: see Tune (F6).")
        self._set_state("looking")
        self._take_categories_again()
        self._look_soon.start()

    def _take_categories_again(self) -> None:
        """While a training ran the form stood still, whatever was opened meanwhile."""
        dataset = self._session.dataset
        self.page.set_has_dataset(dataset is not None)
        if dataset is not None and self.page.form.choices().category not in dataset.categories:
            self.page.form.set_categories(dataset.categories, self._category)

    @Slot(object, object)
    def _on_file_done(self, task: object, result: Any) -> None:
        match task:
            case LoadCharts():
                self.page.loss.build()
            case LookAtTraining() if task is self._looked:
                self._take_standing(result)
            case SetAside() if task is self._aside:
                self._aside = None
                self._set_state("idle")
                self._start()
            case DrawPreview():
                self.page.previews.set_picture(task.preview, result)

    @Slot(object, str)
    def _on_file_failed(self, task: object, message: str) -> None:
        if task is self._aside or task is self._looked:
            self._aside = None
            self._set_state("idle")
            self.page.banners.show_banner("error", message)

    @Slot()
    def _show_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(networks_folder())))


def _summary(standing: Standing) -> str:
    """What training would do, in one line."""
    choices, normal = standing.choices, standing.normal
    images = f"{normal:,} normal image" if normal == 1 else f"{normal:,} normal images"
    if standing.is_done:
        return f"Trained already: {standing.epochs_done:,} epochs. More epochs go on from there."
    if standing.epochs_done >= choices.epochs:
        return "All epochs are done; what normal images score is still to be found out."
    if standing.earlier is not None:
        return f"{standing.epochs_done:,} of {choices.epochs:,} epochs are done, with {images}."
    return f"{images}, {choices.epochs:,} epochs."


def _stands(standing: Standing) -> tuple[str, str]:
    assert standing.work is not None
    title = "Trained" if standing.is_done else "Not finished"
    return title, f"{standing.epochs_done:,} of {standing.choices.epochs:,} epochs, {standing.work.out.name}"
