"""Images as SimpleNet sees them: prepared where that is wanted, cut to its window, described by its backbone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from sam_inspector.anomaly.simplenet.backbone import load_simplenet_backbone, weights_sha256
from sam_inspector.anomaly.simplenet.framing import window_of
from sam_inspector.anomaly.simplenet.recipe import SimpleNetRecipe
from sam_inspector.anomaly.simplenet.settings import Preparation
from sam_inspector.core.errors import Cancelled
from sam_inspector.data.images import LoadedImage
from sam_inspector.engine.backbone_weights import require_backbone_weights
from sam_inspector.engine.inspector import Inspector
from sam_inspector.foreground.mask_cache import pixels_id
from sam_inspector.models.backbone import Backbone, DenseFeatures, never
from sam_inspector.models.backbone_registry import SAM_BACKBONE, get_backbone_spec
from sam_inspector.models.devices import DeviceChoice, choose_device

UNLIKE = 1.5
"""Sizes further apart than this are told."""


class SimpleNetImages:
    """Describes images; to be used from the inspector's thread.

    Parameters
    ----------
    device
        Where a backbone computes while the inspector has no model; else it computes where that does.

    Attributes
    ----------
    name
        Of the features, as `sam:mobile_sam`.
    sha256
        Of the weights that make them.
    device
        Where they are made.
    torch_device
        Where what is trained on them computes.

    Raises
    ------
    ModelError
        For the SAM model's encoder while no model is loaded.
    WeightsError
        When the backbone's weights are not there; nothing is fetched.
    """

    def __init__(
        self,
        inspector: Inspector,
        backbone: str,
        recipe: SimpleNetRecipe,
        preparation: Preparation | None = None,
        *,
        device: str = "auto",
        cancelled: Callable[[], bool] = never,
    ) -> None:
        self._inspector = inspector
        self._recipe = recipe
        self._preparation = preparation
        self._backbone: Backbone | None = None
        self.device: DeviceChoice
        if backbone == SAM_BACKBONE:
            segmenter = inspector.segmenter
            self.device = segmenter.device
            self.name = f"{SAM_BACKBONE}:{segmenter.spec.embedded_by}"
            self.sha256 = segmenter.spec.embedded_by_sha256
            self.torch_device = torch.device(_torch_device(inspector, device).device)
            return
        require_backbone_weights(backbone)
        self.device = _torch_device(inspector, device)
        self.torch_device = torch.device(self.device.device)
        self.name = backbone
        self.sha256 = weights_sha256(get_backbone_spec(backbone), cancelled=cancelled)
        self._backbone = load_simplenet_backbone(backbone, recipe, self.device, cancelled=cancelled)

    @property
    def preparation(self) -> str:
        """What is done to the pixels first; empty for nothing."""
        return self._preparation.identity if self._preparation is not None else ""

    @property
    def is_current(self) -> bool:
        """Whether the SAM model in use is still the one that these features come from, if they come from one."""
        if self._backbone is not None:
            return True
        return self._inspector.has_model and self.name == f"{SAM_BACKBONE}:{self._inspector.segmenter.spec.embedded_by}"

    def features(self, image: LoadedImage, *, cancelled: Callable[[], bool] = never) -> DenseFeatures:
        """Describe an image, or its window.

        Raises
        ------
        Cancelled
            When `cancelled` said so, or another SAM model was chosen meanwhile.
        ModelError
            When the device ran out of memory.
        """
        shown = self._prepared(image)
        if self._backbone is not None:
            return self._backbone.features(self._seen(shown.pixels), cancelled=cancelled)
        if not self.is_current:
            raise Cancelled("Another model was chosen while images were described.")
        segmenter = self._inspector.segmenter
        return segmenter.dense_features(self._inspector.embed(shown, cancelled=cancelled).embedding)

    def _seen(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        window = window_of(self._recipe, *pixels.shape[:2])
        return pixels if window is None else window.seen(pixels)

    def _prepared(self, image: LoadedImage) -> LoadedImage:
        if self._preparation is None:
            return image
        pixels = np.ascontiguousarray(self._preparation.apply(image.pixels), np.uint8)
        assert pixels.shape == image.pixels.shape
        return made_from(image, pixels, self._preparation.identity)


def made_from(image: LoadedImage, pixels: NDArray[np.uint8], how: str) -> LoadedImage:
    """What was made of an image in a way that `how` names: another image to whoever remembers embeddings.

    The pixels are part of its name, for a person may have corrected a foreground that they depend on.
    """
    told = f"{image.image_id}\n{how}\n{pixels_id(pixels)}"
    return replace(image, pixels=pixels, image_id=hashlib.blake2b(told.encode(), digest_size=16).hexdigest())


def _torch_device(inspector: Inspector, wanted: str) -> DeviceChoice:
    """A device of torch: the model's own, unless something else than torch computes that."""
    if inspector.has_model and inspector.segmenter.spec.runtime == "torch":
        return inspector.segmenter.device
    return choose_device(wanted)


def size_remark(sizes: Sequence[tuple[int, int]]) -> str:
    """A sentence where images of `(width, height)` hardly show the part equally large; else nothing."""
    longest = [max(size) for size in sizes]
    aspects = [width / height for width, height in sizes]
    if not sizes or max(max(longest) / min(longest), max(aspects) / min(aspects)) <= UNLIKE:
        return ""
    smallest, largest = min(sizes, key=max), max(sizes, key=max)
    return (
        f"The images have different sizes, from {smallest[0]} × {smallest[1]} to {largest[0]} × {largest[1]} px: maps "
        "are only right where they show the part equally large."
    )
