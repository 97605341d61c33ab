"""The foregrounds of a category in a whole window, with a stand-in for SAM: found, shown, corrected and kept."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from sam_inspector.data.images import read_image
from sam_inspector.data.masks import mask_from_png
from sam_inspector.foreground.category_types import category_types, set_category_kind
from sam_inspector.foreground.mask_cache import CorrectedMasks, corrections_folder, pixels_id
from sam_inspector.ui.tune.foregrounds.card_model import CardModel
from sam_inspector.ui.tune.foregrounds.drawing import OUTLINE_RGB, foreground_picture
from tests.engine.learnt_parts import SIDE, make_part
from tests.fakes import loader
from tests.foreground.floods import FloodSegmenter, disk_on_noise

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


class ForegroundsDriver:
    """A window that shows foregrounds, and the hands on it."""

    def __init__(self, driver):
        self.driver, self.app, self.wait = driver, driver.app, driver.wait
        self.controller = self.app.workspaces.tune.foregrounds
        self.page = self.controller.page
        self.side, self.strip, self.editor = self.page.side, self.page.strip, self.page.editor

    def click(self, widget):
        QTest.mouseClick(widget, LEFT)

    def look(self):
        self.wait(lambda: self.controller.standing is not None)
        self.wait(lambda: self.controller.state == "idle")

    def find(self):
        self.wait(lambda: self.side.find_button.isEnabled())
        self.click(self.side.find_button)
        assert self.controller.state == "running"
        self.wait(lambda: self.controller.state == "idle", 60_000)

    def open(self, number=0):
        self.wait(lambda: self.strip.visualRect(self.strip.cards.index(number)).width() > 0)
        place = self.strip.visualRect(self.strip.cards.index(number)).center()
        QTest.mouseClick(self.strip.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, place)
        self.wait(lambda: self.editor.isVisible() and self.editor.view.has_picture)

    def point(self, x, y, button=LEFT):
        at = self.editor.view.at(x, y).toPoint()
        QTest.mouseClick(self.editor.view, button, Qt.KeyboardModifier.NoModifier, at)

    def answered(self):
        self.wait(lambda: not self.controller.correcting.is_asking)

    def mask(self):
        return mask_from_png(self.controller.correcting.draft.last.shown.mask)

    def kept(self, number=0):
        pixels = read_image(self.strip.cards.found()[number].path).pixels
        return CorrectedMasks(corrections_folder()).get(pixels_id(pixels), SIDE, SIDE)

    def marks(self):
        model = self.strip.cards
        return [model.index(row).data(CardModel.MARK) for row in range(model.rowCount())]

    def banners(self):
        return [banner.text for banner in self.page.banners.banners()]


@pytest.fixture
def part(tmp_path):
    return make_part(tmp_path / "part")


@pytest.fixture
def foregrounds(start):
    def begin(root=None, size=(1280, 860), segmenter=None):
        driver = start(loader(segmenter or FloodSegmenter()), size=size)
        driver.window.switch.segment("tune").click()
        if root is not None:
            driver.open(root)
            driver.wait(lambda: driver.app.presenter.loaded is not None)
        page = driver.app.workspaces.tune.page
        QTest.mouseClick(page.switches["sam"].segment("foregrounds"), LEFT)
        view = ForegroundsDriver(driver)
        if root is not None:
            view.look()
        return view

    return begin


def test_without_a_dataset_the_workspace_offers_to_open_one(foregrounds):
    view = foregrounds()
    assert not view.side.isVisible()
    assert not view.page.isVisible()
    view.app.workspaces.tune.page.set_has_dataset(True)
    assert view.page.message.title.text() == "Open a dataset to see its foregrounds"
    assert not view.side.find_button.isEnabled()


def test_every_image_comes_as_a_card_with_its_share(foregrounds, part):
    view = foregrounds(part)
    assert not view.strip.isVisible()
    assert view.side.isVisible()
    view.find()
    names = [found.path.parent.name + "/" + found.path.name for found in view.strip.cards.found()]
    assert names == [f"good/{n:03}.png" for n in range(4)] + [
        "stain/000.png",
        "stain/001.png",
        "good/000.png",
        "good/001.png",
    ]
    assert view.side.hint.text() == "8 foregrounds."
    disk = disk_on_noise(SIDE, 50)[1]
    assert all(abs(found.used.share - disk.mean()) < 0.03 for found in view.strip.cards.found())
    view.wait(lambda: view.strip.cards.has_picture(view.strip.cards.found()[-1].path))
    assert view.marks() == [""] * 8


def test_the_switch_leads_back_to_training(foregrounds, part):
    view = foregrounds(part)
    page = view.app.workspaces.tune.page
    assert page.switches["foregrounds"].segment("foregrounds").hasFocus()
    view.click(page.switches["foregrounds"].segment("train"))
    assert page.form.isVisible()
    assert page.loss.isVisible()
    assert not view.side.isVisible()
    assert page.switches["train"].choice() == "train"


def test_what_was_found_before_is_shown_unasked(foregrounds, part):
    foregrounds(part).find()
    view = foregrounds(part)
    view.wait(lambda: len(view.strip.cards.found()) == 8)
    view.look()
    assert view.strip.isVisible()


def test_a_foreground_that_was_not_found_is_marked_and_says_why(foregrounds, part):
    Image.fromarray(np.full((SIDE, SIDE, 3), 90, np.uint8)).save(part / "train/good/001.png")
    view = foregrounds(part)
    view.find()
    assert view.marks()[:3] == ["", "not found", ""]
    tip = view.strip.cards.index(1).data(Qt.ItemDataRole.ToolTipRole)
    assert "No foreground was found, so the whole image is used" in tip
    assert view.side.hint.text() == "8 foregrounds, 1 not found."


def test_an_image_that_cannot_be_read_is_told(foregrounds, part):
    (part / "train/good/003.png").write_bytes(b"no image")
    view = foregrounds(part)
    view.find()
    assert len(view.strip.cards.found()) == 7
    assert any("003.png" in text for text in view.banners())


def test_it_can_be_cancelled(foregrounds, part):
    segmenter = FloodSegmenter(decode_seconds=0.2)
    view = foregrounds(part, segmenter=segmenter)
    view.click(view.side.find_button)
    view.wait(lambda: len(view.strip.cards.found()) >= 1)
    view.click(view.side.cancel)
    view.wait(lambda: view.controller.state == "idle")
    assert 1 <= len(view.strip.cards.found()) < 4
    assert view.side.find_button.isVisible()


def test_clicks_make_another_foreground_that_is_kept_for_all(foregrounds, part, monkeypatch):
    view = foregrounds(part)
    forgotten = []
    sources = view.app.presenter.automatic.sources
    monkeypatch.setattr(sources, "forget_networks", lambda: forgotten.append(True))
    view.find()
    view.open(0)
    automatic = view.mask()
    assert not view.editor.keep.isEnabled()
    assert not view.editor.undo.isEnabled()
    view.point(8, 8)
    assert view.editor.state.text() == "Asking SAM…"
    view.answered()
    ground = view.mask()
    assert ground[8, 8]
    assert not np.array_equal(ground, automatic)
    assert view.marks()[0] == "not kept"
    assert view.kept() is None
    view.click(view.editor.keep)
    view.wait(lambda: view.marks()[0] == "corrected")
    assert np.array_equal(view.kept(), ground)
    assert forgotten  # a network that learnt with the other one is not taken again
    assert not view.editor.keep.isEnabled()
    assert view.editor.state.text().startswith("Kept")
    assert view.side.hint.text() == "8 foregrounds, 1 corrected."
    view.find()  # and it stays when all are found again
    assert view.marks()[0] == "corrected"


def test_each_change_can_be_taken_back(foregrounds, part):
    view = foregrounds(part)
    view.find()
    view.open(1)
    automatic = view.mask()
    view.click(view.editor.whole)
    assert view.mask().all()
    assert not view.editor.whole.isEnabled()
    view.point(80, 80)
    view.answered()
    assert not view.mask().all()
    assert np.allclose(view.controller.correcting.draft.last.points, [(80, 80)], atol=1)
    view.click(view.editor.undo)
    assert view.mask().all()
    view.click(view.editor.undo)
    assert np.array_equal(view.mask(), automatic)
    assert not view.editor.undo.isEnabled()
    assert view.marks()[1] == ""


def test_the_automatic_one_comes_back_for_good(foregrounds, part):
    view = foregrounds(part)
    view.find()
    view.open(0)
    automatic = view.mask()
    view.click(view.editor.whole)
    view.click(view.editor.keep)
    view.wait(lambda: view.marks()[0] == "corrected")
    assert view.kept().all()
    view.click(view.editor.automatic)
    assert np.array_equal(view.mask(), automatic)
    view.click(view.editor.keep)
    view.wait(lambda: view.marks()[0] == "")
    assert view.kept() is None


def test_the_right_button_leaves_something_out(foregrounds, part):
    segmenter = FloodSegmenter()
    view = foregrounds(part, segmenter=segmenter)
    view.find()
    view.open(0)
    view.click(view.editor.whole)
    view.point(80, 80, RIGHT)
    assert view.editor.state.text().startswith("Click on the object first")
    assert not view.controller.correcting.is_asking
    view.point(80, 80)
    view.point(8, 8, RIGHT)
    view.answered()
    assert segmenter.decoded[-1].labels == (1, 0)
    assert view.controller.correcting.draft.last.labels == (1, 0)


def test_what_sam_cannot_answer_is_told_and_changes_nothing(foregrounds, part):
    view = foregrounds(part)
    view.find()
    view.open(0)
    before = view.mask()
    view.strip.cards.found()[0].path.write_bytes(b"gone")
    view.point(80, 80)
    view.answered()
    assert any("000.png" in text for text in view.banners())
    assert np.array_equal(view.mask(), before)
    assert not view.editor.undo.isEnabled()


def test_edits_wait_while_another_foreground_is_looked_at(foregrounds, part):
    view = foregrounds(part)
    view.find()
    view.open(0)
    view.click(view.editor.whole)
    view.open(1)
    assert not view.mask().all()
    view.open(0)
    assert view.mask().all()
    view.click(view.editor.close_button)
    assert not view.editor.isVisible()
    assert view.marks()[0] == "not kept"


def test_a_texture_says_that_there_is_nothing_to_remove(foregrounds, part):
    set_category_kind("part", "texture")
    view = foregrounds(part)
    assert view.page.message.title.text() == "Textures have no background to remove"
    assert view.side.kind.currentText() == "Texture"
    assert not view.side.find_button.isEnabled()


def test_an_unknown_category_is_asked_for(foregrounds, tmp_path):
    view = foregrounds(make_part(tmp_path / "part", kind=None))
    assert view.page.message.title.text() == "What do the images of part show?"
    assert not view.side.find_button.isEnabled()
    view.click(view.page.message.kinds["object"])
    view.wait(lambda: view.side.find_button.isEnabled())
    assert category_types().type_of("part").kind == "object"
    view.find()
    assert len(view.strip.cards.found()) == 8


def test_another_dataset_takes_the_cards_away(foregrounds, part, tmp_path):
    view = foregrounds(part)
    view.find()
    view.open(0)
    view.driver.open(make_part(tmp_path / "other", kind="texture"))
    view.wait(lambda: view.controller.standing is not None and view.controller.standing.category == "other")
    assert view.strip.cards.found() == ()
    assert not view.editor.isVisible()


@pytest.mark.parametrize("size", [(1024, 700), (1440, 900)])
def test_nothing_is_cut(foregrounds, part, size):
    view = foregrounds(part, size=size)
    view.find()
    view.open(0)
    for button in (view.editor.whole, view.editor.automatic, view.editor.undo, view.editor.keep):
        assert button.width() >= button.minimumSizeHint().width()
        assert view.editor.rect().contains(button.geometry())
    assert view.editor.view.place().height() > 150
    assert view.strip.height() >= view.strip.minimumSizeHint().height()


def test_a_picture_is_dim_outside_and_has_the_outline():
    pixels = np.full((60, 80, 3), 200, np.uint8)
    mask = np.zeros((60, 80), bool)
    mask[20:40, 30:60] = True
    drawn = foreground_picture(pixels, mask, 1000)
    assert (drawn.width(), drawn.height()) == (80, 60)
    assert QColor(drawn.pixel(45, 30)).getRgb()[:3] == (200, 200, 200)
    assert QColor(drawn.pixel(5, 5)).getRgb()[:3] == (70, 70, 70)
    assert QColor(drawn.pixel(45, 20)).getRgb()[:3] == OUTLINE_RGB
    assert foreground_picture(pixels, mask, 40).width() == 40
