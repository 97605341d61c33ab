"""Small random networks of the packages' own classes: all of their shapes, none of their weights."""

from __future__ import annotations

from typing import Any

import torch
from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer

from sam_inspector.models.sam import build_sam
from sam_inspector.models.sam2 import build_sam2

SAM2_CONFIG = "configs/sam2.1/sam2.1_hiera_t.yaml"
THIN_TRUNK = (
    "model.image_encoder.trunk.embed_dim=16",
    "model.image_encoder.trunk.stages=[1,1,2,1]",
    "model.image_encoder.trunk.global_att_blocks=[3]",
    "model.image_encoder.neck.backbone_channel_list=[128,64,32,16]",
)


def tiny_vit_sam() -> Sam:
    """SAM's classes with a ViT of three thin blocks; the decoder is the real one, untrained."""
    torch.manual_seed(0)
    whole = build_sam("vit_t")
    encoder = ImageEncoderViT(
        depth=3,
        embed_dim=32,
        num_heads=2,
        patch_size=16,
        img_size=1024,
        out_chans=256,
        use_rel_pos=True,
        window_size=14,
        global_attn_indexes=(0, 1, 2),
    )
    return Sam(encoder, whole.prompt_encoder, whole.mask_decoder)


def small_sam(side: int = 128) -> Sam:
    """SAM's classes for pictures of so many pixels, all untrained: quick enough to be tuned in a test."""
    torch.manual_seed(0)
    grid = side // 16
    encoder = ImageEncoderViT(
        depth=2,
        embed_dim=48,
        num_heads=2,
        patch_size=16,
        img_size=side,
        out_chans=32,
        use_rel_pos=True,
        window_size=4,
        global_attn_indexes=(0, 1),
    )
    prompts = PromptEncoder(
        embed_dim=32, image_embedding_size=(grid, grid), input_image_size=(side, side), mask_in_chans=8
    )
    transformer = TwoWayTransformer(depth=2, embedding_dim=32, mlp_dim=64, num_heads=2)
    decoder = MaskDecoder(
        num_multimask_outputs=3,
        transformer=transformer,
        transformer_dim=32,
        iou_head_depth=2,
        iou_head_hidden_dim=32,
    )
    return Sam(encoder, prompts, decoder)


def tiny_sam2() -> Any:
    """SAM 2's classes with a hiera of five thin blocks; the decoder is the real one, untrained."""
    torch.manual_seed(0)
    return build_sam2(SAM2_CONFIG, THIN_TRUNK)
