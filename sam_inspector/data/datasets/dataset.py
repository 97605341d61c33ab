"""What a dataset is, whatever its layout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something found in a dataset's folders that is not part of it, and why, in a few words."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """The images of a folder.

    Attributes
    ----------
    root
        The folder that was opened; saved work belongs to it.
    layout
        A name in `LAYOUTS`.
    samples
        By category, split (test, validation, train), defect (good last) and name, numbers in names counting as numbers.
    categories
        Their names, in order.
    skipped
        What was left out.
    """

    root: Path
    layout: str
    samples: tuple[Sample, ...]
    categories: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()

    def path_in_root(self, sample: Sample) -> str:
        """The sample's path from the dataset's root, with forward slashes: unique over all categories."""
        return sample.path.relative_to(self.root).as_posix()
