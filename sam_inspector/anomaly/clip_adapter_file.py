"""Linear layers as files: safetensors with a manifest, and with the optimiser's state so that training can go on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from sam_inspector.anomaly.clip_adapter import ClipAdapter
from sam_inspector.anomaly.clip_manifest import ADAPTER_FORM, AdapterManifest, read_adapter_manifest
from sam_inspector.core.errors import InputError
from sam_inspector.data.atomic import write_atomic
from sam_inspector.models.clip import ClipModel
from sam_inspector.models.manifests import METADATA_KEY

LAYERS, OPTIMISER = "adapter.", "optimiser."


@dataclass(frozen=True, eq=False, slots=True)
class SavedAdapter:
    """Linear layers as they were saved.

    Attributes
    ----------
    optimiser
        The optimiser's tensors by name; empty where the file has none.
    """

    adapter: ClipAdapter
    manifest: AdapterManifest
    optimiser: dict[str, Tensor]


def save_adapter(
    path: Path, adapter: ClipAdapter, manifest: AdapterManifest, optimiser: dict[str, Tensor] | None = None
) -> None:
    """Write linear layers, whole or not at all; the same state gives the same bytes.

    Raises
    ------
    StoreError
        If it can't be written; what was there before is untouched.
    """
    tensors = {f"{LAYERS}{name}": value for name, value in adapter.state_dict().items()}
    tensors |= {f"{OPTIMISER}{name}": value for name, value in (optimiser or {}).items()}
    content = save(
        {name: value.detach().cpu().contiguous() for name, value in tensors.items()}, {METADATA_KEY: manifest.to_json()}
    )
    write_atomic(path, content)


def load_adapter(path: Path, clip: ClipModel) -> SavedAdapter:
    """Read linear layers for a CLIP model, onto its device.

    Raises
    ------
    InputError
        When there is no such file, it is damaged, or was trained for another CLIP model.
    """
    manifest = read_adapter_manifest(path)
    if manifest.clip_sha256 != clip.weights_sha256 or manifest.taps != clip.taps:
        raise InputError(
            f"The adapter {path} was trained for the CLIP model “{manifest.clip}” and does not fit “{clip.spec.name}”: "
            "choose that model, or another adapter."
        )
    damaged = f"The adapter {path} is damaged: train it again, or choose another."
    try:
        # Metadata and tensors of one moment: the file may be replaced between two looks.
        with safe_open(str(path), framework="pt", device="cpu") as file:
            manifest = ADAPTER_FORM.parse(path, (file.metadata() or {}).get(METADATA_KEY, ""))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a dict
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(damaged) from error
    adapter = ClipAdapter(len(clip.taps), clip.width, clip.dimension)
    layers = {name.removeprefix(LAYERS): value for name, value in tensors.items() if name.startswith(LAYERS)}
    try:
        adapter.load_state_dict(layers, strict=True)
    except RuntimeError as error:
        raise InputError(damaged) from error
    optimiser = {name.removeprefix(OPTIMISER): value for name, value in tensors.items() if name.startswith(OPTIMISER)}
    return SavedAdapter(adapter.to(clip.torch_device), manifest, optimiser)
