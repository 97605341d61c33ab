"""The switch between workspaces: pages, panels, and what is remembered."""

from PySide6.QtWidgets import QLabel

from tests.fakes import FakeSegmenter, loader


def opened(start, category):
    driver = start(loader(FakeSegmenter()))
    driver.window.add_workspace("compare", lambda: QLabel("compare"))
    driver.window.add_workspace("evaluate", lambda: QLabel("evaluate"))
    driver.open(category)
    return driver


def shown(driver):
    return [name for name, dock in driver.window._docks.items() if not dock.isHidden()]


def test_a_workspace_can_be_chosen_once_it_is_filled(start, category):
    driver = start(loader(FakeSegmenter()))
    told = []
    driver.window.workspace_changed.connect(told.append)
    driver.window.set_workspace("no such")
    assert told == []
    driver.window.add_workspace("compare", lambda: QLabel("compare"))
    driver.open(category)
    driver.window.switch.segment("compare").click()
    assert told == ["compare"]
    assert driver.window.action("workspace_compare").isChecked()


def test_panels_of_the_image_leave_and_come_back_as_they_were(start, category):
    driver = opened(start, category)
    driver.window._docks["layers"].toggleViewAction().trigger()
    driver.window.set_workspace("compare")
    assert shown(driver) == ["images"]
    driver.window.set_workspace("evaluate")
    assert shown(driver) == []
    driver.window.action("workspace_inspect").trigger()
    assert shown(driver) == ["images", "prompts", "results"]


def test_closing_from_another_workspace_keeps_the_panels_for_the_next_time(start, category):
    driver = opened(start, category)
    driver.window._docks["layers"].toggleViewAction().trigger()
    driver.window.set_workspace("evaluate")
    driver.window.close()
    again = opened(start, category)
    assert again.window.workspace == "inspect"
    assert shown(again) == ["images", "prompts", "results"]


def test_whole_datasets_can_be_evaluated_before_a_folder_is_opened(start):
    driver = start(loader(FakeSegmenter()))
    page = QLabel("evaluate")
    driver.window.add_workspace("evaluate", lambda: page)
    driver.window.add_workspace("compare", lambda: QLabel("compare"))
    assert driver.window.views.welcome.isVisible()
    driver.window.set_workspace("evaluate")
    assert page.isVisible()
    driver.window.set_workspace("compare")
    assert driver.window.views.welcome.isVisible(), "there is no image to compare yet"
