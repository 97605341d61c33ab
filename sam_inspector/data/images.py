"""Images as every part of the program sees them: upright RGB of 8 bit.

Rules, in the order they are applied:

* The first page of a TIFF and the first frame of an animation count.
* The EXIF orientation is applied once, here; nobody else looks at the tag.
* Values of more than 8 bit, and floats, are stretched: the 0.1st percentile of the image becomes 0, the 99.9th 255, all
  channels alike. Percentiles are taken from an even sample of at most four million finite values. Not-a-number
  becomes black, plus and minus infinity the two ends.
* Transparent pixels are laid on white, as viewers do; an alpha channel that is zero everywhere is taken for a mistake
  of the program that wrote it, and ignored.
* Gray becomes RGB with three equal channels; palettes, CMYK and others are converted.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.data.decode import decode, read_bytes, upright_size
from sam_inspector.data.formats import Decoded

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".bmp", ".dib", ".tif", ".tiff", ".webp", ".gif", ".jp2", ".ppm", ".pgm", ".pbm"}
)

STRETCH_PERCENTILES = (0.1, 99.9)
_SAMPLE_SIZE = 4_000_000
_BLOCK_SIZE = 4_000_000
_LARGEST = 1e300


@dataclass(frozen=True, eq=False)
class LoadedImage:
    """One image, ready to be shown and encoded.

    Attributes
    ----------
    pixels
        uint8 `(H, W, 3)`, RGB, C-contiguous, upright.
    path
        The file it came from.
    image_id
        Hash of the file's bytes, see `image_id_of`.
    description
        For people: size, colours, depth, and what was done to show it.
    """

    pixels: NDArray[np.uint8]
    path: Path
    image_id: str
    description: str

    @property
    def height(self) -> int:
        """Rows, in pixels."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns, in pixels."""
        return int(self.pixels.shape[1])


def is_image_name(name: str) -> bool:
    """Whether a file of this name may be an image: a known suffix, and not hidden."""
    # Asked of every file when a folder is opened: `Path(name).suffix` takes ten times as long.
    return not name.startswith(".") and name[name.rfind(".") :].lower() in IMAGE_SUFFIXES


def read_image(path: Path | str) -> LoadedImage:
    """Read one image by the rules above.

    Raises
    ------
    ImageReadError
        If the file is missing, empty, damaged, cut short, not an image, or of more than 400 megapixels.
    """
    path = Path(path)
    data = read_bytes(path)
    decoded = decode(data, path)
    return LoadedImage(_to_rgb(decoded), path, image_id_of_bytes(data), _describe(decoded))


def read_thumbnail(path: Path | str, size_px: int) -> NDArray[np.uint8]:
    """A small upright copy, by the same rules; JPEG is decoded at a fraction of its size.

    Returns
    -------
    uint8 `(h, w, 3)` RGB, its longer side at most `size_px`, never enlarged.

    Raises
    ------
    ImageReadError
        As `read_image`.
    """
    path = Path(path)
    # Twice the size leaves something to average over.
    pixels = _to_rgb(decode(read_bytes(path), path, least_px=2 * size_px))
    height, width = pixels.shape[:2]
    share = size_px / max(height, width)
    if share >= 1:
        return pixels
    size = (max(1, round(width * share)), max(1, round(height * share)))
    return np.ascontiguousarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def read_size(path: Path | str) -> tuple[str, int, int]:
    """The `image_id`, width and height in pixels (upright) of an image, without decoding it.

    Raises
    ------
    ImageReadError
        If it can't be read; damage beyond the header goes unnoticed.
    """
    path = Path(path)
    data = read_bytes(path)
    return (image_id_of_bytes(data), *upright_size(data, path))


def image_id_of_bytes(data: bytes) -> str:
    """BLAKE2b of a file's bytes, 32 hexadecimal digits.

    Bytes rather than pixels, for they can be hashed without decoding, and no new version of a decoder changes them.
    Two copies of a file are one image; a file saved anew is another.
    """
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def image_id_of(path: Path | str) -> str:
    """The `image_id` of a file, without decoding it.

    Raises
    ------
    ImageReadError
        If it can't be read.
    """
    return image_id_of_bytes(read_bytes(Path(path)))


def stretch_to_8_bit(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Bring an image of any depth to 8 bit; uint8 comes back as it is.

    Parameters
    ----------
    values
        Any shape; bool, integers or floats. A flat image keeps its share of the type's range (unsigned), or is black.
    """
    if values.dtype == np.uint8:
        return values
    if values.dtype == bool:
        return 255 * values.astype(np.uint8)
    low, high = _stretch_range(values)
    if high <= low:
        flat = 255 * low / np.iinfo(values.dtype).max if values.dtype.kind == "u" else 0.0
        return np.full(values.shape, round(flat), np.uint8)
    stretched = np.empty(values.shape, np.uint8)
    source, target = np.ravel(values), stretched.reshape(-1)
    for start in range(0, source.size, _BLOCK_SIZE):
        block = np.nan_to_num(source[start : start + _BLOCK_SIZE].astype(np.float64), nan=low, posinf=high, neginf=low)
        np.clip(block, low, high, out=block)
        target[start : start + _BLOCK_SIZE] = np.rint((block - low) * (255 / (high - low)))
    return stretched


def _stretch_range(values: NDArray[Any]) -> tuple[float, float]:
    flat = np.ravel(values)
    finite = flat[:: max(1, flat.size // _SAMPLE_SIZE)].astype(np.float64)
    finite = finite[np.isfinite(finite)]
    low, high = (float(end) for end in np.percentile(finite, STRETCH_PERCENTILES)) if finite.size else (0.0, 0.0)
    if high <= low:
        # Nearly flat: the few values that differ are all there is to see.
        finite = flat[np.isfinite(flat)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    # The difference of the two must be a number too.
    return max(low, -_LARGEST), min(high, _LARGEST)


def _to_rgb(decoded: Decoded) -> NDArray[np.uint8]:
    pixels = stretch_to_8_bit(decoded.values)
    if pixels.ndim == 2:
        pixels = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB), np.uint8)
    if decoded.alpha is not None and decoded.alpha.any() and decoded.alpha.min() < 255:
        pixels = _on_white(pixels, decoded.alpha)
    if not pixels.flags.c_contiguous or not pixels.flags.writeable:
        pixels = pixels.copy(order="C")
    return pixels


def _on_white(pixels: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    opaque = alpha.astype(np.uint16)
    result = np.empty(pixels.shape, np.uint8)
    for channel in range(3):
        result[..., channel] = (pixels[..., channel] * opaque + 255 * (255 - opaque) + 127) // 255
    return result


def _describe(decoded: Decoded) -> str:
    height, width = decoded.values.shape[:2]
    values = decoded.values.dtype
    bits = 1 if values.kind == "b" else 8 * values.itemsize
    parts = [
        f"{width} × {height} px",
        decoded.colour + (" with alpha" if decoded.alpha is not None else ""),
        f"{bits} bit" + (" float" if values.kind == "f" else ""),
    ]
    if bits > 8 or values == np.int8:
        parts.append("contrast stretched")
    if decoded.turned:
        parts.append("turned as its EXIF tag says")
    if decoded.frames > 1:
        parts.append(f"first of {decoded.frames} {'pages' if decoded.format == 'TIFF' else 'frames'}")
    return ", ".join(parts)
