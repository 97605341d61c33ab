"""The real window over the real MobileSAM: how it feels, measured. Each test prints what it measured."""

import gc
import statistics
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
from PIL import Image
from PySide6.QtCore import QObject, Qt, QTimer

from sam_inspector.core.geometry import components
from sam_inspector.models.loading import load_segmenter
from sam_inspector.ui.session import PromptSource
from tests.speed import SLOWER

CHIP = "tablet/test/chip/000.jpg"


class Heartbeat(QObject):
    """A timer on the window's thread; a gap between two beats is time the window could not react."""

    def __init__(self, interval_ms=5):
        super().__init__()
        self.gaps = []
        self._last = time.perf_counter()
        self._timer = QTimer(self, interval=interval_ms, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self):
        now = time.perf_counter()
        self.gaps.append(now - self._last)
        self._last = now

    def stop(self):
        self._timer.stop()
        return 1000 * max(self.gaps)


@pytest.fixture
def real(start, mobile_sam_weights):
    driver = start(load_segmenter, size=(1440, 900))
    return driver


@pytest.fixture
def on_chip(real, samples):
    real.open(samples)
    real.show(CHIP)
    real.session.set_tool("box")
    largest = max(components(real.session.opened.ground_truth), key=lambda component: component.area)
    real.drag(largest.box[:2], largest.box[2:])
    real.session.set_tool("positive")
    real.wait_for_scores()
    return real


def test_a_box_around_the_chip_finds_it(on_chip):
    assert on_chip.session.scores.iou > 0.9
    assert on_chip.session.scores.predicted_iou > 0.8
    assert on_chip.views.results.iou.text() == f"{on_chip.session.scores.iou:.3f}"


