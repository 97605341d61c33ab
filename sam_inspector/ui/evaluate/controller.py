"""The Evaluate view at work: it starts runs, pauses, stops and goes on with them; the engine does the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from sam_inspector.engine import requests as rq
from sam_inspector.ui.compute_thread import ComputeThread
from sam_inspector.ui.evaluate import earlier_runs as er, tasks
from sam_inspector.ui.evaluate.choice_panel import RunState
from sam_inspector.ui.evaluate.choices import EvaluateChoices
from sam_inspector.ui.evaluate.display import RunDisplay
from sam_inspector.ui.evaluate.look import Look, LookAt
from sam_inspector.ui.evaluate.looking import Looker
from sam_inspector.ui.evaluate.opening import ImageOpener
from sam_inspector.ui.evaluate.page import EvaluatePage
from sam_inspector.ui.evaluate.run import Run
from sam_inspector.ui.evaluate.sentences import for_the_window
from sam_inspector.ui.evaluate.wishes import Wishes
from sam_inspector.ui.evaluate.words import mode_title, short_name
from sam_inspector.ui.evaluate.worst_strip import WorstImage
from sam_inspector.ui.file_thread import FileThread
from sam_inspector.ui.main_window import MainWindow
from sam_inspector.ui.presenter import Presenter
from sam_inspector.ui.session import Session
from sam_inspector.ui.settings import Settings


class EvaluateController(QObject):
    """Connects the page with the session and the threads.

    Parameters
    ----------
    report
        Writes the report of a run into its folder and gives the file; runs on the file thread. None while there is
        nobody to write it: the button then tells so.
    """

    def __init__(
        self,
        window: MainWindow,
        page: EvaluatePage,
        session: Session,
        presenter: Presenter,
        compute: ComputeThread,
        files: FileThread,
        settings: Settings,
        report: Callable[[Path], Path] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self.page = page
        self._presenter = presenter
        self._compute = compute
        self._files = files
        self._settings = settings
        self.run: Run | None = None
        self.state: RunState = "idle"
        self._former: Run | None = None  # what is shown again when a run fails before its first image
        self._reading: er.ReadEarlierRun | None = None
        self.opener = ImageOpener(session, presenter, self)
        self.wishes = Wishes(page.choices, session, presenter, files, settings, self)
        self.display = RunDisplay(page, files, settings, report, self)
        self.looker = Looker(page.look, page.worst.strip, files, self)
        self._connect()

    def _connect(self) -> None:
        page, choices = self.page, self.page.choices
        self._compute.replied.connect(self._on_reply)
        self._files.done.connect(self._on_file_done)
        self._files.failed.connect(self._on_file_failed)
        self.opener.trouble.connect(self._presenter.trouble)
        self.wishes.prepared.connect(self._on_prepared)
        self.wishes.trouble.connect(self._tell)
        self.wishes.fits_changed.connect(choices.set_can_go_on)
        self.display.image_opened.connect(self.open_image)
        self.looker.wanted.connect(self.open_image)
        self.looker.edit_requested.connect(self._edit_image)
        self.looker.closed.connect(page.show_table)
        choices.start_requested.connect(self._start)
        choices.go_on_requested.connect(self._go_on)
        choices.pause_requested.connect(self._pause)
        choices.cancel_requested.connect(self._cancel)
        for signal in (choices.open_requested, page.open_run.clicked):
            signal.connect(self._ask_for_run)
        page.add.clicked.connect(self.wishes.ask_for_folder)
        page.shown.connect(self._on_first_shown)
        page.run_bar.folder_requested.connect(self._show_folder)

    @Slot()
    def _on_first_shown(self) -> None:
        self.page.shown.disconnect(self._on_first_shown)
        self.page.shown.connect(self.wishes.look_again)
        self.wishes.begin()
        self._files.submit(tasks.LoadCharts())
        unfinished = self._settings.evaluate.unfinished
        if unfinished is not None and self.run is None:
            words = f"The run in “{Path(unfinished.out).name}” was not finished: what was done of it is kept."
            # A warning stays until it is answered; news would go by themselves.
            self.page.banners.show_banner("warning", words, "Go on", self._resume_unfinished)

    # --- starting and stopping -----------------------------------------------------------------------------------

    def _set_state(self, state: RunState) -> None:
        self.state = state
        self.page.choices.set_state(state)
        self.display.show_progress(state)

    def _stand_still(self) -> None:
        """Nothing goes on: with a run that has something left to do, that can be gone on with."""
        self._set_state("stopped" if self.run is not None and not self.run.is_complete else "idle")

    def _prepare(self, *, resume: bool, choices: EvaluateChoices | None = None) -> None:
        self.page.banners.clear()
        self._set_state("preparing")
        self.wishes.prepare(resume=resume, choices=choices)

    @Slot()
    def _start(self) -> None:
        if self.state in ("idle", "stopped"):
            self._prepare(resume=False)

    @Slot()
    def _resume_unfinished(self) -> None:
        unfinished = self._settings.evaluate.unfinished
        if unfinished is not None and self.state in ("idle", "stopped"):
            self._prepare(resume=True, choices=unfinished)

    @Slot()
    def _go_on(self) -> None:
        if self.run is None:
            return
        if self.state == "paused" and self.run.job is not None:
            self.run.forget_pace()
            self._presenter.jobs.go_on(self.run.job)
            self._set_state("running")
        elif self.state == "stopped":
            self._prepare(resume=True, choices=self.run.choices)

    @Slot()
    def _pause(self) -> None:
        if self.run is not None and self.run.job is not None and self.state == "running":
            self._presenter.jobs.pause(self.run.job)
            self.run.forget_pace()
            self._set_state("paused")

    @Slot()
    def _cancel(self) -> None:
        if self.run is not None and self.run.job is not None:
            self._presenter.jobs.cancel(self.run.job)

    @Slot(object)
    def _on_prepared(self, prepared: tasks.Prepared) -> None:
        if self.state != "preparing":
            return
        if prepared.problem:
            self._stand_still()
            self.page.choices.set_hint("", is_problem=False)  # it is told above the table
            self._tell("error", prepared.problem)
            return
        self._former = self.run
        self.run = Run.begin(prepared)
        self.page.show_table()
        self.display.show_run(self.run)
        folders = {sample.category: str(sample.category_folder.absolute()) for sample in prepared.samples.values()}
        self.wishes.show_run(prepared.choices, folders, prepared.listed)
        self._keep(prepared.choices)
        self._set_state("running")
        self._next_model(self.run)

    def _next_model(self, run: Run) -> None:
        if not run.waiting:
            run.table.set_running(False)
            run.end = "finished"
            self._keep(None)
            self._stand_still()
            self.wishes.forget_run(is_complete=True)
            self.display.show_now()
            if not self.page.isVisible():
                self._presenter.trouble.emit("info", "The evaluation is finished: its results are in Evaluate (F5).")
            return
        work = run.work(self._settings.device)
        names = tuple(dict.fromkeys(run.table.categories))
        what = short_name(names[0]) if len(names) == 1 else f"{len(names)} categories"
        run.job = self._presenter.jobs.evaluate(work, f"Evaluate {what}")
        if not self._compute.isRunning():
            self._compute.start()

    def _keep(self, unfinished: EvaluateChoices | None) -> None:
        """Note on disk which run is not finished; a crash must not lose it."""
        self.wishes.remember()
        self._settings.evaluate.unfinished = unfinished
        self._files.submit(tasks.KeepSettings(self._settings.model_copy(deep=True)))

    @Slot(object)
    def _on_reply(self, reply: object) -> None:
        run = self.run
        if run is None or run.job is None:
            return
        if isinstance(reply, rq.JobStepped) and reply.job.number == run.job:
            if isinstance(reply.progress, rq.EvaluateProgress):
                run.step(reply.progress)
                if reply.progress.remarks:
                    self.page.results.set_remarks(reply.progress.category, reply.progress.remarks)
                self.display.show_soon()
        elif isinstance(reply, rq.JobEnded) and reply.job.number == run.job:
            self._on_ended(run, reply)

    def _on_ended(self, run: Run, ended: rq.JobEnded) -> None:
        run.end_job(is_done=ended.outcome == "done")
        if ended.outcome == "done":
            self._next_model(run)
            return
        run.table.set_running(False)
        run.end = "failed" if ended.error else "cancelled"
        if ended.error and not run.has_rows:
            self._show_former()
        else:
            self._stand_still()
            self.display.show_now()
        if ended.error:
            self._tell("error", for_the_window(ended.error))

    def _show_former(self) -> None:
        """A run failed before its first image: it leaves what was there before."""
        self._keep(None)
        self.run, self._former = self._former, None
        if self.run is None:
            self.display.show_nothing()
            self.wishes.forget_run(is_complete=False)
        else:
            self.display.show_run(self.run)
            self.wishes.forget_run(is_complete=False)
        self._stand_still()

    # --- earlier runs and images ---------------------------------------------------------------------------------

    @Slot()
    def _ask_for_run(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self.page, "Open the folder of an earlier run", str(self.wishes.parent_folder())
        )
        if chosen:
            self.open_run(Path(chosen))

    def open_run(self, out: Path) -> None:
        """Show an earlier run; it is read on the file thread."""
        if self.state in ("idle", "stopped"):
            self._reading = er.ReadEarlierRun(out, self.page.choices.tree.datasets())
            self._files.submit(self._reading)

    @Slot(object, object)
    def _on_file_done(self, task: object, result: Any) -> None:
        if task is not self._reading or not isinstance(result, er.EarlierRun):
            return
        self._reading = None
        if self.state not in ("idle", "stopped"):
            return
        self.page.banners.clear()
        if result.problem:
            self._tell("error", result.problem)
            return
        self.run = Run.opened(result)
        self.page.show_table()
        self.display.show_run(self.run)
        is_here = self.wishes.show_run(result.choices, result.folders, result.listed)
        if self.run.is_complete:
            self.wishes.forget_run(is_complete=False)
        self._stand_still()
        if not self.run.is_complete:
            rest = "“Go on” evaluates the rest" if is_here else "its model or images are not here, so nobody can go on"
            self._tell("info" if is_here else "warning", f"This run was not finished: {rest}.")

    @Slot(object, str)
    def _on_file_failed(self, task: object, message: str) -> None:
        """A defect of the program; nobody waits for an answer any more."""
        if isinstance(task, tasks.PrepareRun) and self.state == "preparing":
            self._stand_still()
            self._tell("error", message)
        elif task is self._reading:
            self._reading = None
            self._tell("error", message)

    @Slot(object)
    def open_image(self, image: WorstImage) -> None:
        """Show an image large, as the run left it."""
        run, row = self.run, image.row
        if run is None:
            return
        sample = run.samples.get((row.category, row.path))
        if sample is None:
            self._tell("warning", f"{row.category}/{row.path} is no longer where it was evaluated: it can't be opened.")
            return
        mode = mode_title(row.mode, run.choices.points)
        self.looker.look(LookAt(image, run.outs[image.model], sample, mode))
        self.page.show_look()

    @Slot(object)
    def _edit_image(self, look: Look) -> None:
        """Take the prompts of the image that is looked at over into Inspect."""
        sample = look.at.sample
        datasets = [each for each in self.page.choices.tree.datasets() if sample.path.is_relative_to(each.root)]
        self._window.set_workspace("inspect")
        self.opener.open(look, datasets[0].root if datasets else sample.category_folder)

    @Slot()
    def _show_folder(self) -> None:
        if self.run is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.run.folder)))

    @Slot(str, str)
    def _tell(self, level: Any, sentence: str) -> None:
        self.page.banners.show_banner(level, sentence)
