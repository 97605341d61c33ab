"""Maps by a SimpleNet that is trained on demand, with or without the background of its images: `simplenet`, `sam2sim`.

A training that was stopped goes on where it was, and one that is done serves all further runs. Nothing of a test image
has a part in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sam_inspector.anomaly.simplenet.manifest import SimpleNetManifest, read_simplenet_manifest
from sam_inspector.anomaly.simplenet.recipe import simplenet_recipe
from sam_inspector.anomaly.simplenet.settings import Preparation
from sam_inspector.core.calibration import Calibration
from sam_inspector.core.errors import Cancelled, ImageReadError, InputError
from sam_inspector.data.images import LoadedImage, read_image
from sam_inspector.engine.few_shot import MapOutcome
from sam_inspector.engine.foregrounds import Foregrounds
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.kept_simplenets import drop_damaged, make_room, simplenet_place, simplenets_folder
from sam_inspector.engine.requests import BuildSimpleNet, JobProgress, SimpleNetProgress, TrainSimpleNet
from sam_inspector.engine.simplenet_described import listed_images
from sam_inspector.engine.simplenet_images import SimpleNetImages
from sam_inspector.engine.simplenet_mapper import SimpleNetMapper
from sam_inspector.engine.simplenet_works import LearnSimpleNet
from sam_inspector.engine.train_simplenet import train_simplenet
from sam_inspector.foreground.outline import fitting_outline
from sam_inspector.foreground.result import ForegroundResult
from sam_inspector.foreground.settings import Outline
from sam_inspector.methods.sam2sim import ForegroundChoice, RemovedBackgrounds
from sam_inspector.models.backbone import never

OUTLINES: tuple[Outline, ...] = ("convex", "as_found")
_MOST_NAMED = 3


@dataclass(frozen=True, eq=False, slots=True)
class LearntSimpleNet:
    """A SimpleNet that is ready.

    Attributes
    ----------
    remarks
        What a person should know of it and of the foregrounds of its normal images, a sentence each.
    """

    work: LearnSimpleNet
    file: Path
    manifest: SimpleNetManifest
    calibration: Calibration
    remarks: tuple[str, ...]


class LearntSimpleNetMapper:
    """Maps images by SimpleNets that it trains; to be used from the inspector's thread.

    Parameters
    ----------
    folder
        Where trained ones are kept; None for among the user's caches.
    """

    def __init__(self, inspector: Inspector, folder: Path | None = None) -> None:
        self._inspector = inspector
        self._folder = folder
        self._mapper = SimpleNetMapper(inspector)
        self._foregrounds: Foregrounds | None = None
        self._removed: RemovedBackgrounds | None = None
        self._ready: LearntSimpleNet | None = None

    @property
    def is_ready(self) -> bool:
        """Whether there is a SimpleNet for the model in use."""
        return self._mapper.is_ready

    def build(self, work: LearnSimpleNet, *, cancelled: Callable[[], bool] = never) -> Iterator[JobProgress]:
        """Look for foregrounds, train and load, a step at a time; what was done before is not done again.

        Raises
        ------
        InputError
            Without a normal image that can be read, for settings out of range, or a file that does not fit.
        WeightsError, ModelError
            When the backbone or the model that finds foregrounds can't be had, or there is too little memory.
        StoreError
            When the trained network can't be kept.
        Cancelled
            When `cancelled` said so; whole epochs are kept.
        """
        foregrounds: Foregrounds | None = None
        removed: RemovedBackgrounds | None = None
        remarks: list[str] = []
        corrections = ""
        if work.removal is not None:
            yield JobProgress(0, 1, "Preparing to remove backgrounds")
            foregrounds = Foregrounds(self._inspector, work.removal, cancelled=cancelled)
            if work.file is not None:
                removed = _removed_as_trained(foregrounds, work.removal, work.file)
            else:
                finding = _NormalForegrounds(foregrounds, work.removal, work.paths)
                yield from finding.steps(cancelled)
                removed, remarks = _removal(foregrounds, finding.settled), finding.remarks
                corrections = finding.corrections
        preparation = removed.preparation if removed is not None else None
        file = work.file
        if file is None:
            file = self._place(work, preparation, corrections, cancelled)
            yield from self._train(work, preparation, file, cancelled)
        loading = BuildSimpleNet(file, preparation=preparation)
        yield from self._mapper.build(loading, cancelled=cancelled)
        self._foregrounds, self._removed = foregrounds, removed
        ready = self._mapper.ready(loading)
        if work.file is not None and ready.manifest.category != work.category:
            remarks.append(
                f"The SimpleNet {work.file.name} was trained on {ready.manifest.category}, not on {work.category}."
            )
        told = (*remarks, *ready.remarks)
        self._ready = LearntSimpleNet(work, file, ready.manifest, ready.calibration, told)

    def ready(self, work: LearnSimpleNet) -> LearntSimpleNet:
        """What `build` came to."""
        assert self._ready is not None
        return self._ready

    def map(self, image: LoadedImage) -> MapOutcome:
        """Map an image; where no foreground was found, the whole of it, and the remark says so.

        Raises
        ------
        InputError
            When nothing was built for the model in use.
        """
        with self._foregrounds.looking_at(image) if self._foregrounds is not None else nullcontext():
            outcome = self._mapper.map(image)
        found = self._removed.found if self._removed is not None else None
        if found is None or not found.remark:
            return outcome
        return replace(outcome, remark=" ".join(filter(None, (found.remark, outcome.remark))))

    def _place(
        self, work: LearnSimpleNet, preparation: Preparation | None, corrections: str, cancelled: Callable[[], bool]
    ) -> Path:
        recipe = simplenet_recipe(work.settings)
        source = SimpleNetImages(self._inspector, work.settings.backbone, recipe, preparation, cancelled=cancelled)
        return simplenet_place(
            self._folder or simplenets_folder(),
            work.category,
            work.settings,
            features=(source.name, source.sha256, source.device.precision),
            preparation=" ".join(filter(None, (source.preparation, corrections))),
            images=listed_images(work.paths),
        )

    def _train(
        self, work: LearnSimpleNet, preparation: Preparation | None, file: Path, cancelled: Callable[[], bool]
    ) -> Iterator[SimpleNetProgress]:
        drop_damaged(file)
        training = TrainSimpleNet(work.paths, work.category, work.settings, file, resume=True, preparation=preparation)
        yield from train_simplenet(training, self._inspector, cancelled=cancelled)
        make_room(file.parent, file)


class _NormalForegrounds:
    """Looks at the normal images once: which outline suits them, and where no foreground is found.

    Afterwards their foregrounds are kept, and training finds them at once.

    Attributes
    ----------
    corrections
        Tells the foregrounds that a person corrected from all others, so that a network that was trained before with
        others is not taken for this one; empty without any.
    """

    def __init__(self, foregrounds: Foregrounds, choice: ForegroundChoice, paths: Sequence[Path]) -> None:
        self._foregrounds = foregrounds
        self._paths = paths
        self.settled = choice
        self.remarks: list[str] = []
        self.corrections = ""

    def steps(self, cancelled: Callable[[], bool]) -> Iterator[JobProgress]:
        """An image a step."""
        if self.settled.fits_outline:
            found: list[ForegroundResult] = []
            yield from self._found(self.settled.with_outline("as_found"), found, cancelled)
            masks = [one.mask for one in found if not one.fell_back]
            self.settled = self.settled.with_outline(fitting_outline(masks))
        found = []
        names: list[str] = []
        yield from self._found(self.settled, found, cancelled, names)
        if any(one.corrected for one in found):
            drawn = hashlib.blake2b(digest_size=8)
            for number, one in enumerate(found):
                if one.corrected:
                    drawn.update(f"{number} {one.mask.shape}".encode())
                    drawn.update(np.packbits(one.mask).data)
            self.corrections = f"corrected {drawn.hexdigest()}"
        lost = [name for name, one in zip(names, found, strict=True) if one.fell_back]
        if lost:
            more = f" and {len(lost) - _MOST_NAMED} more" if len(lost) > _MOST_NAMED else ""
            self.remarks.append(
                f"No foreground was found in {len(lost)} of {len(names)} normal images "
                f"({', '.join(lost[:_MOST_NAMED])}{more}), so their background is learnt too: choose another way to "
                "find foregrounds."
            )

    def _found(
        self,
        choice: ForegroundChoice,
        found: list[ForegroundResult],
        cancelled: Callable[[], bool],
        names: list[str] | None = None,
    ) -> Iterator[JobProgress]:
        extractor = self._foregrounds.extractor(choice.settings)
        for number, path in enumerate(self._paths, start=1):
            if cancelled():
                raise Cancelled("Looking for foregrounds was given up.")
            try:
                image = read_image(path)
            except ImageReadError:
                continue  # training tells it
            with self._foregrounds.looking_at(image):
                found.append(extractor.find(image.pixels, cancelled=cancelled))
            if names is not None:
                names.append(path.name)
            yield JobProgress(number, len(self._paths), f"Foreground of {path.name}")


def _removal(foregrounds: Foregrounds, choice: ForegroundChoice) -> RemovedBackgrounds:
    return RemovedBackgrounds(foregrounds.extractor(choice.settings), foregrounds.finder, foregrounds.how)


def _removed_as_trained(foregrounds: Foregrounds, choice: ForegroundChoice, file: Path) -> RemovedBackgrounds:
    """The removal that a SimpleNet was trained with, among those that its category may have led to."""
    wanted = read_simplenet_manifest(file).preparation
    choices = [choice.with_outline(outline) for outline in OUTLINES] if choice.fits_outline else [choice]
    tried = [_removal(foregrounds, one) for one in choices]
    for removed in tried:
        if removed.preparation.identity == wanted:
            return removed
    raise InputError(
        f"The SimpleNet {file} was trained on images prepared by {wanted or 'nothing'}, and these settings give "
        f"{tried[0].preparation.identity}: find foregrounds the same way with the same model, or train another."
    )
