"""Each layout as its publisher keeps it: recognised, whole, by category and by image."""

from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
from PIL import Image

from sam_inspector.core.errors import DatasetError
from sam_inspector.data.datasets import LAYOUTS, open_dataset, open_path
from sam_inspector.data.export import exported_mask_path
from sam_inspector.data.masks import read_mask

HEAD = "object,split,label,image,mask\n"


def plant(root, *places, value=90):
    """Write a small picture at each place."""
    for place in places:
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 6), value).save(path, "JPEG" if path.suffix == ".JPG" else None)
    return root


def found(dataset):
    """Where each image is, its split, defect and mask, as strings."""
    return [
        (
            dataset.path_in_root(sample),
            sample.split,
            sample.defect,
            sample.mask_path.relative_to(dataset.root).as_posix() if sample.mask_path else None,
        )
        for sample in dataset.samples
    ]


def visa(root, *, names=("candle", "pcb1")):
    """VisA as published: two normal images, of which one is for testing, and two with a defect."""
    lines = []
    for name in names:
        plant(root, f"{name}/Data/Images/Normal/0000.JPG", f"{name}/Data/Images/Normal/0001.JPG")
        plant(root, f"{name}/Data/Images/Anomaly/010.JPG", f"{name}/Data/Images/Anomaly/002.JPG")
        plant(root, f"{name}/Data/Masks/Anomaly/010.png", f"{name}/Data/Masks/Anomaly/002.png", value=1)
        (root / name / "image_anno.csv").write_text("image,label,mask\n")
        at = f"{name}/Data"
        lines += [
            f"{name},train,normal,{at}/Images/Normal/0001.JPG,",
            f"{name},test,normal,{at}/Images/Normal/0000.JPG,",
            f"{name},test,anomaly,{at}/Images/Anomaly/010.JPG,{at}/Masks/Anomaly/010.png",
            f"{name},test,anomaly,{at}/Images/Anomaly/002.JPG,{at}/Masks/Anomaly/002.png",
        ]
    (root / "split_csv").mkdir()
    (root / "split_csv" / "1cls.csv").write_text(HEAD + "\n".join(lines) + "\n")
    (root / "LICENSE-DATASET.txt").write_text("CC BY 4.0")
    return root


def visa_converted(root):
    return plant(
        root,
        "1cls/candle/train/good/0001.JPG",
        "1cls/candle/test/good/0000.JPG",
        "1cls/candle/test/bad/002.JPG",
        "1cls/candle/ground_truth/bad/002.png",
        "1cls/tin/train/good/1.JPG",
        "1cls/tin/test/bad/2.JPG",
        "1cls/tin/ground_truth/bad/2.png",
    )


def loco(root):
    return plant(
        root,
        *(f"box/{split}/good/000.png" for split in ("train", "validation", "test")),
        "box/test/logical_anomalies/001.png",
        "box/test/structural_anomalies/001.png",
        "box/ground_truth/logical_anomalies/001/000.png",
        "box/ground_truth/logical_anomalies/001/001.png",
        "box/ground_truth/structural_anomalies/001/000.png",
    )


def mvtec_3d(root):
    for split, defect in (("train", "good"), ("validation", "good"), ("test", "good"), ("test", "hole")):
        plant(root, f"bagel/{split}/{defect}/rgb/000.png", f"bagel/{split}/{defect}/xyz/000.tiff")
        plant(root, f"bagel/{split}/{defect}/gt/000.png", value=0 if defect == "good" else 255)
    (root / "bagel" / "calibration").mkdir()
    return root


def btad(root):
    return plant(
        root,
        "01/train/ok/0000.bmp",
        "01/test/ok/0000.bmp",
        "01/test/ko/0000.bmp",
        "01/ground_truth/ko/0000.png",
        "01/ground_truth/ok/0000.png",
        "03/train/ok/0000.bmp",
        "03/test/ko/0001.bmp",
        "03/ground_truth/ko/0001.bmp",
    )


def mvtec_ad(root):
    return plant(
        root,
        "nut/train/good/000.png",
        "nut/test/good/000.png",
        "nut/test/crack/000.png",
        "nut/ground_truth/crack/000_mask.png",
    )


