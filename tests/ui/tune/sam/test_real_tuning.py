"""Tuning SAM in the window with the real training, on a small random SAM: from the button to an answered click."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sam_inspector.models.tuned.finding import tuned_folder
from sam_inspector.models.tuned.manifest import read_tuned_manifest
from tests.engine.spt.parts import load_small


@pytest.fixture
def driver(start, category):
    driver = start(load_small)
    driver.window.switch.segment("tune").click()
    driver.open(category)
    driver.wait(lambda: driver.app.presenter.loaded is not None)
    return driver


def test_a_sam_is_tuned_and_answers_a_click_with_mask_and_draft(driver):
    view = driver.app.workspaces.tune.sam
    form = view.page.form
    form.epochs.setFocus()
    form.epochs.selectAll()
    QTest.keyClicks(form.epochs, "2")
    driver.wait(lambda: form.foot.start.isEnabled() and view.standing.choices.settings.epochs == 2)
    QTest.mouseClick(form.foot.start, Qt.MouseButton.LeftButton)
    driver.wait(lambda: view.state == "running")
    driver.wait(lambda: view.state not in ("running", "stopping"), 60_000)
    assert not view.page.banners.banners()
    made = read_tuned_manifest(tuned_folder() / "part.safetensors")
    assert (made.epochs_done, len(made.images), len(made.held_out)) == (2, 2, 1)
    driver.wait(lambda: form.foot.use.isEnabled() and form.foot.use.isVisible())
    assert view.page.held_out.header.subtitle.text() == f"box {made.kept.box:.3f}, point {made.kept.point:.3f}"
    driver.wait(lambda: view.page.cards.cards)
    (card,) = view.page.cards.cards.values()
    assert [title for title, *_ in card.columns] == ["SAM before", "Draft", "Refined"]
    QTest.mouseClick(form.foot.use, Qt.MouseButton.LeftButton)
    driver.wait(lambda: driver.app.presenter.loaded.name == "mobile_sam+part")
    driver.click(60, 45)
    driver.wait_for_scores()
    assert [card.text() for card in driver.views.candidates.cards] == ["Refined", "Draft"]
