"""What MVTec LOCO knows of its defects: each in a picture of its own, its gray value naming its type.

`ground_truth/<logical_anomalies or structural_anomalies>/<name>/{000,001,…}.png` and, in the category's folder,
`defects_config.json`: a list of objects with `defect_name`, `pixel_value`, `saturation_threshold` and
`relative_saturation`, of which the metric sPRO makes use.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import DatasetError, ImageReadError, MaskError
from sam_inspector.data.datasets.dataset import Sample
from sam_inspector.data.decode import decode, read_bytes
from sam_inspector.data.masks import mask_files, wrong_mask_size

DEFECTS_CONFIG = "defects_config.json"

DefectKind = Literal["logical", "structural"]
_KINDS: dict[str, DefectKind] = {"logical_anomalies": "logical", "structural_anomalies": "structural"}
_REMEDY = "put the file there that came with the dataset"


@dataclass(frozen=True, slots=True)
class DefectType:
    """One type of defect of a category.

    Attributes
    ----------
    name
        As `missing_top_label`.
    pixel_value
        Its gray value in the masks, in [1, 255].
    saturation_threshold
        How much of it must be found to count as found: pixels, or a share in (0, 1] of its area.
    relative_saturation
        Whether the threshold is a share.
    """

    name: str
    pixel_value: int
    saturation_threshold: float
    relative_saturation: bool


class DefectChannel(NamedTuple):
    """One defect of an image.

    Attributes
    ----------
    mask
        bool `(H, W)`, True somewhere.
    pixel_value
        Its type, in [1, 255].
    """

    mask: NDArray[np.bool_]
    pixel_value: int


def defect_kind(sample: Sample) -> DefectKind | None:
    """Whether the defect of an image of LOCO is a logical or a structural one; None for good and other images."""
    return _KINDS.get(sample.defect)


def read_defects_config(category_folder: Path | str) -> dict[int, DefectType]:
    """The types of defects of a category, by their pixel value, in the file's order.

    Raises
    ------
    DatasetError
        If the file is missing, damaged, or says something else than it should.
    """
    path = Path(category_folder) / DEFECTS_CONFIG
    try:
        rows = json.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise DatasetError(f"There is no {path}, which says how defects of MVTec LOCO count: {_REMEDY}.") from None
    except OSError as error:
        raise DatasetError(f"{path} can't be read: {(error.strerror or str(error)).lower()}.") from error
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{path} is damaged, for it is no JSON: {_REMEDY}.") from error
    if not isinstance(rows, list) or not rows:
        raise DatasetError(f"{path} holds no list of defects: {_REMEDY}.")
    types: dict[int, DefectType] = {}
    for number, row in enumerate(rows, start=1):
        defect = _defect_type(row)
        if isinstance(defect, str):
            raise DatasetError(f"Defect {number} in {path} has no usable {defect}: {_REMEDY}.")
        if defect.pixel_value in types:
            raise DatasetError(f"{path} has two defects of the pixel value {defect.pixel_value}: {_REMEDY}.")
        types[defect.pixel_value] = defect
    return types


def read_defect_channels(
    sample: Sample,
    *,
    types: Mapping[int, DefectType] | None = None,
    size: tuple[int, int] | None = None,
) -> list[DefectChannel]:
    """The defects of an image one by one, in the order of their files' names.

    Parameters
    ----------
    sample
        An image with a mask: a folder as in LOCO, or one file.
    types
        Of its category; if given, each pixel value must be among them.
    size
        `(width, height)` of the upright image in pixels; if given, the masks must have it. They must have one size in
        any case.

    Returns
    -------
    Their union is what `read_mask` reads. Two may share a pixel value, and pixels.

    Raises
    ------
    MaskError
        If there is no mask, one can't be read, marks nothing, has several gray values or one that no type has, or the
        sizes differ.
    """
    if sample.mask_path is None:
        raise MaskError(f"{sample.path} has no mask: there are no defects to read.")
    channels: list[DefectChannel] = []
    for file in mask_files(sample.mask_path):
        values = _gray_values(file)
        height, width = values.shape
        if size is not None and (width, height) != size:
            raise wrong_mask_size(file, width, height, *size)
        if channels and values.shape != channels[0].mask.shape:
            first_height, first_width = channels[0].mask.shape
            raise MaskError(
                f"The mask {file} is {width} × {height} pixels, others of its image {first_width} × {first_height}: "
                "all must have the size of their image."
            )
        mask = values > 0
        found = np.unique(values[mask])
        if len(found) != 1:
            what = "marks nothing" if not len(found) else f"has {len(found)} gray values"
            raise MaskError(f"The mask {file} {what}: each file must show one defect in one gray value.")
        value = int(found[0])
        if types is not None and value not in types:
            raise MaskError(
                f"The mask {file} has the pixel value {value}, which {DEFECTS_CONFIG} of {sample.category} does not "
                f"name: {_REMEDY}."
            )
        channels.append(DefectChannel(mask, value))
    return channels


def _gray_values(file: Path) -> NDArray[np.uint8]:
    try:
        values = decode(read_bytes(file), file).values
    except ImageReadError as error:
        raise MaskError(f"The mask can't be used: {error}") from error
    if values.ndim == 3 and (values == values[..., :1]).all():
        values = values[..., 0]
    if values.ndim != 2 or values.dtype != np.uint8:
        raise MaskError(f"The mask {file} is not an 8-bit gray image, so its values name no defect: {_REMEDY}.")
    return values


def _defect_type(row: object) -> DefectType | str:
    """A row of the file, or the name of what is wrong in it."""
    if not isinstance(row, dict):
        return "defect_name"
    name, value = row.get("defect_name"), row.get("pixel_value")
    threshold, relative = row.get("saturation_threshold"), row.get("relative_saturation")
    if not isinstance(name, str) or not name.strip():
        return "defect_name"
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 255:
        return "pixel_value"
    if not isinstance(relative, bool):
        return "relative_saturation"
    if not isinstance(threshold, int | float) or isinstance(threshold, bool) or not math.isfinite(threshold):
        return "saturation_threshold"
    if threshold <= 0 or (relative and threshold > 1):
        return "saturation_threshold"
    return DefectType(name, value, float(threshold), relative)
