"""The compute thread's mailbox: latest request wins, long jobs wait behind. Free of Qt and torch.

There is one place for each kind of request. A newer click replaces one that has not been started, so a burst of clicks
costs two decodes, not one each. A job is a generator; between two of its steps the mailbox is looked at, so a click
waits for one step at most.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from sam_inspector.engine.requests import EmbedRequest, FindPoints, Job, ModelRequest, Request, SegmentRequest

ORDER = (ModelRequest, FindPoints, SegmentRequest, EmbedRequest)


class Mailbox:
    """Safe to use from any thread."""

    def __init__(self) -> None:
        self._waiting: dict[type[Request], Request] = {}
        self._jobs: deque[Job] = deque()
        self._cancelled_jobs: set[int] = set()
        self._paused_jobs: set[int] = set()
        self._changed = threading.Condition()
        self._closing = False
        self._model_cancelled = False

    # --- the asking side ---------------------------------------------------------------------------------------

    def submit(self, request: Request) -> None:
        """Ask; takes the place of a waiting request of the same kind."""
        with self._changed:
            if isinstance(request, ModelRequest):
                self._model_cancelled = False
            if isinstance(request, EmbedRequest):
                for kind in (FindPoints, SegmentRequest):
                    waiting = self._waiting.get(kind)
                    if isinstance(waiting, kind) and waiting.image.image_id != request.image.image_id:
                        del self._waiting[kind]  # its image is no longer on screen
            self._waiting[type(request)] = request
            self._changed.notify()

    def drop_clicks(self) -> None:
        """Forget what has not been started about the image on screen: it is being left, or its prompts are gone."""
        with self._changed:
            for kind in (FindPoints, SegmentRequest, EmbedRequest):
                self._waiting.pop(kind, None)

    def add_job(self, job: Job) -> None:
        """Queue a job behind the others."""
        with self._changed:
            self._jobs.append(job)
            self._changed.notify()

    def cancel_job(self, number: int) -> None:
        """End a job after the step it is in."""
        with self._changed:
            self._cancelled_jobs.add(number)
            self._changed.notify()

    def pause_job(self, number: int) -> None:
        """Leave a job waiting after the step it is in, until `go_on_with_job`; the jobs behind it come first."""
        with self._changed:
            self._paused_jobs.add(number)

    def go_on_with_job(self, number: int) -> None:
        """Go on with a paused job."""
        with self._changed:
            self._paused_jobs.discard(number)
            self._changed.notify()

    def cancel_silent_jobs(self) -> None:
        """End all prefetching, for another image is wanted."""
        with self._changed:
            self._cancelled_jobs.update(job.number for job in self._jobs if job.silent)

    def cancel_model(self) -> None:
        """Give up fetching a model."""
        self._model_cancelled = True

    def close(self) -> None:
        """End the loop after the step it is in."""
        with self._changed:
            self._closing = True
            self._changed.notify()

    # --- the answering side ------------------------------------------------------------------------------------

    def wait(self) -> Request | Job | None:
        """The next thing to do: a request, else one step of the first job; None when closed. Blocks until then."""
        with self._changed:
            while not (self._closing or self._waiting or self._next_job()):
                self._changed.wait()
            if self._closing:
                return None
            for kind in ORDER:
                if kind in self._waiting:
                    return self._waiting.pop(kind)
            return self._next_job()

    def _next_job(self) -> Job | None:
        """The first that is not paused, urgent ones first; a paused one that was cancelled has to be told so."""
        stopped = self._paused_jobs - self._cancelled_jobs
        ready = [job for job in self._jobs if job.number not in stopped]
        return next((job for job in ready if job.urgent), ready[0] if ready else None)

    def take_click(
        self, can_answer: Callable[[SegmentRequest | FindPoints], bool]
    ) -> SegmentRequest | FindPoints | None:
        """A click to answer in the midst of a job's step, or None. Does not block."""
        with self._changed:
            for kind in (FindPoints, SegmentRequest):
                waiting = self._waiting.get(kind)
                if isinstance(waiting, kind) and can_answer(waiting):
                    del self._waiting[kind]
                    return waiting
            return None

    def finish_job(self, job: Job) -> None:
        """Take a job out that is over."""
        with self._changed:
            self._jobs.remove(job)
            self._cancelled_jobs.discard(job.number)
            self._paused_jobs.discard(job.number)

    def is_job_cancelled(self, job: Job) -> bool:
        """Whether somebody ended the job; what nobody sees gives way to everything else at once."""
        return self._closing or job.number in self._cancelled_jobs or (job.silent and bool(self._waiting))

    def is_model_unwanted(self) -> bool:
        """Whether the model being loaded was given up, or another one asked for."""
        return self._closing or self._model_cancelled or ModelRequest in self._waiting

    def has_newer_click(self) -> bool:
        """Whether a newer `SegmentRequest` waits."""
        return SegmentRequest in self._waiting

    def is_image_left(self, image_id: str) -> bool:
        """Whether work on an image has become useless: the newest request is about another one."""
        if self._closing:
            return True
        waiting = self._waiting.get(EmbedRequest) or self._waiting.get(SegmentRequest)
        return isinstance(waiting, EmbedRequest | SegmentRequest) and waiting.image.image_id != image_id
