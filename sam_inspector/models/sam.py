"""SAM and every model that shares its decoder: ViT-B, ViT-L, ViT-H and MobileSAM.

Source: Kirillov et al. 2023, "Segment Anything"; the classes are those of the package `segment-anything`. Differences
from its `SamPredictor`: no hidden current image, all four masks of the decoder are kept (the predictor throws away
either the single mask or the other three), several prompts are decoded in one batch, and the encoder runs in the
device's quick precision, channels last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from segment_anything import sam_model_registry
from segment_anything.modeling import MaskDecoder, PromptEncoder, Sam, TwoWayTransformer
from segment_anything.utils.transforms import ResizeLongestSide
from torch import Tensor, nn

from sam_inspector.core.errors import ModelError
from sam_inspector.core.prompts import Prompt
from sam_inspector.models.backbone import DenseFeatures, never
from sam_inspector.models.backbone_registry import SAM_BACKBONE
from sam_inspector.models.checkpoints import read_checkpoint
from sam_inspector.models.devices import DeviceChoice
from sam_inspector.models.encoding import encoding
from sam_inspector.models.fused_gelu import can_fuse_gelu
from sam_inspector.models.prompt_tensors import PromptTensors
from sam_inspector.models.registry import ModelSpec
from sam_inspector.models.sam_stages import taking_stages
from sam_inspector.models.segmenter import DecodedPrompt, Embedding
from sam_inspector.models.tiny_vit_encoder import TinyViTEncoder, encoder_weights_from_checkpoint

PIXEL_MEAN = (123.675, 116.28, 103.53)
PIXEL_STD = (58.395, 57.12, 57.375)
LOGITS_SHARE = 4
"""The encoder's side is so many times that of the low-resolution logits."""
BATCH = 16
"""Prompts decoded at a time; bounds the memory that an image with hundreds of components takes."""


