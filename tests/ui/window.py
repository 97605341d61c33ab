"""Fixtures of a whole window: real threads, and either the stand-in or the real model."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent

from sam_inspector.ui.app import build, make_qt_application
from sam_inspector.ui.settings import Settings
from tests.fakes import FakeSegmenter, loader
from tests.ui.driving import Driver


@pytest.fixture
def segmenter():
    return FakeSegmenter()


@pytest.fixture
def start(qapp, qtbot):
    """Open windows; each is closed at the end of the test."""
    make_qt_application()
    drivers = []

    def begin(load, *, settings=None, size=(1280, 860), load_clip=None):
        application = build(settings=settings or Settings(), load=load, load_clip=load_clip)
        application.window.resize(*size)
        application.window.show()
        application.window.activateWindow()
        qtbot.waitExposed(application.window)
        application.controls.model.load()
        drivers.append(Driver(application, qtbot))
        return drivers[-1]

    yield begin
    for driver in drivers:
        driver.window.close()
        driver.app.close()
        assert not driver.app.compute.isRunning()
        driver.window.deleteLater()
    drivers.clear()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def driver(start, segmenter):
    return start(loader(segmenter))


@pytest.fixture
def category(tmp_path):
    """MVTec layout, 160 × 120 pixels: three dented images with masks, one good, one that is no image."""
    root = tmp_path / "part"
    for folder in ("test/dent", "test/good", "ground_truth/dent"):
        (root / folder).mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(3):
        pixels = rng.integers(60, 120, (120, 160, 3), np.uint8)
        mask = np.zeros((120, 160), np.uint8)
        mask[30:60, 40 + number : 80] = 255
        if number == 1:
            mask[80:100, 110:140] = 255
        Image.fromarray(pixels).save(root / f"test/dent/{number:03}.png")
        Image.fromarray(mask).save(root / f"ground_truth/dent/{number:03}_mask.png")
    Image.fromarray(rng.integers(60, 120, (120, 160, 3), np.uint8)).save(root / "test/good/000.png")
    (root / "test/dent/broken.png").write_bytes(b"no image at all")
    return root
