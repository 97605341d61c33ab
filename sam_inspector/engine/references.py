"""Which images serve as normal references: those of a dataset, or those that a person names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from sam_inspector.anomaly.settings import ReferenceChoice
from sam_inspector.core.errors import DatasetError, InputError
from sam_inspector.data.datasets import Dataset, Sample, open_dataset
from sam_inspector.data.datasets.dataset import GOOD
from sam_inspector.data.images import is_image_name


class NoNormalImagesError(InputError):
    """A category has no image that could serve.

    Attributes
    ----------
    category
        Its name.
    """

    def __init__(self, category: str) -> None:
        self.category = category
        super().__init__(
            f"The category {category} has no normal images to compare with: put some in train/good, or choose them by "
            "hand."
        )


def normal_samples(dataset: Dataset, category: str) -> list[Sample]:
    """The images that may serve: the category's normal training images; without any, its other normal ones.

    A plain folder says of no image that it is normal; there a person picks.
    """
    of_category = [sample for sample in dataset.samples if sample.category == category]
    training = [sample for sample in of_category if sample.split == "train" and sample.is_normal]
    return training or [sample for sample in of_category if sample.is_normal and sample.split == "validation"]


def choose_references(dataset: Dataset, category: str, choice: ReferenceChoice) -> tuple[Sample, ...]:
    """The references of a category.

    More than there are takes all; the same seed always draws the same images. A picked image may lie outside of the
    dataset: it is named by its whole path then.

    Raises
    ------
    InputError
        For a count below 1, when nothing was picked, or there is no normal image.
    """
    if choice.kind == "picked":
        by_key = {dataset.path_in_root(sample): sample for sample in dataset.samples}
        by_key |= {key: _normal_image(Path(key)) for key in choice.picked if Path(key).is_absolute()}
        picked = tuple(by_key[key] for key in choice.picked if key in by_key)
        if not picked:
            raise InputError("No normal image was chosen to compare with: select some in the list of images.")
        return picked
    if choice.count < 1:
        raise InputError(f"{choice.count} normal images were asked for; ask for at least 1.")
    normal = normal_samples(dataset, category)
    if not normal:
        raise NoNormalImagesError(category)
    return _chosen(normal, choice)


def named_references(paths: Sequence[Path], choice: ReferenceChoice) -> ReferenceChoice:
    """The choice of images that a person names, whatever dataset they lie in.

    Parameters
    ----------
    paths
        Images, all of which are taken; and folders: of images, or of a category, whose normal ones count.
    choice
        Which images of the folders.

    Raises
    ------
    DatasetError
        When there is nothing at a path, or it holds several categories.
    InputError
        For a file that is no image, a folder without normal images, or a count below 1.
    """
    if choice.count < 1:
        raise InputError(f"{choice.count} normal images were asked for; ask for at least 1.")
    files: list[Sample] = []
    found: list[Sample] = []
    folders = 0
    for path in paths:
        if not path.exists():
            raise DatasetError(f"There is no file or folder {path}: give --reference normal images, or a folder.")
        if path.is_dir():
            folders += 1
            found += _normal_in(path)
        elif is_image_name(path.name):
            files.append(_normal_image(path))
        else:
            raise InputError(f"{path} is not an image: give --reference normal images, or a folder.")
    chosen = [*files, *(_chosen(found, choice) if found else ())]
    # Not resolved: a link keeps the name that the user knows it by.
    picked = tuple(dict.fromkeys(os.path.abspath(sample.path) for sample in chosen))  # noqa: PTH100
    return replace(choice, kind="picked", count=len(files) + (choice.count if folders else 0), picked=picked)


def _chosen(normal: Sequence[Sample], choice: ReferenceChoice) -> tuple[Sample, ...]:
    """The first ones, or some by the seed."""
    if choice.kind == "random":
        rng = np.random.default_rng(choice.seed)
        places = sorted(rng.permutation(len(normal))[: choice.count].tolist())
        return tuple(normal[place] for place in places)
    return tuple(normal[: choice.count])


def _normal_in(folder: Path) -> list[Sample]:
    """The normal images of a category; of a plain folder, which says of none that it is, all."""
    dataset = open_dataset(folder)
    if len(dataset.categories) > 1:
        raise DatasetError(
            f"{folder} holds {len(dataset.categories)} categories, and one at a time is compared with: give "
            f"--reference the folder of one of them ({', '.join(dataset.categories[:5])})."
        )
    found = list(dataset.samples) if dataset.layout == "folder" else normal_samples(dataset, dataset.categories[0])
    if not found:
        raise InputError(f"{folder} comes with no normal images to compare with: give another --reference.")
    return found


def _normal_image(path: Path) -> Sample:
    return Sample(path, path.name, path.parent.name, "train", GOOD)
