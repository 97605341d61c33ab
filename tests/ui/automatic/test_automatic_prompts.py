"""Automatic prompts in the whole window: real threads, few-shot maps of a stand-in encoder."""

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt

from sam_inspector.core.prompts import Prompts
from sam_inspector.prompting.automatic import AutomaticPrompts
from sam_inspector.ui.settings import Settings
from tests.fakes import FakeSegmenter, loader
from tests.ui.automatic_driver import (
    GOOD,
    HEIGHT,
    SPOT,
    TWO_SPOTS,
    WIDTH,
    Recorded,
)

# --- choosing it ----------------------------------------------------------------------------------------


def test_the_segment_makes_references_map_prompts_and_mask(auto, driver):
    driver.views.prompts.sources.chosen.emit("auto")
    auto.wait_for_map()
    driver.wait_for_scores()
    assert auto.ready == [["000.png", "001.png", "002.png", "003.png"]]
    assert set(auto.titles) == {"Compare with normal images"}
    (prompt,) = auto.prompts.items
    x0, y0, x1, y1 = prompt.box
    assert prompt.source == "few-shot"
    assert (x0 < 100, y0 < 68, x1 > 140, y1 > 108) == (True,) * 4
    assert driver.session.scores.recall > 0.99
    assert driver.session.scores.iou > 0.25
    assert auto.state.startswith("1 region, image score ")
    assert driver.views.layers.histogram.isVisibleTo(driver.window)
    assert driver.session.map_input is not None


def test_the_jobs_strip_shows_the_comparison(start, textile):
    driver = start(loader(FakeSegmenter(cell=8, embed_seconds=0.05)))
    auto = Recorded(driver)
    driver.app.presenter.open_path(textile, SPOT)
    driver.wait(lambda: driver.session.opened is not None and auto.automatic.has_model)
    driver.window.action("source_auto").trigger()
    driver.wait(lambda: driver.views.status.jobs.shown() is not None)
    assert driver.views.status.jobs.shown().title == "Compare with normal images"
    assert auto.state == "Comparing with 4 normal images…"
    auto.wait_for_map()
    driver.wait(lambda: driver.views.status.jobs.shown() is None)


def test_the_key_t_turns_it_on_and_off(auto, driver):
    driver.key(Qt.Key.Key_T)
    assert driver.session.source.kind == "auto"
    auto.wait_for_map()
    assert driver.window.action("source_auto").isChecked()
    driver.key(Qt.Key.Key_T)
    assert driver.session.source.kind == "hand"
    assert len(auto.prompts) == 1, "what was made stays"


def test_a_normal_image_gets_no_prompt_and_says_so(auto, driver):
    auto.turn_on()
    driver.show(GOOD)
    auto.wait_for_state("Normal: no region, image score ")
    assert not auto.prompts
    assert driver.session.mask_status == "none"
    assert len(auto.ready) == 1, "the references serve the next image too"


def test_choosing_it_before_the_model_is_there_waits(start, segmenter, textile):
    driver = start(loader(segmenter), settings=Settings(source="auto"))
    auto = Recorded(driver)
    driver.app.presenter.open_path(textile, SPOT)
    auto.wait_for_map()
    assert len(auto.prompts) == 1


def test_an_image_that_is_only_passed_is_not_mapped(auto, driver, segmenter):
    auto.turn_on()
    before = len(auto.mapped)
    driver.show(GOOD)
    driver.show(TWO_SPOTS)
    auto.wait_for_map()
    driver.qtbot.wait(100)
    assert len(auto.mapped) == before + 1


def test_it_gives_way_to_ground_truth_and_comes_back(auto, driver):
    auto.turn_on()
    driver.window.action("source_gt").trigger()
    assert {item.source for item in auto.prompts.items} == {"gt"}
    driver.window.action("source_auto").trigger()
    driver.wait(lambda: {item.source for item in auto.prompts.items} == {"few-shot"})


def test_ground_truth_leaves_what_a_person_edited_and_says_how_to_have_it_replaced(auto, driver):
    auto.turn_on()
    driver.wait_for_scores()
    driver.click(20, 20)
    edited, panel = auto.prompts, driver.views.prompts
    driver.window.action("source_gt").trigger()
    assert auto.prompts == edited
    words = panel.kept.text()
    assert panel.kept.isVisibleTo(driver.window)
    assert words == "Edited by hand: clear the prompts (Esc) and choose Box to have them made again."
    panel.modes.button("bp").click()
    assert auto.prompts == edited
    assert "choose Box + 1 point to have" in panel.kept.text()
    driver.key(Qt.Key.Key_Escape)
    panel.modes.button("bp").click()
    assert {item.source for item in auto.prompts.items} == {"gt"}
    assert not panel.kept.isVisibleTo(driver.window)


