"""Automatic prompts in the window: which method holds, its map, and how the map becomes the prompts on screen.

Like the presenter it computes nothing heavy: maps are made and points are looked for on the compute thread. A map has
256 pixels along its longest side, so thresholding it here takes about a millisecond: prompts follow the slider live.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from sam_inspector.anomaly.settings import ReferenceChoice
from sam_inspector.core.calibration import Calibration
from sam_inspector.core.co_features import CoFeaturePoints
from sam_inspector.core.errors import InputError
from sam_inspector.core.prompts import Prompts
from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.data.images import LoadedImage
from sam_inspector.engine import requests as rq
from sam_inspector.prompting.automatic import ThresholdPolicy
from sam_inspector.prompting.from_anomaly_map import map_threshold, policy_in_use, prompts_from_map
from sam_inspector.ui.automatic_choice import TITLES, AutomaticChoice, AutomaticMethod
from sam_inspector.ui.background_jobs import BackgroundJobs
from sam_inspector.ui.clip_weights import ClipWeights
from sam_inspector.ui.compute_thread import ComputeThread
from sam_inspector.ui.map_sources import MapSources, count_text
from sam_inspector.ui.point_search import PointSearch
from sam_inspector.ui.prompt_origin import is_by_hand, origin_of
from sam_inspector.ui.session import Session

WHOSE: dict[rq.MapMethod, str] = {
    "few-shot": "the references",
    "clip": "CLIP",
    "simplenet": "SimpleNet",
    "sam2sim": "Sam2Sim",
}
"""Who makes a map, within a sentence"""


class AutomaticPrompting(AutomaticChoice):
    """The choices of automatic prompts, the map on screen, and what came of them."""

    state_changed = Signal(str, str)
    """What is being done or what came of it, and its tone (`text`, `muted`, `changed`)"""
    map_changed = Signal()
    """Another map of ours, or none, is on screen; or its scale is another"""
    threshold_changed = Signal()

    def __init__(
        self, session: Session, compute: ComputeThread, jobs: BackgroundJobs, parent: QObject | None = None
    ) -> None:
        super().__init__(session, parent)
        self._mailbox = compute.mailbox
        self._unmappable = ""
        self._told_category = ""
        self._made: Prompts | None = None
        self.weights = ClipWeights(parent=self)
        self.sources = MapSources(session, jobs, self.clip, self.weights, self)
        self._search = PointSearch(compute.mailbox)
        self.calibration: Calibration | None = None
        self.anomaly_map: AnomalyMap | None = None
        self.image_score: float | None = None
        self.text_score: float | None = None
        self.threshold: float | None = None
        self.per_image = False
        compute.replied.connect(self._on_reply)
        session.source_changed.connect(self._on_source_changed)
        session.dataset_changed.connect(self._forget)
        session.image_changed.connect(self._on_image_changed)
        session.map_changed.connect(self._on_map_changed)
        session.ground_truth_changed.connect(self._on_ground_truth_changed)
        session.work_changed.connect(self._tell)
        self.sources.state_changed.connect(self.state_changed)
        self.clip.changed.connect(self._on_clip_changed)
        self.weights.changed.connect(self._on_weights_changed)
        self.weights.failed.connect(self._on_fetch_failed)

    # --- what views ask for ------------------------------------------------------------------------------------

    @property
    def has_model(self) -> bool:
        """Whether there is a SAM model to encode images with."""
        return self.sources.has_model

    @property
    def wanted_map(self) -> rq.MapMethod | None:
        """How the image on screen is to be mapped, if at all; a map that a person opened stays."""
        opened = self._session.opened
        is_new = opened is not None and opened.image.image_id != self._unmappable
        return self.map_method if self.is_on and self._session.anomaly_map is None and is_new else None

    @property
    def policy(self) -> ThresholdPolicy:
        """Where the threshold comes from, unless a person moved it."""
        rule = self.cascaded.points.rule
        if self.method == "cascade" and rule != "threshold":
            return rule
        if self.anomaly_map is None:
            is_calibrated = self.map_method != "clip"
            return self.prompting.policy if is_calibrated else policy_in_use(self.prompting, None)
        return policy_in_use(self.prompting, self.calibration)

    @property
    def leftover(self) -> str:
        """Whose mask is on screen while the method chosen can't make one; empty when it can, or there is no mask."""
        work, method = self._session.work, self.map_method
        if not self.is_on or self._session.anomaly_map is not None or self.sources.is_ready(method):
            return ""
        if not work.prompts:
            return "accepted before" if work.accepted is not None else ""
        return "" if any(item.source == method for item in work.prompts.items) else origin_of(work.prompts)

    def set_per_image(self, per_image: bool) -> None:
        """Show each map in its own range instead of the dataset's."""
        self.per_image = per_image
        self.map_changed.emit()

    def close(self) -> None:
        """End what runs beside the window."""
        self.weights.close()

    def take_way(self, method: AutomaticMethod, map_method: rq.MapMethod) -> None:  # noqa: D102
        if self.map_method != map_method:
            had_map = self.anomaly_map is not None
            self._drop_map()
            if had_map:
                self._session.set_map(None)
        elif self.method != method:
            self._made = None
            self._search.forget()
        if self.method != "cascade":
            self._session.set_co_features(None)
        self.settings_changed.emit()
        if self.anomaly_map is not None and self.method != method:
            self.make_prompts()  # the map that is there serves
        else:
            self.refresh()

    # --- from the session --------------------------------------------------------------------------------------

    @Slot()
    def refresh(self) -> None:  # noqa: D102
        self.sources.retry()
        self._unmappable = ""
        if self._prepare():
            self._ask_for_map()

    def _prepare(self) -> bool:
        return self.is_on and self.sources.prepare(self.map_method, self.few_shot)

    @Slot()
    def _on_source_changed(self) -> None:
        if not self.is_on:
            self._session.set_co_features(None)
        self.refresh()

    @Slot()
    def _forget(self) -> None:
        self._by_hand.clear()
        if self.few_shot.references.kind == "picked":
            self.few_shot = replace(self.few_shot, references=ReferenceChoice())
        self.settings_changed.emit()

    @Slot()
    def _on_image_changed(self) -> None:
        self._drop_map()  # or prompts of the image that was left could come to this one
        if self.category != self._told_category:
            # Only a category has references and a name of its own; a panel full of fields is not shown for nothing.
            self._told_category = self.category
            self.settings_changed.emit()
        if self.is_on:
            if self.method == "cascade" and not self._session.knows_way:
                # Points kept from an earlier sitting are asked in passes from the beginning.
                self._session.set_cascade(rq.CascadeInput(self.cascaded.passes, None, self.cascaded.score))
            self.state_changed.emit("", "muted")
            self._prepare()  # the map comes with the encoding, once a person rests on the image

    @Slot()
    def _on_map_changed(self) -> None:
        if self._session.anomaly_map is not self.anomaly_map:
            # The image was left, or a person opened the map of a file.
            self._drop_map()
            if self.is_on and self._session.anomaly_map is not None:
                whose = f"that of {WHOSE[self.map_method]}"
                words = f"The map opened is shown; choose {TITLES[self.method]} for {whose}."
                self.state_changed.emit(words, "muted")

    def _drop_map(self) -> None:
        self.anomaly_map = self.threshold = self._made = self.text_score = None
        self._search.forget()
        self._session.set_co_features(None)
        self.map_changed.emit()
        self.threshold_changed.emit()

    @Slot()
    def _on_ground_truth_changed(self) -> None:
        if self.prompting.policy == "f1_adaptive":
            self.make_prompts()

    @Slot()
    def _on_clip_changed(self) -> None:
        self.settings_changed.emit()
        if self.map_method == "clip":
            self.refresh()

    @Slot()
    def _on_weights_changed(self) -> None:
        self.settings_changed.emit()
        if self.map_method == "clip" and not self.weights.fetching:
            self.refresh()

    @Slot(str)
    def _on_fetch_failed(self, why: str) -> None:
        self.trouble.emit("error", why)

    # --- from the compute thread -------------------------------------------------------------------------------

    @Slot(object)
    def _on_reply(self, reply: object) -> None:
        match reply:
            case rq.ModelReady():
                for method in [name for name in self._by_hand if name != "clip"]:
                    del self._by_hand[method]  # every model has raw scores of its own
                self.sources.take_model()
                self.refresh()
            case rq.ReferencesReady() | rq.ClipReady() | rq.LearntReady():
                if self.sources.take_ready(reply):
                    self._take_ready(reply)
            case rq.JobStepped():
                self.sources.take_step(reply)
            case rq.JobEnded():
                self.sources.take_end(reply, TITLES[self.method])
            case rq.Failed(request=rq.EmbedRequest(image=image, with_map=method)) if method is not None:
                if self._is_wanted(image.image_id, method):
                    self._unmappable = image.image_id  # or every click would fail again
                    if self.anomaly_map is not None:
                        self._session.set_map(None)
                    self.state_changed.emit(reply.message, "muted")
            case rq.Failed(request=rq.FindPoints()) if self._search.is_asked(reply.request):
                self.state_changed.emit(reply.message, "muted")
            case rq.Mapped(image_id=image_id, method=method):
                if self._is_wanted(image_id, method):
                    self._take_map(reply)
            case rq.PointsFound() if self._search.take(reply) and self.is_on:
                self._take_points(reply.points)

    def _take_ready(self, ready: rq.ReferencesReady | rq.ClipReady | rq.LearntReady) -> None:
        self._unmappable = ""
        if not isinstance(ready, rq.ClipReady):
            # What is odd about a name or layers stands beside their fields.
            for remark in ready.remarks:
                self.trouble.emit("warning", remark)
        self._ask_for_map()

    def _is_wanted(self, image_id: str, method: rq.MapMethod) -> bool:
        opened = self._session.opened
        is_on_screen = opened is not None and opened.image.image_id == image_id
        return self.is_on and is_on_screen and method == self.map_method and self.sources.is_ready(method)

    def _ask_for_map(self) -> None:
        opened = self._session.opened
        if opened is not None:
            self._mailbox.submit(rq.EmbedRequest(opened.image, with_map=self.map_method))

    def _take_map(self, mapped: rq.Mapped) -> None:
        self.anomaly_map = mapped.anomaly_map
        self.calibration = mapped.calibration
        self.image_score, self.text_score = mapped.image_score, mapped.text_score
        self._session.set_map(mapped.anomaly_map)
        self.map_changed.emit()
        self.settings_changed.emit()
        if mapped.remark and mapped.method != "clip":
            self.trouble.emit("info", mapped.remark)
        self.make_prompts()

    # --- from map to prompts -----------------------------------------------------------------------------------

    def make_prompts(self) -> None:
        """Prompts for the threshold that holds; what a person made or changed by hand is left alone."""
        opened, anomaly_map = self._session.opened, self.anomaly_map
        if opened is None or anomaly_map is None:
            return
        by_hand = self._by_hand.get(self.map_method)
        points = self.cascaded.points
        if self.method == "cascade" and points.rule != "threshold" and by_hand is None:
            # The rule gives the threshold, which comes with the points.
            self._look_for_points(opened.image, anomaly_map, 0.0)
            return
        try:
            threshold = by_hand
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
        if self.method == "cascade":
            self._look_for_points(opened.image, anomaly_map, threshold)
            return
        size = (opened.image.height, opened.image.width)
        made = prompts_from_map(anomaly_map, threshold, size, self.prompting, self.map_method)
        self._put(made, threshold if self.prompting.map_input else None, None)

    def _look_for_points(self, image: LoadedImage, anomaly_map: AnomalyMap, threshold: float) -> None:
        points = self.cascaded.points
        if self.is_threshold_by_hand:
            points = replace(points, rule="threshold")
        found = self._search.ask(image, anomaly_map, threshold, points)
        if found is not None:
            self._take_points(found)
        elif self._made is None:
            self.state_changed.emit("Looking for points…", "muted")

    def _take_points(self, found: CoFeaturePoints) -> None:
        if self.threshold != found.threshold:
            self.threshold = found.threshold
            self.threshold_changed.emit()
        assert self.anomaly_map is not None
        made_from = rq.MapInput(self.anomaly_map, found.threshold)
        cascade = rq.CascadeInput(self.cascaded.passes, made_from, self.cascaded.score)
        made, threshold = found.as_prompts(self.map_method), found.threshold if self.cascaded.map_input else None
        self._put(made, threshold, cascade, found)

    def _put(
        self,
        made: Prompts,
        input_threshold: float | None,
        cascade: rq.CascadeInput | None,
        found: CoFeaturePoints | None = None,
    ) -> None:
        """Bring prompts to the screen; `input_threshold` is that of the map which SAM gets with them, if it does."""
        self._made = made
        work = self._session.work
        if not is_by_hand(work.prompts) and (work.prompts or work.accepted is None):
            assert self.anomaly_map is not None
            shown = None if input_threshold is None else rq.MapInput(self.anomaly_map, input_threshold)
            self._session.set_map_input(shown)
            self._session.set_cascade(cascade)
            self._session.set_co_features(found)
            if made != work.prompts:
                self._session.edit_prompts(made, "automatic prompts", merge_key="automatic prompts")
        self._tell()

    @Slot()
    def _tell(self) -> None:
        """Say what came of the map, and whether the prompts on screen are its."""
        made, work = self._made, self._session.work
        if made is None or not self.is_on:
            return
        again = f"{TITLES[self.method]} to have"
        if is_by_hand(work.prompts):
            self.state_changed.emit(
                f"Edited by hand: clear the prompts (Esc) and choose {again} them made again.", "muted"
            )
            return
        found = count_text(len(made), "region") if made else "Normal: no region"
        if made and self.method == "cascade":
            found += f", {count_text(made.point_count, 'point')}"
        # Without references the score of the image is that of the sentences, which has a line of its own.
        has_score = self.image_score is not None and self.image_score != self.text_score
        score = f", image score {self.image_score:.3f}" if has_score else ""
        cleared = ""
        if made and not work.prompts:
            is_done = work.accepted is not None
            cleared = ". A mask is accepted." if is_done else f". Choose {again} the prompts made again."
        self.state_changed.emit(f"{found}{score}{cleared}", "text")
