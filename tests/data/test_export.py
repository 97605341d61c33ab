"""Masks for other programs."""

import numpy as np
import pytest
from PIL import Image

from sam_inspector.core.errors import StoreError
from sam_inspector.data.atomic import write_atomic
from sam_inspector.data.datasets import Sample, open_dataset
from sam_inspector.data.export import export_mask, export_masks, exported_mask_path
from sam_inspector.data.masks import read_mask


def _masks(dataset):
    return [(sample, np.random.default_rng(i).random((6, 9)) > 0.5) for i, sample in enumerate(dataset.samples)]


def test_a_category_becomes_a_tree(category, tmp_path):
    masks = _masks(open_dataset(category))
    written = list(export_masks(tmp_path / "out", masks))
    assert [path.relative_to(tmp_path / "out").as_posix() for path in written] == [
        "washer/scratch/part-1.png",
        "washer/scratch/part-2.png",
        "washer/scratch/part-10.png",
        "washer/good/1.png",
        "washer/train/good/1.png",
        "washer/train/good/2.png",
    ]
    for path, (_, mask) in zip(written, masks, strict=True):
        assert np.array_equal(read_mask(path, width=9, height=6), mask)


def test_images_of_one_name_keep_their_own_masks(tmp_path):
    for name in ("a.jpg", "a.png", "inner/a.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("L", (9, 6)).save(tmp_path / name)
    masks = _masks(open_dataset(tmp_path))
    written = list(export_masks(tmp_path / "out", masks))
    assert len(set(written)) == 3
    for path, (_, mask) in zip(written, masks, strict=True):
        assert np.array_equal(read_mask(path, width=9, height=6), mask)


def test_an_export_can_be_stopped(category, tmp_path):
    export = export_masks(tmp_path / "out", _masks(open_dataset(category)))
    next(export)
    export.close()
    assert len(list((tmp_path / "out").rglob("*.png"))) == 1


def test_one_mask_gets_its_suffix(tmp_path):
    mask = np.ones((2, 3), bool)
    assert export_mask(tmp_path / "m", mask) == tmp_path / "m.png"
    assert export_mask(tmp_path / "n.PNG", mask) == tmp_path / "n.PNG"
    assert export_mask(tmp_path / "part.1", mask) == tmp_path / "part.1.png"


def test_the_place_of_a_mask():
    sample = Sample(None, "test/crack/a.b.jpg", "nut", "test", "crack")
    assert exported_mask_path(sample).as_posix() == "nut/crack/a.b.png"
    assert exported_mask_path(Sample(None, "in/a.tif", "folder")).as_posix() == "folder/in/a.png"


def test_atomic_writing(tmp_path):
    path = tmp_path / "new" / "a.txt"
    write_atomic(path, "Größe 1")
    write_atomic(path, b"2")
    assert path.read_bytes() == b"2"
    assert [file.name for file in path.parent.iterdir()] == ["a.txt"]
    with pytest.raises(StoreError, match="can't be written"):
        write_atomic(path / "inside a file", "x")
    with pytest.raises(StoreError, match="can't be written"):
        write_atomic(tmp_path, "a folder is in the way")
    assert [file.name for file in tmp_path.iterdir()] == ["new"]
