"""Tuned models in the window: in the lists of models, in use, with their draft beside the mask, and when they go."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sam_inspector.models.registry import DEFAULT_MODEL
from sam_inspector.models.tuned.finding import tuned_folder, tuned_spec
from sam_inspector.ui.compare.layout import PaneChoice
from sam_inspector.ui.evaluate import tasks
from sam_inspector.ui.evaluate.sentences import for_the_window
from sam_inspector.ui.model_names import is_there, model_title
from sam_inspector.ui.settings import CompareSetting, PaneSetting, Settings
from tests.ui.compare_driving import CompareDriver
from tests.ui.tuned_files import load_by_name, tuned_file

NAME, TITLE = "mobile_sam+my-defects", "MobileSAM + my-defects"
LEFT = Qt.MouseButton.LeftButton


def titles(driver):
    combo = driver.window.model
    return [combo.itemText(place).partition(",")[0] for place in range(combo.count())]


def choose(driver, name):
    """Choose a model in the tool bar's list."""
    combo = driver.window.model
    combo.setCurrentIndex(combo.findData(name))
    combo.activated.emit(combo.currentIndex())
    driver.wait(lambda: driver.app.presenter.loaded is not None and driver.app.presenter.loaded.name == name)


def strip(driver):
    return [(card.text(), card._key, card.isChecked()) for card in driver.views.candidates.cards]


@pytest.fixture
def with_tuned(start):
    """A window where a tuned model is there, with a draft or without."""

    def begin(category, masks=2, settings=None):
        tuned_file("my-defects")
        driver = start(load_by_name(masks), settings=settings)
        driver.open(category)
        driver.wait(lambda: driver.app.presenter.loaded is not None and driver.app.workspaces.tuned.specs)
        return driver

    return begin


def test_the_name_and_title_of_one_are_known_without_its_file():
    tuned_file("my-defects")
    spec = tuned_spec(tuned_folder() / "my-defects.safetensors")
    assert (model_title(NAME), is_there(NAME)) == (spec.title, True)
    assert (model_title("mobile_sam+gone"), is_there("mobile_sam+gone")) == ("MobileSAM + gone", False)
    file = str(tuned_folder() / "my-defects.safetensors")
    assert (model_title(file), is_there(file)) == ("my-defects", True)
    assert model_title("no such") == "no such"
    assert not is_there("no such")


def test_the_list_offers_it_with_its_note(with_tuned, category):
    driver = with_tuned(category)
    assert titles(driver)[-1] == TITLE
    combo = driver.window.model
    tip = combo.itemData(combo.findData(NAME), Qt.ItemDataRole.ToolTipRole)
    assert tip.startswith("Tuned on 26 images of part.")
    assert combo.width() <= combo.maximumWidth() < 300, "whatever a person calls it"


def test_the_list_follows_the_folder(driver, category):
    driver.wait(lambda: driver.app.presenter.loaded is not None)
    assert TITLE not in titles(driver)
    file = tuned_file("my-defects")
    driver.app.workspaces.tuned.look()  # as the end of a training does; the folder is watched from now on
    driver.wait(lambda: TITLE in titles(driver))
    tuned_file("second")
    driver.wait(lambda: "MobileSAM + second" in titles(driver))
    file.unlink()
    driver.wait(lambda: TITLE not in titles(driver))
    assert driver.window.model.currentData() == DEFAULT_MODEL


def test_prompts_stay_and_are_answered_by_the_tuned_model(with_tuned, category):
    driver = with_tuned(category)
    driver.click(60, 45)
    driver.wait_for_scores()
    driver.key(Qt.Key.Key_3)
    driver.wait_for_scores()
    before = driver.session.work.prompts
    assert len(driver.views.candidates.cards) == 4
    assert driver.views.candidates.sort.isEnabled()
    choose(driver, NAME)
    driver.wait(lambda: len(driver.views.candidates.cards) == 2)
    assert driver.session.work.prompts.items[0].points == before.items[0].points
    assert strip(driver) == [("Refined", "0", True), ("Draft", "1", False)]
    assert not driver.views.candidates.sort.isEnabled()


def test_draft_and_refined_mask_are_chosen_by_key_and_by_hand(with_tuned, category):
    driver = with_tuned(category)
    choose(driver, NAME)
    driver.drag((40, 30), (80, 60), Qt.KeyboardModifier.ControlModifier)
    driver.wait_for_scores()
    refined = driver.session.segmentation.mask.sum()
    driver.key(Qt.Key.Key_1)
    driver.wait(lambda: strip(driver)[1] == ("Draft", "1", True))
    driver.wait_for_scores()
    assert driver.session.segmentation.mask.sum() > refined, "the stand-in's draft is larger"
    QTest.mouseClick(driver.views.candidates.cards[0], LEFT)
    driver.wait(lambda: strip(driver)[0] == ("Refined", "0", True))
    driver.wait_for_scores()
    prompts = driver.session.work.prompts
    for key in (Qt.Key.Key_2, Qt.Key.Key_3):
        driver.key(key)
    QTest.qWait(50)
    assert driver.session.work.prompts == prompts, "there is nothing that these keys could take"


