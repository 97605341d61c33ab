"""VisA's table of images, and what it says that the folders do not."""

import pytest

from sam_inspector.core.errors import DatasetError
from sam_inspector.data.datasets import open_dataset
from tests.data.test_layouts import HEAD, found, plant, visa


@pytest.fixture
def root(tmp_path):
    return visa(tmp_path, names=("candle",))


def _table(root):
    return root / "split_csv" / "1cls.csv"


def _edit(root, old, new):
    text = _table(root).read_text()
    assert old in text
    _table(root).write_text(text.replace(old, new))


def _told(dataset):
    return [
        (skipped.path.relative_to(dataset.root).as_posix(), skipped.reason, skipped.lost) for skipped in dataset.skipped
    ]


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda path, text: path.write_text(text, encoding="utf-8-sig"), id="byte order mark"),
        pytest.param(lambda path, text: path.write_text(text, encoding="utf-16"), id="utf-16"),
        pytest.param(lambda path, text: path.write_text(text.replace(",", ";")), id="semicolons"),
        pytest.param(lambda path, text: path.write_text(text.replace(",", "\t")), id="tabs"),
        pytest.param(lambda path, text: path.write_bytes(text.replace("\n", "\r\n").encode()), id="windows lines"),
        pytest.param(lambda path, text: path.write_text(text.replace("/", "\\")), id="windows paths"),
        pytest.param(lambda path, text: path.write_text(text.replace("mask\n", "Mask \n\n")), id="head and empty row"),
        pytest.param(
            lambda path, text: path.write_text(
                text.replace("/010.png", '/010.png"').replace(
                    ",candle/Data/Masks/Anomaly/010", ',"candle/Data/Masks/Anomaly/010'
                )
            ),
            id="quotes",
        ),
    ],
)
def test_ways_to_write_it(root, write):
    plain = found(open_dataset(root))
    write(_table(root), _table(root).read_text())
    dataset = open_dataset(root)
    assert (found(dataset), dataset.skipped) == (plain, ())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEAD.replace(",mask", "").encode() + b"candle,train,normal,x\n", r"1cls\.csv lacks the column mask: put VisA"),
        (b"a,b\n1,2\n", r"lacks the column object, split, label, image, mask: "),
        (b"", r"lacks the column object"),
        (HEAD.encode() + b"candle,train,normal,k\xf6rper.JPG,\n", r"1cls\.csv is not UTF-8 text: save it"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (HEAD.encode() + b"candle,train,normal," + b"x" * 200_000 + b",\n", "is no table of images"),
    ],
)
def test_a_table_that_can_not_be_used(root, content, message):
    _table(root).write_bytes(content)
    for path in (root, root / "candle"):
        with pytest.raises(DatasetError, match=message) as error:
            open_dataset(path)
        assert str(_table(root)) in str(error.value)
        assert str(error.value).count(". ") == 0


def test_a_missing_image_and_missing_masks(root):
    (root / "candle/Data/Images/Normal/0000.JPG").unlink()
    (root / "candle/Data/Masks/Anomaly/010.png").unlink()
    _edit(root, "002.JPG,candle/Data/Masks/Anomaly/002.png", "002.JPG,")
    dataset = open_dataset(root)
    assert [place.rpartition("/")[2] for place, *_ in found(dataset)] == ["002.JPG", "010.JPG", "0001.JPG"]
    assert [mask for *_, mask in found(dataset)] == [None, None, None]
    at = "candle/Data/Images"
    assert _told(dataset) == [
        (f"{at}/Normal/0000.JPG", "1cls.csv names it, but it is not there", "image"),
        (
            f"{at}/Anomaly/010.JPG",
            "its mask candle/Data/Masks/Anomaly/010.png is not there, so never scored",
            "mask",
        ),
        (f"{at}/Anomaly/002.JPG", "1cls.csv names no mask for it, so never scored", "mask"),
        ("candle/Data/Masks/Anomaly", "its mask 002.png belongs to no image", "image"),
    ]


def test_rows_without_sense_and_images_without_a_row(root):
    plant(root, "candle/Data/Images/Normal/0009.JPG")
    with _table(root).open("a") as table:
        table.write("candle,holdout,normal,candle/Data/Images/Normal/0009.JPG,\n")
        table.write("candle,train\n")
        table.write("candle,train,normal,candle/Data/Images/Normal/0000.JPG,\n")
    dataset = open_dataset(root)
    assert len(dataset.samples) == 4
    assert _told(dataset) == [
        ("split_csv/1cls.csv", "row 6 has no known split, or lacks object, label or image", "image"),
        ("split_csv/1cls.csv", "row 7 has no known split, or lacks object, label or image", "image"),
        ("candle/Data/Images/Normal/0000.JPG", "1cls.csv names it more than once, the first counts", "image"),
        ("candle/Data/Images/Normal/0009.JPG", "1cls.csv does not name it", "image"),
    ]
    assert next(sample.split for sample in dataset.samples if sample.name == "0000") == "test"


@pytest.mark.parametrize("what", ["is missing", "names no image of this object"])
def test_without_a_word_on_an_object_the_folders_are_read(root, what):
    if what == "is missing":
        _table(root).unlink()
    else:
        _edit(root, "\ncandle,", "\nlamp,")
    dataset = open_dataset(root)
    assert [(split, defect, bool(mask)) for _, split, defect, mask in found(dataset)] == [
        ("test", "anomaly", True),
        ("test", "anomaly", True),
        ("", "good", False),
        ("", "good", False),
    ]
    reason = f"split_csv/1cls.csv {what}, so its normal images are in no split"
    assert _told(dataset)[0] == ("candle", reason, "split")


def test_a_path_that_leaves_the_dataset_is_not_followed(root, tmp_path):
    plant(tmp_path.parent, "outside.JPG")
    _edit(root, "candle/Data/Images/Normal/0000.JPG", "../outside.JPG")
    dataset = open_dataset(root)
    assert all(sample.path.is_relative_to(root / "candle") for sample in dataset.samples)
    assert len(dataset.skipped) == 2
