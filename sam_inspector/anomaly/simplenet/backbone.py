"""The backbone as SimpleNet shows images to it, and the hash that its weights are known by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sam_inspector.anomaly.simplenet.recipe import SimpleNetRecipe
from sam_inspector.models.backbone import Backbone, never
from sam_inspector.models.backbone_loading import load_backbone
from sam_inspector.models.backbone_registry import BackboneSpec, get_backbone_spec
from sam_inspector.models.checkpoints import read_checkpoint
from sam_inspector.models.checksums import file_digest
from sam_inspector.models.devices import DeviceChoice
from sam_inspector.models.timm_backbones import RECIPES, TimmBackbone, Weights, build_timm_backbone
from sam_inspector.models.weights import require_weights


def load_simplenet_backbone(
    name: str, recipe: SimpleNetRecipe, device: DeviceChoice, *, cancelled: Callable[[], bool] = never
) -> Backbone:
    """Load a backbone whose weights are there; nothing is fetched.

    Raises
    ------
    InputError
        For an unknown name, and for `sam`, whose features come with the embedding.
    WeightsError
        When the weights are missing or damaged.
    ModelError
        When they do not fit the network.
    """
    spec = get_backbone_spec(name)
    if recipe.crop_side is None:
        return load_backbone(name, device=device.device, precision=precision_asked(device), cancelled=cancelled)
    return windowed_backbone(spec, read_checkpoint(require_weights(spec)), device, recipe.crop_side)


def windowed_backbone(spec: BackboneSpec, weights: Weights, device: DeviceChoice, side: int) -> TimmBackbone:
    """A backbone that is shown squares of this side, pixel for pixel: at 288 it sees 36 × 36 cells of stride 8."""
    return build_timm_backbone(spec, replace(RECIPES[spec.name], side=side), weights, device)


def weights_sha256(spec: BackboneSpec, *, cancelled: Callable[[], bool] = never) -> str:
    """Hash of a backbone's weights: the published one, of a file without one its own.

    Raises
    ------
    WeightsError
        When the weights are missing.
    """
    if spec.weights is not None and spec.weights.sha256:
        return spec.weights.sha256
    return file_digest(require_weights(spec), "sha256", cancelled=cancelled)


def precision_asked(device: DeviceChoice) -> str:
    """The precision to ask for: float16 is what `auto` finds, and no choice that can be asked for."""
    return "auto" if device.precision == "float16" else device.precision
