"""A tuned SAM as a file: safetensors with what was tuned, and a manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from sam_inspector.core.errors import InputError
from sam_inspector.models.manifests import METADATA_KEY
from sam_inspector.models.tuned.manifest import TUNED_FORM, TunedManifest, read_tuned_manifest
from sam_inspector.models.tuned.perception import SelfPerception


@dataclass(frozen=True, eq=False, slots=True)
class SavedTuning:
    """A tuned SAM as it was saved, on the CPU.

    Attributes
    ----------
    weights
        What was tuned, by the names of `SelfPerception.trained`.
    """

    manifest: TunedManifest
    weights: Mapping[str, Tensor]

    def give_to(self, perception: SelfPerception, path: Path) -> None:
        """Put the weights into a network made by the manifest's recipe.

        Raises
        ------
        InputError
            When they are not those of such a network.
        """
        trained = perception.trained()
        if {name: value.shape for name, value in trained.items()} != {
            name: value.shape for name, value in self.weights.items()
        }:
            raise InputError(
                f"The tuned model {path} does not hold what its manifest says: tune it again, or choose another."
            )
        with torch.no_grad():
            for name, value in trained.items():
                value.copy_(self.weights[name])

    def to_bytes(self) -> bytes:
        """What a file of it holds; the same state gives the same bytes."""
        tensors = {name: value.detach().cpu().contiguous() for name, value in self.weights.items()}
        content: bytes = save(tensors, {METADATA_KEY: self.manifest.to_json()})
        return content


def load_tuning(path: Path) -> SavedTuning:
    """Read a tuned SAM.

    Raises
    ------
    InputError
        When there is no such file, it is damaged, or is none.
    """
    read_tuned_manifest(path)
    damaged = f"The tuned model {path} is damaged: tune it again, or choose another."
    try:
        # Metadata and tensors of one moment: the file may be replaced between two looks.
        with safe_open(str(path), framework="pt", device="cpu") as file:
            manifest = TUNED_FORM.parse(path, (file.metadata() or {}).get(METADATA_KEY, ""))
            weights: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a dict
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(damaged) from error
    if not weights or not all(bool(torch.isfinite(value).all()) for value in weights.values()):
        raise InputError(damaged)
    return SavedTuning(manifest, weights)
