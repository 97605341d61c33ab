"""What the compute thread does: take from the mailbox, walk the line, reply. Free of Qt, so easy to test."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Literal

from sam_inspector.core.errors import Cancelled, SamInspectorError
from sam_inspector.core.segmentation import empty_segmentation
from sam_inspector.engine.few_shot import FewShotMapper
from sam_inspector.engine.inspector import EmbedOutcome, Inspector, score
from sam_inspector.engine.jobs import steps
from sam_inspector.engine.mailbox import Mailbox
from sam_inspector.engine.requests import (
    BuildReferences,
    Embedded,
    EmbedRequest,
    Encoding,
    Failed,
    Job,
    JobEnded,
    JobProgress,
    JobStepped,
    Mapped,
    ModelProgress,
    ModelReady,
    ModelRequest,
    Reply,
    Request,
    Scored,
    Segmented,
    SegmentRequest,
)
from sam_inspector.engine.segmenting import with_accepted

logger = logging.getLogger(__name__)


class ComputeLoop:
    """Answers a mailbox on whatever thread calls `run`.

    Parameters
    ----------
    reply
        Called on that thread with each answer.
    """

    def __init__(self, mailbox: Mailbox, inspector: Inspector, reply: Callable[[Reply], None]) -> None:
        self._mailbox = mailbox
        self._inspector = inspector
        self._reply = reply
        self._job_steps: Iterator[JobProgress] | None = None
        self._mapper = FewShotMapper(inspector)

    def run(self) -> None:
        """Answer until the mailbox is closed."""
        while (task := self._mailbox.wait()) is not None:
            if isinstance(task, Job):
                self._step(task)
            else:
                self._answer(task)

    def _answer(self, request: Request) -> None:
        try:
            if isinstance(request, ModelRequest):
                self._load(request)
            elif isinstance(request, EmbedRequest):
                self._embed(request, request.preset)
                if request.with_map:
                    self._map(request)
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

    def _embed(self, request: EmbedRequest | SegmentRequest, preset: str) -> EmbedOutcome:
        image = request.image
        if not self._inspector.is_embedded(image, preset):
            self._reply(Encoding(image.image_id))
        outcome = self._inspector.embed(
            image, preset=preset, cancelled=lambda: self._mailbox.is_image_left(image.image_id)
        )
        self._reply(Embedded(image.image_id, outcome.seconds))
        return outcome

    def _map(self, request: EmbedRequest) -> None:
        if self._mapper.is_ready:
            outcome = self._mapper.map(request.image)
            self._reply(
                Mapped(
                    request.image.image_id,
                    outcome.anomaly_map,
                    outcome.image_score,
                    outcome.calibration,
                    outcome.seconds,
                    outcome.remark,
                )
            )

    def _segment(self, request: SegmentRequest) -> None:
        has_accepted = request.accepted is not None and bool(request.accepted_prompts.decodable)
        if request.prompts.decodable or (has_accepted and self._inspector.has_model):
            embedded = self._embed(request, request.options.preset)
            if self._mailbox.has_newer_click():
                return
            segmentation, seconds = self._inspector.segment(
                embedded,
                request.prompts,
                request.options,
                request.accepted,
                request.accepted_prompts,
                request.map_input,
            )
        else:
            # What was accepted is shown and scored without a model too.
            empty = empty_segmentation(request.image.height, request.image.width)
            segmentation, seconds = with_accepted(empty, request.accepted), 0.0
        self._reply(Segmented(request, segmentation, seconds))
        if not self._mailbox.has_newer_click():
            self._reply(Scored(request, score(segmentation, request.ground_truth)))

    def _step(self, job: Job) -> None:
        if self._mailbox.is_job_cancelled(job):
            self._end(job, "cancelled")
            return
        try:
            if self._job_steps is None:
                self._job_steps = steps(
                    job.work, self._inspector, self._mapper, lambda: self._mailbox.is_job_cancelled(job)
                )
            self._reply(JobStepped(job, next(self._job_steps)))
        except StopIteration:
            if isinstance(job.work, BuildReferences):
                self._reply(self._mapper.ready(job.work))
            self._end(job, "done")
        except Cancelled:
            self._end(job, "cancelled")
        except SamInspectorError as error:
            self._end(job, "failed", str(error))
        except Exception as error:
            logger.exception("A job failed.")
            self._end(job, "failed", _defect(error))

    def _end(self, job: Job, outcome: Literal["done", "cancelled", "failed"], error: str | None = None) -> None:
        self._job_steps = None
        self._mailbox.finish_job(job)
        self._reply(JobEnded(job, outcome, error))


def _defect(error: Exception) -> str:
    return f"Something went wrong inside the program ({error}): what you did is kept, the log has the details."
