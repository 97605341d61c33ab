"""MVTec AD (`ground_truth/<defect>/<name>_mask.png`) and MVTec LOCO (`ground_truth/<defect>/<name>/000.png`).

Both keep normal images in `train/good` and test images in `test/<defect>`, and differ in how masks are kept; either
kind of mask is read in both, so that a folder may hold categories of both.
"""

from __future__ import annotations

from pathlib import Path

from sam_inspector.core.errors import DatasetError
from sam_inspector.data.datasets.dataset import GOOD, Dataset, Sample, Skipped
from sam_inspector.data.datasets.listing import Folder, list_folder, natural_key, subfolder_names

SPLITS = ("test", "validation", "train")
GROUND_TRUTH = "ground_truth"


def is_category(path: Path) -> bool:
    """Whether a folder is one category: it has `train/good`, or `test/<defect>` with masks or good images beside."""
    if (path / "train" / GOOD).is_dir():
        return True
    defects = subfolder_names(path / "test")
    return GOOD in defects or bool(defects and (path / GROUND_TRUTH).is_dir())


def is_dataset(path: Path) -> bool:
    """Whether a folder is a category or holds one."""
    return bool(_categories(path))


def is_loco_dataset(path: Path) -> bool:
    """Whether all categories keep several masks an image, each image's in a folder of its own."""
    categories = _categories(path)
    return bool(categories) and all(
        any(subfolder_names(category / GROUND_TRUTH / defect) for defect in subfolder_names(category / GROUND_TRUTH))
        for category in categories
    )


def read_mvtec_ad(path: Path) -> Dataset:
    """Read one category, or a folder of categories."""
    return _read(path, "mvtec_ad")


def read_mvtec_loco(path: Path) -> Dataset:
    """Read one category, or a folder of categories, whose masks are folders."""
    return _read(path, "mvtec_loco")


def _categories(path: Path) -> list[Path]:
    if is_category(path):
        return [path]
    return [path / name for name in sorted(subfolder_names(path), key=natural_key) if is_category(path / name)]


def _read(root: Path, layout: str) -> Dataset:
    samples: list[Sample] = []
    skipped: list[Skipped] = []
    categories = _categories(root)
    if categories != [root]:
        outside = list_folder(root)
        skipped += [Skipped(path, "not a category") for path in outside.folders if path not in categories]
        skipped += [Skipped(path, "an image outside the categories") for path in outside.images]
    for category in categories:
        for split in SPLITS:
            if (category / split).is_dir():
                _read_split(category, split, samples, skipped)
    if not samples:
        raise DatasetError(f"{root} holds no images in train/good or test/<defect>: choose another folder.")
    return Dataset(root, layout, tuple(samples), tuple(path.name for path in categories), tuple(skipped))


def _read_split(category: Path, split: str, samples: list[Sample], skipped: list[Skipped]) -> None:
    outer = list_folder(category / split)
    skipped += [*outer.skipped, *(Skipped(path, "an image outside the defect folders") for path in outer.images)]
    for folder in sorted(outer.folders, key=lambda path: path.name == GOOD):
        inner = list_folder(folder)
        skipped += inner.skipped
        truth = category / GROUND_TRUTH / folder.name
        masks = list_folder(truth) if split == "test" and truth.is_dir() else Folder(truth)
        by_name = {path.name: path for path in masks.folders}
        # Of several files with one name the PNG counts, being lossless.
        for path in sorted(masks.images, key=lambda path: path.suffix.lower() == ".png"):
            by_name[path.stem] = path
        samples += [
            Sample(
                path,
                f"{split}/{folder.name}/{path.name}",
                category.name,
                split,
                folder.name,
                by_name.get(f"{path.stem}_mask") or by_name.get(path.stem),
            )
            for path in inner.images
        ]
