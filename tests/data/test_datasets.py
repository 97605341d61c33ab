"""Folders as people keep them."""

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sam_inspector.core.errors import DatasetError, InputError, StoreError
from sam_inspector.data.datasets import LAYOUTS, open_dataset, open_path
from sam_inspector.data.datasets.listing import natural_key
from sam_inspector.data.images import read_image
from sam_inspector.data.masks import read_mask
from sam_inspector.data.review_store import ReviewStore

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


def _picture(path, value=90):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (8, 6), value).save(path)


def _paths(dataset):
    return [sample.relative_path for sample in dataset.samples]


def test_numbers_in_names_count_as_numbers():
    names = ["part-10", "part-2", "Part-1", "part", "b", "part-2a", "007", "7", "10", "9"]
    assert sorted(names, key=natural_key) == [
        "007",
        "7",
        "9",
        "10",
        "b",
        "part",
        "Part-1",
        "part-2",
        "part-2a",
        "part-10",
    ]


def test_one_category(category):
    dataset = open_dataset(category)
    assert (dataset.layout, dataset.categories, dataset.root) == ("mvtec_ad", ("washer",), category)
    assert _paths(dataset) == [
        "test/scratch/part-1.jpg",
        "test/scratch/part-2.jpg",
        "test/scratch/part-10.jpg",
        "test/good/1.png",
        "train/good/1.png",
        "train/good/2.png",
    ]
    masks = [sample.mask_path and sample.mask_path.name for sample in dataset.samples]
    assert masks == ["part-1_mask.png", "part-2_mask.png", "part-10.png", None, None, None]
    first, normal = dataset.samples[0], dataset.samples[3]
    assert (first.category, first.split, first.defect, first.name) == ("washer", "test", "scratch", "part-1")
    assert not first.is_normal
    assert normal.is_normal
    assert dataset.skipped == ()


def test_a_folder_of_categories(category):
    _picture(category.parent / "bolt" / "test" / "good" / "1.png")
    _picture(category.parent / "notes" / "sketch.png")
    (category.parent / "license.txt").write_text("CC0")
    dataset = open_dataset(category.parent)
    assert dataset.categories == ("bolt", "washer")
    assert len(dataset.samples) == 7
    assert [(skipped.path.name, skipped.reason) for skipped in dataset.skipped] == [("notes", "not a category")]
    # Two categories have a test/good/1.png each: only the path from the root tells them apart.
    places = [dataset.path_in_root(sample) for sample in dataset.samples]
    assert len(set(places)) == 7
    assert places[0] == "bolt/test/good/1.png"


def test_what_is_no_image_is_skipped_and_listed(category):
    folder = category / "test" / "scratch"
    (folder / "Thumbs.db").write_bytes(b"")
    (folder / "video.mp4").write_bytes(b"")
    (folder / ".hidden.png").write_bytes(b"")
    (folder / "letter.jpg").write_text("found to be none when it is opened")
    (category / "ground_truth" / "scratch" / "letter.png").write_text("likewise")
    dataset = open_dataset(category)
    assert [(skipped.path.name, skipped.reason) for skipped in dataset.skipped] == [("video.mp4", "not an image file")]
    assert "test/scratch/letter.jpg" in _paths(dataset)


def test_loco_keeps_a_folder_of_masks_for_each_image(tmp_path):
    for place in ("train/good/1.png", "validation/good/1.png", "test/logical_anomalies/7.png"):
        _picture(tmp_path / "box" / place)
    for name in ("000.png", "001.png"):
        _picture(tmp_path / "box" / "ground_truth" / "logical_anomalies" / "7" / name)
    dataset = open_dataset(tmp_path / "box")
    assert dataset.layout == "mvtec_loco"
    assert [sample.split for sample in dataset.samples] == ["test", "validation", "train"]
    assert dataset.samples[0].mask_path == tmp_path / "box" / "ground_truth" / "logical_anomalies" / "7"
    assert read_mask(dataset.samples[0].mask_path, width=8, height=6).all()


