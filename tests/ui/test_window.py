"""The whole window over the stand-in model: real threads, real mouse and key events."""

import threading
import time

import pytest
from PySide6.QtCore import Qt

from sam_inspector.core.errors import ModelError
from sam_inspector.ui.session import PromptSource
from tests.fakes import FakeSegmenter, loader

FIRST, SECOND, THIRD, GOOD, BROKEN = (
    "test/dent/000.png",
    "test/dent/001.png",
    "test/dent/002.png",
    "test/good/000.png",
    "test/dent/broken.png",
)
SHIFT_CTRL = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def test_the_centre_of_a_pixel_reaches_the_segmenter(driver, segmenter, category):
    driver.open(category)
    driver.click(10, 20)
    driver.wait_for_scores()
    assert segmenter.decoded[0].points == ((10.0, 20.0),)
    assert segmenter.decoded[0].labels == (1,)
    assert segmenter.threads
    assert threading.get_ident() not in segmenter.threads


def test_a_box_around_the_defect_scores_full(driver, category):
    driver.open(category)
    driver.session.set_tool("box")
    driver.drag((40, 30), (79, 59))
    driver.wait_for_scores()
    assert driver.session.scores.iou == pytest.approx(1, abs=0.06)
    assert driver.views.results.iou.text() == f"{driver.session.scores.iou:.3f}"
    assert list(driver.session.results) == [FIRST]


def test_right_click_and_alt_click_are_negative(driver, category):
    driver.open(category)
    driver.click(50, 40)
    driver.click(70, 50, Qt.MouseButton.RightButton)
    driver.click(75, 50, modifiers=Qt.KeyboardModifier.AltModifier)
    (item,) = driver.session.work.prompts.items
    assert item.labels == (1, 0, 0)


def test_encoding_begins_by_itself(driver, segmenter, category):
    driver.open(category)
    driver.wait(lambda: segmenter.embedded >= 1)
    assert not segmenter.decoded


def test_browsing_encodes_only_where_the_user_rests(driver, segmenter, category):
    driver.open(category)
    for _ in range(2):
        driver.key(Qt.Key.Key_D)
        driver.qtbot.wait(30)
    driver.wait(lambda: driver.session.opened is not None and driver.session.opened.key == THIRD)
    driver.wait(lambda: segmenter.embedded >= 1)
    driver.qtbot.wait(150)
    assert segmenter.embedded == 1


def test_keys_go_on_from_the_image_that_is_still_being_read(driver, category):
    driver.open(category)
    driver.key(Qt.Key.Key_D)
    driver.key(Qt.Key.Key_D)
    driver.wait(lambda: driver.session.opened is not None and driver.session.opened.key == THIRD)
    driver.key(Qt.Key.Key_A)
    driver.key(Qt.Key.Key_A)
    driver.wait(lambda: driver.session.opened is not None and driver.session.opened.key == FIRST)


def test_a_click_while_encoding_is_kept_and_shown_at_once(start, category):
    segmenter = FakeSegmenter(embed_seconds=0.4)
    driver = start(loader(segmenter))
    driver.open(category)
    driver.click(50, 40)
    assert driver.session.work.prompts.point_count == 1
    assert driver.session.mask_status == "computing"
    driver.wait_for_scores()
    assert segmenter.embedded == 1


def test_the_mask_on_screen_is_of_the_last_click(start, category):
    segmenter = FakeSegmenter(decode_seconds=0.05)
    driver = start(loader(segmenter))
    driver.open(category)
    driver.click(40, 40)
    driver.wait_for_scores()
    for number in range(30):
        driver.click(41 + number, 45)
        driver.qtbot.wait(3)
    assert not driver.session.scores_are_current, "numbers are grey while the mask is being computed"
    driver.wait_for_scores()
    assert driver.session.segmentation.mask[45, 70]
    assert len(segmenter.decoded) < 60


def test_scores_are_grey_until_they_are_of_the_mask(start, category):
    driver = start(loader(FakeSegmenter(decode_seconds=0.2)))
    driver.open(category)
    driver.click(50, 40)
    driver.wait_for_scores()
    ready = driver.views.results.iou.colour()
    driver.click(60, 50)
    assert driver.views.results.iou.colour() != ready
    driver.wait_for_scores()
    assert driver.views.results.iou.colour() == ready


