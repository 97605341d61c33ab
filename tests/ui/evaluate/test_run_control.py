"""What the form, the buttons and the line about a run say is what will happen."""

import json
import shutil
import threading

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest

from sam_inspector.engine.finished_run import read_run
from sam_inspector.foreground.category_types import set_category_kind
from sam_inspector.ui.evaluate import tasks
from sam_inspector.ui.evaluate.wishes import LOOK_AHEAD_MS
from sam_inspector.ui.settings import Settings, load_settings
from tests.fakes import FakeSegmenter


@pytest.fixture
def two_categories(category):
    """A root of two categories; the second has a normal image of two."""
    other = category.parent / "data/tile"
    shutil.copytree(category, other)
    shutil.move(category, category.parent / "data/part")
    Image.fromarray(np.full((120, 160, 3), 90, np.uint8)).save(other / "test/good/001.png")
    return other.parent


def slow():
    return FakeSegmenter(embed_seconds=0.3)


def cancel_after_one(view):
    view.wait(lambda: view.controller.state == "running" and view.controller.run.done >= 1)
    view.click(view.choices.cancel)
    view.wait(lambda: view.controller.state == "stopped")


def test_go_on_is_offered_only_while_the_form_asks_for_what_the_run_does(evaluate, category, tmp_path):
    settings = Settings()
    settings.evaluate.out_parent = str(tmp_path / "results")
    view = evaluate(category=category, segmenter=slow(), settings=settings)
    view.start("b", "bp")
    cancel_after_one(view)
    folder = view.out
    assert view.page.run_bar.title.text() == "Cancelled"
    assert view.choices.go_on.isVisible()
    assert view.choices.out.placeholderText() == folder.name
    view.choose_modes("b")
    assert not view.choices.go_on.isVisible()
    assert view.choices.start.isVisible()
    view.choose_modes("b", "bp")
    assert view.choices.go_on.isVisible(), "it asks for the same again"
    view.type_folder(tmp_path / "elsewhere")
    assert not view.choices.go_on.isVisible()
    view.choices.out.clear()
    assert view.choices.go_on.isVisible()
    view.choose_modes("b")
    view.wait(view.choices.start.isEnabled)
    view.click(view.choices.start)
    view.finish()
    assert view.out != folder
    assert read_run(view.out).modes == ("b",)
    assert len(view.texts()[0]) == 3


class Hold:
    """Holds the file thread until it is let go."""

    priority, newest_only = 0, False

    def __init__(self):
        self.began, self.let_go = threading.Event(), threading.Event()

    def run(self, state):
        self.began.set()
        self.let_go.wait(20)


def test_a_look_ahead_does_not_make_a_run_that_begins_needless(evaluate, category, tmp_path):
    view = evaluate(category=category)
    view.choose_modes("b")
    view.wait(view.choices.start.isEnabled)
    hold = Hold()
    view.app.files.submit(hold)
    assert hold.began.wait(10)
    view.click(view.choices.start)
    view.controller.wishes.look_again()
    QTest.qWait(2 * LOOK_AHEAD_MS)
    hold.let_go.set()
    view.finish()
    assert len(view.texts()[0]) == 3


def test_objects_can_be_set_before_other_backgrounds(evaluate, category, tmp_path):
    set_category_kind("part", "object")
    view = evaluate(category=category)
    form = view.choices.settings
    form.background.setCurrentIndex(form.background.findData("flat"))
    view.run("b", out=tmp_path / "run")
    header = json.loads((tmp_path / "run/results.json").read_text())
    assert header["settings"]["background"]["kind"] == "flat"
    assert header["settings"]["objects"] == ["part"]
    again = evaluate()
    again.controller.open_run(tmp_path / "run")
    again.wait(lambda: again.controller.run is not None)
    assert again.choices.choices().background == "flat"


def test_a_type_that_nobody_knows_is_told_before_a_run_begins(evaluate, category):
    view = evaluate(category=category)
    form = view.choices.settings
    form.background.setCurrentIndex(form.background.findData("flat"))
    view.choose_modes("b")
    view.wait(view.problem)
    assert "is not known" in view.problem()
    assert not view.choices.start.isEnabled()


