"""Foregrounds kept on disk: computed ones for as long as there is room, corrected ones for good.

Both are named by the pixels they were found in, so that the foreground of an image can't be taken for that of the same
image before another background. A file is a PNG of one bit a pixel.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

import numpy as np
import platformdirs
from numpy.typing import NDArray

from sam_inspector.core.errors import MaskError, StoreError
from sam_inspector.core.prompts import Prompts
from sam_inspector.data.atomic import write_atomic
from sam_inspector.data.masks import mask_from_png, mask_to_png
from sam_inspector.foreground.settings import ForegroundSettings

DISK_LIMIT_BYTES = 256 * 1024**2
"""Some ten thousand masks."""
FORMAT = "1"
"""Part of every key; another one when the way a mask is found changes."""


def foregrounds_folder() -> Path:
    """Where computed foregrounds go, among the user's caches; it may be deleted at any time."""
    return platformdirs.user_cache_path("sam-inspector", appauthor=False) / "foregrounds"


def corrections_folder() -> Path:
    """Where foregrounds that a person corrected go, among the user's own files."""
    return platformdirs.user_data_path("sam-inspector", appauthor=False) / "foregrounds"


def pixels_id(pixels: NDArray[np.uint8]) -> str:
    """BLAKE2b of an image's shape and pixels, uint8 `(H, W, 3)`; 32 hexadecimal digits."""
    content = blake2b(repr(pixels.shape).encode(), digest_size=16)
    content.update(np.ascontiguousarray(pixels).data)
    return content.hexdigest()


@dataclass(frozen=True, slots=True)
class ForegroundKey:
    """What a computed foreground depends on.

    Attributes
    ----------
    pixels
        `pixels_id` of the image.
    model
        Name, weights and precision of what found it.
    prompts
        Those of mode `manual`, in the pixels of the image; else empty.
    """

    pixels: str
    model: str
    settings: ForegroundSettings
    prompts: Prompts = field(default_factory=Prompts)

    @property
    def file_name(self) -> str:
        """A name that is safe on every file system."""
        text = "\n".join((FORMAT, self.pixels, self.model, repr(self.settings), repr(self.prompts)))
        return blake2b(text.encode(), digest_size=16).hexdigest() + ".png"


class MaskCache:
    """Computed foregrounds; the least recently used ones go when room is short.

    A disk that is full or read-only costs the speed-up only, and a damaged file is made again: neither is an error.
    """

    def __init__(self, folder: Path, *, disk_limit_bytes: int = DISK_LIMIT_BYTES) -> None:
        self._folder = folder
        self._limit = disk_limit_bytes
        self._bytes: int | None = None

    def get(self, key: ForegroundKey, height: int, width: int) -> NDArray[np.bool_] | None:
        """The mask, bool `(height, width)`, or None when it must be computed."""
        file = self._folder / key.file_name
        mask = _read(file, height, width)
        if mask is None:
            with suppress(OSError):
                file.unlink(missing_ok=True)
            return None
        with suppress(OSError):
            file.touch()
        return mask

    def put(self, key: ForegroundKey, mask: NDArray[np.bool_]) -> None:
        """Keep a mask, bool `(H, W)`."""
        content = mask_to_png(mask, one_bit=True)
        with suppress(StoreError, OSError):
            write_atomic(self._folder / key.file_name, content)
            if self._bytes is None:
                self._bytes = sum(path.stat().st_size for path in self._files())
            else:
                self._bytes += len(content)
            if self._bytes > self._limit:
                self._shrink()

    def clear(self) -> None:
        """Forget everything."""
        for file in self._files():
            with suppress(OSError):
                file.unlink()
        self._bytes = None

    def _files(self) -> list[Path]:
        return list(self._folder.glob("*.png")) if self._folder.is_dir() else []

    def _shrink(self) -> None:
        """Remove the oldest files until a tenth of the room is free, so that not every image pays for it."""
        files = sorted((path.stat().st_mtime, path.stat().st_size, path) for path in self._files())
        total = sum(size for _, size, _ in files)
        for _, size, path in files:
            if total <= 0.9 * self._limit:
                break
            with suppress(OSError):
                path.unlink()
                total -= size
        self._bytes = total


class CorrectedMasks:
    """Foregrounds that a person corrected: they win over computed ones, whatever the settings, and are never dropped.

    Parameters
    ----------
    folder
        Beside the data, or among the user's own files; not among the caches.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, pixels: str, height: int, width: int) -> NDArray[np.bool_] | None:
        """The mask of an image by its `pixels_id`, bool `(height, width)`, or None where nobody corrected it.

        Raises
        ------
        StoreError
            When there is one that can't be read; it stays where it is.
        """
        file = self._file(pixels)
        if not file.exists():
            return None
        mask = _read(file, height, width)
        if mask is None:
            raise StoreError(f"The corrected foreground {file} is damaged: correct it again, or remove the file.")
        return mask

    def put(self, pixels: str, mask: NDArray[np.bool_]) -> None:
        """Keep a mask, bool `(H, W)`.

        Raises
        ------
        StoreError
            If it can't be written; what was there before is untouched.
        """
        write_atomic(self._file(pixels), mask_to_png(mask, one_bit=True))

    def remove(self, pixels: str) -> None:
        """Go back to the computed mask.

        Raises
        ------
        StoreError
            If the file can't be removed.
        """
        try:
            self._file(pixels).unlink(missing_ok=True)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise StoreError(f"{self._file(pixels)} can't be removed ({reason}): remove it by hand.") from error

    def __contains__(self, pixels: str) -> bool:
        return self._file(pixels).exists()

    def _file(self, pixels: str) -> Path:
        return self._folder / f"{pixels}.png"


def _read(file: Path, height: int, width: int) -> NDArray[np.bool_] | None:
    """A mask of the size it must have, or None."""
    try:
        mask = mask_from_png(file.read_bytes())
    except (OSError, MaskError):
        return None
    return mask if mask.shape == (height, width) else None