ROOTS = {
    "mvtec_ad": mvtec_ad,
    "mvtec_loco": loco,
    "mvtec_3d": mvtec_3d,
    "btad": btad,
    "visa": visa,
    "visa_converted": visa_converted,
}


def test_visa_as_published(tmp_path):
    dataset = open_dataset(visa(tmp_path))
    assert (dataset.layout, dataset.categories, dataset.skipped) == ("visa", ("candle", "pcb1"), ())
    assert found(dataset)[:4] == [
        ("candle/Data/Images/Anomaly/002.JPG", "test", "anomaly", "candle/Data/Masks/Anomaly/002.png"),
        ("candle/Data/Images/Anomaly/010.JPG", "test", "anomaly", "candle/Data/Masks/Anomaly/010.png"),
        ("candle/Data/Images/Normal/0000.JPG", "test", "good", None),
        ("candle/Data/Images/Normal/0001.JPG", "train", "good", None),
    ]
    sample = dataset.samples[0]
    assert sample.category_folder == tmp_path / "candle"
    # Its masks hold 1, not 255.
    assert read_mask(sample.mask_path, width=8, height=6).all()
    alone = open_dataset(tmp_path / "pcb1")
    assert (alone.layout, alone.categories, alone.skipped) == ("visa", ("pcb1",), ())
    assert [sample.split for sample in alone.samples] == ["test", "test", "test", "train"]


def test_visa_converted(tmp_path):
    dataset = open_dataset(visa_converted(tmp_path))
    assert (dataset.layout, dataset.categories, dataset.skipped) == ("visa_converted", ("candle", "tin"), ())
    assert found(dataset)[:3] == [
        ("1cls/candle/test/bad/002.JPG", "test", "bad", "1cls/candle/ground_truth/bad/002.png"),
        ("1cls/candle/test/good/0000.JPG", "test", "good", None),
        ("1cls/candle/train/good/0001.JPG", "train", "good", None),
    ]
    assert open_dataset(tmp_path / "1cls").layout == "visa_converted"
    # One's own good and bad images are nobody's VisA.
    plant(tmp_path / "mine", "bolt/train/good/1.png", "bolt/test/bad/2.png", "bolt/ground_truth/bad/2.png")
    assert open_dataset(tmp_path / "mine").layout == "mvtec_ad"


def test_mvtec_loco(tmp_path):
    dataset = open_dataset(loco(tmp_path))
    assert (dataset.layout, dataset.skipped) == ("mvtec_loco", ())
    assert found(dataset) == [
        ("box/test/logical_anomalies/001.png", "test", "logical_anomalies", "box/ground_truth/logical_anomalies/001"),
        (
            "box/test/structural_anomalies/001.png",
            "test",
            "structural_anomalies",
            "box/ground_truth/structural_anomalies/001",
        ),
        ("box/test/good/000.png", "test", "good", None),
        ("box/validation/good/000.png", "validation", "good", None),
        ("box/train/good/000.png", "train", "good", None),
    ]


def test_the_colour_images_of_mvtec_3d(tmp_path):
    dataset = open_dataset(mvtec_3d(tmp_path))
    assert (dataset.layout, dataset.categories, dataset.skipped) == ("mvtec_3d", ("bagel",), ())
    assert found(dataset) == [
        ("bagel/test/hole/rgb/000.png", "test", "hole", "bagel/test/hole/gt/000.png"),
        ("bagel/test/good/rgb/000.png", "test", "good", None),
        ("bagel/validation/good/rgb/000.png", "validation", "good", None),
        ("bagel/train/good/rgb/000.png", "train", "good", None),
    ]


def test_btad_with_bmp_and_png(tmp_path):
    dataset = open_dataset(btad(tmp_path))
    assert (dataset.layout, dataset.categories, dataset.skipped) == ("btad", ("01", "03"), ())
    assert found(dataset) == [
        ("01/test/ko/0000.bmp", "test", "ko", "01/ground_truth/ko/0000.png"),
        ("01/test/ok/0000.bmp", "test", "good", None),
        ("01/train/ok/0000.bmp", "train", "good", None),
        ("03/test/ko/0001.bmp", "test", "ko", "03/ground_truth/ko/0001.bmp"),
        ("03/train/ok/0000.bmp", "train", "good", None),
    ]
    assert [sample.is_normal for sample in dataset.samples] == [False, True, True, False, True]


