"""A folder of images, with or without folders in it.

A mask belongs to an image if it has the image's name, with or without `_mask`, in a folder `ground_truth` or `masks`
beside it or further up, or if it lies beside it with `_mask`. A folder `images` does not count: `images/a.jpg` and
`masks/a.png` belong together.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from sam_inspector.core.errors import DatasetError
from sam_inspector.data.datasets.dataset import Listing, Sample, Skipped
from sam_inspector.data.datasets.listing import Folder, list_folder, list_if_readable, natural_key, walk

MASK_FOLDERS = frozenset({"ground_truth", "masks"})
IMAGE_FOLDERS = frozenset({"images"})
MAX_IMAGES = 200_000

_MASK_ENDING = "_mask"
# Where an image and its mask meet: the folders between the root and the file that count.
_Meeting = tuple[str, ...]


def read_plain_folder(path: Path, *, recursive: bool = True) -> Listing:
    """Read a folder and, unless `recursive` is off, the folders in it.

    Raises
    ------
    DatasetError
        If there is no image in it, or more than two hundred thousand.
    """
    listing = Listing()
    folders: dict[Path, Folder] = {}
    masks: dict[_Meeting, dict[str, Path]] = defaultdict(dict)
    mask_folders: list[Folder] = []
    count = 0
    for folder in walk(path) if recursive else _folder_and_its_masks(path, listing.skipped):
        if MASK_FOLDERS.isdisjoint(folder.path.relative_to(path).parts):
            folders[folder.path] = folder
            count += len(folder.images)
        else:
            mask_folders.append(folder)
            masks[_meeting(path, folder.path)].update((_mask_stem(file), file) for file in folder.images)
        if count > MAX_IMAGES:
            raise DatasetError(f"{path} holds more than {MAX_IMAGES:,} images: open one of the folders in it.")
        # Complete only now: the folders in it were looked into on the way.
        listing.skipped += folder.skipped
    beside = _masks_beside_images(path, folders, masks)
    used: set[Path] = set()
    for folder, images in _in_order(path, folders):
        place = folder.path.relative_to(path).as_posix()
        prefix = "" if place == "." else f"{place}/"
        known = masks.get(_meeting(path, folder.path), {})
        for file in images:
            if beside and file in beside:
                continue
            mask = known.get(_stem(file)) if known else None
            if mask is not None:
                used.add(mask)
            listing.samples.append(Sample(file, prefix + file.name, path.name, mask_path=mask))
    if not listing.samples:
        raise DatasetError(f"{path} holds no images: choose a folder with JPEG, PNG, TIFF, BMP or WebP files.")
    for folder in mask_folders:
        lonely = [file.name for file in folder.images if file not in used]
        if lonely and recursive:
            listing.skipped.append(Skipped(folder.path, masks_without_images(lonely)))
    return listing


def masks_without_images(names: list[str]) -> str:
    """Why masks of a folder are not used: a reason for `Skipped`."""
    if len(names) == 1:
        return f"its mask {names[0]} belongs to no image"
    return f"{len(names):,} of its masks belong to no image, the first is {names[0]}"


def _in_order(root: Path, folders: dict[Path, Folder]) -> Iterator[tuple[Folder, list[Path]]]:
    """The images of a folder up to the next folder among them, by name, then those of that folder, and so on.

    Both are sorted already, so that only the place of each folder among the images is to be looked for.
    """
    waiting: list[tuple[Folder, list[Path]] | Folder] = [folders[root]]
    while waiting:
        step = waiting.pop()
        if not isinstance(step, Folder):
            yield step
            continue
        runs: list[tuple[Folder, list[Path]] | Folder] = []
        begin = 0
        for child in (folders[inner] for inner in step.folders if inner in folders):
            end = bisect_left(step.images, natural_key(child.path.name), key=lambda file: natural_key(file.name))
            runs += [(step, step.images[begin:end]), child]
            begin = end
        waiting += [(step, step.images[begin:]), *reversed(runs)]


def _masks_beside_images(
    root: Path, folders: dict[Path, Folder], masks: dict[_Meeting, dict[str, Path]]
) -> frozenset[Path]:
    """Those among the images that are masks of others; they are added to `masks` where no mask folder has one."""
    found: set[Path] = set()
    named = [(folder, file) for folder in folders.values() for file in folder.images if _is_named_mask(file)]
    if not named:
        return frozenset()
    known = {(_meeting(root, folder.path), _stem(file)) for folder in folders.values() for file in folder.images}
    for folder, file in named:
        place = _meeting(root, folder.path)
        if (place, _mask_stem(file)) in known:
            found.add(file)
            masks[place].setdefault(_mask_stem(file), file)
    return frozenset(found)


def _meeting(root: Path, folder: Path) -> _Meeting:
    return tuple(part for part in folder.relative_to(root).parts if part not in MASK_FOLDERS | IMAGE_FOLDERS)


def _stem(file: Path) -> str:
    return os.path.splitext(file.name)[0]  # noqa: PTH122


def _mask_stem(file: Path) -> str:
    return _stem(file).removesuffix(_MASK_ENDING)


def _is_named_mask(file: Path) -> bool:
    return _MASK_ENDING in file.name and _stem(file).endswith(_MASK_ENDING)


def _folder_and_its_masks(path: Path, skipped: list[Skipped]) -> Iterator[Folder]:
    folder = list_folder(path)
    yield folder
    for child in folder.folders:
        if child.name in MASK_FOLDERS:
            inner = list_if_readable(child, skipped, lost="mask")
            # Told already; the caller would tell it again.
            inner.skipped = []
            yield inner
