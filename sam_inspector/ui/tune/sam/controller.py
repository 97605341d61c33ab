"""The view that tunes SAM at work: it looks what can be tuned, starts and stops it, and shows how it goes."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, QTimer, QUrl, Slot
from PySide6.QtGui import QDesktopServices

from sam_inspector.data.datasets import Dataset
from sam_inspector.engine import requests as rq
from sam_inspector.models.tuned.finding import SEPARATOR, tuned_folder
from sam_inspector.ui.compute_thread import ComputeThread
from sam_inspector.ui.evaluate.tasks import LoadCharts
from sam_inspector.ui.file_thread import FileThread
from sam_inspector.ui.main_window import MainWindow
from sam_inspector.ui.model_choice import ModelChoice
from sam_inspector.ui.panels.jobs import time_left
from sam_inspector.ui.presenter import Presenter
from sam_inspector.ui.session import Session
from sam_inspector.ui.settings import Settings
from sam_inspector.ui.tune.sam.drawing import DrawMasks
from sam_inspector.ui.tune.sam.page import SamTunePage
from sam_inspector.ui.tune.sam.sentences import hint_of, result_of
from sam_inspector.ui.tune.sam.tasks import GatherSamples, LookAtTuning, SamStanding, SetTuningAside
from sam_inspector.ui.tune.train_foot import TrainState
from sam_inspector.ui.tuned_models import TunedModels

LOOK_MS = 150


class SamController(QObject):
    """Connects the page with the session and the threads.

    Attributes
    ----------
    standing
        What the form's wish comes to; None until that was looked at.
    """

    def __init__(
        self,
        window: MainWindow,
        page: SamTunePage,
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
        self.page = page
        self.state: TrainState = "idle"
        self.standing: SamStanding | None = None
        self._window = window
        self._session = session
        self._presenter = presenter
        self._compute = compute
        self._files = files
        self._settings = settings
        self._models = models
        self._tuned = tuned
        self._dataset: Dataset | None = None  # that the form is about
        self._job: int | None = None
        self._running: rq.TrainSpt | None = None  # whose progress is on screen
        self._looked: LookAtTuning | None = None
        self._gathered: GatherSamples | None = None
        self._aside: SetTuningAside | None = None
        self._look_soon = QTimer(self, singleShot=True, interval=LOOK_MS)
        self._look_soon.timeout.connect(self._look)
        self._connect()
        self._take_dataset()
        self._take_model()

    def _connect(self) -> None:
        form, foot = self.page.form, self.page.form.foot
        self._session.dataset_changed.connect(self._take_dataset)
        self._session.work_changed.connect(self._look_soon.start)
        self._presenter.model_ready.connect(self._take_model)
        self._compute.replied.connect(self._on_reply)
        self._files.done.connect(self._on_file_done)
        self._files.failed.connect(self._on_file_failed)
        self._tuned.changed.connect(self._look_soon.start)
        form.changed.connect(self._on_changed)
        foot.start_requested.connect(self._start)
        foot.go_on_requested.connect(self._go_on)
        foot.anew_requested.connect(self._start_anew)
        foot.cancel_requested.connect(self._cancel)
        foot.use_requested.connect(self._use)
        self.page.shown.connect(self._on_shown)
        self.page.run_bar.folder_requested.connect(self._show_folder)

    # --- what can be tuned ---------------------------------------------------------------------------------------

    @Slot()
    def _on_shown(self) -> None:
        if self.page.loss.chart is None:
            self._files.submit(LoadCharts())
        self._look_soon.start()  # masks may have been accepted, or rows selected

    @Slot()
    def _take_model(self) -> None:
        loaded = self._presenter.loaded
        if loaded is not None:
            self.page.form.set_model(loaded.title)
            self._look_soon.start()

    @Slot()
    def _take_dataset(self) -> None:
        dataset = self._session.dataset
        if dataset is not None and dataset is not self._dataset and self._job is None:
            self._dataset = dataset
            self.page.form.set_dataset(dataset.root.name, dataset.categories)
            self._on_changed()

    @Slot()
    def _on_changed(self) -> None:
        self._looked = None  # an answer under way is of another wish
        if self._job is None:
            self._set_state("looking")
            self._look_soon.start()

    @Slot()
    def _look(self) -> None:
        dataset = self._session.dataset
        if dataset is None or self._job is not None or self._gathered is not None or not self.page.isVisible():
            return
        self._presenter.saver.save_now()  # what was accepted just now counts
        loaded = self._presenter.loaded
        model = loaded.name if loaded is not None else ""
        self._looked = LookAtTuning(self.page.form.choices(), dataset, self._selected(), model, tuned_folder())
        self._files.submit(self._looked)

    def _selected(self) -> frozenset[str]:
        return frozenset(self._window.views.images.selected_keys())

    def _take_standing(self, standing: SamStanding) -> None:
        self.standing = standing
        is_on_screen = self._running is not None and self._running.out == standing.out
        is_known = is_on_screen or standing.earlier is not None
        self.page.header.set_subtitle(standing.choices.name if is_known else "")
        self.page.form.set_counts(standing.counts)
        sentence, is_problem = hint_of(standing, has_just_ended=is_on_screen)
        self.page.form.foot.set_hint(sentence, is_problem=is_problem)
        self._set_state("idle")
        if not is_on_screen:
            self._running = None
            self.page.cards.clear()
        if standing.earlier is not None or not is_on_screen:
            self._show_earlier(standing)

    def _show_earlier(self, standing: SamStanding) -> None:
        """What the file of this name tells of its training."""
        earlier, epochs = standing.earlier, standing.choices.settings.epochs
        self.page.run_bar.setVisible(earlier is not None)
        if earlier is None:
            is_judged = standing.choices.settings.holdout.kind != "none"
            self.page.show_curves((), None, (), 0, epochs, is_judged=is_judged)
            return
        self.page.show_curves(
            earlier.losses,
            earlier.zero_shot,
            earlier.judged,
            earlier.kept_epoch,
            epochs if standing.can_go_on else earlier.epochs_done,
            is_judged=bool(earlier.held_out),
        )
        title = "Not finished" if standing.can_go_on else "Tuned"
        words = result_of(earlier, epochs if standing.can_go_on else 0)
        self.page.run_bar.set_rest(title, words, str(standing.out.parent))

    def _set_state(self, state: TrainState) -> None:
        self.state = state
        standing = self.standing
        has_earlier = standing is not None and (standing.is_there or standing.can_go_on or standing.is_damaged)
        self.page.form.set_state(
            state,
            can_start=standing is not None and standing.model is not None and not standing.problem,
            has_earlier=has_earlier,
            can_go_on=standing is not None and standing.can_go_on,
            can_use=standing is not None and standing.is_there and standing.earlier is not None,
        )

    # --- starting and stopping -----------------------------------------------------------------------------------

    @Slot()
    def _start(self) -> None:
        self._gather(resume=False)

    @Slot()
    def _go_on(self) -> None:
        self._gather(resume=True)

    @Slot()
    def _start_anew(self) -> None:
        if self.state == "idle" and self.standing is not None:
            self._aside = SetTuningAside(self.standing.out)
            self._set_state("looking")
            self._files.submit(self._aside)

    def _gather(self, *, resume: bool) -> None:
        """The masks that were accepted are read before the training begins."""
        dataset, standing = self._session.dataset, self.standing
        if self.state == "idle" and dataset is not None and standing is not None and standing.model is not None:
            self._gathered = GatherSamples(standing, dataset, self._selected(), self._settings.device, resume)
            self._set_state("looking")
            self._files.submit(self._gathered)

    def _begin(self, work: rq.TrainSpt) -> None:
        page, standing = self.page, self.standing
        assert standing is not None
        self._running = work
        name = standing.choices.name
        title = standing.model.title if standing.model is not None else work.model
        self._job = self._presenter.jobs.tune(work, f"Tune {title} as {name}")
        self._set_state("running")
        page.banners.clear()
        page.header.set_subtitle(name)
        if not work.resume:
            page.cards.clear()
            is_judged = work.settings.holdout.kind != "none"
            page.show_curves((), None, (), 0, work.settings.epochs, is_judged=is_judged)
        page.form.foot.set_hint("Tuning goes on while you work elsewhere.", is_problem=False)
        page.run_bar.show()
        page.run_bar.set_progress("Tuning", "Waiting for its turn", 0.0, "")
        if not self._compute.isRunning():
            self._compute.start()

    @Slot()
    def _cancel(self) -> None:
        if self._job is not None:
            self._set_state("stopping")
            self._presenter.jobs.cancel(self._job)

    @Slot()
    def _use(self) -> None:
        """Make the tuned model the one in use."""
        standing = self.standing
        if standing is not None and standing.earlier is not None:
            self._models.choose(f"{standing.earlier.base}{SEPARATOR}{standing.choices.name}")
            self._window.set_workspace("inspect")

    # --- from the threads ----------------------------------------------------------------------------------------

    @Slot(object)
    def _on_reply(self, reply: object) -> None:
        if isinstance(reply, rq.JobStepped) and reply.job.number == self._job:
            if isinstance(reply.progress, rq.SptProgress):
                self._show_step(reply.progress)
        elif isinstance(reply, rq.JobEnded) and reply.job.number == self._job:
            self._end(reply)

    def _show_step(self, step: rq.SptProgress) -> None:
        page, running = self.page, self._running
        assert running is not None
        loss = "" if step.loss is None else f"loss {step.loss:.4f}"
        figures = ", ".join(part for part in (loss, time_left(step.seconds_left)) if part)
        page.run_bar.set_progress("Tuning", step.text, step.done / max(1, step.total), figures)
        if step.losses or step.zero_shot is not None:
            page.show_curves(
                step.losses,
                step.zero_shot,
                step.judged,
                step.kept_epoch,
                step.epochs or running.settings.epochs,
                is_judged=running.settings.holdout.kind != "none",
            )
        for remark in step.remarks:
            page.banners.show_banner("warning", remark)
        if step.previews:
            page.cards.set_epoch(len(step.losses))
            for preview in step.previews:
                self._files.submit(DrawMasks(preview))

    def _end(self, ended: rq.JobEnded) -> None:
        self._job = None
        running = self._running
        assert running is not None
        titles = {"done": "Tuned", "cancelled": "Cancelled", "failed": "Failed"}
        self.page.run_bar.set_rest(titles[ended.outcome], running.out.name, str(running.out.parent))
        if ended.error:
            self.page.banners.show_banner("error", ended.error)
        elif ended.outcome == "done" and not self.page.isVisible():
            name = running.out.stem
            self._presenter.trouble.emit("info", f"“{name}” is tuned, and in the list of models: see Tune (F6).")
        in_use = f"{running.model}{SEPARATOR}{running.out.stem}"
        if self._settings.model == in_use:
            self._models.choose(in_use)  # its file is another one now
        self._tuned.look()
        self._set_state("looking")
        self._take_dataset()  # while the form stood still, another one may have been opened
        self._look_soon.start()

    @Slot(object, object)
    def _on_file_done(self, task: object, result: Any) -> None:
        match task:
            case LoadCharts():
                self.page.build_charts()
            case LookAtTuning() if task is self._looked:
                self._looked = None
                self._take_standing(result)
            case SetTuningAside() if task is self._aside:
                self._aside = None
                self._set_state("idle")
                self._start()
            case GatherSamples() if task is self._gathered:
                self._gathered = None
                self._begin(result)
            case DrawMasks():
                self.page.cards.show_masks(task.preview, result)

    @Slot(object, str)
    def _on_file_failed(self, task: object, message: str) -> None:
        if task in (self._aside, self._looked, self._gathered):
            self._aside, self._gathered = None, None
            self._set_state("idle")
            self.page.banners.show_banner("error", message)

    @Slot()
    def _show_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(tuned_folder())))
