"""Tuning SAM over files: images are encoded once, then learnt epoch by epoch into a file.

The file is written after the first epoch, then at most every `SAVE_SECONDS`, at the end, and when tuning is given up.
It holds the state that did best on the held-out images so far; beside it, until the tuning is finished, lies what is
needed to go on after the last whole epoch.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from statistics import median

from sam_inspector.core.errors import Cancelled, StoreError
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.spt.checks import check_spt
from sam_inspector.engine.spt.encoding import EncodedImages, images_to_take
from sam_inspector.engine.spt.images import HeldOutImage
from sam_inspector.engine.spt.tuning_file import SptFile, is_finished, new_manifest
from sam_inspector.engine.spt.works import PreviewMask, SptProgress, TrainSpt
from sam_inspector.methods.spt.judging import JudgedImage, mean_scores
from sam_inspector.methods.spt.schedule import schedule_for
from sam_inspector.methods.spt.tuning import TuningRun
from sam_inspector.models.backbone import never
from sam_inspector.models.registry import ModelSpec, get_model_spec
from sam_inspector.models.tuned.manifest import HeldOutScores, TunedManifest, read_tuned_manifest
from sam_inspector.models.tuned.tuned_segmenter import TunedSegmenter

JUDGED_TIMES = 4
"""How often the held-out images are looked at during a tuning."""
SAVE_SECONDS = 20.0
"""Between two times that the files are written, at least."""
RECENT_STEPS = 50
"""Steps that tell how long the rest will take."""
DONE = "This tuning is done already"
GIVEN_UP = "Tuning was given up; the file holds the best state so far, and it can be gone on with."
NOTHING_DONE = "Tuning was given up before the first epoch was whole; nothing was written."


def train_spt(work: TrainSpt, inspector: Inspector, *, cancelled: Callable[[], bool] = never) -> Generator[SptProgress]:
    """Tune: a step an image that is encoded, then a step an image that is learnt from or judged.

    A tuning that is gone on with ends in the same bytes as one without a break, on the CPU with as many threads. An
    image or mask that can't be read, or marks nothing, is passed over, and told.

    Raises
    ------
    InputError
        For settings out of range, no image to learn from or none to judge on, a model that can't be tuned, a file that
        is there already or comes from another tuning, a loss that is no number any more.
    WeightsError, ModelError
        When the model can't be had, or there is too little memory.
    StoreError
        When the file can't be written.
    Cancelled
        When `cancelled` said so; the file holds the best state so far.
    """
    check_spt(work)
    spec = get_model_spec(work.model)
    if work.resume and is_finished(work.out):
        done = read_tuned_manifest(work.out)
        yield SptProgress(
            1, 1, DONE, done.epochs_done, done.epochs_done, None, done.losses, done.zero_shot, done.judged,
            done.kept_epoch, len(done.images), len(done.held_out),
        )  # fmt: skip
        return
    inspector = inspector.untuned()
    # Quick precisions of the encoder have no gradients everywhere.
    precision = "float32" if work.settings.recipe.encoder_lora else "auto"
    if (
        not inspector.has_model
        or inspector.segmenter.spec.name != work.model
        or precision not in ("auto", inspector.segmenter.device.precision)
    ):
        yield SptProgress(0, 1, f"Loading {spec.title}")
        inspector.load_model(work.model, device=work.device, precision=precision, cancelled=cancelled)
    schedule = schedule_for(work.settings)
    images = EncodedImages(work, inspector, schedule)
    try:
        taken = images_to_take(work, schedule)
        epochs = work.settings.epochs
        told = SptProgress(0, taken, epochs=epochs)
        for step in images.take(told, cancelled):
            # How much is learnt an epoch is known only when all are read, so all images count for now.
            yield replace(step, total=taken + epochs * step.learnt, remarks=images.new_remarks())
        run = TuningRun(images.segmenter, work.settings)
        manifest = new_manifest(work, spec, schedule, images.learnt.ids, images.learnt.categories)
        file = SptFile(work.out, with_held_out(manifest, images), work.settings.keeps_last)
        state = file.go_on() if work.resume else None
        if state is not None:
            run.restore(state)
        total = taken + epochs * len(images.learnt)
        yield from _Tuning(work, spec, images, run, file, taken, total, cancelled).steps()
    finally:
        images.close()


def with_held_out(manifest: TunedManifest, images: EncodedImages) -> TunedManifest:
    """What the file says of the held-out images, before tuning."""
    scores = [(each.sample.category, each.zero_shot.scores) for each in images.held_out]
    return replace(
        manifest,
        held_out=tuple(each.image_id for each in images.held_out),
        zero_shot=mean_scores(scores) if scores else None,
        remarks=tuple(images.remarks),
    )


@dataclass(eq=False)
class _Tuning:
    """The epochs of a tuning, everything being encoded.

    Attributes
    ----------
    done, total
        Steps of the progress: those before the first epoch, and all.
    """

    work: TrainSpt
    spec: ModelSpec
    images: EncodedImages
    run: TuningRun
    file: SptFile
    done: int
    total: int
    cancelled: Callable[[], bool]

    def steps(self) -> Generator[SptProgress]:
        """Train what is left, a step an image; in whatever way this ends, the files hold the last whole epoch."""
        epochs, learnt = self.work.settings.epochs, self.images.learnt
        began_with = len(self.run.losses)
        every = max(1, -(-epochs // JUDGED_TIMES))
        judgings = sum(self._is_judged_after(epoch, every) for epoch in range(began_with + 1, epochs + 1))
        clock = _Clock(len(learnt) * (epochs - began_with), len(self.images.held_out) * judgings)
        told = self._told(self.done + began_with * len(learnt))
        yield replace(told, remarks=self.images.new_remarks())
        state, is_written, written_at = self.run.state(), True, -SAVE_SECONDS
        try:
            for epoch in range(began_with + 1, epochs + 1):
                told = replace(told, text=f"Epoch {epoch} of {epochs}", epoch=epoch)
                for loss in clock.timing_learning(self.run.epoch_steps(learnt)):
                    told = replace(told, done=told.done + 1, loss=loss, seconds_left=clock.seconds_left)
                    yield told
                    self._stop_if_cancelled(epoch - 1)
                judged: HeldOutScores | None = None
                previews: tuple[PreviewMask, ...] = ()
                if self._is_judged_after(epoch, every):
                    judged, previews = yield from self._judge(told, epoch, clock)
                state, is_written = self.run.state(), False
                self.file.take_epoch(state, self.run.tuned, judged)
                if epoch == epochs or time.perf_counter() - written_at >= SAVE_SECONDS:
                    self.file.write(state if epoch < epochs else None)
                    is_written, written_at = True, time.perf_counter()
                told = self._told(told.done, told)
                yield replace(told, seconds_left=clock.seconds_left, previews=previews)
                self._stop_if_cancelled(epoch)
        except BaseException as error:
            if not is_written and not isinstance(error, StoreError):
                self.file.write(state)
            raise

    def _is_judged_after(self, epoch: int, every: int) -> bool:
        is_due = epoch % every == 0 and not self.work.settings.keeps_last
        return bool(self.images.held_out) and (is_due or epoch == self.work.settings.epochs)

    def _told(self, done: int, before: SptProgress | None = None) -> SptProgress:
        """How it stands after a whole epoch."""
        manifest = self.file.manifest
        return replace(
            before or SptProgress(done, self.total, epochs=self.work.settings.epochs),
            losses=manifest.losses,
            zero_shot=manifest.zero_shot,
            judged=manifest.judged,
            kept_epoch=manifest.kept_epoch,
            learnt=len(manifest.images),
            held_out=len(manifest.held_out),
        )

    def _judge(
        self, told: SptProgress, epoch: int, clock: _Clock
    ) -> Generator[SptProgress, None, tuple[HeldOutScores, tuple[PreviewMask, ...]]]:
        spec = replace(self.spec, capabilities=self.spec.capabilities - {"multimask"})
        tuned = TunedSegmenter(spec, self.images.segmenter, self.run.counting_perception())
        scores, previews = [], []
        for number, image in enumerate(self.images.held_out):
            with clock.timing_judging():
                seen = image.judge(tuned, encodes=self.work.settings.recipe.encoder_lora)
            scores.append((image.sample.category, seen.scores))
            if number < self.work.previews:
                previews.append(_preview(image, seen))
            yield replace(told, text=f"Judging on {image.sample.path.name}", seconds_left=clock.seconds_left)
            self._stop_if_cancelled(epoch - 1)
        return replace(mean_scores(scores), epoch=epoch), tuple(previews)

    def _stop_if_cancelled(self, whole_epochs: int) -> None:
        if self.cancelled():
            raise Cancelled(GIVEN_UP if whole_epochs else NOTHING_DONE)


def _preview(image: HeldOutImage, seen: JudgedImage) -> PreviewMask:
    before = image.zero_shot
    return PreviewMask(
        image.sample.path,
        seen.mask,
        before.mask,
        image.ground_truth,
        seen.scores.box,
        before.scores.box,
        seen.draft,
        seen.scores.draft_box,
    )


@dataclass(eq=False, slots=True)
class _Clock:
    """How long the rest takes, from how long steps took."""

    learning_left: int
    judging_left: int
    _learning: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT_STEPS))
    _judging: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT_STEPS))

    def timing_learning(self, losses: Iterator[float]) -> Iterator[float]:
        while True:
            began = time.perf_counter()
            loss = next(losses, None)
            if loss is None:
                return
            self._learning.append(time.perf_counter() - began)
            self.learning_left -= 1
            yield loss

    @contextmanager
    def timing_judging(self) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self._judging.append(time.perf_counter() - began)
        self.judging_left -= 1

    @property
    def seconds_left(self) -> float | None:
        """None before the first step; an image is judged about as fast as one is learnt from."""
        if not self._learning:
            return None
        learning = median(self._learning)
        return self.learning_left * learning + self.judging_left * median(self._judging or [learning])
