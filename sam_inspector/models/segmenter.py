"""What every promptable segmenter offers: encode an image once, decode prompts many times, no hidden current image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.prompts import Prompt
from sam_inspector.models.backbone import DenseFeatures, never
from sam_inspector.models.devices import DeviceChoice
from sam_inspector.models.registry import ModelSpec


@dataclass(frozen=True, eq=False, slots=True)
class Embedding:
    """An encoded image.

    Attributes
    ----------
    features
        The model's own tensor; SAM and SAM 2: float32 `(1, 256, 64, 64)`.
    size
        `(height, width)` of the image in pixels.
    model
        Name of the model that made it; only that model can decode it.
    stages
        Dense features from the middle of the encoder, for anomaly maps, finest first; bfloat16 `(C, 64, 64)` each in
        the model's own frame. Empty where a model offers none.
    skips
        Finer features that the decoder gets as well, finest first; SAM 2: float16 `(1, 32, 256, 256)` and
        `(1, 64, 128, 128)`, SAM: none.
    """

    features: Any
    size: tuple[int, int]
    model: str
    stages: tuple[Any, ...] = ()
    skips: tuple[Any, ...] = ()

    @property
    def size_bytes(self) -> int:
        """Memory it takes."""
        tensors = (self.features, *self.stages, *self.skips)
        return sum(int(tensor.element_size() * tensor.nelement()) for tensor in tensors)


@dataclass(frozen=True, eq=False, slots=True)
class DecodedPrompt:
    """The decoder's four answers to one prompt.

    Attributes
    ----------
    logits
        float32 `(4, 256, 256)`: what the model gives to somebody who wants one mask, then the three multimask outputs,
        in the model's frame. The first is the output of the single-mask token; where that is unstable, or a decoder
        has no such token, as those of SAM 2 may, it is that of the three which has the highest predicted IoU. A tuned
        model, which lacks the capability `multimask`, gives what it was tuned for, and behind it the draft of that
        where it makes one: `(2, 256, 256)` or `(1, 256, 256)`.
    scores
        float32 `(4,)`, or as many as there are masks: predicted IoU of each.
    """

    logits: NDArray[np.float32]
    scores: NDArray[np.float32]


class Segmenter(Protocol):
    """A promptable segmentation model on a device."""

    spec: ModelSpec
    device: DeviceChoice

    def embed(self, pixels: NDArray[np.uint8], *, cancelled: Callable[[], bool] = never) -> Embedding:
        """Encode an image.

        Parameters
        ----------
        pixels
            uint8 `(H, W, 3)`, RGB.
        cancelled
            Looked at between the encoder's blocks.

        Raises
        ------
        Cancelled
            When `cancelled` said so.
        ModelError
            When the device ran out of memory.
        """
        ...

    def decode(
        self,
        embedding: Embedding,
        prompts: Sequence[Prompt],
        mask_inputs: Sequence[NDArray[np.float32] | None] | None = None,
    ) -> list[DecodedPrompt]:
        """Answer prompts, each alone.

        Parameters
        ----------
        prompts
            Each with a box or a positive point, in pixel indices of the image.
        mask_inputs
            For each prompt, logits float32 `(256, 256)` to refine, or None: of an earlier answer of this very model, or
            made from a map. Logits of one model mean nothing to another.

        Raises
        ------
        ModelError
            For an embedding of another model.
        """
        ...

    def upsample(self, embedding: Embedding, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Bring low-resolution logits `(256, 256)` to the image's size, float32 `(H, W)`."""
        ...

    def dense_features(self, embedding: Embedding) -> DenseFeatures:
        """The encoder's middle features, without the padding.

        Raises
        ------
        ModelError
            When the model offers none.
        """
        ...

    def image_features(self, embedding: Embedding) -> DenseFeatures:
        """The encoder's output, which the decoder gets, as one level without the padding."""
        ...

    def logits_frame(self, embedding: Embedding) -> tuple[int, int]:
        """`(height, width)` of the part of the low-resolution logits that shows the image."""
        ...