def test_a_folder_left_empty_is_named_by_itself(evaluate, category, tmp_path):
    settings = Settings()
    settings.evaluate.out_parent = str(tmp_path / "results")
    view = evaluate(category=category, settings=settings)
    view.type_folder(tmp_path / "mine")
    view.choices.out.clear()
    view.run("b")
    assert view.out.parent == tmp_path / "results"
    assert view.out.name.endswith("part")
    assert view.choices.out.text() == ""


def test_a_finished_run_says_so_and_shows_its_folder(evaluate, category, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    view = evaluate(category=category)
    view.run("b", out=tmp_path / "run")
    bar = view.page.run_bar
    assert (bar.title.text(), bar.what.text()) == ("Finished", "3 images, results in run")
    assert str(tmp_path / "run") in bar.what.toolTip()
    view.click(bar.folder)
    assert opened == [str(tmp_path / "run")]


def test_whoever_looks_elsewhere_is_told_that_a_run_is_finished(evaluate, category, tmp_path):
    view = evaluate(category=category, segmenter=slow())
    view.start("b", out=tmp_path / "run")
    view.wait(lambda: view.controller.state == "running")
    view.driver.window.set_workspace("inspect")
    view.finish()
    view.wait(view.driver.banners)
    assert "evaluation is finished" in view.driver.banners()[0]


def test_a_paused_run_says_paused_and_no_time(evaluate, category, tmp_path):
    view = evaluate(category=category, segmenter=slow())
    view.start("b", out=tmp_path / "run")
    view.wait(lambda: view.controller.state == "running" and view.controller.run.done >= 1)
    view.click(view.choices.pause)
    view.driver.qtbot.wait(700)
    bar = view.page.run_bar
    assert bar.title.text() == "Paused"
    assert "left" not in bar.figures.text()
    assert bar.bar.is_paused


def test_a_run_that_was_stopped_is_opened_with_what_it_was_to_do(evaluate, two_categories, tmp_path):
    first = evaluate(category=two_categories, segmenter=slow())
    first.choices.limit.setValue(3)
    first.start("b", "bps", out=tmp_path / "run")
    cancel_after_one(first)
    done = len({row.path for row in read_run(tmp_path / "run").rows})
    assert 1 <= done < 3
    view = evaluate(settings=Settings())
    view.controller.open_run(tmp_path / "run")
    view.wait(lambda: view.controller.run is not None)
    texts = view.texts()
    assert [row[:2] for row in texts[:2]] == [["part", "3"], ["tile", "3"]]
    assert texts[1][2] == "not run"
    look = view.page.results.index(0, 2).data(view.page.results.LOOK)
    assert look.progress == f"{done}/3"
    assert texts[-1][2] == "0 of 2"
    bar = view.page.run_bar
    assert bar.title.text() == "Earlier run, not finished"
    assert f"{done} of 6 images, run" in bar.what.text()
    wish = view.choices.choices()
    assert (wish.modes, wish.limit) == (("b", "bps"), 3)
    assert view.choices.tree.item_named("tile").checkState(0) == Qt.CheckState.Checked
    assert view.choices.go_on.isVisible()
    view.click(view.choices.go_on)
    view.finish()
    assert len(read_run(tmp_path / "run").rows) == 12
    assert view.texts()[-1][2] == "2 of 2"


def test_a_run_that_was_killed_before_it_wrote_results_is_opened(evaluate, category, tmp_path):
    first = evaluate(category=category, segmenter=slow())
    first.start("b", out=tmp_path / "run")
    cancel_after_one(first)
    done = first.controller.run.done
    (tmp_path / "run/results.json").unlink()
    view = evaluate()
    view.controller.open_run(tmp_path / "run")
    view.wait(lambda: view.controller.run is not None or view.sentences())
    assert view.page.results.index(0, 2).data(view.page.results.LOOK).progress == f"{done}/3"


def test_a_run_whose_images_are_gone_is_shown_and_can_not_go_on(evaluate, category, tmp_path):
    first = evaluate(category=category, segmenter=slow())
    first.start("b", out=tmp_path / "run")
    cancel_after_one(first)
    done = first.controller.run.done
    first.driver.window.close()
    first.app.close()
    shutil.move(category, tmp_path / "moved")
    view = evaluate()
    view.controller.open_run(tmp_path / "run")
    view.wait(lambda: view.controller.run is not None)
    assert view.page.results.index(0, 2).data(view.page.results.LOOK).progress == f"{done} so far"
    assert not view.choices.go_on.isVisible()
    assert "not here" in view.sentences()[0]


def test_a_folder_that_can_not_be_written_leaves_what_is_on_screen(evaluate, category, tmp_path, monkeypatch):
    def refuse(dir):
        if dir == tmp_path / "locked":
            raise PermissionError(13, "Permission denied")
        return temporary(dir=dir)

    temporary = tasks.TemporaryFile
    monkeypatch.setattr(tasks, "TemporaryFile", refuse)
    view = evaluate(category=category)
    view.run("b", out=tmp_path / "run")
    shown = view.texts()
    view.start("bp", out=tmp_path / "locked")
    view.wait(view.sentences)
    assert view.sentences() == [
        f"The folder {tmp_path / 'locked'} can't be written (Permission denied): choose another folder."
    ]
    assert view.texts() == shown
    assert view.choices.start.isVisible()
    assert not view.choices.go_on.isVisible()
    view.run("bp", out=tmp_path / "fine")
    assert read_run(tmp_path / "fine").modes == ("bp",)


def test_a_run_that_fails_before_its_first_image_leaves_what_is_on_screen(evaluate, category, tmp_path):
    view = evaluate(category=category)
    view.run("b", out=tmp_path / "run")
    shown, ended = view.texts(), view.controller._on_ended

    def fail(run, reply):
        from dataclasses import replace

        run.table = type(run.table)(run.table.columns, tuple(run.table.plans.values()))
        ended(run, replace(reply, outcome="failed", error="It has no weights: give another --out."))

    view.controller._on_ended = fail
    view.start("bp", out=tmp_path / "other")
    view.wait(view.sentences)
    assert view.sentences() == ["It has no weights: choose another folder."]
    assert view.texts() == shown
    assert view.choices.start.isVisible()


def test_tab_leaves_the_table_and_arrows_stay_among_its_cells(evaluate, category, tmp_path):
    view = evaluate(category=category)
    view.run("b", "bp", out=tmp_path / "run")
    view.cell(0, 2)
    table = view.page.table
    table.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Left):
        QTest.keyClick(table, key)
    assert [key[1].mode for key in table.chosen()] == ["b"]
    assert view.page.worst.strip.images.entries()
    view.cell(1, 2)
    assert [key[1].mode for key in table.chosen()] == ["b"], "a mean has no images to show"
    QTest.keyClick(table, Qt.Key.Key_Right)
    assert [key[1].mode for key in table.chosen()] == ["bp"]
    QTest.keyClick(table, Qt.Key.Key_Tab)
    assert not table.hasFocus()


