"""Bytes of a picture file to an array in the file's own depth, turned as its EXIF tag says.

This is the one door for formats and orientation; images, masks and maps all come through it, so that a click, a mask
and an export agree on which way is up.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from sam_inspector.core.errors import ImageReadError
from sam_inspector.data.formats import (
    DAMAGE,
    PILLOW_FORMATS,
    SIDEWAYS,
    Decoded,
    decode_deep_png,
    decode_with_pillow,
    orientation_of,
    too_large,
)
from sam_inspector.data.tiff import TIFF_MAGICS, decode_tiff, tiff_size

MAX_BYTES = 4 * 2**30

FORMAT_NAMES = "JPEG, PNG, TIFF, BMP, WebP, GIF, JPEG 2000 or PPM"

_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"


def read_bytes(path: Path) -> bytes:
    """The content of a picture file.

    Raises
    ------
    ImageReadError
        If the file is missing, may not be read, is empty or far too large.
    """
    try:
        if path.is_dir():
            raise ImageReadError(f"{path} is a folder, not an image: give the path of one file.")
        size_bytes = path.stat().st_size
        if size_bytes > MAX_BYTES:
            raise ImageReadError(f"{path} is too large to open: {size_bytes / 2**30:.1f} GiB, the limit is 4 GiB.")
        data = path.read_bytes()
    except FileNotFoundError:
        raise ImageReadError(f"There is no file {path}: check the path, or open the folder again.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageReadError(f"{path} can't be read: {str(reason).lower()}.") from error
    if not data:
        raise ImageReadError(f"{path} is empty (zero bytes): copy it again from where it came from.")
    return data


def decode(data: bytes, path: Path, *, least_px: int | None = None) -> Decoded:
    """Decode the first page or frame of a picture.

    Parameters
    ----------
    path
        Only for messages; the format is known from the content.
    least_px
        If given, a JPEG may come smaller than it is, its longer side at least this many pixels: much quicker.

    Raises
    ------
    ImageReadError
        If the content is no picture, damaged, cut short, or too large.
    """
    with _one_sentence(path):
        if data.startswith(TIFF_MAGICS):
            decoded = decode_tiff(data, path)
        elif data.startswith(_PNG_MAGIC) and len(data) > 25 and data[24] == 16 and data[25] != 0:
            decoded = decode_deep_png(data, path)
        else:
            decoded = decode_with_pillow(data, path, least_px)
        if decoded.values.size == 0 or decoded.values.shape[2:] not in ((), (3,)):
            raise ValueError(f"pixels of shape {decoded.values.shape}")
        return decoded


def upright_size(data: bytes, path: Path) -> tuple[int, int]:
    """Width and height of a picture in pixels, turned as its EXIF tag says.

    Pixels are decoded only where the tag may lie behind them.

    Raises
    ------
    ImageReadError
        If the header is damaged or none of a picture.
    """
    with _one_sentence(path):
        if data.startswith(TIFF_MAGICS):
            width, height, orientation = tiff_size(data)
        else:
            with Image.open(BytesIO(data), formats=PILLOW_FORMATS) as image:
                (width, height), orientation = image.size, orientation_of(image)
        return (height, width) if orientation in SIDEWAYS else (width, height)


@contextmanager
def _one_sentence(path: Path) -> Iterator[None]:
    """Turns whatever a decoder raises into one sentence about the file."""
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise too_large(path) from None
    except MemoryError:
        raise ImageReadError(f"{path} does not fit in this machine's free memory: scale it down or crop it.") from None
    except UnidentifiedImageError:
        raise ImageReadError(f"{path} is not an image that can be read: it must be {FORMAT_NAMES}.") from None
    except DAMAGE as error:
        raise ImageReadError(
            f"{path} is damaged, cut short or of an unusual kind ({_in_short(error)}): "
            "copy it again, or save it as PNG or TIFF."
        ) from error


def _in_short(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 90 else text[:89] + "…"
