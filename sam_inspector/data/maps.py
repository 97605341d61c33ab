"""Anomaly maps as files: float TIFF, NumPy arrays, or gray PNG."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from sam_inspector.core.errors import ImageReadError
from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.data.atomic import write_atomic
from sam_inspector.data.decode import decode, read_bytes

_FLOAT16_MAX = float(np.finfo(np.float16).max)


def read_map(path: Path | str) -> AnomalyMap:
    """Read a map of scores: TIFF or `.npy` of floats or integers, or a gray picture of 8 or 16 bit; values as they are.

    Returns
    -------
    A map whose `low` and `high` are its own smallest and largest score.

    Raises
    ------
    ImageReadError
        If the file can't be read, has more than one channel, or holds values that are not finite.
    """
    path = Path(path)
    data = read_bytes(path)
    raw = _read_npy(data, path) if path.suffix.lower() == ".npy" else decode(data, path).values
    if raw.ndim != 2 or raw.size == 0 or raw.dtype.kind not in "biuf":
        raise ImageReadError(
            f"{path} is not a map of scores: it must have one number a pixel, and holds an array of shape {raw.shape} "
            f"and type {raw.dtype}."
        )
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(raw, dtype=np.float32)
    strange = int(values.size - np.count_nonzero(np.isfinite(values)))
    if strange:
        raise ImageReadError(
            f"The map {path} holds {strange} values that are infinite or not a number: give those pixels finite scores."
        )
    return AnomalyMap(values, path.stem, float(values.min()), float(values.max()))


def write_map(path: Path | str, values: NDArray[np.float32]) -> None:
    """Write a map `(H, W)` as float16 TIFF; scores beyond that type's range (±65,504) are clipped to it.

    Raises
    ------
    StoreError
        If it can't be written.
    """
    buffer = BytesIO()
    tifffile.imwrite(buffer, np.clip(values, -_FLOAT16_MAX, _FLOAT16_MAX).astype(np.float16), metadata=None)
    write_atomic(path, buffer.getvalue())


def _read_npy(data: bytes, path: Path) -> NDArray[Any]:
    try:
        array = np.load(BytesIO(data), allow_pickle=False)
    except (ValueError, OSError, EOFError, SyntaxError, MemoryError) as error:
        raise ImageReadError(f"{path} is not a NumPy array that can be read: save it again with numpy.save.") from error
    if not isinstance(array, np.ndarray):
        raise ImageReadError(f"{path} holds several arrays: save the map alone with numpy.save.")
    return array