def test_a_plain_folder_and_where_its_masks_may_be(tmp_path):
    for place in (
        "b10.png",
        "b2.png",
        "ground_truth/b2_mask.png",
        "masks/b10.png",
        "inner/c.jpg",
        "inner/c_mask.png",
        "inner/masks/d.png",
        "inner/d.jpg",
        "deep/images/e.jpg",
        "deep/masks/e.png",
        "far/f.jpg",
        "ground_truth/far/f_mask.png",
        "lonely_mask.png",
        "none.png",
        ".trash/x.png",
    ):
        _picture(tmp_path / place)
    dataset = open_dataset(tmp_path)
    assert (dataset.layout, dataset.categories) == ("folder", (tmp_path.name,))
    found = {s.relative_path: s.mask_path and s.mask_path.relative_to(tmp_path).as_posix() for s in dataset.samples}
    assert found == {
        "b2.png": "ground_truth/b2_mask.png",
        "b10.png": "masks/b10.png",
        "deep/images/e.jpg": "deep/masks/e.png",
        "far/f.jpg": "ground_truth/far/f_mask.png",
        "inner/c.jpg": "inner/c_mask.png",
        "inner/d.jpg": "inner/masks/d.png",
        "lonely_mask.png": None,
        "none.png": None,
    }
    assert list(found)[:2] == ["b2.png", "b10.png"]
    assert all((sample.split, sample.defect) == ("", "") for sample in dataset.samples)


def test_one_image(category, tmp_path):
    inside = category / "test" / "scratch" / "part-2.jpg"
    alone = open_dataset(inside)
    assert [sample.path for sample in alone.samples] == [inside]
    assert alone.samples[0].mask_path == category / "ground_truth" / "scratch" / "part-2_mask.png"
    assert (alone.root, alone.layout, alone.categories) == (category, "mvtec_ad", ("washer",))
    _picture(tmp_path / "plain" / "a.png")
    _picture(tmp_path / "plain" / "b.png")
    _picture(tmp_path / "plain" / "masks" / "b.png")
    plain = open_dataset(tmp_path / "plain" / "b.png")
    assert _paths(plain) == ["b.png"]
    assert plain.samples[0].mask_path == tmp_path / "plain" / "masks" / "b.png"


def test_what_the_window_shows_around_a_path(category, tmp_path):
    dataset, sample = open_path(category / "test" / "scratch" / "part-10.jpg")
    assert len(dataset.samples) == 6
    assert sample == dataset.samples[2]
    dataset, sample = open_path(category / "test" / "good")
    assert (len(dataset.samples), sample.relative_path) == (6, "test/good/1.png")
    assert open_path(category)[1] is None
    assert len(open_path(category.parent)[0].samples) == 6
    mask = category / "ground_truth" / "scratch" / "part-1_mask.png"
    assert open_path(mask)[1].path == mask
    _picture(tmp_path / "plain" / "a.png")
    _picture(tmp_path / "plain" / "b.png")
    dataset, sample = open_path(tmp_path / "plain" / "b.png")
    assert (_paths(dataset), sample.relative_path) == (["a.png", "b.png"], "b.png")
    odd = tmp_path / "plain" / "picture.dat"
    odd.write_bytes((tmp_path / "plain" / "a.png").read_bytes())
    assert open_path(odd)[1].path == odd


def test_a_review_file_opens_its_dataset(category, tmp_path):
    store = ReviewStore.open(category)
    store.close()
    assert open_path(store.path)[0].root == category
    (category / ".sam-inspector" / "review.sqlite").unlink()
    (category / ".sam-inspector").rmdir()
    (category / ".sam-inspector").write_text("a file in the way, as a read-only folder would be")
    apart = ReviewStore.open(category, user_folder=tmp_path / "user")
    apart.close()
    assert open_path(apart.path)[0].root == category
    (tmp_path / "other.sqlite").write_text("no database at all, but long enough to be looked at")
    with pytest.raises(StoreError, match="not a review file"):
        open_path(tmp_path / "other.sqlite")


