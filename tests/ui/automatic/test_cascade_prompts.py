"""Co-feature points and three passes in the whole window, from few-shot maps of a stand-in encoder."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from sam_inspector.engine import requests as rq
from sam_inspector.prompting.cascade_settings import CASCADE_PRESETS
from tests.fakes import FakeSegmenter, loader
from tests.ui.automatic_driver import GOOD, SPOT, TWO_SPOTS, Recorded, texture, write


def turn_on(auto):
    auto.automatic.choose_method("cascade")
    auto.driver.window.action("source_auto").trigger()
    wait_for_points(auto)


def wait_for_points(auto):
    auto.driver.wait(lambda: auto.driver.session.co_features is not None)


@pytest.fixture
def cascade(auto):
    turn_on(auto)
    return auto


@pytest.fixture
def parameters(cascade):
    return cascade.driver.views.prompts.automatic.cascade


def test_points_and_three_passes(cascade, driver):
    driver.wait_for_scores()
    (prompt,) = cascade.prompts.items
    assert (prompt.source, prompt.box) == ("few-shot", None)
    assert prompt.labels == (1, 1, 1, 0, 0, 0)
    assert cascade.prompts == driver.session.co_features.as_prompts("few-shot")
    for (x, y), label in zip(prompt.points, prompt.labels, strict=True):
        assert (90 <= x <= 150 and 58 <= y <= 118) == bool(label)
    made = driver.session.cascade
    assert (made.made_from.anomaly_map, made.score, made.shown) == (cascade.automatic.anomaly_map, "average", 3)
    assert len(driver.session.passes) == 3
    assert driver.session.map_input.threshold == cascade.automatic.threshold
    assert cascade.state.startswith("1 region, 6 points, image score ")


def test_points_follow_the_slider(cascade, driver):
    given = cascade.automatic.threshold
    cascade.histogram.slider.setValue(cascade.histogram.slider.maximum())
    driver.wait(lambda: not cascade.prompts)
    assert cascade.state.startswith("Normal: no region")
    driver.wait(lambda: driver.session.mask_status == "none")
    assert cascade.histogram.reset.text() == "From references"
    cascade.histogram.reset.click()
    driver.wait(lambda: len(cascade.prompts) == 1)
    assert cascade.automatic.threshold == given


def test_answers_to_older_questions_are_dropped(cascade, driver):
    driver.wait_for_scores()
    before, found = cascade.prompts, driver.session.co_features
    old = cascade.automatic._search._asked
    cascade.automatic.set_threshold(cascade.automatic.threshold * 1.05)
    driver.wait(lambda: driver.session.co_features is not found)
    newest, other = cascade.prompts, driver.session.co_features
    cascade.automatic._on_reply(rq.PointsFound(old, found, 0.0))
    assert (cascade.prompts, driver.session.co_features) == (newest, other)
    driver.show(TWO_SPOTS)
    cascade.automatic._on_reply(rq.PointsFound(old, found, 0.0))
    assert not cascade.prompts, "points of the image before"
    assert before != newest or found is not other


def test_a_normal_image_gets_no_point_and_an_empty_mask(cascade, driver):
    driver.show(GOOD)
    cascade.wait_for_state("Normal: no region")
    assert not cascade.prompts
    assert driver.session.mask_status == "none"
    assert driver.session.co_features.regions == ()


def test_every_region_has_a_mask_of_its_own_or_the_image_has_one(cascade, driver):
    driver.show(TWO_SPOTS)
    driver.wait(lambda: len(cascade.prompts) == 2)
    section = driver.views.prompts.automatic
    section.preset.setCurrentIndex(section.preset.findData("faithful"))
    section.preset.activated.emit(section.preset.currentIndex())
    driver.wait(lambda: len(cascade.prompts) == 1)
    assert cascade.automatic.cascaded == CASCADE_PRESETS["faithful"]
    assert cascade.automatic.policy == "peak_share"
    assert driver.session.map_input is None
    # The rule gives the threshold, and the slider shows it.
    assert cascade.automatic.threshold == driver.session.co_features.threshold
    assert cascade.histogram.spin.value() == pytest.approx(cascade.automatic.threshold, abs=0.01)
    assert section.fold.line.text() == "Map"


def test_a_threshold_by_hand_stands_above_the_rule(cascade, driver):
    before = driver.session.co_features
    cascade.automatic.choose_preset("faithful")
    driver.wait(lambda: driver.session.co_features is not before)
    given = cascade.automatic.threshold
    cascade.automatic.set_threshold(given * 0.9)
    driver.wait(lambda: driver.session.co_features.threshold == pytest.approx(given * 0.9))
    cascade.histogram.reset.click()
    driver.wait(lambda: driver.session.co_features.threshold == pytest.approx(given))
    assert cascade.histogram.reset.text() == "Share of the peak"


def test_parameters_change_the_points(cascade, driver, parameters):
    parameters.negatives.setValue(0)
    driver.wait(lambda: cascade.prompts.items[0].labels == (1, 1, 1))
    parameters.positives.setValue(2)
    driver.wait(lambda: cascade.prompts.items[0].labels == (1, 1))
    assert parameters.changed_rows() == ("positive_points", "negative_points")
    parameters.map_input.click()
    assert driver.session.map_input is None
    parameters.combos["score"].setCurrentIndex(2)
    parameters.combos["score"].activated.emit(2)
    assert driver.session.cascade.score == "mask"
    parameters.reset.click()
    driver.wait(lambda: cascade.prompts.items[0].labels == (1, 1, 1, 0, 0, 0))
    assert driver.session.map_input is not None


def test_points_edited_by_hand_are_left_alone(cascade, driver):
    driver.wait_for_scores()
    driver.click(20, 20)
    edited = cascade.prompts
    assert cascade.state.startswith("Edited by hand")
    cascade.histogram.slider.setValue(cascade.histogram.slider.maximum() // 2)
    driver.qtbot.wait(200)
    assert cascade.prompts == edited
    assert driver.session.cascade is not None
    driver.key(Qt.Key.Key_Escape)
    assert "Choose Cascade to have the prompts made again" in cascade.state
    cascade.automatic.choose_method("cascade")
    driver.wait(lambda: len(cascade.prompts) == 1)


def test_looking_at_an_image_by_hand_changes_no_mask(cascade, driver):
    driver.wait_for_scores()
    made = driver.session.map_input, driver.session.cascade
    mask, scores = driver.session.segmentation.mask, driver.session.scores
    driver.window.action("source_hand").trigger()
    driver.show(GOOD)
    assert (driver.session.map_input, driver.session.cascade) == (None, None)
    driver.show(SPOT)
    assert (driver.session.map_input, driver.session.cascade) == made
    driver.wait_for_scores()
    assert len(driver.session.passes) == 3
    assert np.array_equal(driver.session.segmentation.mask, mask)
    assert driver.session.scores == scores
    assert not driver.session.lacks_map


def test_edited_points_keep_their_map_when_the_image_comes_back(cascade, driver):
    driver.wait_for_scores()
    driver.click(20, 20)
    made = driver.session.map_input, driver.session.cascade
    driver.show(TWO_SPOTS)
    driver.show(SPOT)
    cascade.wait_for_state("Edited by hand")
    assert (driver.session.map_input, driver.session.cascade) == made
    assert driver.session.co_features is None, "those of the new map are not where these points come from"


def test_after_a_restart_the_stored_score_stays(cascade, driver, start, textile):
    driver.wait_for_scores()
    stored = driver.session.results[SPOT]
    driver.window.close()
    driver.app.close()
    again = start(loader(FakeSegmenter(cell=8)))
    again.app.presenter.open_path(textile, SPOT)
    again.wait_for_scores()
    assert again.session.lacks_map
    assert again.views.prompts.lacks_map.isVisibleTo(again.window)
    assert (again.session.map_input, again.session.passes) == (None, ())
    assert again.session.results[SPOT].iou == pytest.approx(stored.iou)
    assert again.session.scores.iou != pytest.approx(stored.iou)
    again.window.action("source_auto").trigger()
    again.app.presenter.automatic.choose_method("cascade")
    again.wait(lambda: len(again.session.passes) == 3 and again.session.scores_are_current)
    assert not again.session.lacks_map
    assert again.session.results[SPOT].iou == again.session.scores.iou


def test_the_regions_go_with_the_points(cascade, driver):
    driver.wait_for_scores()
    row = driver.views.layers.rows["regions"]
    assert row.isVisibleTo(driver.views.layers)
    driver.key(Qt.Key.Key_Escape)
    assert not row.isVisibleTo(driver.views.layers)
    driver.session.undo_group.undo()
    assert row.isVisibleTo(driver.views.layers)


def test_the_histogram_leaves_its_room_to_other_sources(cascade, driver):
    assert cascade.histogram.isVisibleTo(driver.views.layers)
    driver.window.action("source_hand").trigger()
    assert not cascade.histogram.isVisibleTo(driver.views.layers)
    driver.window.action("source_auto").trigger()
    assert cascade.histogram.isVisibleTo(driver.views.layers)


def test_the_panel_names_the_method_and_a_threshold_by_hand(cascade, driver):
    panel = driver.views.prompts
    assert panel.header.subtitle.text() == "Cascade"
    cascade.automatic.set_threshold(cascade.automatic.threshold * 1.05)
    driver.wait(lambda: panel.automatic.fold.line.remark == "threshold by hand")
    cascade.histogram.reset.click()
    driver.wait(lambda: panel.automatic.fold.line.remark == "as recommended")


def test_few_shot_takes_over_with_the_same_map_and_one_pass(cascade, driver):
    driver.wait_for_scores()
    shown = cascade.automatic.anomaly_map
    mapped = len(cascade.mapped)
    cascade.automatic.choose_method("few-shot")
    assert cascade.automatic.anomaly_map is shown
    assert cascade.prompts.items[0].box is not None
    assert (driver.session.co_features, driver.session.cascade) == (None, None)
    driver.wait_for_scores()
    assert driver.session.passes == ()
    cascade.automatic.choose_method("cascade")
    driver.wait(lambda: cascade.prompts.items[0].box is None)
    assert len(cascade.mapped) == mapped, "the map that is there serves"


def test_off_the_regions_go_and_the_points_stay(cascade, driver):
    driver.wait_for_scores()
    made = cascade.prompts
    driver.window.action("source_hand").trigger()
    assert driver.session.co_features is None
    assert cascade.prompts == made
    assert driver.session.cascade is not None, "they are answered as they were made for"
    driver.window.action("source_auto").trigger()
    wait_for_points(cascade)


def test_without_normal_images_the_map_is_that_of_clip(driver, tmp_path, monkeypatch):
    monkeypatch.setenv("SAM_INSPECTOR_WEIGHTS", str(tmp_path / "no weights"))
    auto, root = Recorded(driver), tmp_path / "plain"
    for number in range(2):
        write(root, f"{number}.png", texture(number))
    driver.app.presenter.open_path(root, "0.png")
    driver.wait(lambda: driver.session.opened is not None and auto.automatic.has_model)
    auto.automatic.choose_method("cascade")
    driver.window.action("source_auto").trigger()
    section = driver.views.prompts.automatic
    assert section.maps.choice() == "clip"
    assert section.clip.fetch.isVisibleTo(driver.window)
    section.maps.segment("few-shot").click()
    assert auto.automatic.map_method == "few-shot"
    assert section.empty.isVisibleTo(driver.window)
