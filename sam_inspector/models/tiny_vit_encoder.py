"""MobileSAM's image encoder: timm's TinyViT, with SAM's neck, at 1024 × 1024 pixels.

Source: Zhang et al. 2023, "Faster Segment Anything"; Wu et al. 2022, "TinyViT". The network is timm's
`tiny_vit_5m_224`; MobileSAM differs from it in three ways, all made here: the last stage keeps the 64 × 64 grid
instead of halving it, the classification head is gone, and SAM's two-convolution neck follows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import timm
from segment_anything.modeling.common import LayerNorm2d
from torch import Tensor, nn

from sam_inspector.models.fused_gelu import ConvGelu, LinearGelu

OUTPUT_CHANNELS = 256
LAST_STAGE_CHANNELS = 320

UNUSED_KEYS = ("norm_head.weight", "norm_head.bias", "head.weight", "head.bias")
"""Weights of the classification head that TinyViT was distilled with; MobileSAM's checkpoint carries them along."""


class TinyViTEncoder(nn.Module):
    """Image encoder with SAM's contract.

    Input float32 `(B, 3, 1024, 1024)`, normalised with SAM's pixel mean and deviation; output `(B, 256, 64, 64)`.
    """

    img_size = 1024  # read by segment_anything.modeling.Sam

    def __init__(self) -> None:
        super().__init__()
        body: Any = timm.create_model("tiny_vit_5m_224", pretrained=False, num_classes=0)
        body.head = nn.Identity()
        body.stages[3].downsample.conv2.conv.stride = (1, 1)
        for module in body.modules():
            # torch's fused attention takes a detour on the CPU when there is a bias, guarding against rows that are
            # masked out whole; there are none here, and plain attention encodes an image a quarter faster.
            if hasattr(module, "fused_attn"):
                module.fused_attn = False
        self.body: Any = body
        self.is_fused = False
        self.neck = nn.Sequential(
            nn.Conv2d(LAST_STAGE_CHANNELS, OUTPUT_CHANNELS, kernel_size=1, bias=False),
            LayerNorm2d(OUTPUT_CHANNELS),
            nn.Conv2d(OUTPUT_CHANNELS, OUTPUT_CHANNELS, kernel_size=3, padding=1, bias=False),
            LayerNorm2d(OUTPUT_CHANNELS),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Encode a batch of images."""
        x = self.body.patch_embed(image)
        for stage in self.body.stages:
            x = stage(x)
        features: Tensor = self.neck(x)
        return features

    def fuse(self) -> None:
        """Fold every batch normalisation into the convolution before it; for inference only, and not to be undone."""
        self.is_fused = True
        for module in list(self.body.modules()):
            for name, child in list(module.named_children()):
                fused: Any = child
                if hasattr(child, "fuse") and hasattr(child, "bn"):
                    setattr(module, name, fused.fuse())

    def fuse_gelu(self) -> None:
        """Let convolutions and linear layers apply the GELU that follows them; for bfloat16 on a CPU, after `fuse`."""
        patches = self.body.patch_embed
        patches.conv1, patches.act = ConvGelu(patches.conv1), nn.Identity()
        for module in self.body.modules():
            for layer, activation in (("conv1", "act1"), ("conv2", "act2")):
                if isinstance(getattr(module, layer, None), nn.Conv2d) and hasattr(module, activation):
                    setattr(module, layer, ConvGelu(getattr(module, layer)))
                    setattr(module, activation, nn.Identity())
            if isinstance(getattr(module, "fc1", None), nn.Linear):
                module.fc1, module.act = LinearGelu(module.fc1), nn.Identity()


def encoder_weights_from_checkpoint(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Translate the encoder's part of the official checkpoint (keys without `image_encoder.`) to `TinyViTEncoder`'s.

    The original puts the downsampling at the end of a stage, timm at the beginning of the next.
    """
    translated: dict[str, Tensor] = {}
    for key, value in checkpoint.items():
        if key in UNUSED_KEYS:
            continue
        if key.startswith("neck."):
            translated[key] = value
            continue
        name = re.sub(r"^patch_embed\.seq\.([02])", lambda m: f"patch_embed.conv{1 + int(m[1]) // 2}", key)
        name = re.sub(r"^layers\.(\d)\.downsample", lambda m: f"stages.{int(m[1]) + 1}.downsample", name)
        name = name.replace("layers.", "stages.").replace(".c.", ".conv.")
        translated[f"body.{name}"] = value
    return translated
