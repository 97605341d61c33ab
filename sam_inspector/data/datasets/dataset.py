"""What a dataset is, whatever its layout."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

GOOD = "good"


@dataclass(frozen=True, slots=True)
class Sample:
    """One image of a dataset; listed, not opened.

    Attributes
    ----------
    path
        The image file.
    relative_path
        Its path from the category's folder, with forward slashes: `test/colour/00.jpg`.
    category
        Name of its category; for a plain folder the folder's name.
    split
        `train`, `test`, `validation`, or empty where the layout has none.
    defect
        Name of the defect, `good` for a normal image, or empty where the layout does not say.
    mask_path
        Its ground truth: a file, or a folder of files that are united; None if there is none.
    """

    path: Path
    relative_path: str
    category: str
    split: str = ""
    defect: str = ""
    mask_path: Path | None = None

    @property
    def name(self) -> str:
        """File name without its suffix."""
        return self.path.stem

    @property
    def is_normal(self) -> bool:
        """Whether the dataset says that nothing is wrong with it."""
        return self.defect == GOOD

    @property
    def category_folder(self) -> Path:
        """The folder of its category, from which `relative_path` counts."""
        return self.path.parents[self.relative_path.count("/")]


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something found or missed in a dataset's folders, and why it is not used, in a few words.

    Attributes
    ----------
    path
        The file or folder.
    reason
        Goes on after its name: `not an image file`.
    lost
        `image`: it is not among the samples. `mask`: the image is, or the images of the folder are, without a ground
        truth. `split`: they are, but in no split.
    """

    path: Path
    reason: str
    lost: Literal["image", "mask", "split"] = "image"


@dataclass(slots=True)
class Listing:
    """What a reader finds, while it looks."""

    samples: list[Sample] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Dataset:
    """The images of a folder.

    Attributes
    ----------
    root
        The folder that was opened; saved work belongs to it.
    layout
        A name in `LAYOUTS`; for a folder whose categories are kept in several layouts their names, joined by commas.
    samples
        By category, split (test, validation, train), defect (good last) and name, numbers in names counting as numbers.
    categories
        Their names, in order.
    skipped
        What was left out, and the images that lack a mask which they should have.
    """

    root: Path
    layout: str
    samples: tuple[Sample, ...]
    categories: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()

    def path_in_root(self, sample: Sample) -> str:
        """The sample's path from the dataset's root, with forward slashes: unique over all categories."""
        # Asked for every image when a folder is opened: cutting text takes a tenth of the time of `relative_to`.
        root, path = os.fspath(self.root), os.fspath(sample.path)
        end = len(root)
        if path[end : end + 1] != os.sep or not path.startswith(root):
            return sample.path.relative_to(self.root).as_posix()
        return path[end + 1 :].replace(os.sep, "/")
