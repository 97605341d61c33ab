"""SimpleNet as a file: safetensors with a manifest, and with the optimisers' state so that training can go on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from sam_inspector.anomaly.simplenet.manifest import SIMPLENET_FORM, SimpleNetManifest, read_simplenet_manifest
from sam_inspector.anomaly.simplenet.network import SimpleNet
from sam_inspector.anomaly.simplenet.token_store import TokenSpace
from sam_inspector.anomaly.simplenet.training import BestEpoch, TrainingState
from sam_inspector.core.errors import InputError
from sam_inspector.data.atomic import write_atomic
from sam_inspector.models.manifests import METADATA_KEY

NETWORK, BEST, SPACE, NORMAL = "network.", "best.", "space.", "normal."
DISCRIMINATOR, ADAPTOR = "discriminator_optimiser.", "adaptor_optimiser."


@dataclass(frozen=True, eq=False, slots=True)
class SavedSimpleNet:
    """A SimpleNet as it was saved, on the CPU.

    Attributes
    ----------
    normal_maps
        Maps of normal images by the weights that make maps, float32 `(h, w)` each.
    """

    manifest: SimpleNetManifest
    space: TokenSpace
    state: TrainingState
    normal_maps: tuple[NDArray[np.float32], ...]

    def network(self) -> SimpleNet:
        """The network whose maps count: of the best epoch by the paper protocol, else of the last."""
        network = SimpleNet(self.manifest.width, self.manifest.hidden)
        best = self.state.best
        network.load_state_dict(best.weights if best is not None else self.state.weights)
        return network


def save_simplenet(path: Path, saved: SavedSimpleNet) -> None:
    """Write a SimpleNet, whole or not at all; the same state gives the same bytes.

    Raises
    ------
    StoreError
        If it can't be written; what was there before is untouched.
    """
    state = saved.state
    groups = {
        NETWORK: state.weights,
        BEST: state.best.weights if state.best is not None else {},
        DISCRIMINATOR: state.discriminator_optimiser,
        ADAPTOR: state.adaptor_optimiser,
        SPACE: {"mean": saved.space.mean, "scale": saved.space.scale},
        NORMAL: {f"{number:03}": torch.from_numpy(values) for number, values in enumerate(saved.normal_maps)},
    }
    tensors = {f"{group}{name}": value for group, values in groups.items() for name, value in values.items()}
    content = save(
        {name: value.detach().cpu().contiguous() for name, value in tensors.items()},
        {METADATA_KEY: saved.manifest.to_json()},
    )
    write_atomic(path, content)


def load_simplenet(path: Path) -> SavedSimpleNet:
    """Read a SimpleNet.

    Raises
    ------
    InputError
        When there is no such file, it is damaged, or is none.
    """
    read_simplenet_manifest(path)
    damaged = f"The SimpleNet {path} is damaged: train it again, or choose another."
    try:
        # Metadata and tensors of one moment: the file may be replaced between two looks.
        with safe_open(str(path), framework="pt", device="cpu") as file:
            manifest = SIMPLENET_FORM.parse(path, (file.metadata() or {}).get(METADATA_KEY, ""))
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a dict
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(damaged) from error

    def group(prefix: str) -> dict[str, Tensor]:
        return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}

    best = None
    if manifest.best_epoch is not None:
        best = BestEpoch(manifest.best_epoch, manifest.best_image_auroc, manifest.best_pixel_auroc, group(BEST))
    state = TrainingState(group(NETWORK), group(DISCRIMINATOR), group(ADAPTOR), manifest.losses, best)
    normal = group(NORMAL)
    maps = tuple(np.ascontiguousarray(normal[name].numpy(), np.float32) for name in sorted(normal))
    space = group(SPACE)
    try:
        saved = SavedSimpleNet(manifest, TokenSpace(space["mean"], space["scale"]), state, maps)
        saved.network()
        if not maps or saved.space.mean.shape != (manifest.width,) or saved.space.scale.shape != (manifest.width,):
            raise InputError(damaged)
        if not all(bool(torch.isfinite(value).all()) for value in tensors.values()):
            raise InputError(damaged)
    except (RuntimeError, KeyError) as error:
        raise InputError(damaged) from error
    return saved


def check_fits(manifest: SimpleNetManifest, path: Path, *, backbone: str, sha256: str, preparation: str) -> None:
    """Refuse a SimpleNet that was trained for other features than those at hand.

    Raises
    ------
    InputError
        For another backbone, other weights of it, or images prepared otherwise.
    """
    if manifest.backbone != backbone:
        raise InputError(
            f"The SimpleNet {path} was trained for {manifest.backbone} and means nothing for {backbone}: choose that "
            "model, or train another."
        )
    if manifest.backbone_sha256 != sha256:
        raise InputError(
            f"The SimpleNet {path} was trained with other weights of {backbone} than those in use: fetch the same "
            "again, or train another."
        )
    if manifest.preparation != preparation:
        named = [f"“{name}”" if name else "nothing" for name in (manifest.preparation, preparation)]
        raise InputError(
            f"The images that the SimpleNet {path} was trained on were prepared by {named[0]}, these by {named[1]}: "
            "prepare them alike, or train another."
        )
