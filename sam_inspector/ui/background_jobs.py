"""Long work that the window starts: encoding images ahead, and forgetting them."""

from __future__ import annotations

from pathlib import Path

from sam_inspector.engine import requests as rq
from sam_inspector.engine.mailbox import Mailbox


class BackgroundJobs:
    """Numbers jobs and puts them into the mailbox of the compute thread."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._number = 0
        self._prefetched: Path | None = None

    def encode(self, paths: tuple[Path, ...], preset: str) -> None:
        """Encode images, with progress in the jobs strip."""
        if paths:
            self._add("Encode images", rq.EncodeImages(paths, preset))

    def prefetch(self, path: Path, preset: str) -> None:
        """Encode the image that probably comes next, unseen; only the newest such wish counts."""
        if path != self._prefetched:
            self._prefetched = path
            self._mailbox.cancel_silent_jobs()
            self._add("Prefetch", rq.EncodeImages((path,), preset), silent=True)

    def forget_prefetch(self) -> None:
        """A prefetch gave way to a click; it may be wished again."""
        self._prefetched = None

    def clear_cache(self) -> None:
        """Forget all embeddings."""
        self._add("Clear cache", rq.ClearCache())

    def compare(self, work: rq.BuildReferences) -> int:
        """Describe normal images, with progress in the jobs strip; gives the job's number."""
        return self._add("Compare with normal images", work)

    def read_sentences(self, work: rq.BuildClip) -> int:
        """Load CLIP and let it read sentences, with progress in the jobs strip; gives the job's number."""
        return self._add("Read sentences with CLIP", work)

    def cancel(self, number: int) -> None:
        """End a job."""
        self._mailbox.cancel_job(number)

    def _add(self, title: str, work: rq.JobWork, *, silent: bool = False) -> int:
        self._number += 1
        self._mailbox.add_job(rq.Job(self._number, title, work, silent))
        return self._number
