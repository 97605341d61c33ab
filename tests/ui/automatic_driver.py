"""A small textile with spots, and what automatic prompting says while it is driven."""

import numpy as np
from PIL import Image
from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtTest import QTest

from sam_inspector.engine import requests as rq

SPOT, TWO_SPOTS, GOOD = "test/spot/000.png", "test/spot/001.png", "test/good/000.png"
TRAIN = [f"train/good/{number:03}.png" for number in range(6)]
HEIGHT, WIDTH = 192, 256


def texture(seed):
    """Waves of 8 and 4 pixels with a little noise."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    waves = np.sin(2 * np.pi * columns / 8) + np.sin(2 * np.pi * rows / 4)
    return (130 + 20 * waves[..., None] + rng.normal(0, 4, (HEIGHT, WIDTH, 3))).clip(0, 255).astype(np.uint8)


def write(root, key, pixels):
    path = root / key
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def write_spot(root, number, boxes):
    """A defective image with its mask; the first box differs more than the second."""
    pixels, mask = texture(50 + number), np.zeros((HEIGHT, WIDTH), np.uint8)
    for (x0, y0, x1, y1), colour in zip(boxes, ((200, 50, 50), (165, 80, 80)), strict=False):
        pixels[y0:y1, x0:x1] = colour
        mask[y0:y1, x0:x1] = 255
    write(root, f"test/spot/{number:03}.png", pixels)
    write(root, f"ground_truth/spot/{number:03}_mask.png", mask)


class Recorded(QObject):
    """What automatic prompting said, and which references the compute thread was asked to describe."""

    def __init__(self, driver):
        super().__init__(driver.window)  # so that replies are noted on the thread of the window
        self.automatic = driver.app.presenter.automatic
        self.driver = driver
        self.states, self.troubles, self.titles, self.ready, self.ended = [], [], [], [], []
        self.mapped = []
        self.automatic.state_changed.connect(lambda text, _tone: self.states.append(text))
        driver.app.presenter.trouble.connect(lambda _level, text: self.troubles.append(text))
        driver.app.presenter.job_stepped.connect(lambda step: self.titles.append(step.job.title))
        driver.app.presenter.job_ended.connect(lambda end: self.ended.append(end.outcome))
        driver.app.compute.replied.connect(self._note)

    @Slot(object)
    def _note(self, reply):
        if isinstance(reply, rq.ReferencesReady):
            self.ready.append([path.name for path in reply.work.paths])
        if isinstance(reply, rq.Mapped):
            self.mapped.append(reply.image_id)

    @property
    def state(self):
        return self.driver.views.prompts.automatic.state.text()

    @property
    def histogram(self):
        return self.driver.views.layers.histogram

    @property
    def prompts(self):
        return self.driver.session.work.prompts

    def wait_for_map(self):
        self.driver.wait(lambda: self.automatic.anomaly_map is not None)

    def wait_for_state(self, words):
        self.driver.wait(lambda: words in self.state)

    def turn_on(self):
        self.driver.window.action("source_auto").trigger()
        self.wait_for_map()


def select_rows(driver, keys):
    """Ctrl-click rows of the list."""
    view, model = driver.views.images.view, driver.views.images._model
    view.selectionModel().clearSelection()
    for key in keys:
        index = model.index_of(key)
        view.scrollTo(index)
        place = view.visualRect(index).center()
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, place)
    selected = {model.key_at(index.row()) for index in view.selectionModel().selectedRows()}
    assert selected >= set(keys)
