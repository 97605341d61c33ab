"""A folder of images, with or without folders in it.

A mask belongs to an image if it has the image's name, with or without `_mask`, in a folder `ground_truth` or `masks`
beside it or further up, or if it lies beside it with `_mask`. A folder `images` does not count: `images/a.jpg` and
`masks/a.png` belong together.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sam_inspector.core.errors import DatasetError
from sam_inspector.data.datasets.dataset import Dataset, Sample, Skipped
from sam_inspector.data.datasets.listing import Folder, list_folder, natural_key, walk

MASK_FOLDERS = frozenset({"ground_truth", "masks"})
IMAGE_FOLDERS = frozenset({"images"})
MAX_IMAGES = 200_000

_MASK_ENDING = "_mask"
# Where an image and its mask meet: the folders between the root and the file, and the name both have.
_Key = tuple[tuple[str, ...], str]


def has_images(path: Path) -> bool:
    """Whether there is a folder at all: any folder may hold images."""
    return path.is_dir()


def read_plain_folder(path: Path, *, recursive: bool = True) -> Dataset:
    """Read a folder and, unless `recursive` is off, the folders in it.

    Raises
    ------
    DatasetError
        If there is no image in it, or more than two hundred thousand.
    """
    images: list[Path] = []
    skipped: list[Skipped] = []
    masks: dict[_Key, Path] = {}
    for folder in walk(path) if recursive else _folder_and_its_masks(path):
        skipped += folder.skipped
        if MASK_FOLDERS.isdisjoint(folder.path.relative_to(path).parts):
            images += folder.images
        else:
            masks.update((_key(path, file, is_mask=True), file) for file in folder.images)
        if len(images) > MAX_IMAGES:
            raise DatasetError(f"{path} holds more than {MAX_IMAGES:,} images: open one of the folders in it.")
    known = {_key(path, file) for file in images}
    beside = {file for file in images if file.stem.endswith(_MASK_ENDING) and _key(path, file, is_mask=True) in known}
    for file in beside:
        masks.setdefault(_key(path, file, is_mask=True), file)
    samples = [
        Sample(file, file.relative_to(path).as_posix(), path.name, mask_path=masks.get(_key(path, file)))
        for file in images
        if file not in beside
    ]
    if not samples:
        raise DatasetError(f"{path} holds no images: choose a folder with JPEG, PNG, TIFF, BMP or WebP files.")
    samples.sort(key=lambda sample: [natural_key(part) for part in Path(sample.relative_path).parts])
    return Dataset(path, "folder", tuple(samples), (path.name,), tuple(skipped))


def _key(root: Path, file: Path, *, is_mask: bool = False) -> _Key:
    parents = file.parent.relative_to(root).parts
    name = file.stem.removesuffix(_MASK_ENDING) if is_mask else file.stem
    return tuple(part for part in parents if part not in MASK_FOLDERS | IMAGE_FOLDERS), name


def _folder_and_its_masks(path: Path) -> Iterator[Folder]:
    folder = list_folder(path)
    yield folder
    yield from (list_folder(child) for child in folder.folders if child.name in MASK_FOLDERS)