def test_without_a_draft_there_is_one_mask(with_tuned, category):
    driver = with_tuned(category, masks=1)
    choose(driver, NAME)
    driver.click(60, 45)
    driver.wait_for_scores()
    assert strip(driver) == [("Single mask", "0", True)]


def test_one_that_was_in_use_is_in_use_again(with_tuned, category):
    driver = with_tuned(category, settings=Settings(model=NAME))
    assert driver.app.presenter.loaded.name == NAME
    assert driver.window.model.currentText() == TITLE
    assert not driver.banners()


@pytest.mark.parametrize("name", ["mobile_sam+gone", "no such model"])
def test_one_of_the_settings_that_is_gone_gives_way_with_a_sentence(start, name):
    driver = start(load_by_name(), settings=Settings(model=name))
    driver.wait(driver.banners)
    assert driver.banners() == [f"The model {model_title(name)} is not there any more: MobileSAM is used."]
    assert driver.app.presenter.loaded.name == DEFAULT_MODEL
    assert driver.app.settings.model == DEFAULT_MODEL


def test_one_in_use_whose_file_goes_gives_way(with_tuned, category):
    driver = with_tuned(category)
    choose(driver, NAME)
    (tuned_folder() / "my-defects.safetensors").unlink()
    driver.wait(lambda: driver.app.presenter.loaded.name == DEFAULT_MODEL)
    assert f"The model {TITLE} is not there any more: MobileSAM is used." in driver.banners()
    assert driver.window.model.currentText().startswith("MobileSAM")
    assert driver.app.settings.model == DEFAULT_MODEL


# --- Compare and Evaluate ---------------------------------------------------------------------------------------------


def test_a_pane_can_have_it_and_its_menu_offers_it(with_tuned, category):
    panes = [PaneSetting(mode="b"), PaneSetting(mode="b", model=NAME)]
    driver = with_tuned(category, settings=Settings(compare=CompareSetting(panes=panes)))
    compare = CompareDriver(driver)
    compare.enter()
    compare.wait_for_panes()
    assert compare.states == ["ready", "ready"]
    pane = compare.page.panes[1]
    assert pane.model.text() == TITLE
    offered = [action.text() for action in pane.model.menu().actions() if action.text()]
    assert offered[-1] == TITLE
    tuned_file("second")
    driver.wait(lambda: pane.model.menu().actions()[-1].text() == "MobileSAM + second")


def test_a_pane_is_answered_anew_when_its_model_was_tuned_further(with_tuned, category):
    panes = [PaneSetting(mode="b"), PaneSetting(mode="b", model=NAME)]
    driver = with_tuned(category, settings=Settings(compare=CompareSetting(panes=panes)))
    compare = CompareDriver(driver)
    compare.enter()
    compare.wait_for_panes()
    answered = compare.answered
    tuned_file("my-defects", seed=1)
    driver.wait(lambda: compare.answered == answered + 1)


def test_a_pane_of_a_model_that_is_gone_is_not_remembered():
    assert not PaneChoice("b", "mobile_sam+gone").is_known
    tuned_file("there")
    assert PaneChoice("b", "mobile_sam+there").is_known


def test_evaluate_offers_it_with_its_note(with_tuned, category, monkeypatch):
    monkeypatch.setattr(tasks, "find_weights", lambda spec: category if spec.name.startswith(DEFAULT_MODEL) else None)
    monkeypatch.setattr(tasks, "require_weights", lambda spec: category)
    driver = with_tuned(category)
    driver.window.switch.segment("evaluate").click()
    choices = driver.app.workspaces.evaluate.page.choices
    driver.wait(lambda: NAME in choices.models)
    box = choices.models[NAME]
    assert box.text() == TITLE
    assert box.toolTip() == f"{TITLE}: a run of its own. Tuned on 26 images of part."
    tuned_file("a tuned model with quite a long name")
    long = "mobile_sam+a tuned model with quite a long name"
    driver.wait(lambda: long in choices.models)
    assert "…" in choices.models[long].text()


def test_a_difference_of_models_is_told_by_their_titles():
    said = for_the_window(f"This run has other settings (model: {NAME} there, mobile_sam here).")
    assert said == f"This run has other settings (model: {TITLE} there, MobileSAM here)."