# --- threshold ------------------------------------------------------------------------------------------


def test_the_slider_moves_the_prompts_live_and_the_link_gives_it_back(auto, driver):
    auto.turn_on()
    made, given = auto.prompts, auto.automatic.threshold
    auto.histogram.slider.setValue(auto.histogram.slider.maximum())
    assert not auto.prompts, "at once, without a thread"
    assert "Normal" in auto.state
    assert auto.histogram.reset.isVisibleTo(driver.window)
    assert auto.histogram.reset.text() == "From references"
    auto.histogram.reset.click()
    assert auto.automatic.threshold == given
    assert auto.prompts == made
    assert not auto.histogram.reset.isVisibleTo(driver.window)
    driver.wait_for_scores()


def test_a_threshold_by_hand_holds_for_the_next_image(auto, driver):
    auto.turn_on()
    moved = 0.05
    auto.histogram.spin.setValue(moved)
    driver.show(TWO_SPOTS)
    auto.wait_for_map()
    assert auto.automatic.threshold == moved
    assert not auto.histogram._is_automatic


def test_the_outline_follows_the_threshold_even_when_prompts_come_from_elsewhere(auto, driver):
    auto.turn_on()
    driver.window.action("source_hand").trigger()
    before = auto.prompts
    auto.histogram.spin.setValue(0.05)
    assert auto.automatic.threshold == pytest.approx(0.05)
    assert auto.prompts == before


def test_the_mask_is_of_the_threshold_that_holds(auto, driver):
    auto.turn_on()
    driver.wait_for_scores()
    for factor in (1.05, 1.1, 1.02):
        auto.automatic.set_threshold(auto.automatic.threshold * factor)
    driver.wait_for_scores()
    assert driver.session.map_input.threshold == auto.automatic.threshold
    assert driver.session.segmentation is not None


# --- parameters -----------------------------------------------------------------------------------------


def choose(auto, **changes):
    fields = {name: getattr(auto.automatic.prompting, name) for name in AutomaticPrompts.__slots__} | changes
    auto.driver.views.prompts.automatic.parameters.prompting_changed.emit(AutomaticPrompts(**fields))


def test_most_regions_and_points_change_the_prompts(auto, driver):
    auto.turn_on()
    driver.show(TWO_SPOTS)
    auto.wait_for_map()
    driver.wait(lambda: len(auto.prompts) == 2)
    parameters = driver.views.prompts.automatic.parameters
    parameters.most.setValue(1)
    assert len(auto.prompts) == 1
    parameters.most.setValue(5)
    parameters.point.setChecked(False)
    assert [len(item.points) for item in auto.prompts.items] == [0, 0]
    assert driver.views.prompts.automatic.parameters.changed_rows() == ("point",)
    parameters.reset.click()
    assert [len(item.points) for item in auto.prompts.items] == [1, 1]


@pytest.mark.parametrize("policy", ["fixed", "quantile", "otsu", "f1_adaptive"])
def test_every_policy_gives_a_threshold_of_its_own(auto, policy):
    auto.turn_on()
    before = auto.automatic.threshold
    choose(auto, policy=policy, threshold=0.123, quantile=0.9)
    values = auto.automatic.anomaly_map.values
    assert auto.automatic.threshold != before
    if policy == "fixed":
        assert auto.automatic.threshold == 0.123
    if policy == "quantile":
        assert auto.automatic.threshold == pytest.approx(float(np.quantile(values, 0.9)))
    auto.histogram.spin.setValue(auto.histogram.spin.value() + 0.01)
    auto.histogram.reset.click()
    assert not auto.automatic.is_threshold_by_hand


def test_the_oracle_without_ground_truth_says_what_it_needs(auto, driver, textile):
    (textile / "ground_truth/spot/000_mask.png").unlink()
    driver.app.presenter.open_path(textile, SPOT)
    driver.wait(lambda: driver.session.opened is not None and driver.session.opened.ground_truth is None)
    auto.turn_on()
    driver.wait(lambda: len(auto.prompts) == 1)
    choose(auto, policy="f1_adaptive")
    assert "takes its threshold from the ground truth, and this image has none" in auto.state
    assert auto.automatic.threshold is None
    driver.app.presenter.read_ground_truth(textile / "ground_truth/spot/001_mask.png")
    auto.wait_for_state("1 region")


def test_the_oracle_makes_nothing_of_the_image_before(auto, driver):
    auto.turn_on()
    choose(auto, policy="f1_adaptive")
    driver.app.presenter._rest.setInterval(60_000)
    driver.show(TWO_SPOTS)
    assert not auto.prompts
    assert auto.automatic.anomaly_map is None


