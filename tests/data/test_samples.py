"""The bundled sample dataset: complete, consistent, small, and its masks lie on something that can be seen."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from sam_inspector.data.datasets import open_dataset

SAMPLES = Path(__file__).resolve().parents[2] / "resources" / "samples"
CATEGORIES = {
    "brick": {"crack", "spall", "stain"},
    "gear": {"broken_tooth", "rust", "scratch"},
    "tablet": {"chip", "contamination", "crack"},
}
SIZES = {"brick": (512, 512), "gear": (512, 512), "tablet": (480, 640)}
MASKS = sorted(SAMPLES.glob("*/ground_truth/*/*.png"))


def _name(path: Path) -> str:
    return path.relative_to(SAMPLES).as_posix()


def _image_of(mask: Path) -> Path:
    return mask.parents[2] / "test" / mask.parent.name / f"{mask.stem.removesuffix('_mask')}.jpg"


def test_there_are_exactly_these_categories() -> None:
    # The program keeps its work in a hidden folder beside the images that it has opened.
    folders = {path.name for path in SAMPLES.iterdir() if path.is_dir() and not path.name.startswith(".")}
    assert folders == set(CATEGORIES)


@pytest.mark.parametrize("category", CATEGORIES)
def test_counts_of_a_category(category: str) -> None:
    folder = SAMPLES / category
    assert len(list((folder / "train" / "good").iterdir())) == 6
    assert len(list((folder / "test" / "good").iterdir())) == 3
    assert {path.name for path in (folder / "test").iterdir()} == CATEGORIES[category] | {"good"}
    assert {path.name for path in (folder / "ground_truth").iterdir()} == CATEGORIES[category]
    assert len(list((folder / "ground_truth").glob("*/*"))) == 6


@pytest.mark.parametrize("category", CATEGORIES)
def test_images_have_the_size_of_their_category(category: str) -> None:
    for path in (SAMPLES / category).glob("t*/*/*"):
        image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert image is not None, path
        assert image.shape == (*SIZES[category], 3), path


@pytest.mark.parametrize("category", CATEGORIES)
def test_masks_and_defective_images_pair_up(category: str) -> None:
    folder = SAMPLES / category
    images = {(path.parent.name, f"{path.stem}_mask") for path in folder.glob("test/*/*") if path.parent.name != "good"}
    assert images == {(path.parent.name, path.stem) for path in folder.glob("ground_truth/*/*")}


@pytest.mark.parametrize("mask_path", MASKS, ids=_name)
def test_mask_is_binary_and_marks_a_small_part_of_its_image(mask_path: Path) -> None:
    mask = cv2.imread(str(mask_path), cv2.IMREAD_UNCHANGED)
    assert mask.dtype == np.uint8
    assert mask.shape == cv2.imread(str(_image_of(mask_path))).shape[:2]
    assert set(np.unique(mask)) == {0, 255}
    assert 0.001 < (mask > 0).mean() < 0.2


@pytest.mark.parametrize("mask_path", MASKS, ids=_name)
def test_defect_can_be_seen(mask_path: Path) -> None:
    """A mask that is shifted, flipped or of another image fails: what it marks would look like what is around it."""
    mask = cv2.imread(str(mask_path), cv2.IMREAD_UNCHANGED) > 0
    lab = cv2.cvtColor(cv2.imread(str(_image_of(mask_path))).astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
    near, far = (cv2.dilate(mask.astype(np.uint8), np.ones((size, size), np.uint8)) > 0 for size in (5, 21))
    ring = far & ~near
    assert np.linalg.norm(lab[mask].mean(axis=0) - lab[ring].mean(axis=0)) > VISIBLE


VISIBLE = 5.0
"""Least distance of mean colours, CIE Lab; about 2.3 is just noticeable."""


def test_no_two_images_are_the_same() -> None:
    contents = [path.read_bytes() for path in SAMPLES.glob("*/t*/*/*")]
    assert len(contents) == 45
    assert len(set(contents)) == 45


def test_all_together_at_most_six_megabytes() -> None:
    shipped = [SAMPLES / "README.md", *(path for category in CATEGORIES for path in (SAMPLES / category).rglob("*.*"))]
    assert sum(path.stat().st_size for path in shipped) <= 6_000_000


def test_the_reader_of_the_layout_finds_everything() -> None:
    dataset = open_dataset(SAMPLES, "mvtec_ad")
    assert dataset.categories == tuple(CATEGORIES)
    assert len(dataset.samples) == 45
    assert not dataset.skipped
