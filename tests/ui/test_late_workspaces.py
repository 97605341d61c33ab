"""Workspaces that are built when they are chosen first: what happened before is in them, and nothing else appears."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sam_inspector.ui.settings import CompareSetting, PaneSetting, Settings, load_settings
from tests.fakes import FakeSegmenter, loader
from tests.ui.compare_driving import CompareDriver

KEYS = {"compare": Qt.Key.Key_C, "evaluate": Qt.Key.Key_F5}


class NewWindows(QObject):
    """Notes every window that appears."""

    def __init__(self):
        super().__init__()
        self.titles = []
        QApplication.instance().installEventFilter(self)

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Show and watched.isWidgetType() and watched.isWindow():
            self.titles.append(type(watched).__name__)
        return False


def built(driver):
    return [name for name in KEYS if name in vars(driver.app.workspaces)]


@pytest.mark.parametrize("name", ["compare", "evaluate"])
def test_a_workspace_is_built_by_its_key_and_opens_no_window(driver, category, name):
    driver.open(category)
    assert built(driver) == []
    watch = NewWindows()
    driver.key(KEYS[name])
    QApplication.instance().removeEventFilter(watch)
    assert built(driver) == [name]
    assert driver.window.workspace == name
    assert driver.window.isActiveWindow()
    assert watch.titles == []


def test_compare_finds_image_truth_model_and_layers_of_before(driver, category, tmp_path):
    driver.app.presenter.open_path(category, "test/good/000.png")
    driver.wait(lambda: driver.session.opened is not None and driver.app.presenter.loaded is not None)
    mask = np.zeros((120, 160), np.uint8)
    mask[10:50, 20:60] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    driver.app.presenter.read_ground_truth(tmp_path / "mask.png")
    driver.wait(lambda: driver.session.opened.ground_truth is not None)
    driver.window.action("show_gt").trigger()

    driver.window.action("workspace_compare").trigger()
    compare = CompareDriver(driver)
    compare.wait_for_panes()
    view = compare.page.panes[0].view
    assert view._image_item.pyramid is driver.views.canvas._image_item.pyramid
    assert view._gt_item._overlay.raster.rect == (20, 10, 40, 40)
    assert not view._gt_item.isVisible()
    assert compare.page.header.path.text() == "test / good / 000.png"
    assert compare.page.panes[0].model.text() == "MobileSAM"
    assert float(compare.ious[0]) > 0.9
    driver.show("test/dent/002.png")
    compare.wait_for_panes()
    assert view._gt_item._overlay.raster.rect == (42, 30, 38, 30)


def test_evaluate_knows_dataset_and_model_of_before(driver, category):
    driver.open(category)
    driver.wait(lambda: driver.app.presenter.loaded is not None)
    driver.window.action("workspace_evaluate").trigger()
    choices = driver.app.workspaces.evaluate.page.choices
    driver.wait(lambda: choices.tree.datasets() and choices.models)
    assert str(choices.tree.datasets()[0].root) == str(category)
    assert "mobile_sam" in choices.models
    driver.wait(choices.start.isEnabled)


def test_a_window_that_never_showed_them_keeps_what_they_remember(start, category):
    panes = [PaneSetting(mode="bps"), PaneSetting(mode="b"), PaneSetting(mode="naive")]
    settings = Settings(compare=CompareSetting(panes=panes, pair=(2, 0), summary=False))
    settings.evaluate.metric = "aupro"
    driver = start(loader(FakeSegmenter()), settings=settings)
    driver.open(category)
    panels = driver.window.state().panels
    assert panels
    driver.window.close()
    assert built(driver) == []
    kept = load_settings()
    assert kept.compare == settings.compare
    assert kept.evaluate.metric == "aupro"


def test_keys_reach_the_window_wherever_the_focus_is(driver, category):
    driver.app.presenter.open_path(category, "test/dent/000.png")
    driver.wait(lambda: driver.session.opened is not None)
    for name in ("compare", "evaluate", "inspect"):
        driver.window.set_workspace(name)
        QTest.keyClick(QApplication.focusWidget() or driver.window, Qt.Key.Key_G)
    assert not driver.session.layers["gt"].visible, "three times the other way round"
    driver.views.images.search.setFocus()
    QTest.keyClick(driver.views.images.search, Qt.Key.Key_G)
    assert not driver.session.layers["gt"].visible, "a letter of the text"
    assert driver.views.images.search.text() == "g"
