"""What a map in the window is compared with, and what can go wrong with it."""

import shutil

from sam_inspector.anomaly.settings import FewShotSettings, ReferenceChoice
from tests.fakes import FakeSegmenter, loader
from tests.ui.automatic_driver import (
    GOOD,
    SPOT,
    TRAIN,
    TWO_SPOTS,
    Recorded,
    select_rows,
    texture,
    write,
    write_spot,
)

# --- other references -----------------------------------------------------------------------------------


def test_random_references_are_those_of_the_seed(auto, driver):
    auto.turn_on()
    for seed in (3, 4):
        choice = ReferenceChoice("random", 2, seed)
        driver.views.prompts.automatic.references_changed.emit(choice)
        driver.wait(lambda: len(auto.ready) == seed - 1)  # noqa: B023
    _, third, fourth = auto.ready
    assert len(third) == len(fourth) == 2
    assert third != fourth
    driver.wait(lambda: "image score" in auto.state)


def test_images_selected_in_the_list_are_compared_with(auto, driver):
    auto.turn_on()
    select_rows(driver, [TRAIN[1], TRAIN[4]])
    picker = driver.views.prompts.automatic.references
    picker.pick_requested.emit()
    driver.wait(lambda: len(auto.ready) == 2)
    assert set(auto.ready[-1]) >= {"001.png", "004.png"}
    assert picker.choice().kind == "picked"
    assert set(auto.automatic.few_shot.references.picked) >= {TRAIN[1], TRAIN[4]}


def test_picking_without_a_selection_says_how(auto, driver):
    auto.turn_on()
    driver.views.prompts.automatic.references.pick_requested.emit()
    assert "Ctrl-click" in auto.troubles[-1]
    assert auto.automatic.few_shot == FewShotSettings()


def test_a_reference_on_screen_is_not_compared_with_itself(auto, driver):
    auto.turn_on()
    driver.show(TRAIN[0])
    auto.wait_for_map()
    assert "This image is one of the references; it is not compared with itself." in auto.troubles
    assert not auto.prompts


def test_only_the_image_itself_as_reference_is_a_sentence(auto, driver):
    auto.turn_on()
    auto.automatic.choose_references(ReferenceChoice("picked", picked=(SPOT,)))
    words = "The only normal image to compare with is this image itself"
    auto.wait_for_state(words)
    assert auto.automatic.anomaly_map is None, "the map of other references is no answer"
    driver.click(20, 20)
    driver.wait_for_scores()
    assert len([text for text in auto.troubles if words in text]) == 1


def test_other_images_while_references_are_built(start, textile):
    driver = start(loader(FakeSegmenter(cell=8, embed_seconds=0.05)))
    auto = Recorded(driver)
    driver.app.presenter.open_path(textile, SPOT)
    driver.wait(lambda: driver.session.opened is not None and auto.automatic.has_model)
    driver.window.action("source_auto").trigger()
    driver.show(GOOD)
    driver.show(TWO_SPOTS)
    auto.wait_for_map()
    driver.wait(lambda: len(auto.prompts) == 2)
    assert len(auto.ready) == 1, "what is being built is for every image of the category"


def test_a_cancelled_comparison_stays_cancelled_until_it_is_chosen_again(start, textile):
    driver = start(loader(FakeSegmenter(cell=8, embed_seconds=0.05)))
    auto = Recorded(driver)
    driver.app.presenter.open_path(textile, SPOT)
    driver.wait(lambda: driver.session.opened is not None and auto.automatic.has_model)
    driver.window.action("source_auto").trigger()
    driver.wait(lambda: auto.titles)
    driver.views.status.jobs.cancel.click()
    driver.wait(lambda: "cancelled" in auto.ended)
    assert "choose Few-shot to start it again" in auto.state
    driver.show(GOOD)
    driver.qtbot.wait(400)
    assert not auto.ready
    assert "choose Few-shot to start it again" in auto.state
    driver.views.prompts.automatic.method_chosen.emit("few-shot")
    auto.wait_for_map()


