"""The welcome page: the ways to begin."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from sam_inspector.ui.welcome import RECENT, WelcomePage


@pytest.fixture
def page(qtbot):
    page = WelcomePage()
    qtbot.addWidget(page)
    page.resize(800, 560)
    page.show()
    return page


def test_buttons_tell_what_was_asked_for(page, qtbot):
    with qtbot.waitSignal(page.open_requested):
        qtbot.mouseClick(page.open_button, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(page.samples_requested):
        qtbot.mouseClick(page.samples_button, Qt.MouseButton.LeftButton)


def test_recent_folders_can_be_chosen(page, qtbot):
    assert not page._recent_title.isVisible()
    folders = [Path(f"/data/line/{number}") for number in range(RECENT + 3)]
    page.set_recent(folders)
    qtbot.waitUntil(lambda: page._recent_title.isVisible())
    assert [button.path for button in page.recent] == folders[:RECENT]
    with qtbot.waitSignal(page.recent_chosen) as told:
        qtbot.mouseClick(page.recent[1], Qt.MouseButton.LeftButton)
    assert told.args == [folders[1]]
    page.set_recent(folders[:1])
    assert len(page.recent) == 1


def test_it_fits_the_smallest_window(page, qtbot):
    page.set_recent([Path("/a/very/long/place/" + "x" * 200)])
    page.resize(460, 480)
    qtbot.wait(20)
    assert page.minimumSizeHint().width() <= 460
    for widget in (page.open_button, page.samples_button, page.recent[0]):
        assert widget.mapTo(page, widget.rect().topRight()).x() <= 460
