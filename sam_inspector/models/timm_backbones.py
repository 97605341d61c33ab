"""Backbones built by timm, filled with weights that this program fetched and checked itself.

Sources: the stages and the input of `swin` are those of the study SAM-Anomaly-Segmentation, of `dinov2` those of
AnomalyDINO (Damm et al. 2025), of `wide_resnet50_2` those of PatchCore (Roth et al. 2022).

Differences. Nothing of an image is cropped, for every part of it needs a value: AnomalyDINO cuts the right and the
lower edge to whole patches of 14 pixels, here the resized side is rounded to them, at most 7 pixels off; PatchCore cuts
the middle 320 out of 366 pixels, here the whole image comes at that scale, rounded to the stride of 16. An image whose
longer side is more than four times the shorter one is made smaller than the publication would, to bound memory. Timm
resizes DINOv2's table of positions with antialiasing and without the original's offset of 0.1. With the preset
`recommended`, `swin` gets the statistics that it was trained with; with `faithful` those of CLIP, as in the study.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import timm
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from sam_inspector.core.errors import Cancelled, ModelError
from sam_inspector.models.backbone import DenseFeatures, never
from sam_inspector.models.backbone_registry import BackboneSpec
from sam_inspector.models.devices import DeviceChoice

Statistics = tuple[tuple[float, float, float], tuple[float, float, float]]
Weights = dict[str, Tensor]

IMAGENET: Statistics = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CLIP: Statistics = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
LONGEST = 4
"""The longer side is resized to at most this many times the shorter side's length of a square image."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an image is shown to a network, and where its features are taken.

    Attributes
    ----------
    architecture
        Name in timm.
    stages
        Indices of the features taken, as timm counts them, finest first.
    side
        Length that the shorter side is resized to.
    multiple
        Both sides are rounded to multiples of this; the coarsest stride, so that cells lie evenly over the image.
    is_squashed
        Whether every image becomes a square, whatever its format.
    statistics
        Mean and standard deviation of each channel, of values in [0, 1].
    resampling
        With antialiasing, as the publications' own.
    is_normed
        Whether the last features pass through the network's final norm.
    translate
        From the published names of tensors to timm's.
    """

    architecture: str
    stages: tuple[int, ...]
    side: int
    multiple: int
    translate: Callable[[Weights, Weights], Weights]
    is_squashed: bool = False
    statistics: Statistics = IMAGENET
    resampling: Image.Resampling = Image.Resampling.BICUBIC
    is_normed: bool = False
    options: dict[str, Any] = field(default_factory=dict)

    def target(self, height: int, width: int) -> tuple[int, int]:
        """`(height, width)` that an image is resized to."""
        if self.is_squashed:
            return self.side, self.side
        scale = min(self.side / min(height, width), LONGEST * self.side / max(height, width))
        return self._rounded(height * scale), self._rounded(width * scale)

    def _rounded(self, length: float) -> int:
        return max(1, round(length / self.multiple)) * self.multiple


class TimmBackbone:
    """The `Backbone` over a network of timm."""

    def __init__(self, spec: BackboneSpec, network: nn.Module, recipe: Recipe, device: DeviceChoice) -> None:
        self.spec = spec
        self.device = device
        self._recipe = recipe
        self._torch_device = torch.device(device.device)
        self._dtype: torch.dtype = getattr(torch, device.precision)
        # Any: torch types every attribute of a module as a tensor or a module.
        self._network: Any = network.eval().requires_grad_(False).to(self._torch_device)
        self._network.to(memory_format=torch.channels_last)
        mean, std = (torch.tensor(values, device=self._torch_device) for values in recipe.statistics)
        self._mean, self._std = mean[:, None, None], std[:, None, None]

    def features(self, pixels: NDArray[np.uint8], *, cancelled: Callable[[], bool] = never) -> DenseFeatures:
        """Describe an image; see `Backbone.features`."""
        height, width = pixels.shape[:2]
        target = self._recipe.target(height, width)
        resized = Image.fromarray(pixels).resize(target[::-1], self._recipe.resampling)
        shown = torch.from_numpy(np.array(resized)).to(self._torch_device).permute(2, 0, 1).float().div_(255.0)
        image = ((shown - self._mean) / self._std)[None].contiguous(memory_format=torch.channels_last)
        autocast = torch.autocast(self._torch_device.type, self._dtype, enabled=self._dtype is not torch.float32)
        with torch.inference_mode(), autocast, _cancel_between_blocks(self._network, cancelled):
            try:
                found = self._network.forward_intermediates(
                    image,
                    indices=list(self._recipe.stages),
                    norm=self._recipe.is_normed,
                    stop_early=True,
                    intermediates_only=True,
                )
            except torch.OutOfMemoryError as error:
                torch.cuda.empty_cache()
                raise ModelError(
                    f"{self.spec.title} needs more memory than {self.device.device} has free: "
                    "choose a smaller backbone, or the CPU."
                ) from error
        levels = tuple(level[0].float() if level.dtype is torch.float16 else level[0] for level in found)
        return DenseFeatures(levels, (height, width), self.spec.name)


@contextmanager
def _cancel_between_blocks(network: nn.Module, cancelled: Callable[[], bool]) -> Iterator[None]:
    """Look at `cancelled` before each block; timm keeps blocks in sequences."""
    if cancelled is never:
        yield
        return

    def check(*_: object) -> None:
        if cancelled():
            raise Cancelled("Describing the image was given up.")

    sequences = [module for module in network.modules() if isinstance(module, nn.Sequential)]
    hooks = [block.register_forward_pre_hook(check) for sequence in sequences for block in sequence]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


# --- published names of tensors → timm's ---------------------------------------------------------------------------


def _unchanged(weights: Weights, own: Weights) -> Weights:
    return weights


def _mobilenet_from_torchvision(weights: Weights, own: Weights) -> Weights:
    """Both libraries list the same layers in the same order under other names; shapes are compared on loading."""
    kinds = [key.rpartition(".")[2] for key in weights]
    if not all(key.startswith(("features.", "classifier.")) for key in weights):
        return weights
    if kinds != [key.rpartition(".")[2] for key in own]:
        return weights  # loading says what is missing
    return dict(zip(own, weights.values(), strict=True))


def _dinov2_from_official(weights: Weights, own: Weights) -> Weights:
    """The mask token serves training only."""
    return {key: value for key, value in weights.items() if key != "mask_token"}


def _swin_from_official(weights: Weights, own: Weights) -> Weights:
    """Timm merges patches at the start of a stage instead of the end, and computes two tables instead of storing them.

    The norm and the classifier come behind all stages.
    """
    translated = {}
    for key, value in weights.items():
        if key.endswith(("relative_position_index", "attn_mask")):
            continue
        key = re.sub(r"^layers\.(\d+)\.downsample", lambda found: f"layers.{int(found[1]) + 1}.downsample", key)
        translated[re.sub(r"^head\.", "head.fc.", key)] = value
    return translated


RECIPES: dict[str, Recipe] = {
    "mobilenet_v2": Recipe("mobilenetv2_100", (2, 3), 512, 16, _mobilenet_from_torchvision),
    "wide_resnet50_2": Recipe("wide_resnet50_2", (2, 3), 366, 16, _unchanged, resampling=Image.Resampling.BILINEAR),
    "dinov2": Recipe(
        "vit_small_patch14_dinov2",
        (11,),
        448,
        14,
        _dinov2_from_official,
        is_normed=True,
        options={"dynamic_img_size": True},
    ),
    "swin": Recipe(
        "swin_large_patch4_window7_224",
        (0, 1, 2, 3),
        224,
        32,
        _swin_from_official,
        is_squashed=True,
        options={"num_classes": 21841},
    ),
}
"""How each backbone is used with the preset `recommended`."""

FAITHFUL_STATISTICS: dict[str, Statistics] = {"swin": CLIP}
"""Where the preset `faithful` differs."""


def load_timm_backbone(spec: BackboneSpec, weights: Weights, device: DeviceChoice, preset: str) -> TimmBackbone:
    """Build the network of a registry row and load its checkpoint, every tensor of it.

    Raises
    ------
    ModelError
        When a tensor is missing or left over, or a shape differs.
    """
    recipe = RECIPES[spec.name]
    if preset == "faithful":
        recipe = replace(recipe, statistics=FAITHFUL_STATISTICS.get(spec.name, recipe.statistics))
    return build_timm_backbone(spec, recipe, weights, device)


def build_timm_backbone(spec: BackboneSpec, recipe: Recipe, weights: Weights, device: DeviceChoice) -> TimmBackbone:
    """The network of a recipe with given weights; see `load_timm_backbone`."""
    network = timm.create_model(recipe.architecture, pretrained=False, **recipe.options)
    try:
        network.load_state_dict(recipe.translate(weights, network.state_dict()), strict=True)
    except RuntimeError as error:
        raise ModelError(
            f"These weights are not those of {spec.title} ({str(error).splitlines()[-1].strip()}): "
            f"fetch them again with “sam-inspector models get {spec.name}”."
        ) from error
    return TimmBackbone(spec, network, recipe, device)
