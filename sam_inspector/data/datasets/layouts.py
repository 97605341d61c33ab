"""The layouts, and which of them a folder has."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sam_inspector.data.datasets.btad import is_btad, read_btad
from sam_inspector.data.datasets.dataset import Listing
from sam_inspector.data.datasets.listing import natural_key, subfolder_names
from sam_inspector.data.datasets.mvtec import is_mvtec_ad, is_mvtec_loco, read_mvtec
from sam_inspector.data.datasets.mvtec_3d import is_mvtec_3d, read_mvtec_3d
from sam_inspector.data.datasets.plain_folder import read_plain_folder
from sam_inspector.data.datasets.split_folders import SPLITS
from sam_inspector.data.datasets.visa import IMAGES, ONE_CLASS, SPLIT_TABLE, is_visa, is_visa_converted, read_visa


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to keep a dataset in folders.

    Attributes
    ----------
    name
        As given on the command line and written to files.
    title
        As shown.
    images_in, masks_in
        What its folders are called, for messages.
    top_folders
        Folders in a category of which at least one must be there, its images being in them; none for a layout that any
        folder has.
    is_category
        Whether a folder looks like a category of it; cheap, opens no file.
    read
        Lists categories that were recognised and lie in one folder; in a category the samples are in order.
    beside
        Folders beside the categories that belong to it.
    """

    name: str
    title: str
    images_in: str
    masks_in: str
    top_folders: tuple[str, ...]
    is_category: Callable[[Path], bool]
    read: Callable[[Sequence[Path]], Listing]
    beside: tuple[str, ...] = ()


def _read_plain(folders: Sequence[Path]) -> Listing:
    return read_plain_folder(folders[0])


LAYOUTS: dict[str, Layout] = {
    row.name: row
    for row in (
        # Asked in this order: the particular before the general.
        Layout(
            "visa",
            "VisA",
            "Data/Images/Normal or Data/Images/Anomaly",
            "Data/Masks/Anomaly",
            (IMAGES[0],),
            is_visa,
            read_visa,
            SPLIT_TABLE[:1],
        ),
        Layout(
            "mvtec_3d",
            "MVTec 3D-AD",
            "train/good/rgb or test/<defect>/rgb",
            "test/<defect>/gt",
            SPLITS,
            is_mvtec_3d,
            read_mvtec_3d,
        ),
        Layout("btad", "BTAD", "train/ok, test/ok or test/ko", "ground_truth/ko", SPLITS, is_btad, read_btad),
        Layout(
            "mvtec_loco",
            "MVTec LOCO",
            "train/good or test/<defect>",
            "ground_truth/<defect>/<name>/000.png",
            SPLITS,
            is_mvtec_loco,
            read_mvtec,
        ),
        Layout(
            "visa_converted",
            "VisA, converted",
            "train/good, test/good or test/bad",
            "ground_truth/bad/<name>.png",
            SPLITS,
            is_visa_converted,
            read_mvtec,
        ),
        Layout(
            "mvtec_ad",
            "MVTec AD",
            "train/good or test/<defect>",
            "ground_truth/<defect>/<name>_mask.png",
            SPLITS,
            is_mvtec_ad,
            read_mvtec,
        ),
        Layout("folder", "Plain folder", "it", "a folder masks or ground_truth", (), Path.is_dir, _read_plain),
    )
}

_TOP_FOLDERS = tuple({name for row in LAYOUTS.values() for name in row.top_folders})

Category = tuple[Layout, Path]


def layout_of_category(path: Path, rows: Iterable[Layout] = tuple(LAYOUTS.values())) -> Layout | None:
    """The first of some layouts that a folder is a category of; the one of any folder is not asked."""
    # Asked of each folder in a dataset's folder, and there may be thousands that are nothing.
    if not any(os.path.isdir(os.path.join(path, name)) for name in _TOP_FOLDERS):  # noqa: PTH112, PTH118
        return None
    return next((row for row in rows if row.top_folders and row.is_category(path)), None)


def categories_in(path: Path, rows: Sequence[Layout] = tuple(LAYOUTS.values())) -> list[Category]:
    """The folder itself if it is a category, else the categories in it, each with its layout; there may be none."""
    layout = layout_of_category(path, rows)
    if layout is not None:
        return [(layout, path)]
    names = sorted(subfolder_names(path), key=natural_key)
    found = [(row, path / name) for name in names if (row := layout_of_category(path / name, rows)) is not None]
    if not found and ONE_CLASS in names:
        return categories_in(path / ONE_CLASS, rows)
    return found


def category_around(path: Path) -> Category | None:
    """The category in whose folders of images a path lies."""
    for inner, outer in zip((path, *path.parents), path.parents, strict=False):
        if inner.name in _TOP_FOLDERS:
            layout = layout_of_category(outer)
            if layout is not None and inner.name in layout.top_folders:
                return layout, outer
    return None
