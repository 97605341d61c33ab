"""Decoding TIFF: 8 bit by Pillow, deeper pages by tifffile, or by OpenCV where tifffile can't unpack them."""

from __future__ import annotations

import logging
import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import UnidentifiedImageError

from sam_inspector.data.formats import (
    ORIENTATION_TAG,
    Decoded,
    alpha_to_8_bit,
    check_size,
    decode_with_opencv,
    decode_with_pillow,
    turn,
)

# Its complaints about a damaged file would reach the terminal beside our sentence.
logging.getLogger("tifffile").setLevel(logging.CRITICAL)

TIFF_MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

_ALPHA_SAMPLES = (1, 2)
_WHITE_IS_ZERO = 0


def decode_tiff(data: bytes, path: Path) -> Decoded:
    """The first page of a TIFF of any depth."""
    try:
        with tifffile.TiffFile(BytesIO(data)) as file:
            page: Any = file.pages[0]
            check_size(path, page.imagewidth, page.imagelength)
            frames = len(file.pages)
            if page.dtype not in (np.dtype(np.uint8), np.dtype(bool)):
                return _decode_tiff_page(data, page, frames)
            try:
                return decode_with_pillow(data, path)
            except UnidentifiedImageError:
                return _decode_tiff_page(data, page, frames)
    except UnidentifiedImageError:
        raise ValueError("unknown TIFF contents") from None


def _decode_tiff_page(data: bytes, page: Any, frames: int) -> Decoded:
    """Pages of more than 8 bits, or with an unusual number of bands."""
    tag = page.tags.get(ORIENTATION_TAG)
    orientation = _orientation(page)
    alpha: NDArray[np.uint8] | None = None
    try:
        values, alpha = _tiff_arrays(page)
    except (KeyError, ValueError) as error:
        if "imagecodecs" not in str(error):
            raise
        # OpenCV turns TIFFs by itself, or not, depending on its version: the tag is blanked first.
        upright = bytearray(data)
        if tag is not None:
            struct.pack_into(page.parent.byteorder + "H", upright, tag.valueoffset, 1)
        values, alpha = decode_with_opencv(upright)
    if values.dtype.kind not in "biuf":
        raise ValueError(f"pixels of type {values.dtype}")
    return Decoded(
        turn(values, orientation),
        None if alpha is None else turn(alpha, orientation),
        "gray" if values.ndim == 2 else "RGB",
        "TIFF",
        frames,
        2 <= orientation <= 8,
    )


def tiff_size(data: bytes) -> tuple[int, int, int]:
    """Width and height as stored, and the orientation tag; only the header is read."""
    with tifffile.TiffFile(BytesIO(data)) as file:
        page: Any = file.pages[0]
        return int(page.imagewidth), int(page.imagelength), _orientation(page)


def _orientation(page: Any) -> int:
    tag = page.tags.get(ORIENTATION_TAG)
    return int(tag.value) if tag is not None else 1


def _tiff_arrays(page: Any) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    values: NDArray[Any] = page.asarray()
    if page.photometric == _WHITE_IS_ZERO and values.dtype.kind == "u":
        values = np.iinfo(values.dtype).max - values
    axes: str = page.axes
    for axis in (name for name in page.axes if name not in "YXS"):
        values = values.take(0, axes.index(axis))
        axes = axes.replace(axis, "")
    if "S" not in axes:
        return values, None
    values = np.moveaxis(values, axes.index("S"), -1)
    bands = values.shape[-1]
    colours = 3 if bands >= 3 else 1
    has_alpha = bands > colours and bool(page.extrasamples) and page.extrasamples[0] in _ALPHA_SAMPLES
    alpha = alpha_to_8_bit(values[..., colours]) if has_alpha else None
    return (values[..., :3] if colours == 3 else values[..., 0]), alpha