def test_the_list_of_datasets_stays_when_an_image_of_another_one_is_opened(evaluate, two_categories, tmp_path):
    elsewhere = tmp_path / "elsewhere/wood"
    shutil.copytree(two_categories / "part", elsewhere)
    view = evaluate(category=two_categories)
    view.choices.tree.item_named("tile").setCheckState(0, Qt.CheckState.Unchecked)
    view.run("b", out=tmp_path / "run")
    before = view.choices.tree.wish()
    view.driver.open(elsewhere)
    view.wait(lambda: len(view.choices.tree.datasets()) == 2)
    assert view.choices.tree.wish() == before
    view.cell(0, 2)
    look = view.look_at()
    assert view.driver.session.dataset.root == elsewhere, "looking opens nothing"
    view.click(view.page.look.edit)
    session = view.driver.session
    view.wait(lambda: session.opened is not None and session.work.prompts)
    assert session.opened.sample.path == look.at.sample.path
    assert session.dataset.root == two_categories, "all of the dataset that it is of"
    view.driver.window.set_workspace("evaluate")
    view.driver.qtbot.wait(300)
    assert len(view.choices.tree.datasets()) == 2
    assert view.choices.tree.wish() == before


def test_a_metric_that_a_run_does_not_have_gives_way_to_iou(evaluate, category, tmp_path):
    settings = Settings()
    settings.evaluate.metric = "i_auroc"  # modes from the ground truth visit no normal image
    view = evaluate(category=category, settings=settings)
    view.run("b", out=tmp_path / "run")
    assert "–" not in view.texts()[0][2]
    assert view.page.metric_choice.currentText() == "IoU / P-AUROC"
    titles = [view.page.metric_choice.itemText(place) for place in range(view.page.metric_choice.count())]
    assert "Boundary IoU" in titles
    assert all(("_" not in title and title[0].isupper()) or title.startswith("sPRO") for title in titles)
    view.page.metric_chosen.emit("i_auroc")
    tip = view.page.results.index(0, 2).data(Qt.ItemDataRole.ToolTipRole)
    assert "No normal image was visited" in tip
    assert load_settings().evaluate.metric == "i_auroc"


