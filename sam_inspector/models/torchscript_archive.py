"""The tensors of a TorchScript archive, read as data: none of the code in it is run.

OpenAI published CLIP in this form. Torch's own loader of such files builds the program in them, and torch calls it
deprecated. An archive is a ZIP file that holds a pickle of the tree of modules beside the plain bytes of each tensor.
Of the pickle only containers and tensors are made; every class in it becomes an empty shell.
"""

from __future__ import annotations

import io
import mmap
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sam_inspector.core.errors import WeightsError
from sam_inspector.models.checkpoints import UNREADABLE

LOCAL_HEADER_BYTES = 30
STORAGE_TYPES = {
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "DoubleStorage": torch.float64,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}


class _Shell:
    """What stands for any class of the archive: keeps the attributes, can do nothing."""

    def __setstate__(self, state: object) -> None:
        self.attributes = state


class _StorageType:
    def __init__(self, dtype: torch.dtype) -> None:
        self.dtype = dtype


def _plain(*arguments: object) -> object:
    """Lists that TorchScript builds by functions of its own."""
    return arguments[0] if arguments else None


class _Records:
    """The uncompressed records of an archive, mapped instead of read."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
        self._places = {info.filename.partition("/")[2]: info for info in infos}
        with path.open("rb") as file:
            # A private copy of each page that is written to; torch asks for memory that can be written.
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)

    def place(self, name: str) -> tuple[int, int]:
        """Where a record starts, and its length in bytes."""
        info = self._places[name]
        if info.compress_type != zipfile.ZIP_STORED:
            raise ValueError("a compressed record")
        header = self._bytes[info.header_offset : info.header_offset + LOCAL_HEADER_BYTES]
        name_bytes, extra_bytes = struct.unpack("<HH", header[26:30])
        start = info.header_offset + LOCAL_HEADER_BYTES + name_bytes + extra_bytes
        if start + info.file_size > len(self._bytes):
            raise ValueError("a record that is cut short")
        return start, info.file_size

    def read(self, name: str) -> bytes:
        start, length = self.place(name)
        return self._bytes[start : start + length]

    def storage(self, key: str, dtype: torch.dtype) -> Tensor:
        """All values of a storage, `(N,)`."""
        start, length = self.place(f"data/{key}")
        count = length // dtype.itemsize
        if count == 0:
            return torch.empty(0, dtype=dtype)
        return torch.frombuffer(self._bytes, dtype=dtype, count=count, offset=start)


class _Unpickler(pickle.Unpickler):
    """Makes containers, tensors and shells; names anything else, and it stops."""

    def __init__(self, file: Any, records: _Records) -> None:
        super().__init__(file)
        self._records = records

    def find_class(self, module: str, name: str) -> Any:
        """What a name in the pickle stands for: a short list, nothing is imported."""
        if module.startswith("__torch__"):
            return _Shell
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch.jit._pickle" and name.startswith("build_"):
            return _plain
        if module == "torch" and name in STORAGE_TYPES:
            return _StorageType(STORAGE_TYPES[name])
        raise pickle.UnpicklingError(f"GLOBAL {module}.{name}")

    def persistent_load(self, identity: Any) -> Tensor:
        """A storage by what the pickle says of it."""
        kind, storage_type, key, _device, _count = identity
        if kind != "storage" or not isinstance(storage_type, _StorageType):
            raise ValueError("no storage")
        return self._records.storage(str(key), storage_type.dtype)


def _tensor(storage: Tensor, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object) -> Tensor:
    if any(value < 0 for value in (offset, *size, *stride)):
        raise ValueError("a negative size")
    # `as_strided` refuses what reaches beyond the storage.
    return storage.as_strided(size, stride, offset)


def is_torchscript_archive(path: Path) -> bool:
    """Whether a file is a TorchScript archive: a ZIP file with code and constants beside its tensors."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.partition("/")[2] for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile, ValueError):
        return False
    return "constants.pkl" in names and "data.pkl" in names


def read_torchscript_archive(path: Path) -> dict[str, Tensor]:
    """The tensors of an archive by name, on the CPU; they are views of the file, so copy what is to be kept.

    Raises
    ------
    WeightsError
        When the file is damaged, or holds other things than modules and tensors.
    """
    advice = "fetch the weights again with “sam-inspector models get”, or take the file from its makers."
    try:
        records = _Records(path)
        tree = _Unpickler(io.BytesIO(records.read("data.pkl")), records).load()
        tensors = dict(_named_tensors(tree, "", set()))
    except UNREADABLE as error:
        if isinstance(error, pickle.UnpicklingError) and "GLOBAL" in str(error):
            raise WeightsError(f"The checkpoint {path} asks to run code and was not loaded: {advice}") from error
        raise WeightsError(f"The checkpoint {path} is damaged or no checkpoint at all: {advice}") from error
    if not tensors:
        raise WeightsError(f"The checkpoint {path} holds no named tensors: {advice}")
    return tensors


def _named_tensors(module: object, prefix: str, seen: set[int]) -> Iterator[tuple[str, Tensor]]:
    attributes = getattr(module, "attributes", None) if isinstance(module, _Shell) else None
    if not isinstance(attributes, dict) or id(module) in seen:
        return
    seen.add(id(module))
    for name, value in attributes.items():
        if isinstance(value, Tensor):
            yield f"{prefix}{name}", value
        else:
            yield from _named_tensors(value, f"{prefix}{name}.", seen)
