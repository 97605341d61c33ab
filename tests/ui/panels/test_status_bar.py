"""The status bar and the jobs strip: nothing jumps, nothing is cut, every job can be cancelled."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow

from sam_inspector.ui.panels.jobs import JobRow, JobsStrip, time_left
from sam_inspector.ui.status import StatusBar


@pytest.fixture
def bar(qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    bar = StatusBar()
    window.setStatusBar(bar)
    window.resize(1400, 200)
    window.show()
    bar.window_kept_alive = window
    return bar


def test_values_are_written_with_their_units(bar):
    bar.set_state("ready", "Ready, cached")
    bar.set_encode(0.3124)
    bar.set_click(0.0241)
    bar.set_cursor((318, 238))
    bar.set_rgb((202, 171, 151))
    bar.set_map_value(0.12934)
    bar.set_logit(-3.42)
    values = {name: cell.value for name, cell in bar.cells.items()}
    assert values == {
        "encode": "312 ms",
        "click": "24 ms",
        "position": "x 318  y 238",
        "rgb": "202 171 151",
        "map": "0.1293",
        "logit": "−3.4",
    }
    for setter in (bar.set_encode, bar.set_click, bar.set_cursor, bar.set_rgb, bar.set_map_value, bar.set_logit):
        setter(None)
    assert all("–" in cell.value for cell in bar.cells.values())


def test_nothing_moves_when_numbers_change(bar, qtbot):
    qtbot.wait(20)
    before = {name: cell.geometry() for name, cell in bar.cells.items()}
    bar.set_encode(12.345)
    bar.set_cursor((11999, 8999))
    bar.set_rgb((255, 255, 255))
    bar.set_state("busy", "Encoding…")
    qtbot.wait(20)
    assert {name: cell.geometry() for name, cell in bar.cells.items()} == before


def test_the_state_shows_and_its_tip_names_the_device(bar):
    bar.set_state("ready", "Ready")
    ready = bar.state.grab().toImage()
    bar.set_state("failed", "Ready")
    assert bar.state.grab().toImage() != ready
    bar.set_device("CPU, bf16")
    assert bar.state.toolTip() == "CPU, bf16"
    assert bar.state.accessibleName() == "Ready"


def test_cells_give_way_to_a_job_and_come_back(bar, qtbot):
    assert not bar.jobs.isVisible()
    bar.window().resize(1024, 200)
    qtbot.waitUntil(lambda: bar.cells["position"].isVisible())
    bar.jobs.set_job(JobRow(1, "Encode folder", 14 / 23, "14 of 23", 3))
    qtbot.wait(20)
    strip = bar.jobs
    assert strip.mapTo(bar, strip.rect().topRight()).x() <= bar.width()
    assert strip.progress.shown_text() == "14 of 23, 3 s left"
    assert strip.title.shown_text() == "Encode folder"
    assert bar.cells["encode"].isVisible()
    assert bar.minimumSizeHint().width() <= 1024
    hidden = [name for name, cell in bar.cells.items() if not cell.isVisible()]
    bar.jobs.remove_job(1)
    assert "logit" in hidden
    assert bar.cells["logit"].isVisible()
    assert bar.cells["map"].isVisible()


def test_a_menu_tip_does_not_hide_the_cells(bar, qtbot):
    bar.showMessage("Open a folder of images")
    qtbot.wait(20)
    assert bar.cells["encode"].isVisible()


def test_the_cross_cancels_the_job_on_show(qtbot):
    strip = JobsStrip()
    qtbot.addWidget(strip)
    assert strip.isHidden()
    strip.set_job(JobRow(4, "Encode folder", 0.5, "14 of 23", 3))
    strip.show()
    with qtbot.waitSignal(strip.cancel_requested) as told:
        qtbot.mouseClick(strip.cancel, Qt.MouseButton.LeftButton)
    assert told.args == [4]
    strip.remove_job(4)
    assert strip.isHidden()
    strip.remove_job(4)


def test_of_several_jobs_the_newest_shows_and_all_can_be_cancelled(qtbot):
    strip = JobsStrip()
    qtbot.addWidget(strip)
    strip.set_job(JobRow(1, "Encode folder", 0.2, "2 of 10"))
    strip.set_job(JobRow(2, "Export masks", None))
    strip.set_job(JobRow(1, "Encode folder", 0.3, "3 of 10"))
    assert strip.shown().number == 2
    assert strip.others.text() == "1 more"
    assert "Encode folder: 3 of 10" in strip.toolTip()
    menu = strip.menu_of_jobs()
    with qtbot.waitSignal(strip.cancel_requested) as told:
        menu.actions()[1].trigger()
    assert told.args == [1]
    strip.remove_job(2)
    assert strip.shown().number == 1
    assert strip.others.isHidden()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, ""), (0.2, "1 s left"), (3.4, "3 s left"), (120, "2 min left"), (7200, "2.0 h left")],
)
def test_time_left(seconds, words):
    assert time_left(seconds) == words