@pytest.mark.parametrize("layout", ROOTS)
def test_a_root_a_category_and_an_image_open_alike(layout, tmp_path):
    root = open_dataset(ROOTS[layout](tmp_path))
    assert root.layout == layout
    assert open_dataset(tmp_path, layout).samples == root.samples
    first = root.samples[0]
    folder = first.category_folder
    category = open_dataset(folder)
    of_category = tuple(sample for sample in root.samples if sample.category == first.category)
    assert (category.layout, category.root, category.samples) == (layout, folder, of_category)
    assert open_dataset(folder, layout).samples == of_category
    for sample in of_category:
        opened, start = open_path(sample.path)
        assert (opened.root, opened.layout, opened.samples, start) == (folder, layout, of_category, sample)
        assert open_dataset(sample.path).samples == (sample,)
        assert open_path(sample.path.parent)[1].path.parent == sample.path.parent
    assert open_path(folder)[1] is None
    # A mask is opened as the picture it is.
    mask = first.mask_path if first.mask_path.is_file() else first.mask_path / "000.png"
    assert open_path(mask)[1].path == mask


@pytest.mark.parametrize("layout", ROOTS)
def test_every_layout_has_a_place_for_exported_masks(layout, tmp_path):
    dataset = open_dataset(ROOTS[layout](tmp_path))
    places = [exported_mask_path(sample) for sample in dataset.samples]
    assert len(set(places)) == len(places)
    assert all(place.parts[0] == sample.category for place, sample in zip(places, dataset.samples, strict=True))


@pytest.mark.parametrize("layout", ROOTS)
def test_a_layout_that_was_asked_for_and_is_not_there(layout, tmp_path):
    plant(tmp_path, "a.png", "inner/b.png")
    with pytest.raises(DatasetError) as error:
        open_dataset(tmp_path, layout)
    row = LAYOUTS[layout]
    assert str(error.value) == (
        f"{tmp_path} is not in the layout {row.title}, which has images in {row.images_in} and masks in "
        f"{row.masks_in}: leave --layout out."
    )


def test_categories_of_several_layouts_in_one_folder(tmp_path):
    btad(mvtec_ad(mvtec_3d(loco(tmp_path))))
    dataset = open_dataset(tmp_path)
    assert dataset.layout == "btad,mvtec_3d,mvtec_loco,mvtec_ad"
    assert dataset.categories == ("01", "03", "bagel", "box", "nut")
    assert dataset.skipped == ()
    assert [sample.category for sample in dataset.samples] == sorted(sample.category for sample in dataset.samples)
    alone = [open_dataset(tmp_path / name) for name in dataset.categories]
    assert list(dataset.samples) == list(chain.from_iterable(part.samples for part in alone))
    # A layout that is named leaves the others out, and says so.
    only = open_dataset(tmp_path, "btad")
    assert only.categories == ("01", "03")
    assert {(skipped.path.name, skipped.reason) for skipped in only.skipped} == {
        (name, "not a category") for name in ("bagel", "box", "nut")
    }


def test_the_path_in_the_root_is_that_of_pathlib(tmp_path):
    dataset = open_dataset(mvtec_ad(tmp_path))
    for root in (tmp_path, tmp_path / "nut", tmp_path.parent, tmp_path.anchor):
        whole = replace(dataset, root=Path(root))
        for sample in dataset.samples:
            assert whole.path_in_root(sample) == sample.path.relative_to(root).as_posix()
    with pytest.raises(ValueError, match="is not in the subpath"):
        replace(dataset, root=tmp_path / "nu").path_in_root(dataset.samples[0])


def test_a_category_whose_defect_is_called_ko_is_not_of_btad(tmp_path):
    plant(tmp_path, "bolt/train/good/1.png", "bolt/test/good/1.png", "bolt/test/ko/1.png", "bolt/ground_truth/ko/1.png")
    assert open_dataset(tmp_path).layout == "mvtec_ad"


def test_names_of_the_layouts_are_in_the_help_of_the_option():
    from sam_inspector.cli.options import LayoutOption

    text = next(part.help for part in LayoutOption.__metadata__)
    assert all(name in text for name in LAYOUTS)
