"""How a path that a person gives becomes a dataset."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sam_inspector.core.errors import DatasetError, InputError
from sam_inspector.data.datasets.dataset import Dataset, Listing, Sample, Skipped
from sam_inspector.data.datasets.layouts import LAYOUTS, Category, categories_in, category_around
from sam_inspector.data.datasets.listing import list_folder
from sam_inspector.data.datasets.plain_folder import read_plain_folder
from sam_inspector.data.review_database import STORE_SUFFIX, dataset_of_store


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
    around = category_around(path)
    if around is None or layout is not None or categories_in(path):
        return _open_folder(path, layout), None
    dataset = _read(around[1], [around])
    inside = f"{path.relative_to(around[1]).as_posix()}/"
    return dataset, next((sample for sample in dataset.samples if sample.relative_path.startswith(inside)), None)


def _absolute(path: Path | str) -> Path:
    # Not resolved: a link keeps the name that the user knows it by.
    absolute = Path(os.path.abspath(path))  # noqa: PTH100
    if not absolute.exists():
        raise DatasetError(f"There is no file or folder {absolute}: check the path.")
    return absolute


def _open_folder(path: Path, layout: str | None) -> Dataset:
    if layout is not None and layout not in LAYOUTS:
        raise InputError(f"There is no layout '{layout}': choose one of {', '.join(LAYOUTS)}.")
    rows = tuple(LAYOUTS.values()) if layout is None else (LAYOUTS[layout],)
    found = categories_in(path, rows)
    if not found:
        # A layout that any folder has is the last resort.
        found = [(row, path) for row in rows if not row.top_folders]
    if not found:
        raise DatasetError(
            f"{path} is not in the layout {rows[0].title}, which has images in {rows[0].images_in} and masks in "
            f"{rows[0].masks_in}: leave --layout out."
        )
    return _read(path, found)


def _read(root: Path, found: Sequence[Category]) -> Dataset:
    """List categories that lie in one folder: the root, or one in it."""
    listing = Listing()
    listing.skipped += _outside(root, found)
    layouts = tuple(dict.fromkeys(row.name for row, _ in found))
    for name in layouts:
        part = LAYOUTS[name].read([path for row, path in found if row.name == name])
        listing.samples += part.samples
        listing.skipped += part.skipped
    place = {path.name: number for number, (_, path) in enumerate(found)}
    if len(layouts) > 1:
        listing.samples.sort(key=lambda sample: place[sample.category])
    filled = {sample.category for sample in listing.samples}
    listing.skipped += [Skipped(path, "a category without images") for _, path in found if path.name not in filled]
    if not filled:
        raise DatasetError(f"{root} holds no images in {found[0][0].images_in}: choose another folder.")
    categories = tuple(name for name in place if name in filled)
    return Dataset(root, ",".join(layouts), tuple(listing.samples), categories, tuple(listing.skipped))


def _outside(root: Path, found: Sequence[Category]) -> list[Skipped]:
    """What lies beside the categories."""
    if found[0][1] == root:
        return []
    categories = {path for _, path in found}
    known = {name for row, _ in found for name in row.beside}
    parent = found[0][1].parent
    outside: list[Skipped] = []
    for folder in (list_folder(place) for place in dict.fromkeys((root, parent))):
        others = [path for path in folder.folders if path not in categories | {parent} and path.name not in known]
        outside += [Skipped(path, "not a category") for path in others]
        outside += [Skipped(path, "an image outside the categories") for path in folder.images]
    return outside


def _open_file(path: Path) -> tuple[Dataset, Sample]:
    around = category_around(path)
    if around is not None:
        dataset = _read(around[1], [around])
        inside = path.relative_to(around[1]).as_posix()
        for sample in dataset.samples:
            if sample.relative_path == inside:
                return dataset, sample
    alone = Sample(path, path.name, path.parent.name)
    try:
        listing = read_plain_folder(path.parent, recursive=False)
    except DatasetError:
        # A file that does not call itself an image, or a folder that may be passed but not listed.
        listing = Listing()
    dataset = Dataset(path.parent, "folder", tuple(listing.samples), (path.parent.name,), tuple(listing.skipped))
    for sample in dataset.samples:
        if sample.relative_path == path.name:
            return dataset, sample
    return replace(dataset, samples=(alone,)), alone
