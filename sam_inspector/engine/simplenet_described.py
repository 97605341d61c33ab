"""The images that SimpleNet is trained on, read and described once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from sam_inspector.anomaly.simplenet.patches import patch_tokens
from sam_inspector.anomaly.simplenet.recipe import SimpleNetRecipe
from sam_inspector.anomaly.simplenet.token_store import TokenStore
from sam_inspector.anomaly.turning import turned
from sam_inspector.core.errors import ImageReadError, InputError
from sam_inspector.data.images import LoadedImage, image_id_of, read_image
from sam_inspector.engine.simplenet_images import SimpleNetImages, made_from, size_remark
from sam_inspector.models.backbone import DenseFeatures

NORMAL_IMAGES = 16
"""Training images whose maps tell what is normal."""
PROBE_ANGLE = 180.0
"""The one angle that leaves an image of any format whole."""
ONE_IMAGE = (
    "There is only one normal image: what is merely different from it will look like a defect; train with more if you "
    "can."
)
DROPPED = "There are so many images that not all parts of them are kept: an even share of each is trained on."


@dataclass(frozen=True, eq=False, slots=True)
class SeenImage:
    """An image that stays described; `size` is `(height, width)` of the whole of it."""

    path: Path
    features: DenseFeatures
    size: tuple[int, int]


@dataclass(eq=False, slots=True)
class DescribedImages:
    """What is learnt from.

    Attributes
    ----------
    normal
        Some of the training images, whole; of a single one its half turn, which is not learnt from.
    image_ids, names, sizes
        Hash, file name and `(width, height)` of each training image.
    remarks
        Sentences on them.
    """

    store: TokenStore
    normal: list[SeenImage] = field(default_factory=list)
    image_ids: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def take(
        self,
        paths: Sequence[Path],
        source: SimpleNetImages,
        recipe: SimpleNetRecipe,
        cancelled: Callable[[], bool],
    ) -> Iterator[str]:
        """Describe images, one a step, and tell its name; copies and what can't be read are passed over.

        Raises
        ------
        InputError
            When none can be read.
        Cancelled
            When `cancelled` said so.
        """
        for path in paths:
            try:
                image = read_image(path)
            except ImageReadError as error:
                self.remarks.append(f"Left out of the normal images: {error}")
                yield path.name
                continue
            if image.image_id not in self.image_ids:
                self._add(image, source.features(image, cancelled=cancelled), recipe)
            yield path.name
        if not self.names:
            raise InputError("There is no normal image to learn from: choose some that can be read.")
        if len(self.names) == 1:
            self.remarks.append(ONE_IMAGE)
            (only,) = self.normal
            image = read_image(only.path)
            probe = made_from(image, turned(image.pixels, PROBE_ANGLE), f"turned by {PROBE_ANGLE:g}")
            self.normal = [replace(only, features=source.features(probe, cancelled=cancelled))]
        told = size_remark(self.sizes)
        if told:
            self.remarks.append(told)
        if self.store.dropped:
            self.remarks.append(DROPPED)

    def _add(self, image: LoadedImage, features: DenseFeatures, recipe: SimpleNetRecipe) -> None:
        self.store.add(patch_tokens(features, recipe.width))
        self.image_ids.append(image.image_id)
        self.names.append(image.path.name)
        self.sizes.append((image.width, image.height))
        if len(self.normal) < NORMAL_IMAGES:
            self.normal.append(SeenImage(image.path, features, (image.height, image.width)))
        if np.all(image.pixels == image.pixels[:1, :1]):
            self.remarks.append(f"The normal image {image.path.name} is of one colour: leave it out.")


def listed_images(paths: Sequence[Path]) -> tuple[str, ...]:
    """The hashes of files that can be read at all, without decoding them."""
    found = []
    for path in paths:
        try:
            found.append(image_id_of(path))
        except ImageReadError:
            continue
    return tuple(dict.fromkeys(found))
