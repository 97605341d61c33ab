"""What the window says beside the image: banners, the status bar, the jobs strip."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

from PySide6.QtCore import QObject, Slot

from sam_inspector.engine.requests import EvaluateImages, JobEnded, JobStepped, ModelReady
from sam_inspector.ui.banner import Level
from sam_inspector.ui.controls import Controls
from sam_inspector.ui.file_tasks import OpenedDataset
from sam_inspector.ui.main_window import MainWindow
from sam_inspector.ui.panels.jobs import JobRow
from sam_inspector.ui.presenter import Presenter
from sam_inspector.ui.session import Session
from sam_inspector.ui.settings import Settings

logger = logging.getLogger(__name__)

MODEL_JOB = 0
"""Number of the job that stands for fetching a model."""
NAMED_SKIPPED = 3


class Messages(QObject):
    """Tells the user what the threads are at, and what went wrong."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        presenter: Presenter,
        controls: Controls,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._session = session
        self._presenter = presenter
        self._controls = controls
        self._settings = settings
        self._began: dict[int, float] = {}
        self._paused: dict[int, float] = {}
        self._evaluating: set[int] = set()
        self._model_title = ""
        self._encoding = "none"
        self._model_state = "loading"
        self._model_trouble = ""
        presenter.model_progress.connect(self._show_model_progress)
        presenter.model_ready.connect(self._show_model_ready)
        presenter.model_failed.connect(self._show_model_failed)
        presenter.encoding_changed.connect(self._show_encoding)
        presenter.decoded.connect(window.views.status.set_click)
        presenter.job_stepped.connect(self._show_job)
        presenter.job_ended.connect(self._end_job)
        presenter.trouble.connect(self._show_trouble)
        presenter.dataset_opened.connect(self._show_dataset)
        presenter.sample_read.connect(self._clear_image_trouble)
        session.image_failed.connect(self._note_image_trouble)
        window.views.canvas.cursor_moved.connect(self._show_cursor)
        window.views.status.jobs.cancel_requested.connect(self._cancel_job)
        presenter.jobs.on_pause = self._note_pause
        self._image_troubles: set[str] = set()
        self._show_state()

    # --- model -----------------------------------------------------------------------------------------------------

    @Slot(float, str)
    def _show_model_progress(self, fraction: float, text: str) -> None:
        self._model_state = "loading"
        self._began.setdefault(MODEL_JOB, time.monotonic())
        if fraction < 1:
            left = self._seconds_left(MODEL_JOB, fraction)
            self._window.views.status.jobs.set_job(JobRow(MODEL_JOB, text, fraction, f"{100 * fraction:.0f} %", left))
        self._show_state(text)

    @Slot(object)
    def _show_model_ready(self, ready: ModelReady) -> None:
        self._forget_job(MODEL_JOB)
        self._model_state = "ready"
        self._model_title = ready.title
        if self._model_trouble:
            self._window.views.banners.clear(self._model_trouble)
            self._model_trouble = ""
        self._window.views.status.set_device(f"{ready.device_label}: {ready.device_reason}")
        self._controls.model.show_ready(ready)
        self._show_state()

    @Slot(str, object)
    def _show_model_failed(self, message: str, kept: ModelReady | None) -> None:
        self._forget_job(MODEL_JOB)
        if kept is not None:
            self._model_state = "ready"
            self._controls.model.return_to(kept)
            self._show_trouble("warning", f"{message} {kept.title} stays in use.")
            self._show_state()
            return
        self._model_state = "failed"
        self._model_trouble = message
        self._show_model_trouble()
        self._show_state()

    def _show_model_trouble(self) -> None:
        if self._model_trouble:
            banners = self._window.views.banners
            banners.show_banner("error", self._model_trouble, "Try again", self._controls.model.load)

    # --- image -----------------------------------------------------------------------------------------------------

    @Slot(str, object)
    def _show_encoding(self, state: str, seconds: float | None) -> None:
        self._encoding = state
        if seconds is not None:
            self._window.views.status.set_encode(seconds)
        self._window.views.canvas.set_busy(state == "encoding")
        self._show_state()

    def _show_state(self, text: str = "") -> None:
        status = self._window.views.status
        if self._model_state == "failed":
            status.set_state("failed", "No model")
        elif self._model_state == "loading":
            status.set_state("busy", text or "Loading the model…")
        elif self._encoding == "encoding":
            status.set_state("busy", "Encoding…")
        elif self._encoding == "failed":
            status.set_state("failed", "Failed")
        elif self._evaluating - self._paused.keys():
            status.set_state("busy", "Evaluating…")
        elif self._encoding == "cached":
            status.set_state("ready", "Ready, cached")
        elif self._encoding == "ready":
            status.set_state("ready", "Ready")
        else:
            status.set_state("ready", f"{self._model_title} ready" if self._session.opened is None else "Ready")

    @Slot(object)
    def _show_cursor(self, position: tuple[int, int] | None) -> None:
        status, opened = self._window.views.status, self._session.opened
        status.set_cursor(position)
        if position is None or opened is None:
            status.set_rgb(None)
            status.set_map_value(None)
            status.set_logit(None)
            return
        x, y = position
        red, green, blue = (int(value) for value in opened.image.pixels[y, x])
        status.set_rgb((red, green, blue))
        segmentation = self._session.segmentation
        is_of_mask = segmentation is not None and self._session.mask_status == "ready"
        status.set_logit(float(segmentation.score_map[y, x]) if is_of_mask else None)
        anomaly_map = self._session.anomaly_map
        if anomaly_map is None:
            status.set_map_value(None)
        else:
            rows, columns = anomaly_map.values.shape
            row, column = y * rows // opened.image.height, x * columns // opened.image.width
            status.set_map_value(float(anomaly_map.values[row, column]))

    @Slot(str)
    def _note_image_trouble(self, message: str) -> None:
        self._image_troubles.add(message)

    @Slot()
    def _clear_image_trouble(self) -> None:
        """An image that can be read is on screen again."""
        for message in self._image_troubles:
            self._window.views.banners.clear(message)
        self._image_troubles.clear()

    # --- jobs and trouble --------------------------------------------------------------------------------------------

    @Slot(object)
    def _show_job(self, stepped: JobStepped) -> None:
        job, progress = stepped.job, stepped.progress
        self._began.setdefault(job.number, time.monotonic())
        if isinstance(job.work, EvaluateImages) and job.number not in self._evaluating:
            self._evaluating.add(job.number)
            self._show_state()
        left = self._seconds_left(job.number, progress.done / progress.total)
        self._window.views.status.jobs.set_job(
            JobRow(
                job.number,
                job.title,
                progress.done / progress.total,
                f"{progress.done} of {progress.total}",
                left,
                job.number in self._paused,
            )
        )

    def _note_pause(self, number: int, is_paused: bool) -> None:
        if is_paused:
            self._paused[number] = time.monotonic()
        elif (since := self._paused.pop(number, None)) is not None and number in self._began:
            self._began[number] += time.monotonic() - since  # waiting tells nothing of what is left
        strip = self._window.views.status.jobs
        for row in strip.jobs():
            if row.number == number:
                strip.set_job(replace(row, is_paused=is_paused))
        self._show_state()

    @Slot(object)
    def _end_job(self, ended: JobEnded) -> None:
        self._forget_job(ended.job.number)
        self._show_state()
        if ended.outcome == "failed":
            self._show_trouble("error", f"{ended.job.title} stopped: {ended.error}")

    @Slot(int)
    def _cancel_job(self, number: int) -> None:
        if number == MODEL_JOB:
            self._presenter.cancel_model()
        else:
            self._presenter.jobs.cancel(number)

    def _forget_job(self, number: int) -> None:
        self._began.pop(number, None)
        self._paused.pop(number, None)
        self._evaluating.discard(number)
        self._window.views.status.jobs.remove_job(number)

    def _seconds_left(self, number: int, fraction: float) -> float | None:
        if fraction <= 0:
            return None
        return (time.monotonic() - self._began[number]) * (1 - fraction) / fraction

    @Slot(str, str)
    def _show_trouble(self, level: Level, text: str) -> None:
        (logger.info if level == "info" else logger.warning)(text)
        self._window.views.banners.show_banner(level, text)

    @Slot(object)
    def _show_dataset(self, opened: OpenedDataset) -> None:
        dataset = opened.dataset
        self._window.views.banners.clear()
        self._show_model_trouble()
        self._window.show_workspace(True)
        self._window.setWindowTitle(f"{dataset.root.name} – SAM Inspector")
        self._settings.remember(dataset.root, "")
        left_out = [skipped for skipped in dataset.skipped if skipped.lost == "image"]
        if left_out:
            named = ", ".join(f"{skipped.path.name} ({skipped.reason})" for skipped in left_out[:NAMED_SKIPPED])
            more = len(left_out) - NAMED_SKIPPED
            self._show_trouble("info", f"Left out of the list: {named}{f' and {more} more' if more > 0 else ''}.")
        if opened.store_path is not None and not opened.store_is_expected:
            self._show_trouble(
                "info", f"This folder can't be written, so your work on it is kept in {opened.store_path.parent}."
            )
