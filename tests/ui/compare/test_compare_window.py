"""The window around the Compare view: its keys act on the panes, edits rest, and what went wrong is told over it."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sam_inspector.engine import requests as rq
from tests.fakes import FakeSegmenter, loader
from tests.ui.compare_driving import CompareDriver


def test_zoom_keys_act_on_the_panes_and_leave_the_canvas_of_inspect(compare):
    driver, view = compare.driver, compare.page.panes[0].view
    driver.window.set_workspace("inspect")
    canvas = driver.views.canvas
    canvas.zoom_to(3.0)
    driver.window.set_workspace("compare")
    place = canvas.centre
    for key in (Qt.Key.Key_F, Qt.Key.Key_Plus, Qt.Key.Key_Plus, Qt.Key.Key_Minus):
        before = view.zoom
        compare.key(key)
        assert view.is_fitted if key == Qt.Key.Key_F else view.zoom != before
    driver.window.action("actual_size").trigger()
    assert view.zoom == 1.0
    assert (canvas.zoom, canvas.centre) == (3.0, place)
    driver.window.set_workspace("inspect")
    driver.key(Qt.Key.Key_Plus)
    assert canvas.zoom > 3.0
    assert view.zoom == 1.0


@pytest.mark.parametrize("name", ["tool_box", "undo", "clear", "remove_last", "source_auto", "show_map", "candidate_1"])
def test_what_edits_the_prompts_rests_in_compare(compare, name):
    window = compare.driver.window
    assert not window.action(name).isEnabled()


def test_edits_come_back_with_inspect_as_they_were(compare):
    driver = compare.driver
    driver.window.set_workspace("inspect")
    driver.click(60, 45)
    driver.wait_for_scores()
    prompts = driver.session.work.prompts
    editing = ("undo", "tool_box", "clear", "accept", "candidate_1", "source_auto")
    assert all(driver.window.action(name).isEnabled() for name in editing)
    driver.window.set_workspace("compare")
    compare.key(Qt.Key.Key_Backspace)
    compare.key(Qt.Key.Key_B)
    QTest.keyClick(compare.page.panes[0].view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert driver.session.work.prompts == prompts
    assert driver.session.tool == "positive"
    driver.window.set_workspace("inspect")
    assert all(driver.window.action(name).isEnabled() for name in editing)
    assert not driver.window.action("redo").isEnabled()


def test_trouble_is_told_over_the_panes_and_once(compare):
    driver = compare.driver
    banners = driver.views.banners
    driver.qtbot.wait(20)
    places = [cell.geometry() for cell in compare.page.panes]
    driver.app.presenter.trouble.emit("warning", "Something is wrong.")
    assert banners.isVisible()
    assert driver.banners() == ["Something is wrong."]
    driver.app.presenter.model_failed.emit("The weights are damaged.", None)
    driver.qtbot.wait(20)
    assert [cell.geometry() for cell in compare.page.panes] == places, "no pane moves under the hand"
    foot = banners.mapTo(driver.window, banners.rect().bottomLeft()).y()
    assert foot == compare.page.mapTo(driver.window, compare.page.rect().bottomLeft()).y()
    assert banners.height() > 40
    assert driver.banners()[0] == "The weights are damaged."
    assert banners.banners()[0].button.isVisible()
    driver.window.set_workspace("evaluate")
    assert not banners.isVisible(), "its page tells of its runs"
    driver.window.set_workspace("inspect")
    assert banners.isVisible()
    assert len(driver.banners()) == 2


def test_in_inspect_banners_stand_above_the_image_again(compare):
    driver = compare.driver
    driver.window.set_workspace("inspect")
    driver.app.presenter.trouble.emit("warning", "Something is wrong.")
    driver.qtbot.wait(20)
    banners, header = driver.views.banners, driver.views.header
    assert banners.mapTo(driver.window, banners.rect().bottomLeft()).y() < header.mapTo(driver.window, QPoint()).y()


def test_no_tool_looks_chosen_where_none_does_anything(compare):
    driver = compare.driver
    tools = [driver.window.action(f"tool_{name}") for name in ("pan", "positive", "negative", "box")]
    assert not any(tool.isChecked() for tool in tools)
    driver.window.set_workspace("evaluate")
    assert not any(tool.isChecked() for tool in tools)
    driver.window.set_workspace("inspect")
    assert [tool.isChecked() for tool in tools] == [False, True, False, False]
    driver.window.action("tool_box").trigger()
    assert [tool.isChecked() for tool in tools] == [False, False, False, True]


def test_a_closed_pane_can_be_brought_back(compare):
    compare.press(compare.page.header.add)
    compare.wait_for_panes()
    layout = compare.controller.layout
    compare.press(compare.page.panes[1].cross)
    assert compare.modes == ["Box", "Box + 1 point"]
    banners = compare.driver.views.banners
    assert compare.driver.banners() == ["Closed pane B, Naive."]
    compare.press(banners.banners()[0].button)
    assert compare.controller.layout == layout
    compare.wait_for_panes()
    compare.press(compare.page.panes[1].cross)
    compare.choose_mode("A", "Naive")
    compare.press(banners.banners()[0].button)
    assert compare.modes == ["Naive", "Naive", "Box + 1 point"], "what was changed since stays"


def test_the_status_bar_says_what_is_done(start, category):
    driver = start(loader(FakeSegmenter(decode_seconds=0.3)))
    driver.open(category)
    compare = CompareDriver(driver)
    driver.wait(lambda: driver.views.status.state.words.startswith("Ready"))
    compare.enter()
    driver.wait(lambda: "computing" in compare.states)
    assert driver.views.status.state.words == "Comparing…"
    compare.wait_for_panes()
    assert driver.views.status.state.words.startswith("Ready")
    compare.key(Qt.Key.Key_D)
    driver.wait(lambda: driver.views.status.state.words == "Comparing…")
    driver.window.set_workspace("inspect")
    assert driver.views.status.state.words.startswith("Ready")


def test_a_paused_job_says_so_instead_of_a_time(compare):
    driver = compare.driver
    jobs, strip = driver.app.presenter.jobs, driver.views.status.jobs
    job = rq.Job(900, "Evaluate", rq.EvaluateImages.__new__(rq.EvaluateImages))
    driver.app.presenter.job_stepped.emit(rq.JobStepped(job, rq.JobProgress(1, 4)))
    assert "left" in strip.shown().progress
    assert driver.views.status.state.words == "Evaluating…"
    jobs.on_pause(900, True)
    assert strip.shown().progress == "1 of 4, paused"
    driver.app.presenter.job_stepped.emit(rq.JobStepped(job, rq.JobProgress(2, 4)))
    assert strip.shown().progress == "2 of 4, paused"
    assert driver.views.status.state.words.startswith("Ready")
    jobs.on_pause(900, False)
    assert "paused" not in strip.shown().progress
    driver.app.presenter.job_ended.emit(rq.JobEnded(job, "cancelled"))
    assert strip.shown() is None


@pytest.mark.parametrize("width", [1024, 1440])
def test_the_switch_is_never_cut(start, width):
    driver = start(loader(FakeSegmenter()), size=(width, 700))
    for name in ("inspect", "compare", "evaluate"):
        segment = driver.window.switch.segment(name)
        assert segment.width() >= segment.fontMetrics().horizontalAdvance(segment.text()) + 12
    driver.window.model.addItem("A model of a name that needs all the room there is, 898 MB to fetch")
    QApplication.processEvents()
    combo = driver.window.device
    assert combo.isVisible()
    assert combo.visibleRegion().boundingRect().size() == combo.size()
