"""A window over a small textile; the stand-in encoder describes it finely."""

import pytest

from tests.fakes import FakeSegmenter
from tests.ui.automatic_driver import GOOD, SPOT, TRAIN, Recorded, texture, write, write_spot


@pytest.fixture
def textile(tmp_path):
    """MVTec layout: six normal images to compare with, one to test, one with a spot and one with two."""
    root = tmp_path / "textile"
    for number, key in enumerate(TRAIN):
        write(root, key, texture(number))
    write(root, GOOD, texture(40))
    write_spot(root, 0, [(96, 64, 144, 112)])
    write_spot(root, 1, [(32, 32, 80, 80), (160, 96, 208, 144)])
    return root


@pytest.fixture
def segmenter():
    return FakeSegmenter(cell=8)


@pytest.fixture
def auto(driver, textile):
    """The window with a defective image on screen, automatic prompts still off."""
    recorded = Recorded(driver)
    driver.app.presenter.open_path(textile, SPOT)
    driver.wait(lambda: driver.session.opened is not None and recorded.automatic.has_model)
    return recorded
