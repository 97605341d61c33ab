"""Session and threads: asks the threads for what the session needs, and brings their answers back to it.

It computes nothing and keeps nothing worth keeping. Views are bound to session and presenter in `bindings.py`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QImage

from sam_inspector.core.errors import InputError
from sam_inspector.core.prompts import Prompts
from sam_inspector.data.datasets import Sample
from sam_inspector.engine import requests as rq
from sam_inspector.prompting.from_ground_truth import prompts_from_ground_truth
from sam_inspector.ui import file_tasks as ft
from sam_inspector.ui.automatic_prompting import AutomaticPrompting
from sam_inspector.ui.background_jobs import BackgroundJobs
from sam_inspector.ui.compute_thread import ComputeThread, SegmentedView
from sam_inspector.ui.file_thread import FileThread
from sam_inspector.ui.session import OpenImage, Session
from sam_inspector.ui.work_saver import WorkSaver

REST_MS = 200
"""The image is encoded once the user has rested on it this long; browsing stays quick."""


class Presenter(QObject):
    """Wires one session to one compute thread and one file thread."""

    dataset_opened = Signal(object)
    """`OpenedDataset`"""
    sample_read = Signal(object)
    """`ReadSample`, before the session shows it"""
    thumbnail_ready = Signal(object, QImage)
    thumbnail_failed = Signal(object, str)
    ground_truth_read = Signal(object)
    """`MaskOverlay`"""
    map_read = Signal(object)
    """`MapOverlay`"""
    mask_painted = Signal(object)
    """`SegmentedView` of the mask on screen"""
    model_progress = Signal(float, str)
    model_ready = Signal(object)
    """`ModelReady`"""
    model_failed = Signal(str, object)
    """What went wrong, and the `ModelReady` of the model that stays, or None"""
    encoding_changed = Signal(str, object)
    """`encoding`, `ready` or `cached`, and the seconds it took or None"""
    decoded = Signal(float)
    """Seconds the last decode took"""
    job_stepped = Signal(object)
    job_ended = Signal(object)
    trouble = Signal(str, str)
    """Level (info, warning, error) and one sentence"""

    def __init__(
        self, session: Session, compute: ComputeThread, files: FileThread, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._compute = compute
        self._files = files
        self._number = 0
        self._model = ""
        self.loaded: rq.ModelReady | None = None  # the model in use
        self._is_opening = False
        self.jobs = BackgroundJobs(compute.mailbox)
        self._start_key: str | None = None
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._encode_or_segment)
        self.saver = WorkSaver(session, files, self)
        compute.replied.connect(self._on_reply)
        files.done.connect(self._on_file_done)
        files.failed.connect(self._on_file_failed)
        session.work_changed.connect(self._on_work_changed)
        session.ground_truth_changed.connect(self._on_ground_truth_changed)
        session.source_changed.connect(self.generate_prompts)
        session.options_changed.connect(self._on_work_changed_by_options)
        session.map_input_changed.connect(self._on_ground_truth_changed)
        session.cascade_changed.connect(self._on_ground_truth_changed)
        self.automatic = AutomaticPrompting(session, compute, self.jobs, self)
        self.automatic.trouble.connect(self.trouble)

    # --- what views ask for ------------------------------------------------------------------------------------

    def open_path(self, path: Path, start_key: str | None = None) -> None:
        """Open an image, a folder or a dataset, and show `start_key` of it where it is there."""
        self.saver.save_now()
        self._start_key = start_key
        self._files.submit(ft.OpenPath(path))

    @Slot(str)
    def select(self, key: str) -> None:
        """Show another image."""
        sample = self._session.sample(key)
        if sample is None or key == self._session.current_key:
            return
        self.saver.save_now()
        self._rest.stop()
        self._number += 1  # an answer under way is for the image that is being left
        self._compute.mailbox.drop_clicks()
        self._compute.mailbox.cancel_silent_jobs()
        self._session.set_current_key(key)
        self._files.submit(ft.ReadSampleTask(sample))

    def read_thumbnail(self, path: Path) -> None:
        """Make a small picture."""
        self._files.submit(ft.ThumbnailTask(path))

    def read_ground_truth(self, path: Path) -> None:
        """Score the image on screen against another mask."""
        if self._session.opened is not None:
            self._files.submit(ft.ReadMaskTask(path, self._session.opened.image))

    def read_map(self, path: Path) -> None:
        """Lay a map over the image on screen."""
        if self._session.opened is not None:
            self._files.submit(ft.ReadMapTask(path, self._session.opened.image))

    def choose_model(self, name: str, device: str = "auto") -> None:
        """Load a model, fetching its weights first where they are missing."""
        self._compute.mailbox.submit(rq.ModelRequest(name, device))
        if not self._compute.isRunning():
            self._compute.start()

    def cancel_model(self) -> None:
        """Give up fetching a model."""
        self._compute.mailbox.cancel_model()

    def export_masks(self, folder: Path) -> None:
        """Write the accepted masks."""
        dataset = self._session.dataset
        if dataset is not None:
            self.saver.save_now()
            self._files.submit(ft.ExportMasks(folder, dataset))

    def export_prompts(self, file: Path) -> None:
        """Write the prompts of the category on screen."""
        dataset, opened = self._session.dataset, self._session.opened
        if dataset is not None:
            category = opened.sample.category if opened is not None else dataset.categories[0]
            self.saver.save_now()
            self._files.submit(ft.ExportPrompts(file, dataset, category))

    def load_prompts(self, file: Path) -> None:
        """Take over the prompts of a file."""
        dataset = self._session.dataset
        if dataset is not None:
            self.saver.save_now()
            self._files.submit(ft.LoadPrompts(file, dataset))

    # --- from the session --------------------------------------------------------------------------------------

    @Slot()
    def _on_work_changed(self) -> None:
        if self._session.opened is None or self._is_opening:
            return
        self.saver.note_edit()
        self._request_mask()

    def _request_mask(self) -> None:
        session = self._session
        work = session.work
        if not work.prompts.decodable and work.accepted is None:
            self._compute.mailbox.drop_clicks()
            self._number += 1  # an answer under way is stale now
            if session.mask_status != "none":
                session.clear_mask()
            session.forget_result()
            self.saver.forget_scores()
            return
        self._encode_or_segment()

    @Slot()
    def _on_work_changed_by_options(self) -> None:
        if self._session.opened is not None:
            self._request_mask()

    @Slot()
    def _on_ground_truth_changed(self) -> None:
        if self._session.mask_status in ("ready", "computing"):
            self._request_mask()

    @Slot()
    def generate_prompts(self) -> None:
        """Make prompts from the ground truth where that is the chosen source and nothing hand-made would be lost."""
        session = self._session
        source, opened = session.source, session.opened
        if opened is None:
            return
        preset = source.preset if source.kind == "gt" else "recommended"
        session.set_options(replace(session.options, preset=preset))
        prompts = session.work.prompts
        generated = all(item.source != "user" and not item.edited for item in prompts.items)
        if source.kind != "gt" or opened.ground_truth is None or not generated:
            return
        if not prompts and session.work.accepted is not None:
            return
        if not opened.ground_truth.any():
            return
        try:
            made = prompts_from_ground_truth(
                opened.ground_truth, source.mode, preset=source.preset, points=source.points
            )
        except InputError as error:
            self.trouble.emit("warning", str(error))
            return
        if made != prompts:
            session.edit_prompts(made, f"prompts from ground truth ({source.mode})")

    @Slot()
    def _encode_or_segment(self) -> None:
        session = self._session
        if session.opened is None:
            return
        self._rest.stop()
        work, opened = session.work, session.opened
        if work.prompts.decodable or work.accepted is not None:
            session.expect_mask()  # also when another model is ready: the mask on screen is not its
            self._number += 1
            accepted = None
            if work.accepted is not None:
                way = session.way_of(work.accepted_prompts)
                accepted = rq.Accepted(work.accepted, work.accepted_prompts, way)
            self._compute.mailbox.submit(
                rq.SegmentRequest(
                    self._number,
                    opened.image,
                    work.prompts,
                    session.options,
                    accepted,
                    opened.ground_truth,
                    session.map_input,
                    session.cascade,
                )
            )
        with_map = self.automatic.wanted_map
        if self.loaded is not None and (with_map is not None or not work.prompts.decodable):
            self._compute.mailbox.submit(rq.EmbedRequest(opened.image, session.options.preset, with_map))

    # --- from the compute thread -------------------------------------------------------------------------------

    @Slot(object)
    def _on_reply(self, reply: object) -> None:
        match reply:
            case SegmentedView():
                self._on_segmented(reply)
            case rq.Scored(request=request, scores=scores):
                if request.number == self._number:
                    self._session.set_pass_ious(reply.pass_ious)
                    self._session.set_scores(scores)
                    if not self._session.keeps_stored_scores:
                        self.saver.save_scores(scores, self._model)
            case rq.Encoding(image_id=image_id):
                if self._is_on_screen(image_id):
                    self.encoding_changed.emit("encoding", None)
            case rq.Embedded(image_id=image_id, seconds=seconds):
                if self._is_on_screen(image_id):
                    self.encoding_changed.emit("cached" if seconds is None else "ready", seconds)
            case rq.ModelProgress(fraction=fraction, text=text):
                self.model_progress.emit(fraction, text)
            case rq.ModelReady():
                self.loaded, self._model = reply, reply.name
                self.model_ready.emit(reply)
                self._encode_or_segment()
            case rq.JobStepped(job=job) if not (job.silent or job.urgent):
                self.job_stepped.emit(reply)
            case rq.JobEnded(job=job, outcome="cancelled") if job.silent:
                self.jobs.forget_prefetch()
            case rq.JobEnded(job=job) if not (job.silent or job.urgent):
                self.job_ended.emit(reply)
            case rq.Failed():
                self._on_failed(reply)

    def _on_segmented(self, view: SegmentedView) -> None:
        if view.segmented.request.number != self._number:
            return
        self._session.set_passes(view.segmented.passes)
        self._session.set_segmentation(view.segmented.segmentation)
        self.mask_painted.emit(view)
        if view.segmented.request.prompts.decodable:
            self.decoded.emit(view.segmented.decode_seconds)

    def _on_failed(self, failed: rq.Failed) -> None:
        if isinstance(failed.request, rq.ModelRequest):
            # The model before, if there was one, is still there.
            self.model_failed.emit(failed.message, self.loaded)
            return
        if isinstance(failed.request, rq.SegmentRequest):
            if failed.request.number != self._number:
                return
            self._session.fail_mask(failed.message)
        self.encoding_changed.emit("failed", None)
        if self.loaded is not None:  # else the model's own trouble is told already
            self.trouble.emit("error", failed.message)

    def _is_on_screen(self, image_id: str) -> bool:
        opened = self._session.opened
        return opened is not None and opened.image.image_id == image_id

    # --- from the file thread ----------------------------------------------------------------------------------

    @Slot(object, object)
    def _on_file_done(self, task: object, result: Any) -> None:
        match task:
            case ft.OpenPath():
                self._session.set_dataset(result.dataset, result.samples)
                self._session.set_results(
                    {
                        row.relative_path: row.score.scores
                        for row in result.summaries
                        if row.score and row.iou is not None
                    }
                )
                self.dataset_opened.emit(result)
                if result.trouble:
                    self.trouble.emit("warning", result.trouble)
                self.select(self._first_key(result))
            case ft.ReadSampleTask(sample=sample):
                if self._is_wanted(sample):
                    self.show_read(result)
            case ft.ThumbnailTask(path=path):
                self.thumbnail_ready.emit(path, result)
            case ft.ReadMaskTask(image=image):
                if self._is_on_screen(image.image_id):
                    mask, overlay = result
                    self._session.set_ground_truth(mask)
                    self.ground_truth_read.emit(overlay)
            case ft.ReadMapTask(image=image):
                if self._is_on_screen(image.image_id):
                    anomaly_map, overlay = result
                    self._session.set_map(anomaly_map)
                    self.map_read.emit(overlay)
            case ft.ExportMasks(folder=folder):
                self.trouble.emit("info", f"{_count(result, 'mask')} written to {folder}.")
            case ft.ExportPrompts(file=file):
                self.trouble.emit("info", f"The prompts of {_count(result, 'image')} were written to {file.name}.")
            case ft.LoadPrompts():
                self._take_prompts(result)

    def _first_key(self, opened: ft.OpenedDataset) -> str:
        """The image to begin with: the one asked for, else the first with a defect, else the first."""
        dataset = opened.dataset
        if self._start_key is not None and self._session.sample(self._start_key) is not None:
            return self._start_key
        masked = (sample for sample in dataset.samples if sample.mask_path is not None)
        return dataset.path_in_root(opened.start or next(masked, dataset.samples[0]))

    def _is_wanted(self, sample: Sample) -> bool:
        dataset = self._session.dataset
        return dataset is not None and dataset.path_in_root(sample) == self._session.current_key

    def show_read(self, read: ft.ReadSample) -> None:
        """Bring an image to the screen that was read."""
        self.sample_read.emit(read)
        if read.trouble:
            self.trouble.emit("warning", read.trouble)
        key = self._session.current_key
        assert key is not None
        opened = OpenImage(key, read.sample, read.image, read.ground_truth, read.ground_truth_problem, read.exchanged)
        self.encoding_changed.emit("none", None)
        # Opening an image is no edit, and its mask waits until the user rests on it.
        self._is_opening = True
        self._session.set_image(opened, read.work)
        before = self._session.work
        self.generate_prompts()
        self._is_opening = False
        if self._session.work is not before:
            self.saver.note_edit()
        if self._session.work.prompts.decodable or self._session.work.accepted is not None:
            self._session.expect_mask()
        self._rest.start()

    def _take_prompts(self, loaded: tuple[tuple[str, Prompts], ...]) -> None:
        for image_id, prompts in loaded:
            self._session.take_prompts(image_id, prompts)
        self.trouble.emit("info", f"Prompts for {_count(len(loaded), 'image')} were loaded.")

    @Slot(object, str)
    def _on_file_failed(self, task: object, message: str) -> None:
        match task:
            case ft.ReadSampleTask(sample=sample):
                if self._is_wanted(sample):
                    self._session.fail_image(message)
            case ft.ThumbnailTask(path=path):
                self.thumbnail_failed.emit(path, message)
                return
        self.trouble.emit("error", message)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
