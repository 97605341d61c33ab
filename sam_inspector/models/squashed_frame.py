"""SAM 2's frame: an image squashed to a square, and all that follows from it; shared by its torch and ONNX forms.

Source: Ravi et al. 2024, "SAM 2"; the image predictor of the package `sam2`. Unlike SAM's, the frame has no padding:
width and height are scaled apart, and the logits cover the image and nothing else. Deviations from that predictor: no
hidden current image; logits are limited to ±32 before they are brought to the image's size and not after; the finer
features are kept in float16.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from sam_inspector.core.errors import ModelError
from sam_inspector.core.prompts import Prompt
from sam_inspector.models.backbone import DenseFeatures
from sam_inspector.models.devices import DeviceChoice
from sam_inspector.models.registry import ModelSpec
from sam_inspector.models.segmenter import DecodedPrompt, Embedding

SIDE = 1024
LOGITS_SIDE = 256
LOGIT_LIMIT = 32.0
"""What the predictor limits logits to before they may be a mask input."""
PIXEL_MEAN = (0.485, 0.456, 0.406)
PIXEL_STD = (0.229, 0.224, 0.225)
TOP_LEFT, BOTTOM_RIGHT = 2, 3
"""Labels of a box's corners among the points."""
BATCH = 16
"""Prompts decoded at a time; bounds the memory that an image with hundreds of components takes."""


@dataclass(frozen=True, eq=False, slots=True)
class Question:
    """Prompts of one kind, as the decoder gets them.

    Attributes
    ----------
    coordinates
        float32 `(B, N, 2)`, (x, y) in the frame of 1024 × 1024; the corners of boxes first.
    labels
        int64 `(B, N)`: 0 negative, 1 positive, 2 and 3 the corners of a box.
    masks
        float32 `(B, 1, 256, 256)` within ±32, or None.
    """

    coordinates: NDArray[np.float32]
    labels: NDArray[np.int64]
    masks: NDArray[np.float32] | None


def squashed(pixels: NDArray[np.uint8]) -> Tensor:
    """Bring an image to the frame and to ImageNet's mean and deviation.

    Parameters
    ----------
    pixels
        uint8 `(H, W, 3)`, RGB, of any size from one pixel on.

    Returns
    -------
    Tensor
        float32 `(1, 3, 1024, 1024)`.
    """
    height, width = pixels.shape[:2]
    if max(height, width) > 4 * SIDE:  # averaged down first, to spare memory
        size = (min(width, 2 * SIDE), min(height, 2 * SIDE))
        reduced = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        pixels = reduced.reshape(size[1], size[0], 3).astype(np.uint8, copy=False)
    image = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None].float().div_(255)
    if image.shape[-2:] != (SIDE, SIDE):
        image = functional.interpolate(image, (SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (PIXEL_MEAN, PIXEL_STD))
    return (image - mean) / std


class SquashedFrame:
    """What the segmenters of SAM 2 have in common; each adds `embed` and `_ask`."""

    def __init__(self, spec: ModelSpec, device: DeviceChoice) -> None:
        self.spec = spec
        self.device = device

    def decode(
        self,
        embedding: Embedding,
        prompts: Sequence[Prompt],
        mask_inputs: Sequence[NDArray[np.float32] | None] | None = None,
    ) -> list[DecodedPrompt]:
        """Answer prompts, each alone; see `Segmenter.decode`. Prompts with equally many points share a batch."""
        self._check(embedding)
        masks = list(mask_inputs) if mask_inputs is not None else [None] * len(prompts)
        alike: dict[tuple[int, bool, bool], list[int]] = defaultdict(list)
        for index, prompt in enumerate(prompts):
            alike[len(prompt.points), prompt.box is not None, masks[index] is not None].append(index)
        answers: dict[int, DecodedPrompt] = {}
        for indices in alike.values():
            for start in range(0, len(indices), BATCH):
                batch = indices[start : start + BATCH]
                question = _question([prompts[i] for i in batch], [masks[i] for i in batch], embedding.size)
                logits, scores = self._ask(embedding, question)
                logits = np.clip(logits, -LOGIT_LIMIT, LOGIT_LIMIT)
                for row, index in enumerate(batch):
                    answers[index] = DecodedPrompt(logits[row], scores[row])
        return [answers[index] for index in range(len(prompts))]

    def _ask(self, embedding: Embedding, question: Question) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Logits float32 `(B, 4, 256, 256)` and predicted IoU float32 `(B, 4)`, as `DecodedPrompt` has them."""
        raise NotImplementedError

    def upsample(self, embedding: Embedding, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Bring low-resolution logits to the image's size, bilinear; see `Segmenter.upsample`."""
        with torch.inference_mode():
            small = torch.from_numpy(np.ascontiguousarray(logits))[None, None]
            full = functional.interpolate(small, embedding.size, mode="bilinear", align_corners=False)
        result: NDArray[np.float32] = full[0, 0].numpy()
        return result

    def image_features(self, embedding: Embedding) -> DenseFeatures:
        """What the decoder sees of the image at its coarsest; see `Segmenter.image_features`."""
        self._check(embedding)
        return DenseFeatures((embedding.features[0],), embedding.size, f"{self.spec.name}:output")

    def logits_frame(self, embedding: Embedding) -> tuple[int, int]:
        """All of the logits show the image; see `Segmenter.logits_frame`."""
        return LOGITS_SIDE, LOGITS_SIDE

    def _check(self, embedding: Embedding) -> None:
        if embedding.model != self.spec.name:
            raise ModelError(f"An embedding of {embedding.model} can't be decoded by {self.spec.name}.")


def best_first(
    logits: NDArray[np.float32], scores: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Put before three masks that of the highest predicted IoU, as the answer of a decoder without a single-mask token.

    Parameters
    ----------
    logits
        float32 `(B, 3, 256, 256)`.
    scores
        float32 `(B, 3)`.

    Returns
    -------
    tuple[NDArray[np.float32], NDArray[np.float32]]
        float32 `(B, 4, 256, 256)` and `(B, 4)`.
    """
    rows = np.arange(len(scores))
    best = scores.argmax(axis=1)
    return (
        np.concatenate([logits[rows, best][:, None], logits], axis=1),
        np.concatenate([scores[rows, best][:, None], scores], axis=1),
    )


def _question(
    prompts: Sequence[Prompt], masks: Sequence[NDArray[np.float32] | None], size: tuple[int, int]
) -> Question:
    """One question of prompts that have equally many points, all or none a box, all or none a mask input."""
    height, width = size
    parts: list[NDArray[np.float64]] = []
    labels: list[NDArray[np.int64]] = []
    if prompts[0].box is not None:
        parts.append(np.array([prompt.box for prompt in prompts], np.float64).reshape(-1, 2, 2))
        labels.append(np.tile(np.array([TOP_LEFT, BOTTOM_RIGHT], np.int64), (len(prompts), 1)))
    if prompts[0].points:
        parts.append(np.array([prompt.points for prompt in prompts], np.float64))
        labels.append(np.array([prompt.labels for prompt in prompts], np.int64))
    # The encoder of prompts adds the half pixel; it wants pixel indices, scaled.
    coordinates = np.concatenate(parts, axis=1) * (SIDE / width, SIDE / height)
    inputs = [mask for mask in masks if mask is not None]
    stacked = np.clip(np.stack(inputs)[:, None], -LOGIT_LIMIT, LOGIT_LIMIT) if inputs else None
    return Question(coordinates.astype(np.float32), np.concatenate(labels, axis=1), stacked)