def test_other_references_replace_those_being_built(start, textile):
    driver = start(loader(FakeSegmenter(cell=8, embed_seconds=0.05)))
    auto = Recorded(driver)
    driver.app.presenter.open_path(textile, SPOT)
    driver.wait(lambda: driver.session.opened is not None and auto.automatic.has_model)
    driver.window.action("source_auto").trigger()
    driver.wait(lambda: auto.titles)
    auto.automatic.choose_references(ReferenceChoice(count=2))
    auto.wait_for_map()
    assert auto.ready == [["000.png", "001.png"]]
    assert "cancelled" in auto.ended


def test_another_model_describes_the_references_anew(auto, driver):
    auto.turn_on()
    auto.automatic.set_threshold(auto.automatic.threshold * 1.1)
    driver.app.presenter.choose_model("mobile_sam")
    driver.wait(lambda: len(auto.ready) == 2)
    driver.wait(lambda: not auto.automatic.is_threshold_by_hand and "image score" in auto.state)
    assert len(auto.prompts) == 1


# --- what can go wrong ----------------------------------------------------------------------------------


def test_a_category_without_normal_images_says_so(driver, tmp_path):
    auto, root = Recorded(driver), tmp_path / "bare"
    write_spot(root, 0, [(96, 64, 144, 112)])
    write_spot(root, 1, [(32, 32, 80, 80)])
    driver.open(root)
    driver.wait(lambda: auto.automatic.has_model)
    driver.window.action("source_auto").trigger()
    driver.wait(lambda: any("has no normal images to compare with" in text for text in auto.states))
    assert driver.views.prompts.automatic.empty.isVisibleTo(driver.window)
    driver.click(100, 80)
    driver.wait_for_scores()


def test_images_of_a_plain_folder_are_picked(driver, tmp_path):
    auto, root = Recorded(driver), tmp_path / "plain"
    for number in range(3):
        write(root, f"{number}.png", texture(number))
    pixels = texture(9)
    pixels[64:112, 96:144] = (200, 50, 50)
    write(root, "9.png", pixels)
    driver.app.presenter.open_path(root, "9.png")
    driver.wait(lambda: driver.session.opened is not None and auto.automatic.has_model)
    driver.window.action("source_auto").trigger()
    assert driver.views.prompts.automatic.empty.isVisibleTo(driver.window)
    select_rows(driver, ["0.png", "1.png", "2.png"])
    driver.views.prompts.automatic.empty.pressed.emit()
    driver.wait(lambda: auto.ready)
    driver.show("9.png")
    auto.wait_for_map()
    driver.wait(lambda: len(auto.prompts) == 1)


def test_missing_weights_are_one_sentence_and_the_default_still_works(auto, driver, tmp_path, monkeypatch):
    monkeypatch.setenv("SAM_INSPECTOR_WEIGHTS", str(tmp_path / "no weights"))
    auto.turn_on()
    before = auto.prompts
    auto.automatic.choose_few_shot(FewShotSettings(backbone="dinov2"))
    driver.wait(lambda: "failed" in auto.ended)
    assert "needs weights that are not here" in auto.state
    assert "sam-inspector models get dinov2" in auto.state
    said = len([text for text in auto.troubles if "needs weights" in text])
    driver.show(TWO_SPOTS)
    driver.qtbot.wait(350)
    assert auto.ended.count("failed") == 1, "asked for once"
    assert len([text for text in auto.troubles if "needs weights" in text]) == said
    assert "needs weights that are not here" in auto.state
    auto.automatic.choose_few_shot(FewShotSettings())
    auto.wait_for_map()
    driver.show(SPOT)
    auto.wait_for_map()
    assert auto.prompts == before


def test_the_fields_are_filled_anew_for_another_category_only(driver, tmp_path, textile):
    other = tmp_path / "both"
    for name in ("one", "two"):
        shutil.copytree(textile, other / name)
    driver.app.presenter.open_path(other, f"one/{SPOT}")
    driver.wait(lambda: driver.session.opened is not None)
    told = []
    driver.app.presenter.automatic.settings_changed.connect(lambda: told.append(driver.session.current_key))
    driver.show(f"one/{TWO_SPOTS}")
    driver.show(f"one/{GOOD}")
    assert told == []
    driver.show(f"two/{SPOT}")
    assert told == [f"two/{SPOT}"]
