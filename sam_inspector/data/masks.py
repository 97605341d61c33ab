"""Ground-truth and exported masks."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import ImageReadError, MaskError
from sam_inspector.data.atomic import write_atomic
from sam_inspector.data.decode import decode, read_bytes
from sam_inspector.data.images import is_image_name

_JPEG_THRESHOLD = 127


def read_mask(path: Path | str, *, width: int, height: int) -> NDArray[np.bool_]:
    """Read the mask of an image: whatever is above 0 in any colour channel is defect, whatever its value.

    Alpha is ignored; a palette counts by its colours, not its indices; the EXIF orientation is applied as for images.
    In a JPEG, whose compression blurs the zeros around every edge, values from 128 on are defect.

    Parameters
    ----------
    path
        A file, or (MVTec LOCO) a folder of files of which each shows one defect: their union is taken.
    width, height
        Size of the upright image, in pixels.

    Returns
    -------
    bool `(height, width)`; it may be False everywhere.

    Raises
    ------
    MaskError
        If it can't be read or has another size than the image.
    """
    path = Path(path)
    union = np.zeros((height, width), bool)
    for file in mask_files(path):
        try:
            decoded = decode(read_bytes(file), file)
        except ImageReadError as error:
            raise MaskError(f"The mask can't be used: {error}") from error
        values = decoded.values
        if values.shape[:2] != (height, width):
            raise wrong_mask_size(file, values.shape[1], values.shape[0], width, height)
        defect = values > (_JPEG_THRESHOLD if decoded.format == "JPEG" else 0)
        union |= defect if defect.ndim == 2 else defect.any(axis=2)
    return union


def write_mask(path: Path | str, mask: NDArray[np.bool_]) -> None:
    """Write a mask as PNG, 8-bit gray: 255 defect, 0 not.

    Raises
    ------
    StoreError
        If it can't be written; a file that was there stays as it was.
    """
    write_atomic(path, mask_to_png(mask))


def mask_to_png(mask: NDArray[np.bool_], *, one_bit: bool = False) -> bytes:
    """A mask as the bytes of a PNG file, lossless; `one_bit` makes it smaller."""
    options = [cv2.IMWRITE_PNG_BILEVEL, 1] if one_bit else []
    return bytes(cv2.imencode(".png", mask.astype(np.uint8) * np.uint8(255), options)[1])


def mask_from_png(data: bytes) -> NDArray[np.bool_]:
    """The mask in the bytes of a PNG file, bool `(H, W)`.

    Raises
    ------
    MaskError
        If the bytes are damaged.
    """
    try:
        return decode(data, Path("the saved mask")).values > 0
    except ImageReadError as error:
        raise MaskError(f"A saved mask can't be read: {error}") from error


def mask_files(path: Path) -> list[Path]:
    """The files that a mask is made of, by name: itself, or the images of its folder.

    Raises
    ------
    MaskError
        If the folder can't be read or holds no image.
    """
    try:
        if not path.is_dir():
            return [path]
        files = sorted(file for file in path.iterdir() if is_image_name(file.name))
    except OSError as error:
        raise MaskError(f"The mask {path} can't be read: {(error.strerror or str(error)).lower()}.") from error
    if not files:
        raise MaskError(f"The mask folder {path} holds no images: put the image's masks in it, or remove it.")
    return files


def wrong_mask_size(path: Path, mask_width: int, mask_height: int, width: int, height: int) -> MaskError:
    """What to say of a mask that has another size than its image, both in pixels."""
    sizes = f"{path} is {mask_width} × {mask_height} pixels, its image {width} × {height}"
    if (mask_height, mask_width) == (height, width)[::-1] and width != height:
        return MaskError(
            f"The mask {sizes}: it seems to lie on its side, as when the image was turned by its EXIF tag and the mask "
            "was not; turn the mask and save it again."
        )
    return MaskError(f"The mask {sizes}: a mask must have the size of its image.")
