"""Which images `sam-inspector map` maps, which normal ones it compares them with, and where the results go."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sam_inspector.anomaly.settings import ReferenceChoice
from sam_inspector.core.errors import DatasetError, InputError
from sam_inspector.data.datasets import Dataset, Sample, open_dataset
from sam_inspector.data.datasets.dataset import GOOD
from sam_inspector.data.datasets.opening import open_path
from sam_inspector.data.export import exported_mask_path
from sam_inspector.engine.references import choose_references, normal_samples

ALL_IMAGES = sys.maxsize
"""A number of normal images that takes all there are, and misses none."""


@dataclass(frozen=True, slots=True)
class MapImages:
    """What is mapped, and what with.

    Attributes
    ----------
    is_single
        Whether one image was given rather than a folder.
    available
        How many normal images there are to choose the references from.
    known
        Every file of the folders that were looked into: nothing may be written over them.
    category
        The category that the images belong to; None for those of a plain folder, whose name says nothing.
    """

    samples: tuple[Sample, ...]
    references: tuple[Sample, ...]
    is_single: bool
    available: int
    known: tuple[Path, ...]
    category: str | None


def find_map_images(
    path: Path, reference: Path | None, choice: ReferenceChoice | None, layout: str | None
) -> MapImages:
    """Look for the images and the references.

    Parameters
    ----------
    path
        An image, or the folder of a category or of images.
    reference
        A folder of normal images, or a category whose normal images count; None takes those of the image's category.
    choice
        Which of them; None looks for none.

    Raises
    ------
    InputError
        Without normal images, or for a count below 1.
    DatasetError
        When there is nothing at a path, or several categories.
    """
    if path.is_file():
        dataset, sample = open_path(path)
        assert sample is not None
        samples: tuple[Sample, ...] = (sample,)
    else:
        dataset = open_dataset(path, layout)
        _check_one_category(dataset, path)
        samples = tuple(sample for sample in dataset.samples if sample.split in ("test", ""))
        if not samples:
            raise DatasetError(f"{path} has no test images: put some in test/<defect>, or give one image.")
    category = samples[0].category
    source = _normal_folder(reference) if reference is not None else dataset
    compared = source.categories[0] if reference is not None else category
    normal = normal_samples(source, compared) if choice is not None else []
    if choice is not None and not normal:
        place = path if reference is None else reference
        hint = "give a folder of them with --reference" if reference is None else "give another --reference"
        raise InputError(f"{place} comes with no normal images to compare with: {hint}.")
    known = [
        place for each in (dataset, source) for sample in each.samples for place in (sample.path, sample.mask_path)
    ]
    return MapImages(
        samples,
        choose_references(source, compared, choice) if choice is not None else (),
        path.is_file(),
        len(normal),
        tuple(place for place in known if place is not None),
        category if dataset.layout != "folder" else None,
    )


def map_places(images: MapImages, out: Path, method: str) -> list[Path]:
    """Where the map of each sample goes, without a suffix: that of the TIFF and of the picture is appended.

    Raises
    ------
    InputError
        When that would be over an image that was given.
    """
    if images.is_single:
        places = [out / images.samples[0].name]
    else:
        root = out / "maps" / method
        places = []
        for sample in images.samples:
            place = root / exported_mask_path(sample).with_suffix("")
            # Two images of one name and different suffix both keep their maps.
            places.append(place if place not in places else place.with_name(sample.path.name))
    known = {file.resolve() for file in images.known}
    for place in places:
        for target in map_files(place):
            if target.resolve() in known:
                raise InputError(f"The map would be written over {target}: give another --out.")
    return places


def map_files(place: Path) -> tuple[Path, Path]:
    """The map and the picture of one image."""
    return place.with_name(f"{place.name}.tiff"), place.with_name(f"{place.name}.png")


def shortage(images: MapImages, wanted: int) -> str | None:
    """What to say when there are fewer normal images than were asked for."""
    if images.available >= wanted or wanted == ALL_IMAGES:
        return None
    if images.available == 1:
        return f"There is one normal image, not {wanted}: it alone is compared with."
    return f"There are {images.available} normal images, fewer than {wanted}: all of them are compared with."


def names(samples: Sequence[Sample]) -> list[str]:
    """Paths as a program can open them."""
    return [str(sample.path) for sample in samples]


def _normal_folder(reference: Path) -> Dataset:
    """A folder that a person says to hold normal images; of a category in a known layout, its normal ones."""
    if not reference.exists():
        raise DatasetError(f"There is no folder {reference}: give --reference a folder of normal images.")
    dataset = open_dataset(reference)
    _check_one_category(dataset, reference)
    if dataset.layout != "folder":
        return dataset
    return replace(dataset, samples=tuple(replace(sample, split="train", defect=GOOD) for sample in dataset.samples))


def _check_one_category(dataset: Dataset, path: Path) -> None:
    if len(dataset.categories) > 1:
        raise DatasetError(
            f"{path} holds {len(dataset.categories)} categories, and one at a time is mapped or compared with: give "
            f"the folder of one of them ({', '.join(dataset.categories[:5])})."
        )