def test_switching_images_while_busy_mixes_nothing_up(start, category):
    driver = start(loader(FakeSegmenter(embed_seconds=0.2)))
    driver.open(category)
    driver.click(50, 40)
    driver.show(SECOND)
    driver.qtbot.wait(600)
    assert driver.session.mask_status == "none"
    assert driver.session.segmentation is None
    driver.show(FIRST)
    driver.wait_for_scores()
    assert driver.session.work.prompts.point_count == 1


def test_closing_while_busy_loses_nothing(start, category):
    driver = start(loader(FakeSegmenter(embed_seconds=20)))
    driver.open(category)
    driver.click(50, 40)
    began = time.monotonic()
    driver.window.close()
    assert time.monotonic() - began < 5
    again = start(loader(FakeSegmenter()))
    again.open(category)
    assert again.session.work.prompts.point_count == 1


def test_undo_and_redo_stay_with_their_image(driver, category):
    driver.open(category)
    driver.click(50, 40)
    driver.click(60, 50)
    driver.show(SECOND)
    driver.click(20, 20)
    driver.show(FIRST)
    driver.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert driver.session.work.prompts.point_count == 1
    driver.key(Qt.Key.Key_Z, SHIFT_CTRL)
    assert driver.session.work.prompts.point_count == 2
    driver.show(SECOND)
    assert driver.session.work.prompts.point_count == 1
    driver.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert driver.session.work.prompts.point_count == 0
    assert driver.session.mask_status == "none"


def test_a_drag_is_one_step_to_undo(driver, category):
    driver.open(category)
    driver.click(50, 40)
    driver.drag((50, 40), (70, 55), steps=8)
    assert driver.session.work.prompts.items[0].points[0] == pytest.approx((70, 55), abs=0.6)
    driver.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert driver.session.work.prompts.items[0].points == ((50.0, 40.0),)


def test_accepting_regions_one_after_the_other(driver, category):
    driver.open(category)
    driver.show(SECOND)
    driver.session.set_tool("box")
    driver.drag((41, 30), (79, 59))
    driver.wait_for_scores()
    one = driver.session.scores.iou
    driver.key(Qt.Key.Key_Return)
    assert not driver.session.work.prompts
    driver.wait_for_scores()
    assert driver.session.scores.iou == pytest.approx(one)
    driver.drag((110, 80), (139, 99))
    driver.wait_for_scores()
    driver.key(Qt.Key.Key_Return)
    driver.wait_for_scores()
    assert driver.session.scores.iou > one + 0.2
    assert len(driver.session.work.accepted_prompts) == 2
    driver.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    driver.wait_for_scores()
    assert len(driver.session.work.prompts) == 1


def test_prompts_from_ground_truth(driver, segmenter, category):
    driver.open(category)
    driver.show(SECOND)
    driver.session.set_source(PromptSource("gt", "bp"))
    driver.wait_for_scores()
    items = driver.session.work.prompts.items
    assert [(item.source, len(item.points), item.box is not None) for item in items] == [("gt", 1, True)] * 2
    assert driver.session.scores.iou > 0.9
    driver.session.set_source(PromptSource("gt", "bps", points=5))
    assert [len(item.points) for item in driver.session.work.prompts.items] == [5, 5]
    driver.show(FIRST)
    driver.wait_for_scores()
    assert len(driver.session.work.prompts) == 1, "the mode stays for the next image"


def test_generated_prompts_can_be_edited_and_are_not_overwritten(driver, category):
    driver.open(category)
    driver.session.set_source(PromptSource("gt", "b"))
    driver.click(60, 50)
    (item,) = driver.session.work.prompts.items
    assert item.edited
    driver.session.set_source(PromptSource("gt", "bps"))
    assert driver.session.work.prompts.items == (item,)


def test_faithful_preset_encodes_anew(driver, segmenter, category):
    driver.open(category)
    driver.session.set_source(PromptSource("gt", "b"))
    driver.wait_for_scores()
    before = segmenter.embedded
    driver.session.set_source(PromptSource("gt", "b", "faithful"))
    driver.wait_for_scores()
    assert segmenter.embedded == before + 1


