"""Masks as files for other programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from sam_inspector.data.datasets import Sample
from sam_inspector.data.masks import write_mask


def exported_mask_path(sample: Sample) -> PurePosixPath:
    """Where a sample's mask goes in a tree of exported masks: `<category>/<defect>/<name>.png`.

    Images outside the test split keep the split, for their names repeat those of the test images; a plain folder keeps
    its own folders, and so does a layout that has no folder `test`.
    """
    place = PurePosixPath(sample.relative_path).with_suffix(".png")
    if sample.split == "test" and sample.defect and place.parts[0] == "test":
        place = place.relative_to("test")
    return PurePosixPath(sample.category) / place


def export_mask(path: Path | str, mask: NDArray[np.bool_]) -> Path:
    """Write one mask as PNG, 255 defect and 0 not; a name without the suffix gets it.

    Raises
    ------
    StoreError
        If it can't be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".png":
        path = path.with_name(path.name + ".png")
    write_mask(path, mask)
    return path


def export_masks(folder: Path | str, masks: Iterable[tuple[Sample, NDArray[np.bool_]]]) -> Iterator[Path]:
    """Write many masks as a tree under a folder, one at each step, so that a caller can show progress and stop.

    Two images of one name and different suffix (`a.jpg`, `a.png`) both keep theirs: the second becomes `a.png.png`.

    Raises
    ------
    StoreError
        At the first mask that can't be written; those before it are complete.
    """
    written: set[PurePosixPath] = set()
    for sample, mask in masks:
        place = exported_mask_path(sample)
        if place in written:
            place = place.with_name(sample.path.name + ".png")
        written.add(place)
        yield export_mask(Path(folder) / place, mask)