def test_empty_missing_and_other_layouts(category, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="empty holds no images"):
        open_dataset(tmp_path / "empty")
    with pytest.raises(DatasetError, match="There is no file or folder"):
        open_dataset(tmp_path / "gone")
    with pytest.raises(InputError, match=f"no layout 'coco': choose one of {', '.join(LAYOUTS)}"):
        open_dataset(category, layout="coco")
    _picture(tmp_path / "plain" / "a.png")
    with pytest.raises(DatasetError, match="not in the layout MVTec AD"):
        open_dataset(tmp_path / "plain", layout="mvtec_ad")
    assert open_dataset(category, layout="folder").layout == "folder"
    for place in ("train/good", "test/dent"):
        (tmp_path / "hollow" / place).mkdir(parents=True)
    with pytest.raises(DatasetError, match="hollow holds no images in train/good"):
        open_dataset(tmp_path / "hollow")


def test_a_relative_path(category, monkeypatch):
    monkeypatch.chdir(category)
    assert open_dataset(".").categories == ("washer",)
    assert open_dataset("../washer").root == category


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_links_are_followed_but_not_for_ever(tmp_path):
    _picture(tmp_path / "data" / "a.png")
    _picture(tmp_path / "elsewhere" / "b.png")
    (tmp_path / "data" / "round").symlink_to(tmp_path / "data")
    (tmp_path / "data" / "in" / "to").mkdir(parents=True)
    (tmp_path / "data" / "in" / "to" / "up").symlink_to(tmp_path / "data" / "in")
    (tmp_path / "data" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "data" / "broken.png").symlink_to(tmp_path / "gone.png")
    assert _paths(open_dataset(tmp_path / "data")) == ["a.png", "broken.png", "link/b.png"]


@pytest.mark.skipif(os.name != "posix", reason="other systems have no names that are not text")
def test_a_name_that_is_no_text_is_skipped(tmp_path):
    _picture(tmp_path / "a.png")
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.png")).write_bytes(b"")
    except OSError:
        pytest.skip("this file system refuses such names")
    dataset = open_dataset(tmp_path)
    assert _paths(dataset) == ["a.png"]
    assert dataset.skipped[0].reason == "its name is not valid Unicode"
    str(dataset.skipped[0].path).encode()


def test_listing_opens_no_file(category, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a file was opened while listing")

    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr("pathlib.Path.open", refuse)
    assert len(open_dataset(category).samples) == 6


@pytest.mark.data
@pytest.mark.skipif(not SHARED.is_dir(), reason="the measuring images are not beside the checkout")
@pytest.mark.parametrize(
    ("name", "layout", "train", "good", "defects"),
    [
        ("hazelnut", "mvtec_ad", 28, 6, {"colour": 17}),
        ("leather", "mvtec_ad", 4, 4, {"color": 1, "cut": 2, "fold": 2, "glue": 3, "poke": 3}),
        ("grid", "mvtec_ad", 7, 3, {"bent": 3, "broken": 2, "glue": 2, "metal_contamination": 2, "thread": 2}),
        ("cookie", "mvtec_ad", 31, 14, {"cracked": 32}),
        ("juice_bottle", "mvtec_loco", 36, 10, {"logical_anomalies": 24}),
    ],
)
def test_real_categories(name, layout, train, good, defects):
    dataset = open_dataset(SHARED / name)
    assert dataset.layout == layout
    test = Counter(sample.defect for sample in dataset.samples if sample.split == "test")
    assert sum(sample.split == "train" for sample in dataset.samples) == train
    assert test.pop("good") == good
    assert test == defects
    assert dataset.skipped == ()
    anomalous = [sample for sample in dataset.samples if sample.split == "test" and not sample.is_normal]
    assert all(sample.mask_path for sample in anomalous)
    for sample in anomalous[:: max(1, len(anomalous) // 3)]:
        image = read_image(sample.path)
        mask = read_mask(sample.mask_path, width=image.width, height=image.height)
        assert 0 < np.count_nonzero(mask) < mask.size
