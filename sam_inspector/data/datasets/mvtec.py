"""MVTec AD (`ground_truth/<defect>/<name>_mask.png`) and MVTec LOCO (`ground_truth/<defect>/<name>/000.png`).

Both keep normal images in `train/good` and test images in `test/<defect>`, and differ in how masks are kept; either
kind of mask is read in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sam_inspector.data.datasets.dataset import GOOD, Listing
from sam_inspector.data.datasets.listing import subfolder_names
from sam_inspector.data.datasets.loco_defects import DEFECTS_CONFIG
from sam_inspector.data.datasets.split_folders import GROUND_TRUTH, SplitFolders, read_split_folders

_NAMES = SplitFolders()


def is_mvtec_ad(path: Path) -> bool:
    """Whether a folder is one category: it has `train/good`, or `test/<defect>` with masks or good images beside."""
    if (path / "train" / GOOD).is_dir():
        return True
    defects = subfolder_names(path / "test")
    return GOOD in defects or bool(defects and (path / GROUND_TRUTH).is_dir())


def is_mvtec_loco(path: Path) -> bool:
    """Whether it is a category that keeps several masks an image, each image's in a folder of its own."""
    if not is_mvtec_ad(path):
        return False
    truth = path / GROUND_TRUTH
    return (path / DEFECTS_CONFIG).is_file() or any(subfolder_names(truth / name) for name in subfolder_names(truth))


def read_mvtec(categories: Sequence[Path]) -> Listing:
    """List categories of either, or of what has the same folders."""
    return read_split_folders(categories, _NAMES)
