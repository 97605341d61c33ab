"""A window with the Compare view on screen, driven by real events."""

import pytest

from tests.ui.compare_driving import CompareDriver


@pytest.fixture
def compare(driver, category):
    """Box and whole image of the first dented image, answered and scored."""
    made = CompareDriver(driver)
    driver.app.presenter.open_path(category, "test/dent/000.png")
    driver.wait(lambda: driver.session.opened is not None)
    made.enter()
    made.choose_mode("B", "Naive")
    made.wait_for_panes()
    made.wait_for_difference()
    return made
