"""Long work that the window starts: encoding images ahead, and forgetting them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sam_inspector.engine import requests as rq
from sam_inspector.engine.foreground_works import AskForeground, FindForegrounds
from sam_inspector.engine.mailbox import Mailbox


class BackgroundJobs:
    """Numbers jobs and puts them into the mailbox of the compute thread."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._number = 0
        self._prefetched: Path | None = None
        self.on_pause: Callable[[int, bool], None] | None = None
        """Told the number of a job, and whether it waits now"""

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

    def evaluate(self, work: rq.EvaluateImages, title: str) -> int:
        """Score modes over datasets, with progress in the jobs strip; gives the job's number."""
        return self._add(title, work)

    def learn(self, work: rq.LearnSimpleNet) -> int:
        """Have a SimpleNet ready for maps, with progress in the jobs strip; gives the job's number."""
        return self._add(f"SimpleNet for {work.category}", work)

    def train(self, work: rq.TrainSimpleNet) -> int:
        """Train SimpleNet, with progress in the jobs strip; gives the job's number."""
        return self._add(f"Train SimpleNet on {work.category}", work)

    def tune(self, work: rq.TrainSpt, title: str) -> int:
        """Tune SAM, with progress in the jobs strip; gives the job's number."""
        return self._add(title, work)

    def find_foregrounds(self, work: FindForegrounds) -> int:
        """Find what stands out of a category's images, with progress in the jobs strip; gives the job's number."""
        return self._add(f"Foregrounds of {work.category}", work)

    def ask_foreground(self, work: AskForeground) -> int:
        """Ask for one foreground, before all jobs that nobody waits for; gives the job's number."""
        return self._add("Correct a foreground", work, urgent=True)

    def show_side_by_side(self, work: rq.CompareImage) -> int:
        """Answer the panes of the Compare view, before all jobs that nobody waits for; gives the job's number."""
        return self._add("Compare", work, urgent=True)

    def exchange(self, work: rq.ExchangeImage) -> int:
        """Set the image on screen before another background; gives the job's number."""
        return self._add("Exchange the background", work, urgent=True)

    def pause(self, number: int) -> None:
        """Leave a job waiting after the step it is in."""
        self._mailbox.pause_job(number)
        if self.on_pause is not None:
            self.on_pause(number, True)

    def go_on(self, number: int) -> None:
        """Go on with a paused job."""
        self._mailbox.go_on_with_job(number)
        if self.on_pause is not None:
            self.on_pause(number, False)

    def cancel(self, number: int) -> None:
        """End a job."""
        self._mailbox.cancel_job(number)

    def _add(self, title: str, work: rq.JobWork, *, silent: bool = False, urgent: bool = False) -> int:
        self._number += 1
        self._mailbox.add_job(rq.Job(self._number, title, work, silent, urgent))
        return self._number
