"""Training SimpleNet over files: images are described once, then learnt epoch by epoch into a file.

The file is written after the first epoch, then at most every `SAVE_SECONDS`, at the end, and when training is given
up: it holds the last whole epoch. Then a few networks are trained for a shorter while without some of the images each,
to learn what normal images score that were not trained on. Which weights make maps: the last epoch's; with the paper
protocol those of the epoch that did best on the test images.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from statistics import median

from sam_inspector.anomaly.simplenet.calibration import SimpleNetCalibration
from sam_inspector.anomaly.simplenet.checkpoint import load_simplenet
from sam_inspector.anomaly.simplenet.detector import SimpleNetDetector
from sam_inspector.anomaly.simplenet.manifest import read_simplenet_manifest
from sam_inspector.anomaly.simplenet.recipe import simplenet_recipe
from sam_inspector.anomaly.simplenet.token_store import TokenStore, plain_space
from sam_inspector.anomaly.simplenet.training import BestEpoch, TrainingRun, TrainingState, begin_training
from sam_inspector.core.errors import Cancelled, ImageReadError, InputError, StoreError
from sam_inspector.data.atomic import write_failure
from sam_inspector.data.images import read_image
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.paper_protocol import TestImages, check_test_samples
from sam_inspector.engine.requests import PreviewMap, SimpleNetProgress, TrainSimpleNet
from sam_inspector.engine.simplenet_described import DescribedImages, SeenImage, listed_images
from sam_inspector.engine.simplenet_file import (
    SimpleNetFile,
    check_same_training,
    filled,
    new_manifest,
    other_images,
)
from sam_inspector.engine.simplenet_held_out import held_out_epochs, hold_out
from sam_inspector.engine.simplenet_images import SimpleNetImages
from sam_inspector.models.backbone import never

SAVE_SECONDS = 20.0
PROTOCOL_EVERY = 4
"""Epochs between two looks at the test images, as published."""
PREVIEW_NORMAL = 4
"""Normal images that tell the colours of a preview."""
RECENT_STEPS = 50
"""Steps that tell how long the rest will take."""
HOLDING_OUT = "Learning what normal images score"
DONE = "This training is done already"
GIVEN_UP = "Training was given up; the file holds the last whole epoch."
NOTHING_DONE = "Training was given up before the first epoch was whole; nothing was written."


def train_simplenet(
    work: TrainSimpleNet, inspector: Inspector, *, cancelled: Callable[[], bool] = never
) -> Generator[SimpleNetProgress]:
    """Train: a step an image that is described, then a step a batch.

    A training that is gone on with ends in the same bytes as one without a break, on the CPU with as many threads;
    `settings.epochs` counts the epochs before as well. A normal image that can't be read is passed over, and told.

    Raises
    ------
    InputError
        For settings out of range, no normal image, a file that is there already or comes from another training.
    ImageReadError, MaskError
        When an image of the paper protocol can't be read.
    WeightsError, ModelError
        When the backbone can't be had, or there is too little memory.
    StoreError
        When the file can't be written.
    Cancelled
        When `cancelled` said so; the file holds the last whole epoch.
    """
    recipe = simplenet_recipe(work.settings)
    _check(work)
    epochs = work.settings.epochs
    source = SimpleNetImages(
        inspector, work.settings.backbone, recipe, work.preparation, device=work.device, cancelled=cancelled
    )
    manifest = new_manifest(work, recipe, source)
    losses: tuple[float, ...] = ()
    after = held_out_epochs(recipe, len(work.paths), work.settings.batch_size)
    if work.resume and work.out.exists():
        earlier = read_simplenet_manifest(work.out)
        check_same_training(earlier, manifest, work.out)
        if not set(earlier.images) <= set(listed_images(work.paths)):
            raise other_images(work.out)
        if earlier.epochs_done >= epochs and earlier.is_finished(recipe):
            yield SimpleNetProgress(1, 1, DONE, epochs, epochs, losses=earlier.losses)
            return
        losses, after = earlier.losses, 0 if earlier.held_out else after

    described = DescribedImages(TokenStore(len(work.paths), work.settings.cache_bytes, work.settings.seed))
    tests = TestImages(
        work.test_samples if work.settings.paper_protocol else (), source, recipe, work.settings.cache_bytes
    )
    previews: list[SeenImage] = []
    looks = len(work.paths) + len(tests.samples) + len(work.preview_paths)
    total = looks + epochs + after
    names = chain(
        described.take(work.paths, source, recipe, cancelled),
        tests.take(cancelled),
        _described_previews(work, source, described, previews, cancelled),
    )
    for looked_at, name in enumerate(names, start=1):
        if cancelled():
            raise Cancelled("Describing the images was given up; nothing was written.")
        yield SimpleNetProgress(looked_at, total, f"Describing {name}", epochs=epochs, losses=losses)

    space = described.store.space() if recipe.standardised else plain_space(described.store.width)
    run = begin_training(recipe, space.to(source.torch_device), work.settings.seed, work.settings.batch_size)
    manifest = filled(manifest, described, run, tuple(tests.image_ids))
    file = SimpleNetFile(work.out, manifest, described)
    if work.resume and work.out.exists():
        saved = load_simplenet(work.out)
        if saved.manifest.images != manifest.images or saved.manifest.test_images != manifest.test_images:
            raise other_images(work.out)
        run.restore(saved.state)
        run.keep_parts(saved.manifest.parts_a_step)
        file.held_out = saved.normal_maps if saved.manifest.held_out else None
    yield from _Training(work, run, file, tests, previews, cancelled).epochs(looks, total, tuple(described.remarks))


@dataclass(eq=False, slots=True)
class _Training:
    """The epochs of a training, everything being described."""

    work: TrainSimpleNet
    run: TrainingRun
    file: SimpleNetFile
    tests: TestImages
    previews: Sequence[SeenImage]
    cancelled: Callable[[], bool]

    def epochs(self, looked_at: int, total: int, remarks: tuple[str, ...]) -> Generator[SimpleNetProgress]:
        """Train what is left, a step a batch; in whatever way this ends, the file holds the last whole epoch."""
        run, store, epochs = self.run, self.file.described.store, self.work.settings.epochs
        state = run.state()
        written, written_at = state.epochs_done, -SAVE_SECONDS
        steps = store.steps_an_epoch(run.images_a_step, run.recipe.least_steps)
        steps_after = 0 if self._is_held_out else run.recipe.folds_of(store.images) * run.recipe.fold_steps
        times: deque[float] = deque(maxlen=RECENT_STEPS)
        done = looked_at + min(state.epochs_done, epochs)
        told = SimpleNetProgress(done, total, epochs=epochs, losses=run.losses, remarks=remarks)
        try:
            for epoch in range(state.epochs_done + 1, epochs + 1):
                told = replace(told, text=f"Epoch {epoch} of {epochs}", epoch=epoch)
                began = time.perf_counter()
                for step, loss in enumerate(run.epoch_steps(store), start=1):
                    times.append(time.perf_counter() - began)
                    left = ((epochs - epoch) * steps + steps - step + steps_after) * median(times)
                    yield replace(told, loss=loss, seconds_left=left, remarks=(*told.remarks, *run.new_remarks()))
                    told = replace(told, loss=loss, seconds_left=left, remarks=())
                    self._stop_if_cancelled(state.epochs_done)
                    began = time.perf_counter()
                self._look_at_tests(epoch)
                state = run.state()
                if time.perf_counter() - written_at >= SAVE_SECONDS or epoch == epochs:
                    self.file.write(run, state)
                    written, written_at = epoch, time.perf_counter()
                last = epoch == epochs and not steps_after
                told = replace(told, done=total if last else looked_at + epoch, losses=run.losses)
                yield replace(told, previews=self._previews(epoch))
                self._stop_if_cancelled(epoch)
            if steps_after:
                yield from self._hold_out(replace(told, epoch=epochs, done=looked_at + epochs), state)
        except BaseException as error:
            if state.epochs_done > written and not isinstance(error, StoreError):
                self.file.write(run, state)
            raise

    @property
    def _is_held_out(self) -> bool:
        return self.file.held_out is not None

    def _hold_out(self, told: SimpleNetProgress, state: TrainingState) -> Generator[SimpleNetProgress]:
        """Learn what normal images score that were not trained on, and write it; `told` is where the epochs end."""
        folds = self.run.recipe.folds_of(self.file.described.store.images)
        done, began = told.done, time.perf_counter()
        for fold, share, loss in hold_out(self.run, self.file):
            left = (time.perf_counter() - began) / share * (1 - share)
            text = f"{HOLDING_OUT}, {fold} of {folds}"
            told = replace(told, text=text, loss=loss, seconds_left=left)
            yield replace(told, done=done + int(share * (told.total - 1 - done)))
            told = replace(told, remarks=())
            self._stop_if_cancelled(len(self.run.losses))
        self.file.write(self.run, state)
        yield replace(told, done=told.total, seconds_left=0.0, previews=self._previews(told.epochs))

    def _stop_if_cancelled(self, whole_epochs: int) -> None:
        if self.cancelled():
            raise Cancelled(GIVEN_UP if whole_epochs else NOTHING_DONE)

    def _look_at_tests(self, epoch: int) -> None:
        """With the paper protocol: keep this epoch's weights if they do better on the test images than those before."""
        if not self.tests.samples or (epoch % PROTOCOL_EVERY and epoch != self.work.settings.epochs):
            return
        run = self.run
        detector = SimpleNetDetector(run.recipe, self.file.manifest.backbone, run.space, run.network, None)
        figures = self.tests.judge(detector, self.cancelled)
        found = BestEpoch(epoch, figures.image_auroc, figures.pixel_auroc, run.state().weights)
        if run.best is None or found.rank > run.best.rank:
            run.best = found

    def _previews(self, epoch: int) -> tuple[PreviewMap, ...]:
        if epoch != 1 and epoch % self.work.preview_every and epoch != self.work.settings.epochs:
            return ()
        if not self.previews:
            return ()
        run = self.run
        normal = self.file.held_out or self.file.normal_maps(run, run.network, slice(PREVIEW_NORMAL))
        calibration = SimpleNetCalibration(normal, self.file.manifest.image_names[: len(normal)])
        detector = SimpleNetDetector(run.recipe, self.file.manifest.backbone, run.space, run.network, calibration)
        return tuple(
            PreviewMap(seen.path, detector.map(seen.features, seen.size), detector.image_score(seen.features))
            for seen in self.previews
        )


def _described_previews(
    work: TrainSimpleNet,
    source: SimpleNetImages,
    described: DescribedImages,
    previews: list[SeenImage],
    cancelled: Callable[[], bool],
) -> Iterator[str]:
    for path in work.preview_paths:
        try:
            image = read_image(path)
        except ImageReadError as error:
            described.remarks.append(f"Left out of the preview: {error}")
        else:
            features = source.features(image, cancelled=cancelled)
            previews.append(SeenImage(path, features, (image.height, image.width)))
        yield path.name


def _check(work: TrainSimpleNet) -> None:
    """Tell before minutes of work what can't be done."""
    if not work.paths:
        raise InputError(
            f"There is no normal image of {work.category or 'this'} to learn from: put some in train/good, or choose "
            "some."
        )
    if work.settings.paper_protocol:
        check_test_samples(work.test_samples)
    if work.out.is_dir():
        raise InputError(f"{work.out} is a folder: name a file for the SimpleNet.")
    if work.out.exists() and not work.resume:
        raise InputError(f"{work.out} is there already: go on with that training, or name another file.")
    try:
        work.out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_failure(work.out, error) from error
