"""SAM the way a user of its package has it: the yardstick that this program's own way of running it is measured by."""

from __future__ import annotations

from typing import Any

from segment_anything import SamPredictor
from torch import nn

from sam_inspector.core.errors import ModelError
from sam_inspector.models.checkpoints import read_checkpoint
from sam_inspector.models.registry import ModelSpec
from sam_inspector.models.sam import build_sam
from sam_inspector.models.tiny_vit_encoder import encoder_weights_from_checkpoint
from sam_inspector.models.weights import get_weights

_ENCODER = "image_encoder."


def plain_predictor(spec: ModelSpec, device: str) -> SamPredictor:
    """The package's predictor: eager, float32, no layer fused, memory in the usual order.

    Raises
    ------
    ModelError
        For a model that the package does not know.
    WeightsError
        When the weights can't be had.
    """
    architecture = str(dict(spec.arguments).get("architecture", ""))
    if not architecture.startswith("vit_"):
        raise ModelError(f"{spec.title} has no plain path to be measured against: choose a model of SAM's family.")
    sam = build_sam(architecture).eval().requires_grad_(False)
    weights = read_checkpoint(get_weights(spec))
    if architecture == "vit_t":
        encoder = {key.removeprefix(_ENCODER): value for key, value in weights.items() if key.startswith(_ENCODER)}
        others = {key: value for key, value in weights.items() if not key.startswith(_ENCODER)}
        translated = encoder_weights_from_checkpoint(encoder)
        weights = others | {_ENCODER + key: value for key, value in translated.items()}
        _attend_as_the_package_does(sam)
    sam.load_state_dict(weights)
    return SamPredictor(sam.to(device))


def _attend_as_the_package_does(network: nn.Module) -> None:
    """Timm's own choice of attention, which is quicker in float32; ours is chosen for bfloat16."""
    module: Any
    for module in network.modules():
        if hasattr(module, "fused_attn"):
            module.fused_attn = True