def test_settings_that_make_no_prompt_are_refused_with_a_sentence(auto):
    auto.turn_on()
    before = auto.prompts
    choose(auto, box=False, point=False)
    assert auto.automatic.prompting == AutomaticPrompts()
    assert auto.prompts == before
    assert "both are switched off" in auto.troubles[-1]


# --- what a person changes ------------------------------------------------------------------------------


def test_an_edited_prompt_is_left_alone_until_it_is_cleared(auto, driver):
    auto.turn_on()
    driver.wait_for_scores()
    driver.session.set_tool("positive")
    driver.click(20, 20)
    edited = auto.prompts
    assert edited.items[-1].source == "user" or any(item.edited for item in edited.items)
    assert auto.state.startswith("Edited by hand")
    auto.histogram.slider.setValue(auto.histogram.slider.maximum() // 2)
    assert auto.prompts == edited
    driver.key(Qt.Key.Key_Escape)
    assert not auto.prompts
    assert "Choose Few-shot to have the prompts made again" in auto.state
    driver.views.prompts.automatic.method_chosen.emit("few-shot")
    driver.wait(lambda: len(auto.prompts) > 0)
    assert not any(item.source == "user" for item in auto.prompts.items)


def test_undo_takes_automatic_prompts_away_and_redo_brings_them(auto, driver):
    auto.turn_on()
    driver.wait_for_scores()
    made = auto.prompts
    for factor in (1.05, 1.1):
        auto.automatic.set_threshold(auto.automatic.threshold * factor)
    assert driver.session.undo_group.undoText() == "automatic prompts"
    driver.session.undo_group.undo()
    assert not auto.prompts
    assert driver.session.mask_status == "none"
    driver.qtbot.wait(300)
    assert not auto.prompts, "they do not come back by themselves"
    driver.session.undo_group.redo()
    assert len(auto.prompts) == len(made)
    driver.wait_for_scores()


def test_an_accepted_mask_is_not_added_to(auto, driver):
    auto.turn_on()
    driver.wait_for_scores()
    assert driver.session.accept_region()
    auto.automatic.set_threshold(auto.automatic.threshold * 0.9)
    assert not auto.prompts
    assert "A mask is accepted" in auto.state


# --- the map --------------------------------------------------------------------------------------------


def test_its_own_scale_changes_colours_only(auto, driver):
    auto.turn_on()
    driver.wait_for_scores()
    prompts, threshold = auto.prompts, auto.automatic.threshold
    overlay = driver.views.canvas._map_item.overlay
    auto.histogram.scale.chosen.emit("image")
    values = auto.automatic.anomaly_map.values
    shown = driver.views.canvas._map_item.overlay
    assert (shown.low, shown.high) == pytest.approx((values.min(), values.max()))
    assert (auto.prompts, auto.automatic.threshold) == (prompts, threshold)
    assert driver.session.scores_are_current
    auto.histogram.scale.chosen.emit("dataset")
    back = driver.views.canvas._map_item.overlay
    assert (back.low, back.high) == (overlay.low, overlay.high)


def test_a_map_opened_from_a_file_stays_until_few_shot_is_chosen(auto, driver, tmp_path):
    auto.turn_on()
    driver.wait_for_scores()
    prompts = auto.prompts
    values = cv2.GaussianBlur(np.random.default_rng(1).random((HEIGHT, WIDTH)).astype(np.float32), (0, 0), 8)
    np.save(tmp_path / "map.npy", values)
    driver.app.presenter.read_map(tmp_path / "map.npy")
    driver.wait(lambda: auto.automatic.anomaly_map is None)
    opened = driver.session.anomaly_map
    assert "choose Few-shot" in auto.state
    assert not auto.histogram.isVisibleTo(driver.window)
    driver.click(20, 20)
    driver.wait_for_scores()
    driver.qtbot.wait(300)
    assert driver.session.anomaly_map is opened, "a click must not take it away"
    driver.key(Qt.Key.Key_Escape)
    driver.views.prompts.automatic.method_chosen.emit("few-shot")
    auto.wait_for_map()
    assert auto.prompts == prompts


# --- between runs ---------------------------------------------------------------------------------------


def test_automatic_prompts_and_their_choice_are_kept(start, segmenter, textile):
    settings = Settings()
    driver = start(loader(segmenter), settings=settings)
    auto = Recorded(driver)
    driver.app.presenter.open_path(textile, SPOT)
    driver.wait(lambda: driver.session.opened is not None and auto.automatic.has_model)
    auto.turn_on()
    driver.wait_for_scores()
    made = auto.prompts
    driver.window.close()
    driver.app.close()
    assert settings.source == "auto"
    other = start(loader(segmenter), settings=Settings())
    other.app.presenter.open_path(textile, SPOT)
    other.wait(lambda: other.session.opened is not None)
    assert other.session.work.prompts == made != Prompts()
    assert other.session.anomaly_map is None
