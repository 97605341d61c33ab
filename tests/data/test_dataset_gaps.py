"""What is missing, in the way or unreadable in a dataset: named, counted, and the rest opens."""

import os

import pytest

from sam_inspector.core.errors import DatasetError
from sam_inspector.data.datasets import open_dataset
from tests.data.test_layouts import btad, mvtec_3d, mvtec_ad, plant


def _told(dataset):
    return [
        (skipped.path.relative_to(dataset.root).as_posix(), skipped.reason, skipped.lost) for skipped in dataset.skipped
    ]


@pytest.fixture
def unreadable(monkeypatch):
    """Folders that can't be listed, also by those who may read anything."""
    closed = set()
    scan = os.scandir

    def scandir(path="."):
        if os.fspath(path) in closed:
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    return lambda path: closed.add(str(path))


def test_images_without_a_mask_are_named(tmp_path):
    mvtec_ad(tmp_path)
    plant(tmp_path, "nut/test/crack/001.png", "nut/test/crack/002.png")
    dataset = open_dataset(tmp_path)
    assert [bool(sample.mask_path) for sample in dataset.samples[:3]] == [True, False, False]
    assert _told(dataset) == [
        ("nut/test/crack/001.png", "no mask, so never scored", "mask"),
        ("nut/test/crack/002.png", "no mask, so never scored", "mask"),
    ]


def test_masks_without_an_image_are_counted(tmp_path):
    mvtec_ad(tmp_path)
    plant(tmp_path, "nut/ground_truth/crack/007_mask.png")
    assert _told(open_dataset(tmp_path)) == [
        ("nut/ground_truth/crack", "its mask 007_mask.png belongs to no image", "image")
    ]
    plant(tmp_path, "nut/ground_truth/crack/008_mask.png")
    reason = "2 of its masks belong to no image, the first is 007_mask.png"
    assert _told(open_dataset(tmp_path)) == [("nut/ground_truth/crack", reason, "image")]
    plant(tmp_path / "plain", "a.png", "masks/a.png", "masks/b.png")
    assert _told(open_dataset(tmp_path / "plain")) == [("masks", "its mask b.png belongs to no image", "image")]


@pytest.mark.parametrize(("make", "category", "defect"), [(mvtec_ad, "nut", "crack"), (btad, "01", "ko")])
def test_a_category_without_ground_truth_is_told_once(make, category, defect, tmp_path):
    make(tmp_path)
    plant(tmp_path, f"{category}/test/{defect}/001.png", f"{category}/test/dent/001.png")
    for file in (tmp_path / category / "ground_truth").rglob("*.*"):
        file.unlink()
    dataset = open_dataset(tmp_path / category)
    assert set(_told(dataset)) == {
        ("ground_truth/dent", "missing, so 1 image has no mask", "mask"),
        (f"ground_truth/{defect}", "holds no masks, so 2 images have no mask", "mask"),
    }
    for folder in (tmp_path / category / "ground_truth").iterdir():
        folder.rmdir()
    (tmp_path / category / "ground_truth").rmdir()
    dataset = open_dataset(tmp_path / category)
    assert _told(dataset) == [("ground_truth", "missing, so 3 images have no mask", "mask")]
    assert [sample.mask_path for sample in dataset.samples] == [None] * len(dataset.samples)


def test_a_category_without_good_images_opens(tmp_path):
    plant(tmp_path, "nut/test/crack/000.png", "nut/ground_truth/crack/000_mask.png")
    dataset = open_dataset(tmp_path)
    assert [(sample.defect, bool(sample.mask_path)) for sample in dataset.samples] == [("crack", True)]
    assert dataset.skipped == ()


def test_an_empty_category_is_left_out(tmp_path):
    mvtec_ad(tmp_path)
    (tmp_path / "bolt" / "train" / "good").mkdir(parents=True)
    dataset = open_dataset(tmp_path)
    assert dataset.categories == ("nut",)
    assert _told(dataset) == [("bolt", "a category without images", "image")]


def test_gaps_in_the_folders_of_a_defect(tmp_path):
    mvtec_3d(tmp_path)
    plant(tmp_path, "bagel/test/crack/xyz/000.tiff", "bagel/test/hole/stray.png", "bagel/test/hole/depth/000.png")
    plant(tmp_path, "bagel/test/loose.png", "bagel/test/hole/rgb/001.png")
    assert set(_told(open_dataset(tmp_path))) == {
        ("bagel/test/crack", "a folder without rgb in it", "image"),
        ("bagel/test/hole/stray.png", "an image outside the folder rgb", "image"),
        ("bagel/test/hole/depth", "not part of the layout", "image"),
        ("bagel/test/loose.png", "an image outside the defect folders", "image"),
        ("bagel/test/hole/rgb/001.png", "no mask, so never scored", "mask"),
    }
    mvtec_ad(tmp_path / "flat")
    plant(tmp_path / "flat", "nut/test/crack/more/001.png")
    assert _told(open_dataset(tmp_path / "flat")) == [
        ("nut/test/crack/more", "a folder inside a defect's folder", "image")
    ]


def test_a_folder_that_can_not_be_read_does_not_take_the_others_with_it(tmp_path, unreadable):
    mvtec_ad(tmp_path)
    plant(tmp_path, "nut/test/dent/000.png", "nut/ground_truth/dent/000.png")
    unreadable(tmp_path / "nut" / "test" / "dent")
    unreadable(tmp_path / "nut" / "ground_truth" / "crack")
    dataset = open_dataset(tmp_path)
    assert [sample.relative_path for sample in dataset.samples] == [
        "test/crack/000.png",
        "test/good/000.png",
        "train/good/000.png",
    ]
    assert set(_told(dataset)) == {
        ("nut/test/dent", "a folder that can't be read", "image"),
        ("nut/ground_truth/crack", "a folder that can't be read", "mask"),
        ("nut/ground_truth/crack", "holds no masks, so 1 image has no mask", "mask"),
    }
    unreadable(tmp_path)
    with pytest.raises(DatasetError, match=r"can't be read: permission denied\.$"):
        open_dataset(tmp_path)