def test_refining_with_clicks_helps_on_a_hard_image(real, samples):
    """Clicks where the mask is wrong, as a person makes them: the mask gets better."""
    real.open(samples)
    real.show("gear/test/broken_tooth/000.jpg")
    truth = real.session.opened.ground_truth
    first = None
    for _ in range(4):
        mask = real.session.segmentation.mask if real.session.segmentation is not None else np.zeros_like(truth)
        wrong = truth ^ mask
        region = max(components(wrong), key=lambda component: component.area)
        row, column = np.argwhere(region.mask)[len(np.argwhere(region.mask)) // 2]
        x, y = region.box[0] + column, region.box[1] + row
        button = Qt.MouseButton.LeftButton if truth[y, x] else Qt.MouseButton.RightButton
        real.click(float(x), float(y), button)
        real.wait_for_scores()
        first = first if first is not None else real.session.scores.iou
    assert real.session.scores.iou > max(first, 0.5)


def longest_gap(driver, keys, capsys):
    """Switch through images, click on each while it is being encoded, wait for its scores; milliseconds."""
    gc.collect()
    beat = Heartbeat()
    driver.qtbot.wait(200)
    for key in keys:
        driver.show(key)
        driver.click(250, 240)
        driver.click(260, 250)
        driver.wait_for_scores()
    longest = beat.stop()
    ordered = sorted(beat.gaps)
    with capsys.disabled():
        print(
            f"\nlongest gap on the window's thread {longest:.1f} ms, 99th percentile "
            f"{1000 * ordered[int(0.99 * len(ordered))]:.1f} ms, {len(beat.gaps)} beats, {len(keys)} images"
        )
    return longest


def test_the_window_never_stands_still(on_chip, samples, capsys):
    """Switching images, encoding, clicking and scoring: no gap above 50 ms on the window's thread (older chips: 100).

    Another program on the machine can make a gap too; one that is ours is there every time. So further half dozens
    of images get their chance.
    """
    root = on_chip.session.dataset
    keys = [root.path_in_root(sample) for sample in root.samples if sample.mask_path is not None]
    gaps = []
    for start in (0, 6, 12) * 2:
        gaps.append(longest_gap(on_chip, keys[start : start + 6], capsys))
        if gaps[-1] < 50 * SLOWER:
            break
    assert min(gaps) < 50 * SLOWER


def test_click_to_mask(on_chip, capsys):
    """From the mouse button going down to the painted mask, over 50 clicks."""
    canvas = on_chip.views.canvas
    on_chip.window.action("clear").trigger()
    seconds, decodes = [], []
    on_chip.app.presenter.decoded.connect(decodes.append)
    rng = np.random.default_rng(0)
    for _ in range(50):
        number = len(decodes)
        x, y = rng.integers(60, 420, 2)
        began = time.perf_counter()
        on_chip.click(float(x), float(y))
        on_chip.wait(lambda number=number: len(decodes) > number)
        canvas.viewport().repaint()
        seconds.append(time.perf_counter() - began)
        on_chip.window.action("clear").trigger()
    with capsys.disabled():
        print(
            f"\nclick to painted mask: median {1000 * statistics.median(seconds):.0f} ms, "
            f"95th percentile {1000 * sorted(seconds)[47]:.0f} ms; "
            f"decode alone {1000 * statistics.median(decodes):.0f} ms"
        )
    assert statistics.median(seconds) < 0.25


IMAGES = 30
"""A hundred, with which it was measured as well, take two minutes."""


@pytest.mark.timeout(900)
def test_many_images_do_not_pile_up(real, tmp_path, capsys):
    """Memory after the tenth image and after the last; an embedding that stays has some 10 MB with its stages."""
    rng = np.random.default_rng(0)
    base = np.asarray(Image.effect_noise((640, 640), 40).convert("RGB"))
    for number in range(IMAGES):
        Image.fromarray(np.roll(base, number * 7, axis=1) // 2 + rng.integers(0, 90, 3, np.uint8)).save(
            tmp_path / f"{number:03}.jpg"
        )
    process = psutil.Process()
    real.open(tmp_path)
    embedded = []
    real.app.presenter.encoding_changed.connect(lambda state, seconds: embedded.append(state))
    after_ten = 0
    for number in range(IMAGES):
        real.show(f"{number:03}.jpg")
        real.click(300, 300)
        real.wait_for_scores()
        if number == 9:
            gc.collect()
            after_ten = process.memory_info().rss
    gc.collect()
    growth = (process.memory_info().rss - after_ten) / 1e6
    with capsys.disabled():
        print(f"\nmemory grows by {growth:.0f} MB from the 10th to the {IMAGES}th image")
    assert growth < 150


def test_ground_truth_modes_on_the_samples(real, samples):
    real.open(samples)
    real.session.set_source(PromptSource("gt", "bp"))
    for key in ("gear/test/rust/001.jpg", "brick/test/spall/001.jpg"):
        real.show(key)
        real.wait_for_scores()
        assert real.session.scores.iou > 0.7
        assert len(real.session.work.prompts) == len(components(real.session.opened.ground_truth))


STARTUP = """
import sys, time
began = time.perf_counter()
from sam_inspector.ui.app import build, make_qt_application
app = make_qt_application()
application = build()
application.window.show()
app.processEvents()
seconds = time.perf_counter() - began
for late in ("torch", "sklearn", "pyqtgraph", "qtawesome", "qtpy", "jinja2", "sam_inspector.ui.compare.workspace",
             "sam_inspector.ui.evaluate.controller"):
    assert late not in sys.modules, late
application.window.close()
print(seconds)
"""


def test_the_window_is_there_within_two_seconds(own_home, capsys):
    """From the start of Python to a painted window, without torch and other workspaces. Warm disk: best of three."""
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        result = subprocess.run(
            [sys.executable, "-c", STARTUP], capture_output=True, text=True, timeout=60, check=False
        )
        assert result.returncode == 0, result.stderr
        seconds.append((float(result.stdout), time.perf_counter() - began))
    with capsys.disabled():
        print(f"\nwindow visible after {min(inner for inner, _ in seconds):.2f} s of imports and building")
    assert min(inner for inner, _ in seconds) < 2
