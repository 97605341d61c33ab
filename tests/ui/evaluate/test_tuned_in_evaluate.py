"""Evaluating tuned models in the window: as the model of a run, and as what answers a mode of its own."""

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sam_inspector.models.registry import DEFAULT_MODEL
from sam_inspector.ui.evaluate import tasks
from tests.ui.tuned_files import load_by_name, tuned_file

NAME, TITLE = "mobile_sam+my-defects", "MobileSAM + my-defects"
BOX_MODE, TUNED = "b", "spt"


@pytest.fixture
def with_tuned(start, category, monkeypatch):
    """The Evaluate view where a tuned model is there; stand-ins answer for all models."""
    (category / "test/dent/broken.png").unlink()
    monkeypatch.setattr(tasks, "find_weights", lambda spec: category if spec.name.startswith(DEFAULT_MODEL) else None)
    monkeypatch.setattr(tasks, "require_weights", lambda spec: category)
    tuned_file("my-defects")

    from tests.ui.evaluate.conftest import EvaluateDriver

    driver = start(load_by_name())
    view = EvaluateDriver(driver).show(category)
    view.wait(lambda: NAME in view.choices.models)
    return view


def choose(view, combo, name):
    combo.setFocus()
    while combo.currentData() != name:
        QTest.keyClick(combo, Qt.Key.Key_Down if combo.findData(name) > combo.currentIndex() else Qt.Key.Key_Up)


def test_a_run_with_a_tuned_model(with_tuned, tmp_path):
    view = with_tuned
    for name in (DEFAULT_MODEL, NAME):
        if view.choices.models[name].isChecked() != (name == NAME):
            view.tick(view.choices.models[name])
    view.run(BOX_MODE, out=tmp_path / "out")
    results = json.loads((tmp_path / "out/results.json").read_text())
    assert [row["iou"] for row in results["categories"]] == [pytest.approx(0.98, abs=0.05)]


def test_the_mode_of_tuned_models_asks_which_one(with_tuned):
    view, settings = with_tuned, with_tuned.choices.settings
    view.choose_modes(BOX_MODE)
    assert not settings.tuned.isVisible()
    view.choose_modes(TUNED)
    view.wait(view.problem)
    assert view.problem() == (
        "The mode “Tuned SAM” needs a tuned model: choose one in the settings, or tune MobileSAM in Tune first."
    )
    assert not view.choices.start.isEnabled()
    assert settings.tuned.isVisible()
    choose(view, settings.tuned, NAME)
    view.wait(lambda: not view.problem())
    assert view.choices.start.isEnabled()
    assert view.choices.choices().tuned == NAME
    assert not settings._points_row.isVisible()
    choose(view, settings.asked_with, "points")
    assert settings._points_row.isVisible()
    tuned_file("second")
    view.wait(lambda: settings.tuned.findText("MobileSAM + second") > 0)
    assert settings.tuned.currentData() == NAME, "what is chosen stays"


def test_a_wish_for_a_tuned_model_is_remembered(with_tuned):
    view, settings = with_tuned, with_tuned.choices.settings
    view.choose_modes(TUNED)
    choose(view, settings.tuned, NAME)
    choose(view, settings.asked_with, "point")
    wish = view.choices.choices()
    choose(view, settings.tuned, "")
    view.choices.set_choices(wish)
    assert (settings.choices().tuned, settings.choices().spt_prompts) == (NAME, "point")
