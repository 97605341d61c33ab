"""Automatic prompts in the window: asks for references and maps, and turns a map into the prompts on screen.

Like the presenter it computes nothing heavy: references and maps are made on the compute thread. A map has 256 pixels
along its longest side, so thresholding it here takes about a millisecond, and the prompts follow the slider live.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from sam_inspector.anomaly.settings import FewShotSettings, ReferenceChoice
from sam_inspector.core.calibration import Calibration
from sam_inspector.core.errors import InputError
from sam_inspector.core.prompts import Prompts
from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.engine import requests as rq
from sam_inspector.engine.references import choose_references, normal_samples
from sam_inspector.prompting.automatic import AutomaticPrompts
from sam_inspector.prompting.from_anomaly_map import check_settings, map_threshold, prompts_from_map
from sam_inspector.ui.background_jobs import BackgroundJobs
from sam_inspector.ui.compute_thread import ComputeThread
from sam_inspector.ui.session import Session


class AutomaticPrompting(QObject):
    """The choices of automatic prompts, the map on screen, and what came of them."""

    settings_changed = Signal()
    """The settings of the map or of the prompts, or which references there are"""
    state_changed = Signal(str, str)
    """What is being done or what came of it, and its tone (`text`, `muted`, `changed`)"""
    map_changed = Signal()
    """Another map of ours, or none, is on screen; or its scale is another"""
    threshold_changed = Signal()
    trouble = Signal(str, str)
    """Level and one sentence"""

    def __init__(
        self, session: Session, compute: ComputeThread, jobs: BackgroundJobs, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._mailbox = compute.mailbox
        self._jobs = jobs
        self._asked: rq.BuildReferences | None = None
        self._job = 0
        self._ready: rq.BuildReferences | None = None
        self._given_up: rq.BuildReferences | None = None
        self._why = ""
        self._unmappable = ""
        self._made: Prompts | None = None
        self._has_model = False
        self._by_hand: float | None = None
        self.few_shot = FewShotSettings()
        self.prompting = AutomaticPrompts()
        self.calibration: Calibration | None = None
        self.anomaly_map: AnomalyMap | None = None
        self.image_score: float | None = None
        self.threshold: float | None = None
        self.per_image = False
        compute.replied.connect(self._on_reply)
        session.source_changed.connect(self.refresh)
        session.dataset_changed.connect(self._forget)
        session.image_changed.connect(self._on_image_changed)
        session.map_changed.connect(self._on_map_changed)
        session.ground_truth_changed.connect(self._on_ground_truth_changed)
        session.work_changed.connect(self._tell)

    # --- what views ask for ------------------------------------------------------------------------------------

    @property
    def is_on(self) -> bool:
        """Whether prompts come from a map."""
        return self._session.source.kind == "auto"

    @property
    def wants_map(self) -> bool:
        """Whether the image on screen is to be mapped; a map that a person opened stays."""
        opened = self._session.opened
        is_new = opened is not None and opened.image.image_id != self._unmappable
        return self.is_on and self._session.anomaly_map is None and is_new

    @property
    def is_threshold_by_hand(self) -> bool:
        """Whether a person moved the threshold."""
        return self._by_hand is not None

    @property
    def normal_count(self) -> int:
        """Images of the category on screen that can be compared with."""
        dataset, opened = self._session.dataset, self._session.opened
        if dataset is None:
            return 0
        category = opened.sample.category if opened is not None else dataset.categories[0]
        return len(normal_samples(dataset, category))

    def choose_references(self, choice: ReferenceChoice) -> None:
        """Compare with other images."""
        self.choose_few_shot(replace(self.few_shot, references=choice))

    def pick(self, keys: Sequence[str]) -> None:
        """Compare with the images of these keys."""
        if not keys:
            self.trouble.emit("info", "Select normal images in the list (Ctrl-click for several), then press again.")
            return
        self.choose_references(replace(self.few_shot.references, kind="picked", picked=tuple(keys)))

    def choose_few_shot(self, settings: FewShotSettings) -> None:
        """Make maps in another way."""
        if settings != self.few_shot:
            if settings.backbone != self.few_shot.backbone:
                self._by_hand = None  # every network has raw scores of its own
            self.few_shot = settings
            self.settings_changed.emit()
            self.refresh()

    def choose_prompting(self, prompting: AutomaticPrompts) -> None:
        """Make prompts from the map in another way."""
        try:
            check_settings(prompting)
        except InputError as error:
            self.trouble.emit("warning", str(error))
            self.settings_changed.emit()
            return
        if prompting != self.prompting:
            if prompting.policy != self.prompting.policy:
                self._by_hand = None
            self.prompting = prompting
            self.settings_changed.emit()
            self._make_prompts()

    def set_threshold(self, value: float | None) -> None:
        """Move the threshold by hand, for all images; None gives it back to the policy."""
        self._by_hand = value
        self._make_prompts()

    def set_per_image(self, per_image: bool) -> None:
        """Show each map in its own range instead of the dataset's."""
        self.per_image = per_image
        self.map_changed.emit()

    # --- from the session --------------------------------------------------------------------------------------

    @Slot()
    def refresh(self) -> None:
        """Describe the references chosen, where they are not yet, and map the image on screen."""
        self._given_up = None
        self._unmappable = ""
        if self._describe():
            self._ask_for_map()

    def _describe(self) -> bool:
        """See to it that the references chosen are described; True when they are."""
        dataset, opened = self._session.dataset, self._session.opened
        if not self.is_on or dataset is None or opened is None:
            return False
        try:
            chosen = choose_references(dataset, opened.sample.category, self.few_shot.references)
        except InputError as error:
            self._give_up_building()
            self._asked = None
            self.state_changed.emit(str(error), "muted")
            return False
        work = rq.BuildReferences(tuple(sample.path for sample in chosen), self.few_shot)
        if not self._has_model:
            self.state_changed.emit("Waiting for the model…", "muted")
            return False
        if work == self._given_up:
            self.state_changed.emit(self._why, "muted")
            return False
        if work != self._asked:
            self._give_up_building()
            self._asked = work
            self._job = self._jobs.compare(work)
            self.state_changed.emit(f"Comparing with {_count(len(chosen), 'normal image')}…", "muted")
        return work == self._ready

    def _give_up_building(self) -> None:
        if self._asked is not None and self._asked != self._ready:
            self._jobs.cancel(self._job)

    @Slot()
    def _forget(self) -> None:
        self._by_hand = None
        if self.few_shot.references.kind == "picked":
            self.few_shot = replace(self.few_shot, references=ReferenceChoice())
        self.settings_changed.emit()

    @Slot()
    def _on_image_changed(self) -> None:
        self._drop_map()  # or prompts of the image that was left could come to this one
        self.settings_changed.emit()
        if self.is_on:
            self.state_changed.emit("", "muted")
            self._describe()  # the map comes with the encoding, once a person rests on the image

    @Slot()
    def _on_map_changed(self) -> None:
        if self._session.anomaly_map is not self.anomaly_map:
            # The image was left, or a person opened the map of a file.
            self._drop_map()
            if self.is_on and self._session.anomaly_map is not None:
                self.state_changed.emit("The map opened is shown; choose Few-shot for that of the references.", "muted")

    def _drop_map(self) -> None:
        self.anomaly_map = self.threshold = self._made = None
        self.map_changed.emit()
        self.threshold_changed.emit()

    @Slot()
    def _on_ground_truth_changed(self) -> None:
        if self.prompting.policy == "f1_adaptive":
            self._make_prompts()

    # --- from the compute thread -------------------------------------------------------------------------------

    @Slot(object)
    def _on_reply(self, reply: object) -> None:
        match reply:
            case rq.ModelReady():
                self._has_model = True
                self._by_hand = None  # every model has raw scores of its own
                self._give_up_building()
                self._asked = self._ready = None
                self.refresh()
            case rq.ReferencesReady(work=work) if work == self._asked:
                self._ready = work
                self._unmappable = ""
                for remark in reply.remarks:
                    self.trouble.emit("warning", remark)
                self._ask_for_map()
            case rq.JobEnded(job=job, outcome=outcome) if job.work == self._asked and job.number == self._job:
                if outcome != "done":
                    self._asked, self._given_up = None, job.work
                    self._why = reply.error or "The comparison was cancelled: choose Few-shot to start it again."
                    self.state_changed.emit(self._why, "muted")
            case rq.Failed(request=rq.EmbedRequest(image=image, with_map=True)) if self.is_on:
                opened = self._session.opened
                if opened is not None and opened.image.image_id == image.image_id and self._ready == self._asked:
                    self._unmappable = image.image_id  # or every click would fail again
                    if self.anomaly_map is not None:
                        self._session.set_map(None)
                    self.state_changed.emit(reply.message, "muted")
            case rq.Mapped(image_id=image_id) if self.is_on:
                opened = self._session.opened
                if opened is not None and opened.image.image_id == image_id and self._ready == self._asked:
                    self._take_map(reply)

    def _ask_for_map(self) -> None:
        opened = self._session.opened
        if opened is not None:
            self._mailbox.submit(rq.EmbedRequest(opened.image, with_map=True))

    def _take_map(self, mapped: rq.Mapped) -> None:
        self.anomaly_map = mapped.anomaly_map
        self.calibration = mapped.calibration
        self.image_score = mapped.image_score
        self._session.set_map(mapped.anomaly_map)
        self.map_changed.emit()
        if mapped.remark:
            self.trouble.emit("info", mapped.remark)
        self._make_prompts()

    # --- from map to prompts -----------------------------------------------------------------------------------

    def _make_prompts(self) -> None:
        """Prompts for the threshold that holds; what a person made or changed by hand is left alone."""
        opened, anomaly_map = self._session.opened, self.anomaly_map
        if opened is None or anomaly_map is None:
            return
        try:
            threshold = self._by_hand
            if threshold is None:
                threshold = map_threshold(anomaly_map, self.prompting, self.calibration, opened.ground_truth)
        except InputError as error:
            self.threshold = self._made = None
            self.threshold_changed.emit()
            self.state_changed.emit(str(error), "changed")
            return
        self.threshold = threshold
        self.threshold_changed.emit()
        if not self.is_on:
            return
        made = prompts_from_map(anomaly_map, threshold, (opened.image.height, opened.image.width), self.prompting)
        self._made = made
        work = self._session.work
        if not _is_by_hand(work.prompts) and (work.prompts or work.accepted is None):
            self._session.set_map_input(rq.MapInput(anomaly_map, threshold) if self.prompting.map_input else None)
            if made != work.prompts:
                self._session.edit_prompts(made, "automatic prompts", merge_key="automatic prompts")
        self._tell()

    @Slot()
    def _tell(self) -> None:
        """Say what came of the map, and whether the prompts on screen are its."""
        made, work = self._made, self._session.work
        if made is None or not self.is_on:
            return
        if _is_by_hand(work.prompts):
            words = "Edited by hand: clear the prompts (Esc) and choose Few-shot to have them made again."
            self.state_changed.emit(words, "muted")
            return
        regions = _count(len(made), "region") if made else "Normal: no region"
        score = f", image score {self.image_score:.3f}" if self.image_score is not None else ""
        cleared = ""
        if made and not work.prompts:
            is_done = work.accepted is not None
            cleared = ". A mask is accepted." if is_done else ". Choose Few-shot to have the prompts made again."
        self.state_changed.emit(f"{regions}{score}{cleared}", "text")


def _is_by_hand(prompts: Prompts) -> bool:
    return any(item.source == "user" or item.edited for item in prompts.items)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
