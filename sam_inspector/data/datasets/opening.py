"""The layouts, and how a path that a person gives becomes a dataset."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sam_inspector.core.errors import DatasetError, InputError
from sam_inspector.data.datasets.dataset import Dataset, Sample
from sam_inspector.data.datasets.mvtec import (
    SPLITS,
    is_category,
    is_dataset,
    is_loco_dataset,
    read_mvtec_ad,
    read_mvtec_loco,
)
from sam_inspector.data.datasets.plain_folder import has_images, read_plain_folder
from sam_inspector.data.review_database import STORE_SUFFIX, dataset_of_store


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to keep a dataset in folders.

    Attributes
    ----------
    name
        As given on the command line and written to files.
    title
        As shown.
    expects
        What its folders are called, for messages.
    recognises
        Whether a folder looks like it; cheap, opens no file.
    read
        Lists a folder that was recognised.
    """

    name: str
    title: str
    expects: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path], Dataset]


LAYOUTS: dict[str, Layout] = {
    row.name: row
    for row in (
        # Asked in this order: the particular before the general.
        Layout(
            "mvtec_loco",
            "MVTec LOCO",
            "train/good, test/<defect> and ground_truth/<defect>/<name>/000.png",
            is_loco_dataset,
            read_mvtec_loco,
        ),
        Layout(
            "mvtec_ad",
            "MVTec AD",
            "train/good, test/<defect> and ground_truth/<defect>/<name>_mask.png",
            is_dataset,
            read_mvtec_ad,
        ),
        Layout("folder", "Plain folder", "images", has_images, read_plain_folder),
    )
}


def open_dataset(path: Path | str, layout: str | None = None) -> Dataset:
    """List the dataset at a path: a folder of categories, one category, a folder of images, or one image.

    Parameters
    ----------
    layout
        A name in `LAYOUTS`; None recognises it.

    Returns
    -------
    For one image a dataset of that image alone, with its ground truth where there is one.

    Raises
    ------
    InputError
        For an unknown layout.
    DatasetError
        If there is nothing at the path, no image in it, or not the layout that was asked for.
    """
    path = _absolute(path)
    if path.is_file():
        dataset, sample = _open_file(path)
        return replace(dataset, samples=(sample,), categories=(sample.category,), skipped=())
    return _open_folder(path, layout)


def open_path(path: Path | str, layout: str | None = None) -> tuple[Dataset, Sample | None]:
    """List what a person wants to see around a path, and which image to show first.

    An image, or a folder inside a category, opens its category; an image elsewhere opens the images of its folder; a
    review file opens the dataset it belongs to; everything else is as in `open_dataset`. None leaves the choice of the
    image to the caller.
    """
    path = _absolute(path)
    if path.suffix == STORE_SUFFIX and path.is_file():
        path = _absolute(dataset_of_store(path))
    if path.is_file():
        return _open_file(path)
    category = _category_around(path)
    if category is None or layout is not None or is_dataset(path):
        return _open_folder(path, layout), None
    dataset = _open_folder(category, None)
    return dataset, next((sample for sample in dataset.samples if path in sample.path.parents), None)


def _absolute(path: Path | str) -> Path:
    # Not resolved: a link keeps the name that the user knows it by.
    absolute = Path(os.path.abspath(path))  # noqa: PTH100
    if not absolute.exists():
        raise DatasetError(f"There is no file or folder {absolute}: check the path.")
    return absolute


def _open_folder(path: Path, layout: str | None) -> Dataset:
    if layout is None:
        return next(row for row in LAYOUTS.values() if row.recognises(path)).read(path)
    row = LAYOUTS.get(layout)
    if row is None:
        raise InputError(f"There is no layout '{layout}': choose one of {', '.join(LAYOUTS)}.")
    if not row.recognises(path):
        raise DatasetError(f"{path} is not in the layout {row.title}, which has {row.expects}: leave --layout out.")
    return row.read(path)


def _open_file(path: Path) -> tuple[Dataset, Sample]:
    category = _category_around(path)
    if category is not None:
        dataset = _open_folder(category, None)
        for sample in dataset.samples:
            if sample.path == path:
                return dataset, sample
    alone = Sample(path, path.name, path.parent.name)
    try:
        dataset = read_plain_folder(path.parent, recursive=False)
    except DatasetError:
        # A file that does not call itself an image, or a folder that may be passed but not listed.
        dataset = Dataset(path.parent, "folder", (), (path.parent.name,))
    for sample in dataset.samples:
        if sample.path == path:
            return dataset, sample
    return replace(dataset, samples=(alone,)), alone


def _category_around(path: Path) -> Path | None:
    """The category whose split folders a path lies in."""
    for inner, outer in zip((path, *path.parents), path.parents, strict=False):
        if inner.name in SPLITS and is_category(outer):
            return outer
    return None