def test_points_are_chosen_and_named(evaluate, category, tmp_path):
    view = evaluate(category=category)
    view.choices.points.setValue(5)
    assert view.choices.modes["bps"].text() == "Box + 5 points"
    view.run("bps", out=tmp_path / "run")
    header = view.page.results.headerData(2, Qt.Orientation.Horizontal)
    assert header == "Box + 5 points"
    assert json.loads((tmp_path / "run/results.json").read_text())["settings"]["points"] == 5


def test_the_step_is_told_in_the_window_s_words(evaluate, category, tmp_path):
    view = evaluate(category=category)
    view.run("b", "bps", out=tmp_path / "run")
    run = view.controller.run
    run.model = "mobile_sam"
    for text, words in (
        ("loading mobile_sam", "loading MobileSAM"),
        ("part: bps", "part, Box + 20 points"),
        ("part: maps, 1/32", "part, reading sentences, 1 of 32"),
    ):
        run.text = text
        assert run.what() == words
    run.choices = type(run.choices)(modes=("few-shot",))
    assert run.what() == "part, describing normal images, 1 of 32 views"
    run.model = ""


def test_start_is_in_sight_and_nothing_lies_under_the_scroll_bar(evaluate, category):
    view = evaluate(category=category, size=(1024, 700))
    view.choose_modes("b", "bps", "few-shot", "cascade")
    view.wait(lambda: view.choices.hint.text())
    window, area = view.driver.window, view.choices._area
    assert window.rect().contains(view.choices.start.mapTo(window, view.choices.start.rect().bottomRight()))
    assert area.verticalScrollBar().isVisible()
    assert area.widget().width() >= area.widget().minimumSizeHint().width()
    assert area.widget().width() <= area.viewport().width()


def test_the_advice_for_missing_weights_of_clip_can_be_followed_here(evaluate, category, tmp_path, monkeypatch):
    monkeypatch.setenv("SAM_INSPECTOR_WEIGHTS", str(tmp_path / "no-weights"))
    view = evaluate(category=category)
    view.choose_modes("clip")
    view.wait(view.problem)
    assert "press Fetch" in view.problem()
    assert "sam-inspector models get" not in view.problem()
    assert not view.choices.start.isEnabled()


def test_a_run_opened_again_has_its_pictures(evaluate, category, tmp_path):
    view = evaluate(category=category)
    view.run("b", out=tmp_path / "run")
    strip = view.page.worst.strip
    view.wait(lambda: strip.images.has_picture(strip.images.entries()[0].key))
    run = view.controller.run
    view.controller.open_run(tmp_path / "run")
    view.wait(lambda: view.controller.run is not run)
    view.wait(lambda: strip.images.has_picture(strip.images.entries()[0].key))
    assert view.page.run_bar.title.text() == "Earlier run"
    assert view.page.run_bar.what.text().startswith("last written 20")
