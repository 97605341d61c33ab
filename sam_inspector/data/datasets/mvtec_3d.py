"""The colour images of MVTec 3D-AD: `<split>/<defect>/rgb/000.png`, their masks in `gt` beside `rgb`.

The heights in `xyz` are left alone: they are TIFF files too, but no pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sam_inspector.data.datasets.dataset import Listing
from sam_inspector.data.datasets.listing import subfolder_names
from sam_inspector.data.datasets.split_folders import SPLITS, SplitFolders, read_split_folders

_IMAGES = "rgb"
_NAMES = SplitFolders(images=_IMAGES, masks="gt", others=frozenset({"xyz"}))


def is_mvtec_3d(path: Path) -> bool:
    """Whether a folder is one category: some folder of a split has `rgb` in it."""
    return any(
        (path / split / defect / _IMAGES).is_dir() for split in SPLITS for defect in subfolder_names(path / split)
    )


def read_mvtec_3d(categories: Sequence[Path]) -> Listing:
    """List categories."""
    return read_split_folders(categories, _NAMES)
