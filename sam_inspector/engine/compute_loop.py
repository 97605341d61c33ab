"""What the compute thread does: take from the mailbox, walk the line, reply. Free of Qt, so easy to test."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from typing import Literal

from sam_inspector.core.errors import Cancelled, SamInspectorError
from sam_inspector.core.metrics.overlap import iou
from sam_inspector.core.segmentation import Segmentation, empty_segmentation
from sam_inspector.data.images import LoadedImage
from sam_inspector.engine.clip_mapper import ClipMapper
from sam_inspector.engine.comparing import Comparer
from sam_inspector.engine.few_shot import FewShotMapper
from sam_inspector.engine.inspector import EmbedOutcome, Inspector, score
from sam_inspector.engine.jobs import steps
from sam_inspector.engine.learnt_simplenet import LearntSimpleNetMapper
from sam_inspector.engine.mailbox import Mailbox
from sam_inspector.engine.requests import (
    BuildClip,
    BuildReferences,
    Embedded,
    EmbedRequest,
    Encoding,
    Failed,
    FindPoints,
    Job,
    JobEnded,
    JobProgress,
    JobStepped,
    LearnSimpleNet,
    LearntReady,
    MapMethod,
    Mapped,
    ModelProgress,
    ModelReady,
    ModelRequest,
    PointsFound,
    Reply,
    Request,
    Scored,
    Segmented,
    SegmentRequest,
)
from sam_inspector.engine.segmenting import with_accepted
from sam_inspector.models.clip import ClipModel
from sam_inspector.models.clip_loading import load_clip
from sam_inspector.models.devices import full_precision

logger = logging.getLogger(__name__)


class ComputeLoop:
    """Answers a mailbox on whatever thread calls `run`.

    Parameters
    ----------
    reply
        Called on that thread with each answer.
    load_clip
        As `models.clip_loading.load_clip`; tests pass a small model.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        inspector: Inspector,
        reply: Callable[[Reply], None],
        load_clip: Callable[..., ClipModel] = load_clip,
    ) -> None:
        self._mailbox = mailbox
        self._inspector = inspector
        self._reply = reply
        self._job_steps: dict[int, Generator[JobProgress]] = {}
        self._is_between = False
        self._few_shot = FewShotMapper(inspector)
        self._clip = ClipMapper(inspector, load_clip)
        self._learnt = LearntSimpleNetMapper(inspector)
        self._comparer = Comparer(inspector)

    def run(self) -> None:
        """Answer until the mailbox is closed."""
        while (task := self._mailbox.wait()) is not None:
            if isinstance(task, Job):
                self._step(task)
            else:
                self._answer(task)
        for steps_left in self._job_steps.values():
            steps_left.close()  # what is under way tidies up on this thread, and now

    def _answer(self, request: Request) -> None:
        try:
            if isinstance(request, ModelRequest):
                self._load(request)
            elif isinstance(request, EmbedRequest):
                self._embed(request, request.preset)
                if request.with_map is not None:
                    self._map(request.image, request.with_map)
            elif isinstance(request, FindPoints):
                self._find_points(request)
            else:
                self._segment(request)
        except Cancelled as error:
            if isinstance(request, ModelRequest):
                self._reply(Failed(request, str(error)))
        except SamInspectorError as error:
            self._reply(Failed(request, str(error)))
        except Exception as error:
            logger.exception("A request failed.")
            self._reply(Failed(request, _defect(error)))

    def _load(self, request: ModelRequest) -> None:
        segmenter = self._inspector.load_model(
            request.name,
            device=request.device,
            precision=request.precision,
            report=lambda fraction, text: self._reply(ModelProgress(fraction, text)),
            cancelled=self._mailbox.is_model_unwanted,
        )
        device = segmenter.device
        self._reply(ModelReady(request.name, segmenter.spec.title, device.label, device.reason))

    def _embed(self, request: EmbedRequest | SegmentRequest | FindPoints, preset: str) -> EmbedOutcome:
        image = request.image
        if not self._inspector.is_embedded(image, preset):
            self._reply(Encoding(image.image_id))
        outcome = self._inspector.embed(
            image, preset=preset, cancelled=lambda: self._mailbox.is_image_left(image.image_id)
        )
        self._reply(Embedded(image.image_id, outcome.seconds))
        return outcome

    def _map(self, image: LoadedImage, method: MapMethod) -> None:
        mapper: FewShotMapper | ClipMapper | LearntSimpleNetMapper = self._learnt
        if method in ("few-shot", "clip"):
            mapper = self._few_shot if method == "few-shot" else self._clip
        if mapper.is_ready:
            outcome = mapper.map(image)
            self._reply(
                Mapped(
                    image.image_id,
                    method,
                    outcome.anomaly_map,
                    outcome.image_score,
                    outcome.calibration,
                    outcome.seconds,
                    outcome.remark,
                    outcome.text_score,
                )
            )

    def _find_points(self, request: FindPoints) -> None:
        embedded = self._embed(request, "recommended")
        points, seconds = self._inspector.find_points(
            embedded, request.anomaly_map, request.threshold, request.settings
        )
        self._reply(PointsFound(request, points, seconds))

    def _segment(self, request: SegmentRequest) -> None:
        accepted = request.accepted
        has_accepted = accepted is not None and bool(accepted.prompts.decodable)
        passes: tuple[Segmentation, ...] = ()
        if request.prompts.decodable or (has_accepted and self._inspector.has_model):
            embedded = self._embed(request, request.options.preset)
            if self._mailbox.has_newer_click():
                return
            if request.cascade is None:
                segmentation, seconds = self._inspector.segment(
                    embedded, request.prompts, request.options, accepted, request.map_input
                )
            else:
                passes, seconds = self._inspector.segment_in_passes(
                    embedded, request.prompts, request.options, request.cascade, accepted, request.map_input
                )
                segmentation = passes[request.cascade.shown - 1]
        else:
            # What was accepted is shown and scored without a model too.
            empty = empty_segmentation(request.image.height, request.image.width)
            segmentation, seconds = with_accepted(empty, None if accepted is None else accepted.mask), 0.0
        self._reply(Segmented(request, segmentation, seconds, passes))
        if not self._mailbox.has_newer_click():
            truth = request.ground_truth
            ious = tuple(None if truth is None else iou(one.mask, truth) for one in passes)
            self._reply(Scored(request, score(segmentation, truth), ious))

    def _step(self, job: Job) -> None:
        if self._mailbox.is_job_cancelled(job):
            self._end(job, "cancelled")
            return
        try:
            if job.number not in self._job_steps:
                self._job_steps[job.number] = steps(
                    job.work,
                    self._inspector,
                    self._few_shot,
                    self._clip,
                    self._learnt,
                    self._comparer,
                    lambda: self._between(job),
                )
            self._reply(JobStepped(job, next(self._job_steps[job.number])))
        except StopIteration:
            if isinstance(job.work, BuildReferences):
                self._reply(self._few_shot.ready(job.work))
            elif isinstance(job.work, BuildClip):
                self._reply(self._clip.ready(job.work))
            elif isinstance(job.work, LearnSimpleNet):
                learnt = self._learnt.ready(job.work)
                self._reply(LearntReady(job.work, learnt.calibration, learnt.remarks))
            self._end(job, "done")
        except Cancelled:
            self._end(job, "cancelled")
        except SamInspectorError as error:
            self._end(job, "failed", str(error))
        except Exception as error:
            logger.exception("A job failed.")
            self._end(job, "failed", _defect(error))

    def _between(self, job: Job) -> bool:
        """Between two blocks of an encoder: answer clicks that need no encoding, and tell whether the job is to end."""
        if not self._is_between:
            self._is_between = True
            try:
                with full_precision():
                    while (request := self._mailbox.take_click(self._needs_no_encoding)) is not None:
                        self._answer(request)
            finally:
                self._is_between = False
        return self._mailbox.is_job_cancelled(job)

    def _needs_no_encoding(self, request: SegmentRequest | FindPoints) -> bool:
        preset = request.options.preset if isinstance(request, SegmentRequest) else "recommended"
        # An encoding within an encoding would take its stages for the other's.
        return self._inspector.has_model and self._inspector.remembers(request.image, preset)

    def _end(self, job: Job, outcome: Literal["done", "cancelled", "failed"], error: str | None = None) -> None:
        ended = self._job_steps.pop(job.number, None)
        if ended is not None:
            ended.close()  # what a job has to tidy up it does here
        self._mailbox.finish_job(job)
        self._reply(JobEnded(job, outcome, error))


def _defect(error: Exception) -> str:
    return f"Something went wrong inside the program ({error}): what you did is kept, the log has the details."
