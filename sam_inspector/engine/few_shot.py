"""Few-shot maps over files: references are read, turned and described; then images are mapped against them."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sam_inspector.anomaly.few_shot import FewShotDetector, View, fit, shown_angles
from sam_inspector.anomaly.recipes import recipe_for
from sam_inspector.anomaly.settings import FewShotSettings
from sam_inspector.anomaly.turning import turned
from sam_inspector.core.calibration import Calibration
from sam_inspector.core.errors import Cancelled, ImageReadError, InputError
from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.data.images import LoadedImage, read_image
from sam_inspector.engine.backbone_weights import require_backbone_weights
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.requests import BuildReferences, JobProgress, ReferencesReady
from sam_inspector.models.backbone import Backbone, DenseFeatures, never
from sam_inspector.models.backbone_loading import load_backbone
from sam_inspector.models.backbone_registry import SAM_BACKBONE

SIZE_FACTOR = 1.5
"""Sizes further apart than this are told."""


@dataclass(frozen=True, eq=False, slots=True)
class MapOutcome:
    """The map of one image; `seconds` are those of the map alone, the encoding left out.

    Attributes
    ----------
    calibration
        The maps of normal images; None for a map that is made without any.
    text_score
        What sentences alone say of the whole image, in [0, 1]; None for a method without.
    """

    anomaly_map: AnomalyMap
    image_score: float
    calibration: Calibration | None
    seconds: float
    remark: str = ""
    text_score: float | None = None


@dataclass(frozen=True, eq=False, slots=True)
class _Built:
    """References that are ready, and what they depend on."""

    work: BuildReferences
    model: str
    detector: FewShotDetector
    image_ids: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    remarks: tuple[str, ...]


@dataclass(eq=False, slots=True)
class _HalfBuilt:
    """References that are being described; given up half-way they can be gone on with."""

    work: BuildReferences
    model: str
    cancelled: Callable[[], bool] = never
    steps: Generator[JobProgress] | None = None


class FewShotMapper:
    """Maps images against references; to be used from the inspector's thread."""

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = inspector
        self._backbones: dict[tuple[str, str], Backbone] = {}
        self._built: _Built | None = None
        self._half: _HalfBuilt | None = None

    @property
    def is_ready(self) -> bool:
        """Whether the references of the model in use are described."""
        return self._built is not None and self._built.model == self._model_of(self._built.work.settings)

    def build(self, work: BuildReferences, *, cancelled: Callable[[], bool] = never) -> Iterator[JobProgress]:
        """Describe references, a step a view; those before stay in use until the new ones are ready.

        An image that can't be read is passed over, and told among the remarks. What was given up half-way, by
        `cancelled` or by closing the iterator, goes on at the view where it was when the same is asked for next.

        Raises
        ------
        InputError
            Without a reference that can be read, or for settings out of range.
        WeightsError
            When the backbone's weights are not there.
        Cancelled
            When `cancelled` said so, or another model was loaded between two steps.
        """
        half = self._half
        if half is None or half.steps is None or (half.work, half.model) != (work, self._model_of(work.settings)):
            half = self._half = _HalfBuilt(work, self._model_of(work.settings))
            half.steps = self._describe(half)
        half.cancelled = cancelled
        assert half.steps is not None
        while True:
            try:
                progress = next(half.steps)
            except StopIteration:
                self._half = None
                return
            except BaseException:
                self._half = None
                raise
            if cancelled():
                raise Cancelled("The comparison with normal images was given up.")
            yield progress

    def _describe(self, half: _HalfBuilt) -> Generator[JobProgress]:
        work = half.work
        names: list[str] = []
        image_ids: list[str] = []
        remarks: list[str] = []
        sizes: list[tuple[int, int]] = []
        images: list[Path] = []
        for path in work.paths:
            try:
                image = read_image(path)
            except ImageReadError as error:
                remarks.append(f"Left out of the normal images: {error}")
                continue
            if image.image_id not in image_ids:
                images.append(path)
                names.append(path.name)
                image_ids.append(image.image_id)
                sizes.append((image.width, image.height))
                if (image.pixels == image.pixels[:1, :1]).all():
                    remarks.append(f"The normal image {names[-1]} is of one colour: choose another.")
            yield JobProgress(0, len(work.paths), path.name)
        if not images:
            raise InputError("There is no normal image to compare with: choose at least one that can be read.")
        recipe = recipe_for(work.settings, len(images))
        shown = shown_angles(recipe, len(images))
        seen = 0

        def counted() -> Iterator[View | None]:
            nonlocal seen
            for view in self._views(images, shown, half):
                seen += view is not None
                yield view

        total = len(images) * len(shown)
        detector: FewShotDetector | None = None
        for step in fit(counted(), recipe, tuple(names), seed=work.settings.references.seed):
            detector = step
            if step is None:
                yield JobProgress(seen, total, names[max(0, seen - 1) // len(shown)])
        assert detector is not None
        far = detector.calibration.far
        if far:
            remarks.extend(
                f"The normal image {images[names.index(name)].parent.name}/{name} lies far from the others: look "
                "whether it shows a defect, and choose another if it does."
                for name in far
            )
        self._built = _Built(work, half.model, detector, tuple(image_ids), tuple(sizes), tuple(remarks))

    def ready(self, work: BuildReferences) -> ReferencesReady:
        """What `build` came to."""
        built = self._built
        assert built is not None
        return ReferencesReady(
            work, built.detector.calibration, built.detector.bank_tokens, len(built.image_ids), built.remarks
        )

    def map(self, image: LoadedImage) -> MapOutcome:
        """Map an image.

        Raises
        ------
        InputError
            When no references were described with the model in use.
        """
        built = self._built
        if built is None or not self.is_ready:
            raise InputError("No normal images were described with this model yet: choose them first.")
        features = self._features(image, built.work.settings, never)
        started = time.perf_counter()
        own = built.image_ids.index(image.image_id) if image.image_id in built.image_ids else None
        anomaly_map = built.detector.map(features, without=own)
        seconds = time.perf_counter() - started
        remark = "" if own is None else "This image is one of the references; it is not compared with itself."
        if not any(_is_like((image.width, image.height), size) for size in built.sizes):
            width, height = built.sizes[0]
            remark = (
                f"This image has another size than the normal ones ({image.width} × {image.height} px, they have "
                f"{width} × {height} px): its map is only right if it shows the part equally large."
            )
        score = built.detector.image_score(anomaly_map)
        return MapOutcome(anomaly_map, score, built.detector.calibration, seconds, remark)

    def _views(self, paths: Sequence[Path], shown: Sequence[float], half: _HalfBuilt) -> Iterator[View | None]:
        settings = half.work.settings
        for number, path in enumerate(paths):
            image = read_image(path)
            for angle in shown:
                is_upright = angle == 0
                seen = image if is_upright else replace(image, pixels=turned(image.pixels, angle))
                features: DenseFeatures | None = None
                while features is None:
                    if self._model_of(settings) != half.model:
                        raise Cancelled("Another model was chosen while the normal images were described.")
                    try:
                        features = self._features(seen, settings, half.cancelled, remember=is_upright)
                    except Cancelled:
                        yield None  # this view is begun anew when the others are gone on with
                yield View(number, is_upright, features)

    def _features(
        self, image: LoadedImage, settings: FewShotSettings, cancelled: Callable[[], bool], *, remember: bool = True
    ) -> DenseFeatures:
        if settings.backbone != SAM_BACKBONE:
            return self._backbone(settings).features(image.pixels, cancelled=cancelled)
        segmenter = self._inspector.segmenter
        if remember:
            return segmenter.dense_features(self._inspector.embed(image, cancelled=cancelled).embedding)
        return segmenter.dense_features(segmenter.embed(image.pixels, cancelled=cancelled))

    def _backbone(self, settings: FewShotSettings) -> Backbone:
        key = (settings.backbone, settings.preset)
        if key not in self._backbones:
            require_backbone_weights(settings.backbone)
            device = self._inspector.segmenter.device
            self._backbones[key] = load_backbone(
                settings.backbone, preset=settings.preset, device=device.device, precision=device.precision
            )
        return self._backbones[key]

    def _model_of(self, settings: FewShotSettings) -> str:
        if settings.backbone != SAM_BACKBONE:
            return settings.backbone
        return self._inspector.segmenter.spec.embedded_by if self._inspector.has_model else ""


def _is_like(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two sizes show a part about equally large to a network that sees the longest side at one size."""
    aspect = (one[0] / one[1]) / (other[0] / other[1])
    return 1 / SIZE_FACTOR <= aspect <= SIZE_FACTOR and 1 / SIZE_FACTOR <= max(one) / max(other) <= SIZE_FACTOR
