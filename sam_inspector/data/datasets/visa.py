"""VisA as it is published: `<object>/Data/Images/{Normal,Anomaly}`, `Data/Masks/Anomaly`, `split_csv/1cls.csv`.

The table beside the objects says which images are for training and which for testing; its paths count from the folder
that holds the objects. Masks have the values 0, 1, 2 …, a value being a kind of defect: whatever is above 0 is defect.

The conversion that comes with it makes MVTec AD's folders, `1cls/<object>/{train,test,ground_truth}/{good,bad}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from sam_inspector.data.datasets.dataset import GOOD, Listing, Sample, Skipped
from sam_inspector.data.datasets.listing import Folder, list_if_readable, subfolder_names
from sam_inspector.data.datasets.mvtec import is_mvtec_ad
from sam_inspector.data.datasets.plain_folder import masks_without_images
from sam_inspector.data.datasets.split_folders import NO_MASK, SPLITS
from sam_inspector.data.datasets.visa_split import SplitRow, read_split

IMAGES = ("Data", "Images")
SPLIT_TABLE = ("split_csv", "1cls.csv")

ONE_CLASS = "1cls"
"""The folder that VisA's conversion puts its objects into."""

_MASKS = ("Data", "Masks")
_NORMAL = "Normal"
_ANOMALY = "Anomaly"
_DEFECT = "anomaly"
_CONVERTED_DEFECT = "bad"
_OBJECTS = frozenset(
    {
        "candle",
        "capsules",
        "cashew",
        "chewinggum",
        "fryum",
        "macaroni1",
        "macaroni2",
        "pcb1",
        "pcb2",
        "pcb3",
        "pcb4",
        "pipe_fryum",
    }
)


def is_visa(path: Path) -> bool:
    """Whether a folder is one object as VisA keeps it."""
    return any(path.joinpath(*IMAGES, name).is_dir() for name in (_NORMAL, _ANOMALY))


def is_visa_converted(path: Path) -> bool:
    """Whether it is an object of VisA as its conversion leaves it: `good` and `bad`, and a place or name of VisA's.

    People keep their own images in `good` and `bad` too: those are in MVTec AD's layout.
    """
    if path.name not in _OBJECTS and path.parent.name != ONE_CLASS:
        return False
    return is_mvtec_ad(path) and set(subfolder_names(path / "test")) <= {GOOD, _CONVERTED_DEFECT}


def read_visa(objects: Sequence[Path]) -> Listing:
    """List objects that lie in one folder.

    Without the table, or for an object that it does not name, abnormal images are for testing, as they are in it, and
    normal ones in no split, for it was drawn by chance. Images that the table names and that are not there, and
    images that it does not name, are told in `skipped`.

    Raises
    ------
    DatasetError
        If the table is there and can't be understood.
    """
    listing = Listing()
    root = objects[0].parent
    table = root.joinpath(*SPLIT_TABLE)
    rows = read_split(table, listing.skipped) if table.is_file() else None
    for path in objects:
        files = _Files(path, listing)
        named = rows.get(path.name) if rows is not None else None
        if named is None:
            what = "names no image of this object" if rows is not None else "is missing"
            place = "/".join(SPLIT_TABLE)
            listing.skipped.append(Skipped(path, f"{place} {what}, so its normal images are in no split", "split"))
            files.take_all()
        else:
            files.take(named)
    return listing


class _Files:
    """What one object has on disk, taken sample by sample."""

    def __init__(self, path: Path, listing: Listing) -> None:
        self._path = path
        self._listing = listing
        images = [self._listed(*IMAGES, name) for name in (_NORMAL, _ANOMALY)]
        masks = self._listed(*_MASKS, _ANOMALY)
        self._images = {place: file for folder in images for place, file in self._places(folder)}
        self._masks = dict(self._places(masks))
        self._masks_by_name = {file.stem: file for file in masks.images}
        self._mask_folder = masks.path
        self._used: set[str] = set()

    def take_all(self) -> None:
        """All images, by the folder they are in."""
        missing = []
        samples = []
        for place, file in self._images.items():
            is_normal = file.parent.name == _NORMAL
            mask = None if is_normal else self._masks_by_name.get(file.stem)
            if mask is None and not is_normal:
                missing.append(Skipped(file, NO_MASK, "mask"))
            samples.append(self._sample(place, "" if is_normal else "test", GOOD if is_normal else _DEFECT, mask))
        self._listing.skipped += missing
        self._finish(samples)

    def take(self, rows: Sequence[SplitRow]) -> None:
        """The images that the table names, as it says."""
        samples: list[Sample] = []
        skipped = self._listing.skipped
        unnamed = dict(self._images)
        for row in rows:
            file = self._images.get(row.image)
            if file is None:
                place = self._path.parent / row.image
                skipped.append(Skipped(place, f"{SPLIT_TABLE[-1]} names it, but it is not there"))
                continue
            if unnamed.pop(row.image, None) is None:
                skipped.append(Skipped(file, f"{SPLIT_TABLE[-1]} names it more than once, the first counts"))
                continue
            mask = self._masks.get(row.mask)
            if mask is None and row.defect != GOOD:
                named = f"its mask {row.mask} is not there" if row.mask else f"{SPLIT_TABLE[-1]} names no mask for it"
                skipped.append(Skipped(file, f"{named}, so never scored", "mask"))
            samples.append(self._sample(row.image, row.split, row.defect, mask if row.defect != GOOD else None))
        skipped += [Skipped(file, f"{SPLIT_TABLE[-1]} does not name it") for file in unnamed.values()]
        self._finish(samples)

    def _sample(self, place: str, split: str, defect: str, mask: Path | None) -> Sample:
        if mask is not None:
            self._used.add(mask.name)
        name = self._path.name
        return Sample(self._images[place], place[len(name) + 1 :], name, split, defect, mask)

    def _finish(self, samples: list[Sample]) -> None:
        order = {place: number for number, place in enumerate(self._images)}
        prefix = f"{self._path.name}/"
        splits = (*SPLITS, "")
        samples.sort(
            key=lambda sample: (
                splits.index(sample.split),
                sample.is_normal,
                sample.defect,
                order[prefix + sample.relative_path],
            )
        )
        self._listing.samples += samples
        lonely = [file.name for file in self._masks.values() if file.name not in self._used]
        if lonely:
            self._listing.skipped.append(Skipped(self._mask_folder, masks_without_images(lonely)))

    def _listed(self, *names: str) -> Folder:
        folder = self._path.joinpath(*names)
        return list_if_readable(folder, self._listing.skipped) if folder.is_dir() else Folder(folder)

    def _places(self, folder: Folder) -> Iterator[tuple[str, Path]]:
        """Its images, each as the table has it: from the folder of the objects, with forward slashes."""
        prefix = f"{self._path.name}/{folder.path.relative_to(self._path).as_posix()}/"
        return ((prefix + file.name, file) for file in folder.images)
