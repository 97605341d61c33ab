"""Maps by a trained SimpleNet over files: it is loaded with its backbone, then images are mapped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sam_inspector.anomaly.simplenet.calibration import SimpleNetCalibration
from sam_inspector.anomaly.simplenet.checkpoint import SavedSimpleNet, check_fits, load_simplenet
from sam_inspector.anomaly.simplenet.detector import SimpleNetDetector
from sam_inspector.anomaly.simplenet.manifest import SimpleNetManifest
from sam_inspector.anomaly.simplenet.recipe import recipe_said
from sam_inspector.anomaly.simplenet.settings import PAPER_PROTOCOL
from sam_inspector.core.errors import InputError
from sam_inspector.data.images import LoadedImage
from sam_inspector.engine.few_shot import MapOutcome
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.requests import BuildSimpleNet, JobProgress
from sam_inspector.engine.simplenet_images import SimpleNetImages, size_remark
from sam_inspector.models.backbone import never

CHOSEN_ON_TEST = (
    "The epoch of this SimpleNet was chosen on test images (paper protocol), so figures on those are too good."
)
UNFINISHED = "The training of {} was not finished: it holds {}, and its threshold is a rough one."
LEARNT = "SimpleNet was trained on this very image; its map says little."


@dataclass(frozen=True, eq=False, slots=True)
class SimpleNetReady:
    """What a loaded SimpleNet is.

    Attributes
    ----------
    remarks
        What a person should know of it, a sentence each.
    """

    work: BuildSimpleNet
    manifest: SimpleNetManifest
    calibration: SimpleNetCalibration
    remarks: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class _Built:
    ready: SimpleNetReady
    source: SimpleNetImages
    detector: SimpleNetDetector


class SimpleNetMapper:
    """Maps images by a trained SimpleNet; to be used from the inspector's thread."""

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = inspector
        self._built: _Built | None = None

    @property
    def is_ready(self) -> bool:
        """Whether there is a SimpleNet for the model in use."""
        return self._built is not None and self._built.source.is_current

    def build(self, work: BuildSimpleNet, *, cancelled: Callable[[], bool] = never) -> Iterator[JobProgress]:
        """Load a SimpleNet and its backbone; the one before stays in use until then.

        Raises
        ------
        InputError
            When the file is missing or damaged, or belongs to another backbone, weights or preparation.
        WeightsError
            When the backbone's weights are not there; nothing is fetched.
        ModelError
            When it needs a SAM model and none is loaded.
        Cancelled
            When `cancelled` said so.
        """
        yield JobProgress(0, 1, f"Loading {work.file.name}")
        saved = load_simplenet(work.file)
        said = dict(saved.manifest.settings)
        recipe = recipe_said(said, work.file)
        source = SimpleNetImages(
            self._inspector,
            said.get("backbone", ""),
            recipe,
            work.preparation,
            device=work.device,
            cancelled=cancelled,
        )
        check_fits(
            saved.manifest, work.file, backbone=source.name, sha256=source.sha256, preparation=source.preparation
        )
        calibration = SimpleNetCalibration(saved.normal_maps, _names(saved))
        device = source.torch_device
        network = saved.network().to(device)
        detector = SimpleNetDetector(recipe, source.name, saved.space.to(device), network, calibration)
        remarks = saved.manifest.remarks
        if not saved.manifest.is_finished(recipe):
            done = saved.manifest.epochs_done
            remarks = (
                *remarks,
                UNFINISHED.format(work.file.name, f"{done:,} epoch" if done == 1 else f"{done:,} epochs"),
            )
        if saved.manifest.protocol == PAPER_PROTOCOL:
            remarks = (*remarks, CHOSEN_ON_TEST)
        self._built = _Built(SimpleNetReady(work, saved.manifest, calibration, remarks), source, detector)

    def ready(self, work: BuildSimpleNet) -> SimpleNetReady:
        """What `build` came to."""
        assert self._built is not None
        return self._built.ready

    def map(self, image: LoadedImage) -> MapOutcome:
        """Map an image.

        Raises
        ------
        InputError
            When no SimpleNet was loaded for the model in use.
        """
        built = self._built
        if built is None or not self.is_ready:
            raise InputError("No SimpleNet was loaded for this model yet: choose one, or train one.")
        features = built.source.features(image)
        started = time.perf_counter()
        anomaly_map = built.detector.map(features, (image.height, image.width))
        score = built.detector.image_score(features)
        seconds = time.perf_counter() - started
        manifest = built.ready.manifest
        remark = (
            LEARNT if image.image_id in manifest.images else size_remark([manifest.size, (image.width, image.height)])
        )
        return MapOutcome(anomaly_map, score, built.ready.calibration, seconds, remark)


def _names(saved: SavedSimpleNet) -> tuple[str, ...]:
    return saved.manifest.image_names[: len(saved.normal_maps)]
