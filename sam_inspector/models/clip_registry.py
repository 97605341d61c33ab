"""The CLIP models of text-guided maps: one row each. Imports no torch, so that the window can list them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sam_inspector.core.errors import InputError, WeightsError
from sam_inspector.models.sources import WebAddress, WeightsFile
from sam_inspector.models.weights import weights_status

DEFAULT_CLIP = "vit_l_14_336"
LOCAL_MARK = "@"
"""Between the architecture and the file of weights that a user names: `ViT-B-32@weights.pt`."""


@dataclass(frozen=True, slots=True)
class ClipSpec:
    """A row of the registry, or a file of the user's own.

    Attributes
    ----------
    name
        What a user types.
    architecture
        Name in open_clip.
    licence
        SPDX identifier of the weights' licence; `unknown` for a file of the user's own.
    weights
        The checkpoint; None for a file of the user's own.
    patch_size
        Side of a token in pixels; 0 where only the architecture says it.
    taps
        Blocks, counted from 1, after which tokens are taken; empty: the quarters of the depth.
    has_quick_gelu
        Whether the weights were trained with OpenAI's approximate activation, whatever the architecture says.
    note
        One sentence that helps to choose.
    file
        The user's own file of weights.
    """

    name: str
    title: str
    architecture: str
    licence: str
    paper: str
    homepage: str
    weights: WeightsFile | None
    patch_size: int
    taps: tuple[int, ...]
    note: str
    has_quick_gelu: bool = False
    file: Path | None = None

    @property
    def size_bytes(self) -> int:
        """Size of what must be fetched; 0 for a file of the user's own."""
        return self.weights.size_bytes if self.weights is not None else 0


_PAPER = (
    "Radford et al. 2021, “Learning Transferable Visual Models From Natural Language Supervision”, "
    "https://arxiv.org/abs/2103.00020"
)


def _openai(
    name: str, title: str, file: str, size_bytes: int, sha256: str, patch_size: int, taps: tuple[int, ...], note: str
) -> ClipSpec:
    address = WebAddress(f"https://openaipublic.azureedge.net/clip/models/{sha256}/{file}.pt")
    return ClipSpec(
        name=name,
        title=title,
        architecture=file.removesuffix("px"),
        licence="MIT",
        paper=_PAPER,
        homepage="https://github.com/openai/CLIP",
        weights=WeightsFile(f"{file}.pt", size_bytes, sha256, (address,)),
        patch_size=patch_size,
        taps=taps,
        note=note,
        has_quick_gelu=True,
    )


_ROWS = (
    _openai(
        DEFAULT_CLIP,
        "CLIP ViT-L/14-336",
        "ViT-L-14-336px",
        934_088_680,
        "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02",
        14,
        (6, 12, 18, 24),
        "The model of the published text-guided maps; some seconds an image on a CPU.",
    ),
    _openai(
        "vit_b_16",
        "CLIP ViT-B/16",
        "ViT-B-16",
        350_837_078,
        "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f",
        16,
        (3, 6, 9, 12),
        "Smaller and quicker, on a coarser grid; no map of it was published.",
    ),
)

CLIP_MODELS: dict[str, ClipSpec] = {row.name: row for row in _ROWS}
"""Every CLIP model by its name; the default comes first."""


def get_clip_spec(name: str) -> ClipSpec:
    """The row of a CLIP model; `ARCHITECTURE@FILE` stands for any ViT of open_clip with weights of the user's own.

    Raises
    ------
    InputError
        For a name that is neither; the message lists those of the registry.
    """
    if name in CLIP_MODELS:
        return CLIP_MODELS[name]
    architecture, mark, file = name.partition(LOCAL_MARK)
    if mark and architecture.strip() and file.strip():
        path = Path(file.strip()).expanduser()
        return ClipSpec(
            name=name,
            title=f"{architecture.strip()} ({path.name})",
            architecture=architecture.strip(),
            licence="unknown",
            paper=_PAPER,
            homepage="https://github.com/mlfoundations/open_clip",
            weights=None,
            patch_size=0,
            taps=(),
            note="Weights of your own.",
            file=path,
        )
    raise InputError(
        f"There is no CLIP model “{name}”: choose one of {', '.join(CLIP_MODELS)}, or name one of open_clip with its "
        "file, as ViT-B-32@weights.pt."
    )


def require_clip_weights(spec: ClipSpec) -> Path:
    """The weights of a CLIP model, ready to be loaded; nothing is fetched before a person has seen what it is.

    Raises
    ------
    WeightsError
        When they are not there or not the right ones: the message has size, licence, address and place.
    """
    if spec.weights is None:
        assert spec.file is not None
        if not spec.file.is_file():
            raise WeightsError(f"There is no file of weights {spec.file} for {spec.architecture}: check the path.")
        return spec.file
    status = weights_status(spec)
    if status.state == "missing":
        origin = " or ".join(str(source) for source in spec.weights.sources)
        raise WeightsError(
            f"{spec.title} needs weights that are not here ({spec.size_bytes / 1e6:,.0f} MB, licence {spec.licence}): "
            f"fetch them with “sam-inspector models get {spec.name}” from {origin}, or put the file at {status.path}."
        )
    if status.state != "ready":
        raise WeightsError(status.message)
    return status.path
