"""Automatic prompts from the maps of a SimpleNet that is trained on demand, with and without backgrounds."""

import time
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sam_inspector.anomaly.simplenet import recipe as recipe_module
from sam_inspector.anomaly.simplenet.recipe import RECIPES
from sam_inspector.anomaly.simplenet.settings import SimpleNetSettings
from sam_inspector.engine.map_methods import LearntSettings
from sam_inspector.foreground.category_types import category_types, user_category_types_path
from tests.ui.automatic_driver import GOOD, TWO_SPOTS

EPOCHS = 12


@pytest.fixture(autouse=True)
def small_recipe(monkeypatch):
    """Enough for a stub of six values a cell."""
    small = replace(RECIPES["recommended"], hidden=64, tokens_a_step=256, least_steps=4)
    monkeypatch.setitem(recipe_module.RECIPES, "recommended", small)


@pytest.fixture
def trained(auto):
    auto.automatic.sources.learnt = LearntSettings(SimpleNetSettings(epochs=EPOCHS))
    auto.turn_on()
    auto.driver.wait(lambda: auto.driver.views.prompts.automatic.methods.isVisible())
    return auto


def choose(auto, name):
    methods = auto.driver.views.prompts.automatic.methods
    if not methods.is_open:
        QTest.mouseClick(methods.button(methods.mode().name), Qt.MouseButton.LeftButton)
    QTest.mouseClick(methods.button(name), Qt.MouseButton.LeftButton)


def choose_kind(auto, name):
    combo = auto.driver.views.prompts.automatic.kind
    combo.setFocus()
    QTest.keyClick(combo, Qt.Key.Key_Home)
    for _ in range(combo.findData(name)):
        QTest.keyClick(combo, Qt.Key.Key_Down)
    combo.activated.emit(combo.currentIndex())


def test_a_network_is_trained_and_finds_the_spot(trained):
    choose(trained, "simplenet")
    trained.wait_for_state("Learning from 6 normal images")
    trained.driver.wait(lambda: trained.automatic.anomaly_map is not None, 60_000)
    assert "SimpleNet for textile" in trained.titles
    assert any("Epoch 3 of 12 (" in state for state in trained.states)
    trained.driver.wait(lambda: trained.prompts)
    assert {item.source for item in trained.prompts.items} == {"simplenet"}
    assert trained.automatic.calibration is not None
    trained.driver.wait_for_scores()
    assert trained.driver.session.scores.iou > 0.3


def test_the_next_image_is_mapped_by_the_same_network(trained):
    choose(trained, "simplenet")
    trained.driver.wait(lambda: trained.automatic.anomaly_map is not None, 60_000)
    jobs = len(trained.ended)
    trained.driver.show(TWO_SPOTS)
    trained.wait_for_map()
    trained.driver.show(GOOD)
    trained.wait_for_map()
    assert len(trained.ended) == jobs


def test_a_type_that_nobody_knows_is_asked_for_and_kept(trained):
    choose(trained, "sam2sim")
    trained.wait_for_state("is not known")
    section = trained.driver.views.prompts.automatic
    assert section.kind.isVisible()
    assert section.kind.currentIndex() == -1
    choose_kind(trained, "texture")
    trained.driver.wait(lambda: trained.automatic.anomaly_map is not None, 60_000)
    assert user_category_types_path().exists()
    assert category_types().type_of("textile").kind == "texture"
    trained.driver.wait(lambda: trained.prompts)
    assert {item.source for item in trained.prompts.items} == {"sam2sim"}
    assert section.kind.currentData() == "texture"


def test_the_texture_of_sam2sim_takes_the_network_of_simplenet(trained):
    choose(trained, "simplenet")
    trained.driver.wait(lambda: trained.automatic.anomaly_map is not None, 60_000)
    first = trained.automatic.anomaly_map.values
    jobs = len(trained.ended)
    trained.automatic.choose_kind("texture")
    choose(trained, "sam2sim")
    trained.driver.wait(lambda: trained.automatic.anomaly_map is not None)
    assert (trained.automatic.anomaly_map.values == first).all()
    assert len(trained.ended) == jobs


def test_training_that_is_cancelled_goes_on_when_it_is_chosen_again(trained):
    trained.automatic.sources.learnt = LearntSettings(SimpleNetSettings(epochs=4000))
    choose(trained, "simplenet")
    trained.driver.wait(lambda: "SimpleNet for textile" in trained.titles)
    time.sleep(0.5)
    trained.driver.app.presenter.jobs.cancel(trained.driver.app.presenter.jobs._number)
    trained.wait_for_state("Training was cancelled: choose SimpleNet to start it again.")
    trained.automatic.sources.learnt = LearntSettings(SimpleNetSettings(epochs=EPOCHS))
    choose(trained, "simplenet")
    trained.driver.wait(lambda: trained.automatic.anomaly_map is not None, 60_000)


def test_references_are_not_asked_for(trained):
    choose(trained, "simplenet")
    section = trained.driver.views.prompts.automatic
    assert not section.references.isVisible()
    assert not section.kind.isVisible()
    choose(trained, "few-shot")
    assert section.references.isVisible()
