"""Text-guided maps over files: CLIP is loaded, sentences are read, references described; then images are mapped."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sam_inspector.anomaly.clip_adapter_file import load_adapter
from sam_inspector.anomaly.clip_manifest import AdapterManifest
from sam_inspector.anomaly.clip_settings import ClipSettings
from sam_inspector.anomaly.clip_zero_shot import ClipDetector
from sam_inspector.anomaly.few_shot import PROBE_ANGLE
from sam_inspector.anomaly.turning import turned
from sam_inspector.core.errors import Cancelled, ImageReadError, InputError
from sam_inspector.core.text_prompts import name_remark
from sam_inspector.data.images import LoadedImage, read_image
from sam_inspector.engine.few_shot import MapOutcome
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.requests import BuildClip, ClipReady, JobProgress
from sam_inspector.models.backbone import never
from sam_inspector.models.clip import TEXT_BATCH, ClipFeatures, ClipModel
from sam_inspector.models.clip_loading import load_clip

REMEMBERED_IMAGES = 4
"""Descriptions kept, so that other sentences about the image on screen need no second look at it: 160 MB."""


@dataclass(frozen=True, eq=False, slots=True)
class _Built:
    """A detector that is ready, and what it was made from."""

    work: BuildClip
    clip: ClipModel
    detector: ClipDetector
    manifest: AdapterManifest | None
    sentences: int
    image_ids: tuple[str, ...]
    remarks: tuple[str, ...]
    remark: str


class ClipMapper:
    """Maps images by sentences; to be used from the inspector's thread.

    Parameters
    ----------
    load
        As `models.clip_loading.load_clip`; tests pass a small model.
    """

    def __init__(self, inspector: Inspector, load: Callable[..., ClipModel] = load_clip) -> None:
        self._inspector = inspector
        self._load = load
        self._loaded: tuple[tuple[str, str], ClipModel] | None = None
        self._described: OrderedDict[tuple[str, str, int], ClipFeatures] = OrderedDict()
        self._built: _Built | None = None

    @property
    def is_ready(self) -> bool:
        """Whether images can be mapped."""
        return self._built is not None

    def build(self, work: BuildClip, *, cancelled: Callable[[], bool] = never) -> Iterator[JobProgress]:
        """Load what is needed, read the sentences and describe the references, in short steps.

        What was ready before stays in use until the new is. A reference that can't be read is passed over, and told
        among the remarks.

        Raises
        ------
        InputError
            For settings out of range, an adapter that does not fit, or references of which none can be read.
        WeightsError
            When CLIP's weights are not there; nothing is fetched.
        Cancelled
            When `cancelled` said so.
        """
        settings = work.settings
        settings.check()
        normal, abnormal = settings.texts.sentences(settings.object_name)
        sentences = list(dict.fromkeys((*normal, *abnormal)))
        total = 1 + len(sentences) + len(work.reference_paths)
        yield JobProgress(0, total, "Loading CLIP")
        clip = self._clip(settings, cancelled)
        saved = load_adapter(settings.adapter, clip) if settings.adapter is not None else None
        remarks: list[str] = []
        for start in range(0, len(sentences), TEXT_BATCH):
            yield JobProgress(1 + start, total, "Reading sentences")
            clip.encode_text(sentences[start : start + TEXT_BATCH], cancelled=cancelled)
        images: list[tuple[Path, str]] = []
        references: list[ClipFeatures] = []
        probe: ClipFeatures | None = None
        for number, path in enumerate(work.reference_paths):
            yield JobProgress(1 + len(sentences) + number, total, path.name)
            if cancelled():
                raise Cancelled("The comparison with normal images was given up.")
            try:
                image = read_image(path)
            except ImageReadError as error:
                remarks.append(f"Left out of the normal images: {error}")
                continue
            if image.image_id in [image_id for _, image_id in images]:
                continue
            images.append((path, image.image_id))
            references.append(clip.describe(image.pixels, image_size=settings.image_size, cancelled=cancelled))
        if work.reference_paths and not images:
            raise InputError("There is no normal image to compare with: choose at least one that can be read.")
        if len(images) == 1:
            half_turn = turned(read_image(images[0][0]).pixels, PROBE_ANGLE)
            probe = clip.describe(half_turn, image_size=settings.image_size, cancelled=cancelled)
        names = tuple(path.name for path, _ in images)
        detector = ClipDetector(
            clip,
            settings,
            saved.adapter if saved is not None else None,
            references,
            names,
            probe=probe,
            cancelled=cancelled,
        )
        manifest = saved.manifest if saved is not None else None
        seen = _seen_remark(settings, manifest)
        remarks += [
            remark for remark in (name_remark(settings.object_name), seen, _size_remark(settings, manifest)) if remark
        ]
        for name in detector.calibration.far if detector.calibration is not None else ():
            folder = images[names.index(name)][0].parent.name
            remarks.append(
                f"The normal image {folder}/{name} lies far from the others: look whether it shows a defect, and "
                "choose another if it does."
            )
        image_ids = tuple(image_id for _, image_id in images)
        self._built = _Built(work, clip, detector, manifest, len(sentences), image_ids, tuple(remarks), seen)

    def ready(self, work: BuildClip) -> ClipReady:
        """What `build` came to."""
        built = self._built
        assert built is not None
        return ClipReady(
            work,
            built.sentences,
            built.detector.calibration,
            built.detector.references,
            built.manifest.categories if built.manifest is not None else (),
            built.remarks,
        )

    def map(self, image: LoadedImage) -> MapOutcome:
        """Map an image.

        Raises
        ------
        InputError
            When nothing was built, or the image is the only reference.
        """
        built = self._built
        if built is None:
            raise InputError("No sentences were read yet: name the object first.")
        features = self._features(image, built)
        started = time.perf_counter()
        own = built.image_ids.index(image.image_id) if image.image_id in built.image_ids else None
        anomaly_map = built.detector.map(features, without=own)
        seconds = time.perf_counter() - started
        remark = "" if own is None else "This image is one of the references; it is not compared with itself."
        return MapOutcome(
            anomaly_map,
            built.detector.image_score(features, anomaly_map),
            built.detector.calibration,
            seconds,
            " ".join(part for part in (built.remark, remark) if part),
            built.detector.text_score(features),
        )

    def _features(self, image: LoadedImage, built: _Built) -> ClipFeatures:
        key = (image.image_id, built.clip.spec.name, built.work.settings.image_size)
        if key not in self._described:
            self._described[key] = built.clip.describe(image.pixels, image_size=built.work.settings.image_size)
            if len(self._described) > REMEMBERED_IMAGES:
                self._described.popitem(last=False)
        self._described.move_to_end(key)
        return self._described[key]

    def _clip(self, settings: ClipSettings, cancelled: Callable[[], bool]) -> ClipModel:
        """The model, loaded once; on the device of the SAM model in use."""
        device, precision = "auto", "auto"
        if self._inspector.has_model:
            choice = self._inspector.segmenter.device
            device, precision = choice.device, choice.precision
        key = (settings.model, device)
        if self._loaded is None or self._loaded[0] != key:
            self._described.clear()
            if precision == "float16":
                precision = "auto"  # what `auto` finds there, and no choice that can be asked for
            self._loaded = (key, self._load(settings.model, device=device, precision=precision, cancelled=cancelled))
        return self._loaded[1]


def _seen_remark(settings: ClipSettings, manifest: AdapterManifest | None) -> str:
    if manifest is None or not manifest.has_seen(settings.object_name):
        return ""
    return (
        f"“{settings.object_name}” was among the data that the adapter was trained on: scores of it say nothing about "
        "new parts."
    )


def _size_remark(settings: ClipSettings, manifest: AdapterManifest | None) -> str:
    if manifest is None or manifest.image_size == settings.image_size:
        return ""
    return (
        f"The adapter was trained on images of {manifest.image_size} pixels, these are shown at {settings.image_size}: "
        "its maps may be worse."
    )
