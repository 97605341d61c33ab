"""The published way to choose an epoch: by how well it does on the test images, whose figures are too good then.

Source: the published code of SimpleNet: after every fourth epoch the test images are mapped, and the epoch with the
best image AUROC is kept, of equal ones that with the best pixel AUROC. Masks are compared at the map's size, and where
only a window of the image is looked at, only within that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sam_inspector.anomaly.simplenet.detector import SimpleNetDetector
from sam_inspector.anomaly.simplenet.framing import resized_mask, window_of
from sam_inspector.anomaly.simplenet.recipe import SimpleNetRecipe
from sam_inspector.core.errors import InputError
from sam_inspector.core.metrics.pixel_tally import PixelTally
from sam_inspector.core.metrics.ranking import image_auroc
from sam_inspector.data.datasets import Sample
from sam_inspector.data.images import read_image
from sam_inspector.data.masks import read_mask
from sam_inspector.engine.simplenet_images import SimpleNetImages
from sam_inspector.models.backbone import DenseFeatures, never


@dataclass(frozen=True, slots=True)
class ProtocolFigures:
    """AUROC over test images, in [0, 1]; None where one class is missing."""

    image_auroc: float | None
    pixel_auroc: float | None


@dataclass(eq=False, slots=True)
class TestImages:
    """Test images with their masks, described once as far as there is room.

    Attributes
    ----------
    most_bytes
        The most memory that the descriptions may take; the others are made anew whenever they are needed.
    image_ids
        Hash of each, once they were looked at.
    """

    __test__ = False  # the name is no test's

    samples: Sequence[Sample]
    source: SimpleNetImages
    recipe: SimpleNetRecipe
    most_bytes: int
    image_ids: list[str] = field(default_factory=list)
    _held: dict[int, DenseFeatures] = field(default_factory=dict)
    _masks: list[NDArray[np.bool_]] = field(default_factory=list)

    def take(self, cancelled: Callable[[], bool] = never) -> Iterator[str]:
        """Describe them, one a step, and tell its name.

        Raises
        ------
        ImageReadError, MaskError
            When one can't be read.
        Cancelled
            When `cancelled` said so.
        """
        used = 0
        for number, sample in enumerate(self.samples):
            image = read_image(sample.path)
            features = self.source.features(image, cancelled=cancelled)
            size = sum(level.nbytes for level in features.levels)
            if used + size <= self.most_bytes:
                used += size
                self._held[number] = features
            mask = np.zeros((image.height, image.width), bool)
            if sample.mask_path is not None and not sample.is_normal:
                mask = read_mask(sample.mask_path, width=image.width, height=image.height)
            window = window_of(self.recipe, image.height, image.width)
            self._masks.append(mask if window is None else window.seen_of_mask(mask))
            self.image_ids.append(image.image_id)
            yield sample.path.name

    def judge(self, detector: SimpleNetDetector, cancelled: Callable[[], bool] = never) -> ProtocolFigures:
        """How well a detector does on them.

        Raises
        ------
        Cancelled
            When `cancelled` said so.
        """
        tally: PixelTally | None = None
        scores, labels = [], []
        for number, sample in enumerate(self.samples):
            features = self._held.get(number)
            if features is None:
                features = self.source.features(read_image(sample.path), cancelled=cancelled)
            values = detector.seen_map(features)
            one = PixelTally.of_image(values, resized_mask(self._masks[number], values.shape))
            tally = one if tally is None else tally + one
            scores.append(detector.image_score(features))
            labels.append(not sample.is_normal)
        assert tally is not None
        return ProtocolFigures(image_auroc(scores, labels), tally.metrics().p_auroc)


def check_test_samples(samples: Sequence[Sample]) -> None:
    """Refuse images that an epoch can't be chosen on.

    Raises
    ------
    InputError
        Unless there are good and defective ones, the latter with masks.
    """
    defective = [sample for sample in samples if not sample.is_normal]
    if not defective or len(defective) == len(samples) or any(sample.mask_path is None for sample in defective):
        raise InputError(
            "The paper protocol chooses the epoch on test images, good and defective ones with masks, and they are not "
            "all there: leave it out, or choose a dataset that has them."
        )
