"""How many images the categories of a dataset have, and where they lie."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sam_inspector.data.datasets import Dataset


@dataclass(frozen=True, slots=True)
class CategoryCount:
    """How many images a category has: with a defect and its mask, and normal ones to test and to compare with.

    Attributes
    ----------
    folder
        Where they lie; by it a category of a run is found again.
    """

    name: str
    anomalous: int
    normal: int
    training: int
    folder: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class ListedDataset:
    """A dataset with its numbers, or why there is none."""

    dataset: Dataset | None = None
    categories: tuple[CategoryCount, ...] = ()
    problem: str = ""


def listed_dataset(dataset: Dataset) -> ListedDataset:
    """Count the images of a dataset."""
    anomalous, normal, training = Counter[str](), Counter[str](), Counter[str]()
    folders: dict[str, str] = {}
    for sample in dataset.samples:
        if sample.category not in folders:
            folders[sample.category] = str(sample.category_folder.absolute())
        if sample.is_normal:
            (normal if sample.split == "test" else training)[sample.category] += 1
        elif sample.mask_path is not None:
            anomalous[sample.category] += 1
    return ListedDataset(
        dataset,
        tuple(
            CategoryCount(name, anomalous[name], normal[name], training[name], folders.get(name, ""))
            for name in dataset.categories
        ),
    )