def test_candidates_by_key(driver, category):
    driver.open(category)
    driver.click(60, 45)
    driver.wait_for_scores()
    assert driver.session.segmentation.regions[0].chosen == 1, "the best of three for one point"
    driver.key(Qt.Key.Key_3)
    driver.wait_for_scores()
    assert driver.session.segmentation.regions[0].chosen == 3
    driver.key(Qt.Key.Key_0)
    driver.wait_for_scores()
    assert driver.session.segmentation.regions[0].chosen == 0


def test_letters_stay_in_text_fields(driver, category):
    driver.open(category)
    search = driver.views.images.search
    search.setFocus()
    for key in (Qt.Key.Key_D, Qt.Key.Key_N, Qt.Key.Key_1, Qt.Key.Key_W):
        driver.key(key, widget=search)
    assert search.text() == "dn1w"
    assert driver.session.tool == "positive"
    assert driver.session.work.verdict is None


def test_next_and_previous_keep_to_the_filter(driver, category):
    driver.open(category)
    driver.key(Qt.Key.Key_Right)
    driver.wait(lambda: driver.session.opened.key == SECOND)
    driver.key(Qt.Key.Key_A)
    driver.wait(lambda: driver.session.opened.key == FIRST)
    combo = driver.views.images.combos["defect"]
    combo.setCurrentIndex(combo.findData("good"))
    combo.activated.emit(combo.currentIndex())
    driver.wait(lambda: driver.views.images.visible_keys() == [GOOD])
    driver.key(Qt.Key.Key_D)
    driver.wait(lambda: driver.session.opened.key == GOOD)


def test_a_verdict_goes_on_to_the_next(driver, category):
    driver.open(category)
    driver.key(Qt.Key.Key_S)
    driver.wait(lambda: driver.session.opened.key == SECOND)
    driver.show(FIRST)
    assert driver.session.work.verdict == "good"


def test_a_failing_model_is_told_and_the_prompts_stay(start, category):
    def load(name, **options):
        raise ModelError("The weights of MobileSAM are damaged: fetch them again.")

    driver = start(load)
    driver.open(category)
    driver.click(50, 40)
    driver.wait(lambda: driver.session.mask_status == "failed")
    assert any("damaged" in text for text in driver.banners())
    assert driver.session.work.prompts.point_count == 1


def test_clicks_outside_the_image_do_nothing(driver, category):
    driver.open(category)
    driver.click(-20, 40)
    driver.click(50, 400)
    assert not driver.session.work.prompts


def test_encoding_all_images_shows_progress_and_can_be_cancelled(start, category):
    segmenter = FakeSegmenter(embed_seconds=0.15)
    driver = start(loader(segmenter))
    driver.open(category)
    driver.window.action("encode_all").trigger()
    jobs = driver.views.status.jobs
    driver.wait(lambda: jobs.shown() is not None)
    jobs.cancel_requested.emit(jobs.shown().number)
    driver.wait(lambda: jobs.shown() is None)
    assert segmenter.embedded < 4


def test_layers_by_key(driver, category):
    driver.open(category)
    driver.key(Qt.Key.Key_X)
    assert driver.session.layers["errors"].visible
    driver.key(Qt.Key.Key_G)
    assert not driver.session.layers["gt"].visible
    before = driver.session.layers["mask"].opacity
    driver.key(Qt.Key.Key_BracketRight)
    assert driver.session.layers["mask"].opacity > before


def test_escape_gives_up_a_drag_before_it_clears(driver, category):
    driver.open(category)
    driver.click(50, 40)
    driver.key(Qt.Key.Key_Escape)
    assert not driver.session.work.prompts
    driver.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert driver.session.work.prompts.point_count == 1


def test_every_action_has_a_menu_entry_a_tip_and_words(driver):
    from sam_inspector.ui.actions import ACTIONS

    shown = set()
    for menu_action in driver.window.menuBar().actions():
        stack = [menu_action.menu()]
        while stack:
            menu = stack.pop()
            for action in menu.actions():
                if action.menu() is not None:
                    stack.append(action.menu())
                shown.add(action.objectName())
    for row in ACTIONS:
        if row.name == "recent":
            continue
        assert row.name in shown, row.name
        assert driver.window.action(row.name).toolTip()


