"""Banners: equal ones are counted, three show, the button acts once, the cross closes."""

import pytest
from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sam_inspector.ui.banner import BannerArea


class Helper(QObject):
    def __init__(self):
        super().__init__()
        self.pressed = 0

    @Slot()
    def press(self):
        self.pressed += 1


@pytest.fixture
def area(qtbot):
    host = QWidget()
    qtbot.addWidget(host)
    column = QVBoxLayout(host)
    area = BannerArea()
    column.addWidget(area)
    column.addStretch(1)
    host.resize(700, 400)
    host.show()
    area.host_kept_alive = host
    return area


def visible(area):
    return [banner.text for banner in area.banners() if banner.isVisible()]


def test_ten_equal_troubles_are_one_banner_with_a_count(area):
    for _ in range(10):
        area.show_banner("error", "The file can't be read.")
    area.show_banner("warning", "The file can't be read.")
    assert len(area.banners()) == 2
    assert area.banners()[1].count == 10
    assert area.banners()[1].times.text() == "×10"
    assert not area.banners()[0].times.isVisible()


def test_three_are_shown_the_newest_first_and_the_rest_on_demand(area, qtbot):
    for number in range(5):
        area.show_banner("info", f"Message {number}.")
    assert visible(area) == ["Message 4.", "Message 3.", "Message 2."]
    assert area.more.text() == "2 more"
    qtbot.mouseClick(area.more, Qt.MouseButton.LeftButton)
    assert len(visible(area)) == 5
    assert not area.more.isVisible()


def test_closing_brings_up_the_next_and_the_last_one_leaves_no_room(area, qtbot):
    for number in range(4):
        area.show_banner("info", f"Message {number}.")
    qtbot.mouseClick(area.banners()[0].cross, Qt.MouseButton.LeftButton)
    assert visible(area) == ["Message 2.", "Message 1.", "Message 0."]
    assert not area.more.isVisible()
    area.clear("Message 1.")
    assert visible(area) == ["Message 2.", "Message 0."]
    area.clear()
    assert not area.isVisible()


def test_the_button_acts_and_closes(area, qtbot):
    helper = Helper()
    area.show_banner("error", "No network. Try again.", "Try again", helper.press)
    qtbot.mouseClick(area.banners()[0].button, Qt.MouseButton.LeftButton)
    assert helper.pressed == 1
    assert not area.banners()


def test_a_banner_without_something_to_do_has_no_button(area):
    area.show_banner("info", "23 masks written.")
    assert area.banners()[0].button is None


def test_a_long_text_is_wrapped_not_cut(area, qtbot):
    area.show_banner("warning", "The ground truth is larger than the image. " * 6, "Open ground truth…", print)
    qtbot.wait(20)
    words = area.banners()[0].words
    assert words.height() >= words.heightForWidth(words.width())
    assert words.mapTo(area, words.rect().topRight()).x() < area.width()


def test_levels_differ_in_more_than_colour(area, qtbot):
    shots = []
    for level in ("info", "warning", "error"):
        area.show_banner(level, "The same words.")
        qtbot.wait(5)
        shots.append(area.banners()[0].grab().toImage().copy(10, 5, 24, 30).convertToFormat(_gray()))
    assert shots[0] != shots[1] != shots[2] != shots[0]


def _gray():
    from PySide6.QtGui import QImage

    return QImage.Format.Format_Mono
