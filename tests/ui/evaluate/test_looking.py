"""An image of a run shown large: as the run left it, whatever was done to it in Inspect."""

import shutil
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sam_inspector.ui.evaluate.worst_strip import WorstImage


@pytest.fixture
def view(evaluate, category, tmp_path):
    """A finished run, a cell of it chosen."""
    made = evaluate(category=category)
    made.run("b", "bp", out=tmp_path / "run")
    made.cell(0, 2)
    return made


def work_by_hand(view, key):
    """Accept a region on an image in Inspect, and wait for its score."""
    view.driver.window.set_workspace("inspect")
    view.driver.show(key)
    view.driver.click(20, 20)
    view.driver.wait_for_scores()
    assert view.driver.session.accept_region()
    view.driver.wait_for_scores()
    view.driver.window.set_workspace("evaluate")


def test_looking_shows_the_run_and_leaves_the_work_alone(view):
    entry = view.page.worst.strip.images.entries()[0]
    key = entry.row.path
    work_by_hand(view, key)
    session = view.driver.session
    work, score = session.work, session.results[key].iou
    assert work.accepted is not None
    assert score != entry.row.iou
    look = view.look_at()
    assert view.page.shows_look
    assert f"IoU {entry.row.iou:.3f}" in view.page.look.info.text()
    assert not look.notes
    shown = look.errors.shares
    area = entry.row.size[0] * entry.row.size[1]
    assert shown[0] * area == pytest.approx(entry.row.intersection)
    assert (shown[0] + shown[1]) * area == pytest.approx(entry.row.mask_area), "accepted regions have no part in it"
    assert session.work is work
    assert session.results[key].iou == score


def test_editing_in_inspect_puts_accepted_regions_aside_and_says_so(view):
    entry = view.page.worst.strip.images.entries()[0]
    work_by_hand(view, entry.row.path)
    look = view.look_at()
    view.click(view.page.look.edit)
    session = view.driver.session
    view.wait(lambda: session.work.prompts)
    assert view.driver.window.workspace == "inspect"
    assert session.work.prompts == look.prompts
    assert session.work.accepted is None, "the run's prompts stand alone"
    assert any("set aside" in text for text in view.driver.banners())
    view.driver.wait_for_scores()
    assert session.scores.iou == pytest.approx(entry.row.iou, abs=1e-6)
    view.driver.window.action("undo").trigger()
    assert session.work.accepted is not None


def test_prompts_that_were_answered_with_a_map_say_so_in_inspect(view):
    look = view.look_at()
    at = replace(look.at, image=WorstImage(look.at.image.model, replace(look.at.image.row, mode="cascade")))
    view.driver.window.set_workspace("inspect")
    view.controller.opener.open(replace(look, at=at), look.at.sample.category_folder)
    view.wait(view.driver.banners)
    assert "was made with its map" in view.driver.banners()[0]
    assert f"IoU {look.at.image.row.iou:.3f}" in view.driver.banners()[0]


def test_keys_step_along_the_strip_and_escape_goes_back(view):
    entries = view.page.worst.strip.images.entries()
    looker, panel = view.controller.looker, view.page.look
    view.look_at()
    assert not panel.previous.isEnabled()
    for step, key in enumerate((Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right), start=1):
        QTest.keyClick(panel.view, key)
        expected = entries[min(step, 2)]
        view.wait(lambda expected=expected: looker.look_on_screen.at.image is expected)
    assert not panel.next.isEnabled()
    view.click(panel.previous)
    view.wait(lambda: looker.look_on_screen.at.image is entries[1])
    QTest.keyClick(panel.view, Qt.Key.Key_Escape)
    assert not view.page.shows_look
    assert view.page.table.chosen()


def test_an_image_that_was_changed_is_told_and_not_edited(view, category):
    entry = view.page.worst.strip.images.entries()[0]
    others = [path for path in (category / "test/dent").glob("00*.png") if path != category / entry.row.path]
    shutil.copy(others[0], category / entry.row.path)
    look = view.look_at()
    assert "was changed since it was evaluated" in view.page.look.note.text()
    assert look.pyramid is not None
    assert not view.page.look.edit.isEnabled()


def test_an_image_without_its_mask_is_told(view, tmp_path):
    shutil.rmtree(tmp_path / "run/masks")
    look = view.look_at()
    assert look.mask.raster is None
    assert view.page.look.note.isVisible()
