"""What maps are made from: asks for references to be described or sentences to be read, and knows what is ready."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, Signal

from sam_inspector.anomaly.settings import FewShotSettings
from sam_inspector.core.errors import InputError
from sam_inspector.data.datasets import Dataset
from sam_inspector.engine import requests as rq
from sam_inspector.engine.map_methods import LearntSettings, learning_work
from sam_inspector.engine.references import choose_references
from sam_inspector.ui.background_jobs import BackgroundJobs
from sam_inspector.ui.clip_choice import ClipChoice
from sam_inspector.ui.clip_weights import ClipWeights
from sam_inspector.ui.session import Session

Work = TypeVar("Work", rq.BuildReferences, rq.BuildClip, rq.LearnSimpleNet)
WAITING = "Waiting for the model…"


class Preparation(Generic[Work]):
    """Work of one kind that comes before the first map: asked for once, given up when it fails, kept when it is done.

    Parameters
    ----------
    start
        Queues the work and gives the number of its job.
    """

    def __init__(self, jobs: BackgroundJobs, start: Callable[[Work], int]) -> None:
        self._jobs = jobs
        self._start: Callable[[Work], int] = start
        self._number = 0
        self._asked: Work | None = None
        self._ready: Work | None = None
        self._given_up: Work | None = None
        self._why = ""

    @property
    def is_ready(self) -> bool:
        """Whether what was last asked for is done."""
        return self._asked is not None and self._asked == self._ready

    def is_under_way(self, job: rq.Job) -> bool:
        """Whether a job does what was last asked for."""
        return job.number == self._number and self._asked is not None and not self.is_ready

    def want(self, work: Work) -> str:
        """See to it that the work is done; gives the reason where it was given up, else nothing."""
        if work == self._given_up:
            return self._why
        if work != self._asked:
            self.leave()
            self._asked = work
            self._number = self._start(work)
        return ""

    def retry(self) -> None:
        """What was given up may be asked for again."""
        self._given_up = None

    def leave(self) -> None:
        """End what is under way; nothing is wanted until it is asked for again."""
        if self._asked is not None and self._asked != self._ready:
            self._jobs.cancel(self._number)
        self._asked = None

    def forget(self) -> None:
        """What was done holds no longer."""
        self.leave()
        self._ready = None

    def take_ready(self, work: object) -> bool:
        """Note that some work is done; True when it is what was asked for."""
        if work != self._asked:
            return False
        self._ready = self._asked
        return True

    def take_end(self, ended: rq.JobEnded, when_cancelled: str) -> str:
        """Note that a job is over; gives the reason when it was ours and came to nothing."""
        work = ended.job.work
        if work != self._asked or ended.job.number != self._number or ended.outcome == "done":
            return ""
        self._asked, self._given_up = None, self._asked
        self._why = ended.error or when_cancelled
        return self._why


class MapSources(QObject):
    """Sees to it that the image on screen can be mapped by a method."""

    state_changed = Signal(str, str)
    """What is being done, and its tone (`text`, `muted`, `changed`)"""

    def __init__(
        self,
        session: Session,
        jobs: BackgroundJobs,
        clip: ClipChoice,
        weights: ClipWeights,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._clip = clip
        self._weights = weights
        self.has_model = False
        self.learnt = LearntSettings()
        self.networks: dict[str, Path] = {}
        """By category the SimpleNet that a person has chosen; for others one is trained"""
        self._comparison = Preparation(jobs, jobs.compare)
        self._reading = Preparation(jobs, jobs.read_sentences)
        self._learning = Preparation(jobs, jobs.learn)

    def is_ready(self, method: rq.MapMethod) -> bool:
        """Whether images can be mapped by what was last asked for."""
        return self._preparation(method).is_ready

    def _preparation(self, method: rq.MapMethod) -> Preparation[Any]:
        if method == "few-shot":
            return self._comparison
        return self._reading if method == "clip" else self._learning

    def retry(self) -> None:
        """What was given up may be asked for again."""
        self._comparison.retry()
        self._reading.retry()
        self._learning.retry()

    def take_model(self) -> None:
        """Another SAM model is in use: what was learnt from its features is void; sentences do not depend on it."""
        self.has_model = True
        self._comparison.forget()
        self._learning.forget()

    def forget_networks(self) -> None:
        """What was learnt holds no longer: a foreground was corrected, or a network was trained anew."""
        self._learning.forget()

    def take_ready(self, reply: rq.ReferencesReady | rq.ClipReady | rq.LearntReady) -> bool:
        """Note that some work is done; True when it is what was asked for."""
        match reply:
            case rq.ReferencesReady():
                return self._comparison.take_ready(reply.work)
            case rq.ClipReady():
                return self._reading.take_ready(reply.work)
        return self._learning.take_ready(reply.work)

    def take_step(self, stepped: rq.JobStepped) -> None:
        """Note that a job goes on; how far a training is, is told."""
        progress = stepped.progress
        if self._learning.is_under_way(stepped.job) and progress.total:
            self.state_changed.emit(f"{progress.text} ({progress.done / progress.total:.0%})…", "muted")

    def take_end(self, ended: rq.JobEnded, title: str) -> None:
        """Note that a job is over; where it came to nothing the reason is told."""
        again = f"was cancelled: choose {title} to start it again."
        why = self._comparison.take_end(ended, f"The comparison {again}")
        why = why or self._reading.take_end(ended, f"Reading the sentences {again}")
        why = why or self._learning.take_end(ended, f"Training {again}")
        if why:
            self.state_changed.emit(why, "muted")

    def prepare(self, method: rq.MapMethod, few_shot: FewShotSettings) -> bool:
        """See to it that a method can map the image on screen; True when it can already. Others are left."""
        dataset, opened = self._session.dataset, self._session.opened
        if dataset is None or opened is None:
            return False
        preparations: tuple[Preparation[Any], ...] = (self._comparison, self._reading, self._learning)
        for preparation in preparations:
            if preparation is not self._preparation(method):
                self._leave(preparation)
        category = opened.sample.category
        if method == "few-shot":
            return self._compare(dataset, category, few_shot)
        if method == "clip":
            return self._read(category)
        return self._learn(dataset, category, method)

    def _compare(self, dataset: Dataset, category: str, few_shot: FewShotSettings) -> bool:
        try:
            chosen = choose_references(dataset, category, few_shot.references)
        except InputError as error:
            self._comparison.leave()
            self.state_changed.emit(str(error), "muted")
            return False
        work = rq.BuildReferences(tuple(sample.path for sample in chosen), few_shot)
        return self._want(self._comparison, work, f"Comparing with {count_text(len(chosen), 'normal image')}…")

    def _read(self, category: str) -> bool:
        try:
            settings = self._clip.settings(category)
        except InputError:
            self._reading.leave()
            # The line beneath its field says what is wrong with the name.
            self.state_changed.emit("Name the object to see a map.", "muted")
            return False
        if self._weights.is_missing(settings.model) or self._weights.lost_file(settings.model) is not None:
            self._reading.leave()
            self.state_changed.emit("", "muted")  # the panel says it, with a button
            return False
        doing = f"Reading {count_text(self._clip.sentence_count, 'sentence')} about “{settings.object_name}”…"
        return self._want(self._reading, rq.BuildClip(settings), doing)

    def _learn(self, dataset: Dataset, category: str, method: rq.MapMethod) -> bool:
        try:
            work = learning_work(dataset, category, method, self.learnt)
        except InputError as error:
            self._learning.leave()
            self.state_changed.emit(str(error), "muted")
            return False
        network = self.networks.get(category)
        if method == "simplenet" and network is not None:
            work = replace(work, file=network)
        doing = f"Learning from {count_text(len(work.paths), 'normal image')}…"
        return self._want(self._learning, work, doing if work.file is None else f"Loading {work.file.name}…")

    def _want(self, preparation: Preparation[Work], work: Work, doing: str) -> bool:
        if not self.has_model:
            self.state_changed.emit(WAITING, "muted")
            return False
        why = preparation.want(work)
        if why or not preparation.is_ready:
            self.state_changed.emit(why or doing, "muted")
            return False
        return True

    def _leave(self, preparation: Preparation[Any]) -> None:
        if not preparation.is_ready:
            preparation.leave()


def count_text(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
