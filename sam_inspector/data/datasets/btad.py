"""BTAD, also called BTech: MVTec AD's folders with `ok` and `ko` for `good` and the defects.

`<category>/{train,test}/{ok,ko}` and `<category>/ground_truth/ko`; images are BMP or PNG, masks PNG or BMP, and one
category has the one for images, the other for masks.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sam_inspector.data.datasets.dataset import GOOD, Listing
from sam_inspector.data.datasets.listing import subfolder_names
from sam_inspector.data.datasets.split_folders import SplitFolders, read_split_folders

_NORMAL = "ok"
_DEFECT = "ko"
_NAMES = SplitFolders(normal=_NORMAL)


def is_btad(path: Path) -> bool:
    """Whether a folder is one category: `ok` or `ko` in its splits, and no `good`."""
    if (path / "train" / GOOD).is_dir():
        return False
    tested = subfolder_names(path / "test")
    return GOOD not in tested and ((path / "train" / _NORMAL).is_dir() or _NORMAL in tested or _DEFECT in tested)


def read_btad(categories: Sequence[Path]) -> Listing:
    """List categories; the images in `ok` are normal ones, the defect's name is `ko`."""
    return read_split_folders(categories, _NAMES)
