"""A threshold moved in Inspect holds in Compare too: a pane shows what Inspect shows for its method."""

import numpy as np
import pytest

from sam_inspector.ui.compare.layout import PaneChoice
from tests.ui.automatic_driver import SPOT
from tests.ui.compare_driving import CompareDriver


@pytest.fixture
def inspected(auto, driver):
    """The few-shot prompts of an image in Inspect, and their threshold."""
    driver.views.prompts.sources.chosen.emit("auto")
    auto.wait_for_map()
    driver.wait_for_scores()
    return auto


def few_shot_pane(driver):
    driver.window.set_workspace("compare")
    compare = CompareDriver(driver)
    compare.controller.choose_mode(1, "few-shot")
    compare.wait_for_panes()
    return compare


def mask_of(pane):
    return pane.view._mask_item._overlay.raster


def test_a_pane_cuts_its_map_where_inspect_does(inspected, driver):
    automatic = driver.app.presenter.automatic
    usual = driver.session.work.prompts
    compare = few_shot_pane(driver)
    pane = compare.page.panes[1]
    assert compare.controller.states[1].answer.prompts == usual
    assert "by hand" not in pane.mode.toolTip()

    driver.window.set_workspace("inspect")
    highest = float(automatic.anomaly_map.values.max())
    automatic.set_threshold(0.5 * (automatic.threshold + highest))
    driver.wait_for_scores()
    moved = driver.session.work.prompts
    assert moved != usual
    driver.window.set_workspace("compare")
    compare.wait_for_panes()
    assert compare.controller.states[1].answer.prompts == moved
    assert float(pane.iou.value) == pytest.approx(driver.session.scores.iou, abs=5e-4)
    assert "threshold moved by hand in Inspect" in pane.mode.toolTip()
    assert "by hand" not in compare.page.panes[0].mode.toolTip()
    assert compare.states == ["ready", "ready"], "the pane of the ground truth is answered in a job of its own"

    automatic.set_threshold(None)
    compare.wait_for_panes()
    driver.wait(lambda: compare.controller.states[1].answer.prompts == usual)
    assert "by hand" not in pane.mode.toolTip()


def test_another_model_has_scores_of_its_own_and_keeps_the_calibrated_threshold(inspected, driver):
    automatic = driver.app.presenter.automatic
    compare = few_shot_pane(driver)
    automatic.set_threshold(0.5 * (automatic.threshold + float(automatic.anomaly_map.values.max())))
    compare.workspace._questions.absent.clear()
    compare.controller.set_layout(compare.controller.layout.changed(0, PaneChoice("few-shot", "sam_vit_b")))
    compare.wait_for_panes()
    other, own = compare.page.panes
    assert "by hand" in own.mode.toolTip()
    assert "by hand" not in other.mode.toolTip()


def test_figures_of_another_threshold_are_not_in_the_same_table(inspected, driver):
    automatic = driver.app.presenter.automatic
    compare = few_shot_pane(driver)
    assert [len(row.summary.ious) for row in compare.workspace.rows()] == [1, 1]
    key = driver.session.current_key
    assert key == SPOT
    before = compare.workspace.rows()[1].summary.ious[key]
    automatic.set_threshold(float(np.quantile(automatic.anomaly_map.values, 0.5)))
    driver.wait(lambda: compare.states == ["ready", "ready"] and compare.controller.states[1].by_hand)
    after = compare.workspace.rows()[1].summary.ious
    assert list(after) == [key]
    assert after[key] != before
