"""Reading checkpoints without running what is in them."""

from __future__ import annotations

import pickle
import struct
import warnings
import zipfile
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from sam_inspector.core.errors import WeightsError

UNREADABLE = (
    OSError,
    RuntimeError,
    EOFError,
    ValueError,
    KeyError,
    IndexError,
    AttributeError,
    TypeError,
    struct.error,
    pickle.PickleError,
    zipfile.BadZipFile,
)
"""What torch raises, by where in a damaged file it stumbles."""


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name, on the CPU.

    Only tensors and plain containers are unpickled (`torch.load` with `weights_only`): a file that asks to run
    anything is refused. A file named `.safetensors` can't ask for that. Where the tensors lie under the name `model`
    or `state_dict`, as training scripts leave them, those are taken.

    Raises
    ------
    WeightsError
        When the file can't be read, is damaged, asks to run code, or holds something else than named tensors.
    """
    advice = "fetch the weights again with “sam-inspector models get”, or take the file from its makers."
    if not path.is_file():
        raise WeightsError(f"There is no checkpoint at {path}: {advice}")
    if path.suffix == ".safetensors":
        return _read_safetensors(path, advice)
    try:
        with path.open("rb") as file:
            is_bare_pickle = file.read(1) == pickle.PROTO
    except OSError as error:
        raise WeightsError(f"The checkpoint {path} can't be read ({error.strerror}): check its permissions.") from error
    try:
        # Mapped instead of read where the format allows it: the network copies the tensors anyway.
        mapped = zipfile.is_zipfile(path)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Detected pickle protocol")  # the error says what matters
            content: object = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except UNREADABLE as error:
        asks = "GLOBAL" in str(error) or (is_bare_pickle and "Unsupported operand" in str(error))
        if isinstance(error, pickle.UnpicklingError) and asks:
            raise WeightsError(f"The checkpoint {path} asks to run code and was not loaded: {advice}") from error
        raise WeightsError(f"The checkpoint {path} is damaged or no checkpoint at all: {advice}") from error
    for name in ("model", "state_dict"):
        if isinstance(content, dict) and isinstance(content.get(name), dict):
            content = content[name]
    if not isinstance(content, dict) or not content:
        raise WeightsError(f"The checkpoint {path} holds no named tensors: {advice}")
    if not all(isinstance(key, str) and isinstance(value, Tensor) for key, value in content.items()):
        raise WeightsError(f"The checkpoint {path} holds other things than named tensors: {advice}")
    return content


def _read_safetensors(path: Path, advice: str) -> dict[str, Tensor]:
    try:
        content: dict[str, Tensor] = load_file(path)
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"The checkpoint {path} is damaged or can't be read: {advice}") from error
    if not content:
        raise WeightsError(f"The checkpoint {path} holds no named tensors: {advice}")
    return content
