"""The tree of datasets: what is ticked becomes the wish."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from sam_inspector.data.datasets import Dataset
from sam_inspector.ui.app import make_qt_application
from sam_inspector.ui.evaluate.dataset_counts import CategoryCount, ListedDataset
from sam_inspector.ui.evaluate.dataset_tree import DatasetTree


def listed(root, **anomalous):
    counts = tuple(CategoryCount(name, number, 2, 5) for name, number in anomalous.items())
    return ListedDataset(Dataset(Path(root), "mvtec_ad", (), tuple(anomalous)), counts)


@pytest.fixture
def tree(qapp, qtbot):
    make_qt_application()
    made = DatasetTree()
    qtbot.addWidget(made)
    made.resize(240, 200)
    made.show()
    return made


def click_box(tree, name):
    item = tree.item_named(name)
    place = tree.visualItemRect(item)
    QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place.left() + 10, place.center().y()))


def test_all_with_ground_truth_is_ticked_and_a_click_takes_one_out(tree, qtbot):
    tree.add_dataset(listed("/data/mvtec", nut=17, tile=4, empty=0))
    assert tree.wish() == (("/data/mvtec",), ("nut", "tile"))
    assert tree.topLevelItem(0).text(1) == "2 of 3"
    with qtbot.waitSignal(tree.changed):
        click_box(tree, "tile")
    assert tree.wish() == (("/data/mvtec",), ("nut",))
    click_box(tree, "tile")
    click_box(tree, "empty")
    assert tree.wish() == (("/data/mvtec",), ()), "all of a dataset need not be named"
    click_box(tree, "mvtec")
    assert tree.wish() == ((), ())


def test_a_dataset_of_one_category_is_one_row(tree):
    tree.add_dataset(listed("/data/mvtec", nut=17, tile=4))
    tree.add_dataset(listed("/data/leather", leather=11), first=True)
    assert tree.topLevelItem(0).childCount() == 0
    assert tree.topLevelItem(0).text(1) == "11"
    assert tree.wish() == (("/data/mvtec", "/data/leather"), ())
    click_box(tree, "leather")
    assert tree.wish() == (("/data/mvtec",), ())


def test_what_is_listed_again_keeps_its_ticks_and_can_be_left_out(tree):
    tree.add_dataset(listed("/data/mvtec", nut=17, tile=4))
    click_box(tree, "nut")
    tree.add_dataset(listed("/data/mvtec", nut=18, tile=4))
    assert tree.wish() == (("/data/mvtec",), ("tile",))
    tree.remove_dataset("/data/mvtec")
    assert tree.datasets() == ()
    assert not tree.isVisible()


def test_modes_that_visit_normal_images_count_them(tree):
    tree.add_dataset(listed("/data/mvtec", nut=17, tile=4))
    tree.set_with_normal(True)
    assert [tree.item_named(name).text(1) for name in ("nut", "tile")] == ["19", "6"]
    tree.add_dataset(listed("/data/leather", leather=11))
    assert tree.item_named("leather").text(1) == "13"
    tree.set_with_normal(False)
    assert tree.item_named("nut").text(1) == "17"


def test_ticks_are_set_from_outside_without_a_person(tree, qtbot):
    tree.add_dataset(listed("/data/mvtec", nut=17, tile=4))
    tree.add_dataset(listed("/data/leather", leather=11))
    with qtbot.assertNotEmitted(tree.changed):
        tree.set_ticks({"/data/mvtec": ["tile"]})
    assert tree.wish() == (("/data/mvtec",), ("tile",))
    assert tree.item_named("mvtec").text(1) == "1 of 2"
