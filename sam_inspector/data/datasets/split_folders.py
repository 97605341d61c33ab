"""What MVTec AD began and others took over: `train`, `test` and `validation`, in each a folder for each defect.

The names of the folders differ, and where the masks are: `SplitFolders` says how.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sam_inspector.data.datasets.dataset import GOOD, Listing, Sample, Skipped
from sam_inspector.data.datasets.listing import Folder, list_if_readable
from sam_inspector.data.datasets.plain_folder import masks_without_images

SPLITS = ("test", "validation", "train")
GROUND_TRUTH = "ground_truth"
NO_MASK = "no mask, so never scored"


@dataclass(frozen=True, slots=True)
class SplitFolders:
    """How a layout calls its folders.

    Attributes
    ----------
    normal
        The folder of normal images in each split.
    images, masks
        Folders inside each defect's folder; empty where the images lie there themselves and the masks in
        `ground_truth/<defect>` of the category.
    others
        Folders inside each defect's folder that belong to the layout, but not to this program.
    """

    normal: str = GOOD
    images: str = ""
    masks: str = ""
    others: frozenset[str] = frozenset()


def read_split_folders(categories: Sequence[Path], names: SplitFolders) -> Listing:
    """List the images of categories, each with its mask where it shows a defect of the test split.

    A mask has the name of its image, with or without `_mask`, and any suffix; it may be a folder of files. An image
    without the mask that it should have is listed all the same, and told in `skipped`. Nothing
    is raised: a folder that can't be read counts as skipped.
    """
    listing = Listing()
    for category in categories:
        first = len(listing.samples)
        has_masks = bool(names.masks) or (category / GROUND_TRUTH).is_dir()
        for split in SPLITS:
            if (category / split).is_dir():
                _read_split(category, split, names, listing, has_masks=has_masks)
        without = [s for s in listing.samples[first:] if s.split == "test" and not s.is_normal]
        if not has_masks and without:
            listing.skipped.append(Skipped(category / GROUND_TRUTH, _without_mask("missing", len(without)), "mask"))
    return listing


def _read_split(category: Path, split: str, names: SplitFolders, listing: Listing, *, has_masks: bool) -> None:
    outer = list_if_readable(category / split, listing.skipped)
    listing.skipped += [Skipped(path, "an image outside the defect folders") for path in outer.images]
    for folder in sorted(outer.folders, key=lambda path: path.name == names.normal):
        inner = list_if_readable(folder, listing.skipped)
        place = f"{split}/{folder.name}/"
        if names.images:
            inner = _folder_of_images(inner, names, listing)
            place += f"{names.images}/"
        else:
            listing.skipped += [Skipped(path, "a folder inside a defect's folder") for path in inner.folders]
        is_normal = folder.name == names.normal
        masks = _Masks(None)
        if has_masks and split == "test" and not is_normal:
            masks = _Masks(folder / names.masks if names.masks else category / GROUND_TRUTH / folder.name)
        defect = GOOD if is_normal else folder.name
        listing.samples += [
            Sample(path, place + path.name, category.name, split, defect, masks.of(path)) for path in inner.images
        ]
        listing.skipped += masks.remarks()


def _folder_of_images(folder: Folder, names: SplitFolders, listing: Listing) -> Folder:
    listing.skipped += [Skipped(path, f"an image outside the folder {names.images}") for path in folder.images]
    expected = names.others | {names.images, names.masks}
    listing.skipped += [Skipped(path, "not part of the layout") for path in folder.folders if path.name not in expected]
    images = folder.path / names.images
    if images not in folder.folders:
        listing.skipped.append(Skipped(folder.path, f"a folder without {names.images} in it"))
        return Folder(images)
    return list_if_readable(images, listing.skipped)


class _Masks:
    """The masks of one defect, and which of them were asked for; of None there are none to ask for."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._skipped: list[Skipped] = []
        self._by_name: dict[str, Path] = {}
        self._used: set[str] = set()
        self._missing: list[Path] = []
        self._is_there = folder is not None and folder.is_dir()
        if folder is None or not self._is_there:
            return
        found = list_if_readable(folder, self._skipped, lost="mask")
        self._by_name = {path.name: path for path in found.folders}
        # Of several files with one name the PNG counts, being lossless.
        for path in sorted(found.images, key=lambda path: path.suffix.lower() == ".png"):
            self._by_name[path.stem] = path

    def of(self, image: Path) -> Path | None:
        """The mask of an image."""
        if self._folder is None:
            return None
        stem = image.stem
        for name in (f"{stem}_mask", stem):
            if name in self._by_name:
                self._used.add(name)
                return self._by_name[name]
        self._missing.append(image)
        return None

    def remarks(self) -> list[Skipped]:
        """What is wrong: images without a mask, masks without an image."""
        if self._folder is None:
            return []
        remarks = [*self._skipped]
        if self._by_name:
            remarks += [Skipped(image, NO_MASK, "mask") for image in self._missing]
        elif self._missing:
            # One remark for the folder, not one for each image.
            what = "holds no masks" if self._is_there else "missing"
            remarks.append(Skipped(self._folder, _without_mask(what, len(self._missing)), "mask"))
        lonely = [path.name for name, path in self._by_name.items() if name not in self._used]
        # Where the images could not be listed, that is told instead.
        if lonely and (self._used or self._missing):
            remarks.append(Skipped(self._folder, masks_without_images(lonely)))
        return remarks


def _without_mask(what: str, count: int) -> str:
    return f"{what}, so {'1 image has' if count == 1 else f'{count:,} images have'} no mask"
