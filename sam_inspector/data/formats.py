"""Decoding with Pillow and OpenCV: pixels in the depth of their file, upright."""

from __future__ import annotations

import lzma
import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from sam_inspector.core.errors import ImageReadError

MAX_PIXELS = 400_000_000

# Of Pillow's formats those that are pictures of pixels; some others run programs or fetch files to be decoded.
PILLOW_FORMATS = ("JPEG", "PNG", "BMP", "DIB", "WEBP", "GIF", "TIFF", "PPM", "JPEG2000")

# Pillow's own limit of 89 megapixels would refuse a line-scan picture of 12,000 × 9,000.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS

ORIENTATION_TAG = 0x0112
SIDEWAYS = (5, 6, 7, 8)

# What decoders raise on damaged files goes far beyond OSError; nothing here is of our own making.
DAMAGE = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    LookupError,
    TypeError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    RuntimeError,
    ImportError,
    struct.error,
    zlib.error,
    tifffile.TiffFileError,  # a ValueError only in newer versions
    lzma.LZMAError,
    cv2.error,
)


@dataclass(frozen=True, eq=False, slots=True)
class Decoded:
    """A picture as its file holds it, in the orientation in which it is meant to be seen.

    Attributes
    ----------
    values
        `(H, W)` or RGB `(H, W, 3)`, in the file's depth: bool, any integer, or any float.
    alpha
        uint8 `(H, W)`, 255 opaque, or None.
    colour
        `gray`, `RGB`, `palette`, `CMYK`: how the file holds its colours.
    format
        `JPEG`, `PNG`, `TIFF`, …
    frames
        Number of pages or frames in the file, of which this is the first.
    turned
        Whether an EXIF tag turned or mirrored it.
    """

    values: NDArray[Any]
    alpha: NDArray[np.uint8] | None = None
    colour: str = "gray"
    format: str = ""
    frames: int = 1
    turned: bool = False


def turn(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Bring stored pixels into the orientation in which they are meant to be seen.

    Parameters
    ----------
    values
        `(H, W)` or `(H, W, C)`, as stored.
    orientation
        EXIF tag 0x0112, 1 to 8; anything else counts as 1 (upright).
    """
    transposed = values.swapaxes(0, 1) if orientation in SIDEWAYS else values
    if orientation in (2, 3, 6, 7):
        transposed = transposed[:, ::-1]
    if orientation in (3, 4, 7, 8):
        transposed = transposed[::-1]
    return np.ascontiguousarray(transposed)


def too_large(path: Path, width: int = 0, height: int = 0) -> ImageReadError:
    """The sentence for a picture beyond the limit."""
    size = f"{width:,} × {height:,} pixels" if width else f"more than {MAX_PIXELS:,} pixels"
    return ImageReadError(
        f"{path} is too large to open: {size}, the limit is {MAX_PIXELS // 1_000_000} megapixels; crop or scale it."
    )


def check_size(path: Path, width: int, height: int) -> None:
    """Refuse a picture beyond the limit before memory is asked for."""
    if width * height > MAX_PIXELS:
        raise too_large(path, width, height)


def orientation_of(image: Image.Image) -> int:
    """EXIF orientation, 1 to 8; 1 where there is none or it makes no sense."""
    try:
        value = image.getexif().get(ORIENTATION_TAG, 1)
    except DAMAGE:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def decode_with_pillow(data: bytes, path: Path, least_px: int | None = None) -> Decoded:
    """The first frame of a picture; `least_px` as in `decode`."""
    with Image.open(BytesIO(data), formats=PILLOW_FORMATS) as image:
        width, height = image.size
        check_size(path, width, height)
        before = orientation_of(image)
        if least_px is not None:
            share = least_px / max(width, height)
            image.draft(image.mode, (max(1, round(width * share)), max(1, round(height * share))))
        image.load()
        # Pillow turns a TIFF by itself while loading, and then forgets the tag.
        orientation = orientation_of(image)
        values, alpha, colour = _pillow_arrays(image)
        return Decoded(
            turn(values, orientation),
            None if alpha is None else turn(alpha, orientation),
            colour,
            "JPEG" if image.format == "MPO" else str(image.format),
            int(getattr(image, "n_frames", 1)),
            before != 1,
        )


def _pillow_arrays(image: Image.Image) -> tuple[NDArray[Any], NDArray[np.uint8] | None, str]:
    mode = image.mode
    if mode == "1":
        return np.asarray(image), None, "gray"
    if mode.startswith(("I", "F")):
        values = np.asarray(image)
        return values.astype(values.dtype.newbyteorder("=")), None, "gray"
    colour = {"P": "palette", "PA": "palette", "L": "gray", "LA": "gray", "La": "gray", "CMYK": "CMYK"}.get(mode, "RGB")
    if image.has_transparency_data:
        layered = np.asarray(image.convert("LA" if mode in ("LA", "La") else "RGBA"))
        values = layered[..., 0] if layered.shape[2] == 2 else layered[..., :3]
        return values, np.ascontiguousarray(layered[..., -1]), colour
    return np.asarray(image if mode in ("L", "RGB") else image.convert("RGB")), None, colour


def decode_deep_png(data: bytes, path: Path) -> Decoded:
    """16-bit colour, of which Pillow would keep only the upper 8 bits."""
    with Image.open(BytesIO(data), formats=("PNG",)) as image:
        check_size(path, *image.size)
        # OpenCV fills a file that was cut short with black; Pillow refuses it.
        image.load()
        orientation = orientation_of(image)
    values, alpha = decode_with_opencv(data)
    gray = data[25] == 4
    return Decoded(
        turn(values[..., 0] if gray and values.ndim == 3 else values, orientation),
        None if alpha is None else turn(alpha, orientation),
        "gray" if gray else "RGB",
        "PNG",
        turned=orientation != 1,
    )


def decode_with_opencv(data: bytes | bytearray) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    """Values `(H, W)` or RGB `(H, W, 3)`, and alpha; as stored, not turned."""
    stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if stored is None:
        raise ValueError("no decoder knows its contents")
    if stored.ndim == 2:
        return stored, None
    alpha = alpha_to_8_bit(stored[..., 3]) if stored.shape[2] == 4 else None
    return stored[..., 2::-1], alpha


def alpha_to_8_bit(alpha: NDArray[Any]) -> NDArray[np.uint8]:
    """Alpha in [0, largest integer] or, for floats, [0, 1]; to uint8."""
    if alpha.dtype == np.uint8:
        return np.ascontiguousarray(alpha)
    full = np.iinfo(alpha.dtype).max if alpha.dtype.kind in "iu" else 1.0
    share = np.nan_to_num(alpha.astype(np.float64) / full, nan=1.0)
    return np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)
