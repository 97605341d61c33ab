"""SAM 2.1 through the package `sam2`: hiera tiny, small, base+ and large.

Source: Ravi et al. 2024, "SAM 2: Segment Anything in Images and Videos"; networks and configurations are those of the
package, used as its image predictor uses them. `squashed_frame.py` tells how this differs from that predictor; besides,
all four masks of the decoder are kept, and several prompts are decoded in one batch.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sam_inspector.core.errors import ModelError
from sam_inspector.models.backbone import DenseFeatures, never
from sam_inspector.models.backbone_registry import SAM_BACKBONE
from sam_inspector.models.checkpoints import read_checkpoint
from sam_inspector.models.devices import DeviceChoice
from sam_inspector.models.encoding import encoding
from sam_inspector.models.registry import ModelSpec
from sam_inspector.models.segmenter import Embedding
from sam_inspector.models.squashed_frame import Question, SquashedFrame, squashed

logger = logging.getLogger(__name__)

STABILITY_DELTA = 0.05
STABILITY_THRESHOLD = 0.98
"""Of the package's default build: a single mask whose area changes by more between ± delta gives way to the best."""

GRID = 64
"""Cells a side of the middle features."""
STAGES = (1, 2)
"""The trunk's stages that anomaly maps look at, at 128 × 128 and 64 × 64: as of MobileSAM's, whose second and third are
the best ones; [A], as no weights of these networks could be measured."""


class Sam2Segmenter(SquashedFrame):
    """The `Segmenter` over a `SAM2Base` of the package.

    Parameters
    ----------
    falls_back
        Whether the single mask gives way to the best of the three others, by predicted IoU, when it is unstable, as in
        the package's default build. A small change of a prompt can then change the mask by a leap; each time is logged.
    """

    def __init__(self, spec: ModelSpec, sam2: Any, device: DeviceChoice, *, falls_back: bool = True) -> None:
        super().__init__(spec, device)
        self.falls_back = falls_back
        self._torch_device = torch.device(device.device)
        self._sam = sam2.eval().requires_grad_(False).to(self._torch_device)
        self._sam.image_encoder.to(memory_format=torch.channels_last)

    def embed(self, pixels: NDArray[np.uint8], *, cancelled: Callable[[], bool] = never) -> Embedding:
        """Encode an image; see `Segmenter.embed`."""
        image = squashed(pixels).to(self._torch_device).contiguous(memory_format=torch.channels_last)
        trunk = self._sam.image_encoder.trunk
        with encoding(self.spec.title, self.device, trunk.blocks, cancelled), _taking_stages(trunk) as taken:
            *skips, features = self._sam.forward_image(image)["backbone_fpn"][-3:]
            if self._sam.directly_add_no_mem_embed:  # what stands for a video's memory when there is none
                features = features + self._sam.no_mem_embed.view(1, -1, 1, 1)
        return Embedding(
            features.float().contiguous(),
            (pixels.shape[0], pixels.shape[1]),
            self.spec.name,
            tuple(taken),
            tuple(skip.half().contiguous() for skip in skips),
        )

    def _ask(self, embedding: Embedding, question: Question) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        sam = self._sam
        with torch.inference_mode():
            masks = None if question.masks is None else self._tensor(question.masks)
            points = (self._tensor(question.coordinates), self._tensor(question.labels))
            sparse, dense = sam.sam_prompt_encoder(points=points, boxes=None, masks=masks)
            logits, scores, _, _ = sam.sam_mask_decoder.predict_masks(
                image_embeddings=embedding.features.to(self._torch_device),
                image_pe=sam.sam_prompt_encoder.get_dense_pe(),
                sparse_prompt_embeddings=sparse,
                dense_prompt_embeddings=dense,
                repeat_image=True,
                high_res_features=[skip.to(self._torch_device).float() for skip in embedding.skips],
            )
            if self.falls_back:
                logits, scores = _stable_first(logits, scores)
        return logits.float().cpu().numpy(), scores.float().cpu().numpy()

    def _tensor(self, values: NDArray[np.generic]) -> Tensor:
        return torch.from_numpy(values).to(self._torch_device)

    def dense_features(self, embedding: Embedding) -> DenseFeatures:
        """The trunk's middle features; see `Segmenter.dense_features`."""
        self._check(embedding)
        return DenseFeatures(embedding.stages, embedding.size, f"{SAM_BACKBONE}:{self.spec.name}")


def _stable_first(logits: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
    """Put the best of the three masks in the place of a single mask that is unstable.

    Parameters
    ----------
    logits
        `(B, 4, 256, 256)`.
    scores
        `(B, 4)`.
    """
    single = logits[:, 0].flatten(1)
    inner, outer = (single > STABILITY_DELTA).sum(1), (single > -STABILITY_DELTA).sum(1)
    is_unstable = inner < STABILITY_THRESHOLD * outer
    if not bool(is_unstable.any()):
        return logits, scores
    logger.info("Of %d single masks %d are unstable: the best of three stands in.", len(logits), int(is_unstable.sum()))
    rows = torch.arange(len(logits), device=logits.device)
    chosen = torch.where(is_unstable, 1 + scores[:, 1:].argmax(1), 0)
    logits, scores = logits.clone(), scores.clone()
    logits[:, 0], scores[:, 0] = logits[rows, chosen], scores[rows, chosen]
    return logits, scores


@contextmanager
def _taking_stages(trunk: nn.Module) -> Iterator[list[Tensor]]:
    """Collect the trunk's stages of one image, bfloat16 `(C, 64, 64)` each, filled in while it runs."""
    taken: list[Tensor] = []

    def take(_module: nn.Module, _inputs: object, outputs: list[Tensor]) -> None:
        for stage in (outputs[place] for place in STAGES):
            averaged = nn.functional.adaptive_avg_pool2d(stage, GRID) if stage.shape[-1] > GRID else stage
            taken.append(averaged[0].to(torch.bfloat16).contiguous())

    hook = trunk.register_forward_hook(take)
    try:
        yield taken
    finally:
        hook.remove()


def build_sam2(config: str, overrides: Sequence[str] = ()) -> Any:
    """An uninitialised network of the package.

    Parameters
    ----------
    config
        Path of a configuration inside the package, as `configs/sam2.1/sam2.1_hiera_t.yaml`.
    overrides
        In the words of Hydra, for networks of another size.

    Raises
    ------
    ModelError
        When the package is not installed.
    """
    try:
        from sam2 import build_sam
    except ImportError as error:
        raise ModelError(f"SAM 2.1 needs the package sam2 ({error}): install it with “pip install sam2”.") from error
    # Its own choice of masks is switched off: the segmenter gets all four.
    return build_sam.build_sam2(
        config, None, device="cpu", hydra_overrides_extra=list(overrides), apply_postprocessing=False
    )


def load_sam2(spec: ModelSpec, files: Sequence[Path], device: DeviceChoice) -> Sam2Segmenter:
    """Build the network of a registry row and load its checkpoint.

    Raises
    ------
    WeightsError
        When the checkpoint is damaged.
    ModelError
        When its weights do not fit the network, or the package is not installed.
    """
    (checkpoint,) = files
    network = build_sam2(dict(spec.arguments)["config"])
    try:
        network.load_state_dict(read_checkpoint(checkpoint), strict=True)
    except RuntimeError as error:
        raise ModelError(
            f"These weights are not those of {spec.title} ({str(error).splitlines()[-1].strip()}): "
            f"fetch them again with “sam-inspector models get {spec.name}”."
        ) from error
    return Sam2Segmenter(spec, network, device)
