"""Which images of a dataset serve as normal references."""

from __future__ import annotations

import numpy as np

from sam_inspector.anomaly.settings import ReferenceChoice
from sam_inspector.core.errors import InputError
from sam_inspector.data.datasets import Dataset, Sample


def normal_samples(dataset: Dataset, category: str) -> list[Sample]:
    """The images that may serve: the category's normal training images; without any, its other normal ones.

    A plain folder says of no image that it is normal; there a person picks.
    """
    of_category = [sample for sample in dataset.samples if sample.category == category]
    training = [sample for sample in of_category if sample.split == "train" and sample.is_normal]
    return training or [sample for sample in of_category if sample.is_normal and sample.split == "validation"]


def choose_references(dataset: Dataset, category: str, choice: ReferenceChoice) -> tuple[Sample, ...]:
    """The references of a category.

    More than there are takes all; the same seed always draws the same images.

    Raises
    ------
    InputError
        For a count below 1, when nothing was picked, or there is no normal image.
    """
    if choice.kind == "picked":
        by_key = {dataset.path_in_root(sample): sample for sample in dataset.samples}
        picked = tuple(by_key[key] for key in choice.picked if key in by_key)
        if not picked:
            raise InputError("No normal image was chosen to compare with: select some in the list of images.")
        return picked
    if choice.count < 1:
        raise InputError(f"{choice.count} normal images were asked for; ask for at least 1.")
    normal = normal_samples(dataset, category)
    if not normal:
        raise InputError(
            f"The category {category} has no normal images to compare with: put some in train/good, or choose them by "
            "hand."
        )
    if choice.kind == "random":
        rng = np.random.default_rng(choice.seed)
        places = sorted(rng.permutation(len(normal))[: choice.count].tolist())
        return tuple(normal[place] for place in places)
    return tuple(normal[: choice.count])