def test_no_key_is_given_twice():
    from collections import Counter

    from sam_inspector.ui.actions import ACTIONS

    keys = Counter(key for row in ACTIONS for key in row.keys)
    assert [key for key, count in keys.items() if count > 1] == []


def test_accepting_an_unchanged_mask_changes_no_score(driver, category):
    driver.open(category)
    driver.click(60, 45)
    driver.wait_for_scores()
    before = driver.session.scores
    driver.key(Qt.Key.Key_Return)
    driver.wait_for_scores()
    assert (driver.session.scores.p_auroc, driver.session.scores.ap) == (before.p_auroc, before.ap)


def test_choosing_from_a_list_by_key_accepts_nothing(driver, category):
    driver.open(category)
    driver.click(60, 45)
    driver.wait_for_scores()
    driver.window.device.showPopup()
    driver.key(Qt.Key.Key_Return, widget=driver.window.device.view())
    driver.qtbot.wait(50)
    driver.wait(lambda: driver.session.mask_status == "ready")
    assert driver.session.work.accepted is None


def test_a_mask_that_is_gone_has_no_score_in_the_list(driver, category):
    driver.open(category)
    driver.click(60, 45)
    driver.wait_for_scores()
    states = driver.views.images._model.states
    assert states[FIRST].iou is not None
    driver.key(Qt.Key.Key_Escape)
    assert states[FIRST].iou is None
    assert driver.session.results == {}


def test_a_model_that_can_not_be_had_leaves_the_one_that_works(start, category):
    segmenter = FakeSegmenter()

    def load(name, **options):
        if name != "mobile_sam":
            raise ModelError("The weights of SAM ViT-B can't be fetched.")
        return segmenter

    driver = start(load)
    driver.open(category)
    driver.wait(lambda: segmenter.embedded)
    model = driver.window.model
    model.setCurrentIndex(model.findData("sam_vit_b"))
    driver.app.controls.model.load()
    driver.wait(lambda: any("MobileSAM stays" in text for text in driver.banners()))
    assert model.currentData() == "mobile_sam"
    driver.click(60, 45)
    driver.wait_for_scores()


def test_pressing_the_mode_again_brings_cleared_prompts_back(driver, category):
    driver.open(category)
    driver.session.set_source(PromptSource("gt", "b"))
    driver.wait_for_scores()
    driver.key(Qt.Key.Key_Escape)
    assert not driver.session.work.prompts
    driver.views.prompts.mode_chosen.emit("b", "recommended", 20)
    assert len(driver.session.work.prompts) == 1


def test_panels_become_tabs_in_a_low_window_and_stand_apart_in_a_high_one(start, category):
    driver = start(loader(FakeSegmenter()), size=(1280, 900))
    driver.open(category)
    docks = driver.window._docks
    assert driver.window.tabifiedDockWidgets(docks["prompts"]) == []
    driver.window.resize(1024, 700)
    driver.wait(lambda: driver.window.tabifiedDockWidgets(docks["prompts"]) == [docks["layers"]])
    driver.window.resize(1280, 900)
    driver.wait(lambda: driver.window.tabifiedDockWidgets(docks["prompts"]) == [])
    driver.window.close()
    again = start(loader(FakeSegmenter()), size=(1280, 900))
    again.open(category)
    again.window.resize(1024, 700)
    driver.wait(lambda: again.window.tabifiedDockWidgets(again.window._docks["prompts"]) != [])


def test_a_panel_that_was_closed_stays_closed(start, category):
    driver = start(loader(FakeSegmenter()))
    driver.open(category)
    driver.window._docks["layers"].toggleViewAction().trigger()
    assert driver.window._docks["layers"].isHidden()
    driver.window.close()
    again = start(loader(FakeSegmenter()))
    again.open(category)
    assert again.window._docks["layers"].isHidden()
    assert not again.window._docks["results"].isHidden()
    again.window.action("reset_layout").trigger()
    assert not again.window._docks["layers"].isHidden()
