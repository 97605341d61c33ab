"""Embeddings kept, so that an image is encoded once: the latest in memory, all of them on disk, both bounded in bytes.

The key names everything an embedding depends on: the image's content, the model, its weights, the preprocessing and
the precision it was computed in. On disk an entry is one safetensors file; a damaged one is thrown away and made again.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from sam_inspector.models.segmenter import Embedding

MEMORY_LIMIT_BYTES = 128 * 1024**2
"""Sixteen images of SAM with all their features, seven of SAM 2; the disk gives an older one back in milliseconds."""
DISK_LIMIT_BYTES = 2 * 1024**3
FORMAT = "2"
"""Part of every key; another one when what a file holds changes."""


@dataclass(frozen=True, slots=True)
class EmbeddingKey:
    """What an embedding depends on."""

    image_id: str
    model: str
    weights: str
    preprocessing: str
    precision: str

    @property
    def file_name(self) -> str:
        """A name that is safe on every file system."""
        text = "\n".join((FORMAT, self.image_id, self.model, self.weights, self.preprocessing, self.precision))
        return blake2b(text.encode(), digest_size=16).hexdigest() + ".safetensors"


class EmbeddingCache:
    """Least recently used out first, in memory and on disk.

    Parameters
    ----------
    folder
        Where the files go; None keeps embeddings in memory only.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
        disk_limit_bytes: int = DISK_LIMIT_BYTES,
    ) -> None:
        self._folder = folder
        self._memory_limit = memory_limit_bytes
        self._disk_limit = disk_limit_bytes
        self._held: OrderedDict[EmbeddingKey, Embedding] = OrderedDict()
        self._held_bytes = 0
        self._disk_bytes: int | None = None

    def get(self, key: EmbeddingKey) -> Embedding | None:
        """The embedding, or None when it must be computed."""
        held = self._held.get(key)
        if held is not None:
            self._held.move_to_end(key)
            return held
        loaded = self._load(key)
        if loaded is not None:
            self._hold(key, loaded)
        return loaded

    def put(self, key: EmbeddingKey, embedding: Embedding) -> None:
        """Keep an embedding. A disk that is full or read-only costs the speed-up only, so it is no error."""
        self._hold(key, embedding)
        if self._folder is not None:
            with suppress(OSError, SafetensorError):
                self._store(key, embedding)

    def __contains__(self, key: EmbeddingKey) -> bool:
        return key in self._held or (self._folder is not None and (self._folder / key.file_name).exists())

    @property
    def held_bytes(self) -> int:
        """Memory in use."""
        return self._held_bytes

    def clear(self) -> None:
        """Forget everything, on disk too."""
        self._held.clear()
        self._held_bytes = 0
        for file in self._files():
            with suppress(OSError):
                file.unlink()
        self._disk_bytes = None

    def _hold(self, key: EmbeddingKey, embedding: Embedding) -> None:
        old = self._held.pop(key, None)
        if old is not None:
            self._held_bytes -= old.size_bytes
        self._held[key] = embedding
        self._held_bytes += embedding.size_bytes
        while self._held_bytes > self._memory_limit and len(self._held) > 1:
            _, dropped = self._held.popitem(last=False)
            self._held_bytes -= dropped.size_bytes

    def _files(self) -> list[Path]:
        if self._folder is None or not self._folder.is_dir():
            return []
        return list(self._folder.glob("*.safetensors"))

    def _load(self, key: EmbeddingKey) -> Embedding | None:
        if self._folder is None:
            return None
        file = self._folder / key.file_name
        if not file.exists():
            return None
        try:
            tensors = load_file(file)
            file.touch()
            height, width = (int(side) for side in tensors["size"])
            stages, skips = (
                tuple(tensors[name] for name in sorted(tensors) if name.startswith(kind)) for kind in ("stage", "skip")
            )
            return Embedding(tensors["features"], (height, width), key.model, stages, skips)
        except (OSError, SafetensorError, KeyError, ValueError):
            with suppress(OSError):
                file.unlink()
            return None

    def _store(self, key: EmbeddingKey, embedding: Embedding) -> None:
        import torch

        assert self._folder is not None
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._folder / key.file_name
        partial = file.with_suffix(".part")
        tensors = {"features": embedding.features, "size": torch.tensor(embedding.size)}
        for kind, several in (("stage", embedding.stages), ("skip", embedding.skips)):
            tensors |= {f"{kind}{number}": tensor for number, tensor in enumerate(several)}
        save_file({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, partial)
        partial.replace(file)
        if self._disk_bytes is None:
            self._disk_bytes = sum(path.stat().st_size for path in self._files())
        else:
            self._disk_bytes += file.stat().st_size
        if self._disk_bytes > self._disk_limit:
            self._shrink()

    def _shrink(self) -> None:
        """Remove the oldest files until a tenth of the room is free, so that not every image pays for it."""
        files = sorted((path.stat().st_mtime, path.stat().st_size, path) for path in self._files())
        total = sum(size for _, size, _ in files)
        for _, size, path in files:
            if total <= 0.9 * self._disk_limit:
                break
            with suppress(OSError):
                path.unlink()
                total -= size
        self._disk_bytes = total