class SamSegmenter:
    """The `Segmenter` over a `segment_anything` model."""

    def __init__(self, spec: ModelSpec, sam: Sam, device: DeviceChoice) -> None:
        self.spec = spec
        self.device = device
        self._torch_device = torch.device(device.device)
        self._dtype: torch.dtype = getattr(torch, device.precision)
        self._sam = sam.eval().requires_grad_(False).to(self._torch_device)
        # A tuned model takes over a network that is prepared already.
        if isinstance(sam.image_encoder, TinyViTEncoder) and not sam.image_encoder.is_fused:
            sam.image_encoder.fuse()
            if device.device == "cpu" and self._dtype is torch.bfloat16 and can_fuse_gelu():
                sam.image_encoder.fuse_gelu()
        sam.image_encoder.to(memory_format=torch.channels_last)
        self._side: int = sam.image_encoder.img_size
        self._transform = ResizeLongestSide(self._side)

    def embed(self, pixels: NDArray[np.uint8], *, cancelled: Callable[[], bool] = never) -> Embedding:
        """Encode an image; see `Segmenter.embed`."""
        height, width = pixels.shape[:2]
        image = self.image_tensor(pixels)
        encoder = self._sam.image_encoder
        with encoding(self.spec.title, self.device, _blocks(encoder), cancelled), taking_stages(encoder) as taken:
            features = encoder(image)
        return Embedding(features.float(), (height, width), self.spec.embedded_by, tuple(taken))

    def image_tensor(self, pixels: NDArray[np.uint8]) -> Tensor:
        """An image as the encoder takes it: resized, normalised, padded; float32 `(1, 3, 1024, 1024)`."""
        image = torch.from_numpy(self._resize(pixels)).to(self._torch_device).permute(2, 0, 1)[None].float()
        prepared: Tensor = self._sam.preprocess(image).contiguous(memory_format=torch.channels_last)
        return prepared

    def _resize(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Bring the longest side to the encoder's; very large images are averaged down first, to spare memory."""
        longest = max(pixels.shape[:2])
        if longest > 4 * self._side:
            scale = 2 * self._side / longest
            size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
            pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        height, width = pixels.shape[:2]
        # One side of an extreme format may round to nothing.
        target = [max(1, side) for side in self._transform.get_preprocess_shape(height, width, self._side)]
        if target == [height, width]:
            return np.ascontiguousarray(pixels)
        if min(target) == 1:
            thin = cv2.resize(pixels, (target[1], target[0]), interpolation=cv2.INTER_AREA)
            return thin.reshape(*target, 3).astype(np.uint8, copy=False)
        resized: NDArray[np.uint8] = self._transform.apply_image(pixels)
        return resized

    def decode(
        self,
        embedding: Embedding,
        prompts: Sequence[Prompt],
        mask_inputs: Sequence[NDArray[np.float32] | None] | None = None,
    ) -> list[DecodedPrompt]:
        """Answer prompts, each alone; see `Segmenter.decode`.

        Prompts with equally many points share a batch. A mask is united nowhere here.
        """
        if embedding.model != self.spec.embedded_by:
            raise ModelError(f"An embedding of {embedding.model} can't be decoded by {self.spec.name}.")
        masks = list(mask_inputs) if mask_inputs is not None else [None] * len(prompts)
        alike: dict[tuple[int, bool, bool], list[int]] = defaultdict(list)
        for index, prompt in enumerate(prompts):
            alike[len(prompt.points), prompt.box is not None, masks[index] is not None].append(index)
        answers: dict[int, DecodedPrompt] = {}
        with torch.inference_mode():
            for indices in alike.values():
                for start in range(0, len(indices), BATCH):
                    batch = indices[start : start + BATCH]
                    logits, scores = self._decode_batch(
                        embedding, [prompts[i] for i in batch], [masks[i] for i in batch]
                    )
                    for row, index in enumerate(batch):
                        answers[index] = DecodedPrompt(logits[row], scores[row])
        return [answers[index] for index in range(len(prompts))]

    def _decode_batch(
        self, embedding: Embedding, prompts: list[Prompt], masks: list[NDArray[np.float32] | None]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        given = self.prompt_tensors(embedding.size, prompts, masks)
        logits, scores = self._answer(embedding, given)
        return logits.float().cpu().numpy(), scores.float().cpu().numpy()

    def prompt_tensors(
        self,
        size: tuple[int, int],
        prompts: Sequence[Prompt],
        masks: Sequence[NDArray[np.float32] | None] | None = None,
    ) -> PromptTensors:
        """Bring prompts into the model's frame.

        Parameters
        ----------
        size
            `(height, width)` of their image in pixels.
        prompts
            All with as many points, and all or none with a box.
        masks
            For each, or for none, logits float32 `(256, 256)`.
        """
        points = labels = boxes = mask_input = None
        if prompts[0].points:
            coordinates = np.array([prompt.points for prompt in prompts], np.float64)
            points = self._tensor(self._transform.apply_coords(coordinates, size))
            labels = self._tensor(np.array([prompt.labels for prompt in prompts], np.int64), torch.int64)
        if prompts[0].box is not None:
            corners = np.array([prompt.box for prompt in prompts], np.float64)
            boxes = self._tensor(self._transform.apply_boxes(corners, size))
        given = [mask for mask in masks or () if mask is not None]
        if given:
            mask_input = self._tensor(np.stack(given)[:, None])
        return PromptTensors(points, labels, boxes, mask_input)

    def _answer(self, embedding: Embedding, given: PromptTensors) -> tuple[Tensor, Tensor]:
        """All masks of the decoder `(B, M, 256, 256)`, and their predicted IoU `(B, M)`."""
        points = None if given.points is None else (given.points, given.labels)
        sparse, dense = self.prompt_encoder(points=points, boxes=given.boxes, masks=given.masks)
        answer: tuple[Tensor, Tensor] = self.mask_decoder.predict_masks(
            image_embeddings=embedding.features.to(self._torch_device),
            image_pe=self.prompt_encoder.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
        )
        return answer

    @property
    def logits_side(self) -> int:
        """Of the low-resolution logits: 256, unless a test has a smaller network."""
        return self._side // LOGITS_SHARE

    @property
    def network(self) -> Sam:
        """The whole network, on its device."""
        return self._sam

    @property
    def prompt_encoder(self) -> PromptEncoder:
        """SAM's own."""
        return self._sam.prompt_encoder

    @property
    def mask_decoder(self) -> MaskDecoder:
        """SAM's own."""
        return self._sam.mask_decoder

    def _tensor(self, values: NDArray[np.generic], dtype: torch.dtype = torch.float32) -> Tensor:
        return torch.as_tensor(values, dtype=dtype, device=self._torch_device)

    def upsample(self, embedding: Embedding, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Bring low-resolution logits to the image's size; see `Segmenter.upsample`.

        As the original: bilinear to the padded square, cut to the image, bilinear to its size.
        """
        height, width = embedding.size
        target = self._frame(embedding, self._side)
        with torch.inference_mode():
            full = self._sam.postprocess_masks(torch.from_numpy(logits)[None, None], target, (height, width))
        result: NDArray[np.float32] = full[0, 0].numpy()
        return result

    def dense_features(self, embedding: Embedding) -> DenseFeatures:
        """The encoder's middle features, without the padding; see `Segmenter.dense_features`."""
        if embedding.model != self.spec.embedded_by or not embedding.stages:
            raise ModelError(f"An embedding of {embedding.model} has no middle features of {self.spec.name}.")
        height, width = self._frame(embedding, embedding.stages[0].shape[-1])
        levels = tuple(stage[:, :height, :width] for stage in embedding.stages)
        return DenseFeatures(levels, embedding.size, f"{SAM_BACKBONE}:{self.spec.embedded_by}")

    def image_features(self, embedding: Embedding) -> DenseFeatures:
        """What the decoder sees of the image, without the padding; see `Segmenter.image_features`."""
        height, width = self._frame(embedding, embedding.features.shape[-1])
        level = embedding.features[0, :, :height, :width]
        return DenseFeatures((level,), embedding.size, f"{self.spec.embedded_by}:output")

    def logits_frame(self, embedding: Embedding) -> tuple[int, int]:
        """Part of the logits that shows the image; the rest is padding."""
        return self._frame(embedding, self.logits_side)

    def _frame(self, embedding: Embedding, side: int) -> tuple[int, int]:
        height, width = self._transform.get_preprocess_shape(*embedding.size, side)
        return max(1, height), max(1, width)


def _blocks(encoder: Any) -> list[nn.Module]:
    return list(getattr(encoder, "blocks", None) or []) or [
        block for stage in getattr(encoder, "body", encoder).stages for block in getattr(stage, "blocks", [stage])
    ]


def build_sam(architecture: str) -> Sam:
    """An uninitialised network: `vit_b`, `vit_l`, `vit_h` of segment-anything, or `vit_t` of MobileSAM."""
    if architecture != "vit_t":
        network: Sam = sam_model_registry[architecture](checkpoint=None)
        return network
    return Sam(
        image_encoder=TinyViTEncoder(),
        prompt_encoder=PromptEncoder(
            embed_dim=256, image_embedding_size=(64, 64), input_image_size=(1024, 1024), mask_in_chans=16
        ),
        mask_decoder=MaskDecoder(
            num_multimask_outputs=3,
            transformer=TwoWayTransformer(depth=2, embedding_dim=256, mlp_dim=2048, num_heads=8),
            transformer_dim=256,
            iou_head_depth=3,
            iou_head_hidden_dim=256,
        ),
        pixel_mean=list(PIXEL_MEAN),
        pixel_std=list(PIXEL_STD),
    )


def load_sam(spec: ModelSpec, files: Sequence[Path], device: DeviceChoice) -> SamSegmenter:
    """Build the network of a registry row and load its checkpoint.

    Raises
    ------
    WeightsError
        When the checkpoint is damaged.
    ModelError
        When its weights do not fit the network.
    """
    (checkpoint,) = files
    return sam_with_weights(spec, read_checkpoint(checkpoint), device)


def sam_with_weights(spec: ModelSpec, weights: dict[str, Tensor], device: DeviceChoice) -> SamSegmenter:
    """Build the network of a registry row and give it weights, every key of them.

    Raises
    ------
    ModelError
        When a key is missing or left over, or a shape differs.
    """
    architecture = dict(spec.arguments)["architecture"]
    sam = build_sam(str(architecture))
    if architecture == "vit_t":
        prefix = "image_encoder."
        encoder = {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)}
        others = {key: value for key, value in weights.items() if not key.startswith(prefix)}
        translated = encoder_weights_from_checkpoint(encoder)
        weights = others | {prefix + key: value for key, value in translated.items()}
    try:
        sam.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        raise ModelError(
            f"These weights are not those of {spec.title} ({str(error).splitlines()[-1].strip()}): "
            f"fetch them again with “sam-inspector models get {spec.name}”."
        ) from error
    return SamSegmenter(spec, sam, device)
