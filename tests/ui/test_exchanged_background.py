"""An image before another background: the toggle above the canvas, and that nothing of it is kept."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sam_inspector.foreground.category_types import set_category_kind
from sam_inspector.ui.exchanged_background import EXPERIMENT

KEY = "test/dent/000.png"


@pytest.fixture
def opened(driver, category):
    set_category_kind("part", "object")
    driver.open(category)
    driver.wait(lambda: driver.session.opened is not None and driver.app.presenter.loaded is not None)
    driver.show(KEY) if driver.session.opened.key != KEY else None
    return driver


def choose(driver, kind):
    button = driver.views.header.background
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert button.menu_of_kinds.isVisible()
    button.kinds[kind].trigger()
    button.menu_of_kinds.close()


def notice(driver):
    return driver.views.canvas._notice.text()


def exchanged(driver):
    driver.wait(lambda: driver.session.opened is not None and driver.session.opened.exchanged)
    return driver.session.opened


def test_the_composite_is_shown_and_taken_back(opened):
    taken = opened.session.opened.image
    choose(opened, "flat")
    shown = exchanged(opened)
    assert shown.image.image_id != taken.image_id
    assert shown.image.pixels.shape == taken.pixels.shape
    assert not np.array_equal(shown.image.pixels, taken.pixels)
    assert shown.ground_truth is not None
    assert notice(opened) == EXPERIMENT
    assert opened.views.header.background.isChecked()
    choose(opened, "taken")
    opened.wait(lambda: not opened.session.opened.exchanged)
    assert opened.session.opened.image is taken
    assert notice(opened) == ""
    assert not opened.views.header.background.isChecked()


def test_prompts_are_carried_over_and_scored_and_nothing_is_kept(opened):
    opened.click(60, 45)
    opened.wait_for_scores()
    prompts, results = opened.session.work.prompts, dict(opened.session.results)
    row = opened.views.images._model.states[KEY]
    choose(opened, "perlin")
    exchanged(opened)
    assert opened.session.work.prompts == prompts
    opened.wait_for_scores()
    opened.click(100, 90)
    opened.wait_for_scores()
    assert opened.session.results == results
    assert opened.views.images._model.states[KEY] == row
    assert not opened.app.presenter.saver.has_unsaved_work
    choose(opened, "taken")
    opened.wait(lambda: not opened.session.opened.exchanged)
    assert opened.session.work.prompts == prompts


def test_a_verdict_before_another_background_leaves_the_list_alone(opened):
    opened.session.set_verdict("defect")
    state = opened.views.images._model.states[KEY]
    choose(opened, "gradient")
    exchanged(opened)
    opened.session.set_verdict("good")
    assert opened.views.images._model.states[KEY] == state


def test_the_next_image_comes_before_a_background_too_and_another_draw_differs(opened):
    choose(opened, "flat")
    first = exchanged(opened).image
    opened.views.header.background.again.trigger()
    opened.wait(lambda: opened.session.opened.image is not first)
    assert not np.array_equal(opened.session.opened.image.pixels, first.pixels)
    opened.app.presenter.select("test/dent/001.png")
    opened.wait(lambda: opened.session.opened.key == "test/dent/001.png" and opened.session.opened.exchanged)


def test_a_texture_stays_as_it_is_and_says_so(opened):
    set_category_kind("part", "texture")
    choose(opened, "flat")
    opened.wait(opened.banners)
    assert opened.banners() == ["The category “part” has no background to exchange: the image stays as it is."]
    assert not opened.session.opened.exchanged
    assert not opened.views.header.background.isChecked()
    assert notice(opened) == ""


def test_a_type_that_nobody_knows_is_asked_for(opened):
    set_category_kind("part", "unknown")
    choose(opened, "flat")
    opened.wait(opened.banners)
    assert "is not known" in opened.banners()[0]
    assert not opened.views.header.background.isChecked()


def test_a_folder_without_photos_is_told(opened, tmp_path, monkeypatch):
    (tmp_path / "none").mkdir()
    monkeypatch.setattr(
        "sam_inspector.ui.exchanged_background.QFileDialog.getExistingDirectory", lambda *_: str(tmp_path / "none")
    )
    choose(opened, "photos")
    opened.wait(opened.banners)
    assert str(tmp_path / "none") in opened.banners()[0]
    assert not opened.session.opened.exchanged


def test_photos_stand_behind_the_object(opened, tmp_path, monkeypatch):
    (tmp_path / "photos").mkdir()
    Image.fromarray(np.full((300, 300, 3), (250, 10, 250), np.uint8)).save(tmp_path / "photos/pink.png")
    monkeypatch.setattr(
        "sam_inspector.ui.exchanged_background.QFileDialog.getExistingDirectory", lambda *_: str(tmp_path / "photos")
    )
    choose(opened, "photos")
    pixels = exchanged(opened).image.pixels
    assert (np.abs(pixels.astype(int) - (250, 10, 250)).max(axis=2) < 12).mean() > 0.2
