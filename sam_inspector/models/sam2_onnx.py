"""SAM 2 through ONNX Runtime: an encoder and a decoder as two files, nothing of torch's in between.

Source: Ravi et al. 2024, "SAM 2"; exported networks of hiera-tiny. The decoder has no single-mask token: the first of
its four answers is the best of its three masks by predicted IoU, which is the better choice for SAM 2 anyhow.

What was tried, mean IoU by a box of each component on hazelnut, leather and grid: as it is 0.851, 0.736 and 0.665; with
the padding point that the package's prompt encoder adds 0.838, 0.733 and 0.677; leather without ImageNet's mean and
deviation 0.722. Features for anomaly maps, pooled pixel AP with four references on hazelnut and grid: the finest alone
0.884 and 0.197, the two finer ones 0.885 and 0.358, all three 0.886 and 0.601.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from sam_inspector.models.backbone import DenseFeatures, never
from sam_inspector.models.backbone_registry import SAM_BACKBONE
from sam_inspector.models.devices import DeviceChoice
from sam_inspector.models.onnx_runtime import OnnxNetwork
from sam_inspector.models.registry import ModelSpec
from sam_inspector.models.segmenter import Embedding
from sam_inspector.models.squashed_frame import LOGITS_SIDE, Question, SquashedFrame, best_first, squashed

EMBEDDING = "image_embed"
SKIPS = ("high_res_feats_0", "high_res_feats_1")
PROMPTS = ("point_coords", "point_labels", "mask_input", "has_mask_input")
ANSWERS = ("masks", "iou_predictions")
GRID = 64
"""Cells a side of the features for anomaly maps: those of `image_embed`."""


class OnnxSam2Segmenter(SquashedFrame):
    """The `Segmenter` over two networks of ONNX Runtime."""

    def __init__(self, spec: ModelSpec, encoder: OnnxNetwork, decoder: OnnxNetwork, device: DeviceChoice) -> None:
        super().__init__(spec, device)
        encoder.check(("image",), (EMBEDDING, *SKIPS))
        decoder.check((EMBEDDING, *SKIPS, *PROMPTS), ANSWERS)
        self._encoder = encoder
        self._decoder = decoder

    def embed(self, pixels: NDArray[np.uint8], *, cancelled: Callable[[], bool] = never) -> Embedding:
        """Encode an image; see `Segmenter.embed`. `cancelled` is asked all the while, and may decode."""
        image = squashed(pixels).numpy()
        features, *skips = self._encoder.run({"image": image}, (EMBEDDING, *SKIPS), cancelled=cancelled)
        return Embedding(
            torch.from_numpy(features),
            (pixels.shape[0], pixels.shape[1]),
            self.spec.name,
            skips=tuple(torch.from_numpy(skip).half() for skip in skips),
        )

    def _ask(self, embedding: Embedding, question: Question) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        count = len(question.labels)
        masks = question.masks
        inputs = {
            EMBEDDING: embedding.features.numpy(),
            "point_coords": question.coordinates,
            "point_labels": question.labels.astype(np.float32),
            "mask_input": np.zeros((count, 1, LOGITS_SIDE, LOGITS_SIDE), np.float32) if masks is None else masks,
            "has_mask_input": np.array([0.0 if masks is None else 1.0], np.float32),
        }
        inputs |= {name: skip.float().numpy() for name, skip in zip(SKIPS, embedding.skips, strict=True)}
        logits, scores = self._decoder.run(inputs, ANSWERS)
        return best_first(logits, scores)

    def dense_features(self, embedding: Embedding) -> DenseFeatures:
        """The features that the decoder gets, averaged to one grid; see `Segmenter.dense_features`."""
        self._check(embedding)
        with torch.inference_mode():
            skips = (functional.adaptive_avg_pool2d(skip[0].float(), GRID) for skip in embedding.skips)
            levels = tuple(level.bfloat16() for level in (*skips, embedding.features[0]))
        return DenseFeatures(levels, embedding.size, f"{SAM_BACKBONE}:{self.spec.name}")


def load_sam2_onnx(spec: ModelSpec, files: Sequence[Path], device: DeviceChoice) -> OnnxSam2Segmenter:
    """Open the encoder and the decoder of a registry row.

    Raises
    ------
    ModelError
        When they have other inputs or outputs than SAM 2's, or the device does not work.
    WeightsError
        When a file is no network.
    """
    encoder, decoder = files
    return OnnxSam2Segmenter(
        spec, OnnxNetwork(encoder, device, gives_memory_back=True), OnnxNetwork(decoder, device), device
    )
