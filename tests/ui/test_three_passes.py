"""Three passes in the window: the choice, the strip, the keys, and what of it is kept or forgotten."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from sam_inspector.core.co_features import CoFeaturePoints, ScoredPoint
from sam_inspector.core.prompts import Prompt, Prompts
from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.engine.requests import CascadeInput, MapInput
from sam_inspector.ui.settings import load_settings
from tests.fakes import FakeSegmenter, loader
from tests.ui.test_window import FIRST, GOOD, SECOND


def press(box):
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(10, box.height() // 2))


def numbers(driver):
    return [card.lines()[-1][2] for card in driver.views.passes.cards]


def titles(driver):
    return [card.text() for card in driver.views.passes.cards]


def wait_for_passes(driver):
    driver.wait(lambda: driver.session.scores_are_current and len(driver.session.pass_ious) == 3)


@pytest.fixture
def clicked(driver, category):
    """A point in the defect, answered in three passes."""
    driver.open(category)
    press(driver.views.prompts.three_passes)
    driver.click(50, 40)
    wait_for_passes(driver)
    return driver


def test_one_pass_is_the_rule_and_the_candidates_are_shown(driver, segmenter, category):
    driver.open(category)
    assert not driver.views.prompts.three_passes.isChecked()
    driver.click(50, 40)
    driver.wait_for_scores()
    assert driver.views.candidates.isVisible()
    assert not driver.views.passes.isVisible()
    assert len(segmenter.decoded) == 1


def test_with_three_passes_the_strip_shows_what_each_gave(clicked, segmenter):
    assert clicked.views.passes.isVisible()
    assert not clicked.views.candidates.isVisible()
    assert titles(clicked) == ["1 Points", "2 + logits", "3 + box"]
    assert numbers(clicked) == [f"{iou:.3f}" for iou in clicked.session.pass_ious]
    assert numbers(clicked)[2] == clicked.views.results.iou.text()
    assert [card.isChecked() for card in clicked.views.passes.cards] == [False, False, True]
    assert segmenter.mask_inputs[1] is not None
    assert segmenter.decoded[2].box is not None
    assert "with the GT" in clicked.views.passes.cards[0].toolTip()


def test_switching_it_on_and_off_asks_again(driver, category):
    driver.open(category)
    driver.click(50, 40)
    driver.wait_for_scores()
    press(driver.views.prompts.three_passes)
    wait_for_passes(driver)
    assert driver.views.passes.isVisible()
    press(driver.views.prompts.three_passes)
    driver.wait_for_scores()
    assert driver.session.passes == ()
    assert driver.views.candidates.isVisible()


@pytest.mark.parametrize("by", ["key", "mouse"])
def test_another_pass_is_shown_at_no_cost_and_is_no_edit(clicked, segmenter, by):
    decoded, work = len(segmenter.decoded), clicked.session.work
    steps = clicked.session.undo_group.activeStack().count()
    if by == "key":
        clicked.key(Qt.Key.Key_1)
    else:
        QTest.mouseClick(clicked.views.passes.cards[0], Qt.MouseButton.LeftButton)
    wait_for_passes(clicked)
    assert [card.isChecked() for card in clicked.views.passes.cards] == [True, False, False]
    assert clicked.session.segmentation.mask.tolist() == clicked.session.passes[0].mask.tolist()
    assert clicked.views.results.iou.text() == numbers(clicked)[0]
    assert len(segmenter.decoded) == decoded
    assert clicked.session.work == work
    assert clicked.session.undo_group.activeStack().count() == steps
    clicked.key(Qt.Key.Key_0)
    assert clicked.session.cascade.shown == 1
    clicked.key(Qt.Key.Key_2)
    wait_for_passes(clicked)
    assert clicked.session.cascade.shown == 2


def test_what_is_accepted_is_the_pass_shown(clicked):
    clicked.key(Qt.Key.Key_1)
    wait_for_passes(clicked)
    first = clicked.session.passes[0].mask
    clicked.key(Qt.Key.Key_Return)
    clicked.wait_for_scores()
    assert np.array_equal(clicked.session.work.accepted, first)
    assert clicked.session.passes == ()
    assert clicked.views.candidates.isVisible()


def test_prompts_with_a_box_begin_with_the_prompt(driver, category):
    driver.open(category)
    press(driver.views.prompts.three_passes)
    driver.session.set_tool("box")
    driver.drag((40, 30), (79, 59))
    wait_for_passes(driver)
    assert titles(driver) == ["1 Prompt", "2 + logits", "3 + logits"]
    assert "their own boxes" in driver.views.passes.cards[2].toolTip()


def test_numbers_are_grey_until_they_are_of_the_masks(start, category):
    driver = start(loader(FakeSegmenter(decode_seconds=0.1)))
    driver.open(category)
    press(driver.views.prompts.three_passes)
    driver.click(50, 40)
    wait_for_passes(driver)
    card = driver.views.passes.cards[0]
    ink = card.lines()[2][1]
    driver.click(60, 50)
    assert driver.views.passes.isVisible(), "the masks before stay, greyed"
    assert card.lines()[2][1] != ink
    driver.wait_for_scores()
    assert card.lines()[2][1] == ink


def test_an_answer_that_comes_too_late_is_dropped(start, category):
    driver = start(loader(FakeSegmenter(decode_seconds=0.1)))
    driver.open(category)
    press(driver.views.prompts.three_passes)
    driver.click(50, 40)
    driver.qtbot.wait(50)
    driver.show(SECOND)
    driver.qtbot.wait(600)
    assert driver.session.passes == driver.session.pass_ious == ()
    assert driver.views.candidates.isVisible()


def test_without_ground_truth_the_cards_show_what_sam_expects(driver, category):
    driver.open(category)
    driver.show(GOOD)
    press(driver.views.prompts.three_passes)
    driver.click(50, 40)
    driver.wait(lambda: driver.session.passes and driver.session.scores_are_current)
    no_truth = driver.session.opened.ground_truth is None
    assert {card.lines()[1][2] for card in driver.views.passes.cards} == {"predicted IoU" if no_truth else "IoU"}
    driver.session.set_ground_truth(None)
    driver.wait_for_scores()
    assert {card.lines()[1][2] for card in driver.views.passes.cards} == {"predicted IoU"}
    assert numbers(driver) == ["0.80", "0.90", "0.90"]


def test_an_estimate_of_a_pass_above_one_is_shown_as_one(driver, segmenter, category, monkeypatch):
    answer = segmenter._answer

    def sure(embedding, prompt):
        answered = answer(embedding, prompt)
        return replace(answered, scores=answered.scores + np.float32(0.105))

    monkeypatch.setattr(segmenter, "_answer", sure)
    driver.open(category)
    driver.session.set_ground_truth(None)
    press(driver.views.prompts.three_passes)
    driver.click(50, 40)
    driver.wait(lambda: driver.session.passes and driver.session.scores_are_current)
    assert numbers(driver) == ["0.91", "1.00", "1.00"]
    assert "raw 1.005" in driver.views.passes.cards[2].toolTip()


def test_the_choice_holds_for_prompts_from_the_ground_truth_and_stays_with_the_window(start, category):
    driver = start(loader(FakeSegmenter()))
    driver.open(category)
    driver.window.action("source_gt").trigger()
    driver.wait_for_scores()
    assert driver.session.passes == ()
    assert driver.views.prompts.three_passes.isVisibleTo(driver.window)
    press(driver.views.prompts.three_passes)
    wait_for_passes(driver)
    driver.show(SECOND)
    wait_for_passes(driver)
    assert len(driver.session.passes[0].regions) == 2
    driver.window.close()
    assert load_settings().three_passes
    again = start(loader(FakeSegmenter()), settings=load_settings())
    assert again.session.three_passes
    assert again.views.prompts.three_passes.isChecked()


# --- prompts from a map --------------------------------------------------------------------------------------------

MADE = Prompts((Prompt(points=((50.0, 40.0), (90.0, 40.0)), labels=(1, 0), component=1, source="clip"),))


def points_found():
    extreme, ring = np.zeros((60, 80), bool), np.zeros((60, 80), bool)
    extreme[15:25, 20:30] = True
    ring[10:30, 15:50] = True
    scored = (ScoredPoint((50.0, 40.0), 1, 0.41234), ScoredPoint((90.0, 40.0), 0, 0.3149))
    return CoFeaturePoints((scored,), extreme, ring & ~extreme, 0.4)


@pytest.fixture
def from_map(driver, category):
    driver.open(category)
    driver.wait(lambda: driver.window.model.isEnabled())
    anomaly_map = AnomalyMap(np.random.default_rng(0).random((60, 80), np.float32), "CLIP", 0.0, 1.0)
    driver.session.set_co_features(points_found())
    driver.session.set_cascade(CascadeInput(made_from=MapInput(anomaly_map, 0.5)))
    driver.session.edit_prompts(MADE, "automatic prompts")
    wait_for_passes(driver)
    return driver


def test_prompts_from_a_map_are_refined_whatever_the_choice_for_others(from_map):
    assert from_map.views.passes.isVisible()
    box = from_map.views.prompts.three_passes
    assert not box.isEnabled()
    assert "from a map" in box.toolTip()
    from_map.window.action("source_gt").trigger()
    from_map.wait_for_scores()
    assert from_map.session.work.prompts.items[0].source == "gt", "made again from the ground truth"
    assert from_map.session.passes == ()


def test_by_hand_after_automatic_goes_by_the_choice(from_map):
    from_map.window.action("source_hand").trigger()
    from_map.qtbot.wait(50)
    assert from_map.session.passes, "leaving the page changes no mask"
    from_map.key(Qt.Key.Key_Escape)
    assert from_map.session.mask_status == "none"
    assert from_map.views.candidates.isVisible()
    from_map.click(50, 40)
    from_map.wait_for_scores()
    assert from_map.session.cascade is None
    assert from_map.session.passes == ()
    assert from_map.views.prompts.three_passes.isEnabled()


def test_regions_have_a_layer_while_there_are_some(from_map):
    row = from_map.views.layers.rows["regions"]
    assert row.isVisibleTo(from_map.views.layers)
    assert from_map.views.canvas._regions_legend.isVisible()
    QTest.mouseClick(row.eye, Qt.MouseButton.LeftButton)
    assert not from_map.session.layers["regions"].visible
    assert not from_map.views.canvas._regions_legend.isVisible()
    QTest.mouseClick(row.eye, Qt.MouseButton.LeftButton)
    from_map.show(SECOND)
    assert not row.isVisibleTo(from_map.views.layers)
    assert not from_map.views.canvas._regions_legend.isVisible()


def hover(driver, point):
    viewport = driver.views.canvas.viewport()
    QToolTip.hideText()
    QTest.mouseMove(viewport, driver.at(*point).toPoint())
    driver.qtbot.wait(20)
    place = driver.at(*point).toPoint()
    QApplication.sendEvent(viewport, QHelpEvent(QEvent.Type.ToolTip, place, viewport.mapToGlobal(place)))
    return QToolTip.text()


def test_generated_points_tell_what_chose_them_until_they_are_moved(from_map):
    assert hover(from_map, (50, 40)) == "Positive · map 0.412"
    assert hover(from_map, (90, 40)) == "Negative · similarity 0.31"
    from_map.drag((50, 40), (60, 50))
    assert hover(from_map, (60, 50)) == ""
    from_map.show(SECOND)
    from_map.show(FIRST)
    assert hover(from_map, (90, 40)) == ""
