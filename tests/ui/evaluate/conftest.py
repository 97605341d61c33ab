"""The Evaluate view in a whole window, with a stand-in for SAM."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from sam_inspector.ui.settings import Settings
from tests.fakes import FakeSegmenter, loader

LEFT, NONE, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier


class EvaluateDriver:
    """A window in the Evaluate workspace, and the hands on it."""

    def __init__(self, driver):
        self.driver = driver
        self.app = driver.app
        self.controller = driver.app.workspaces.evaluate
        self.page = self.controller.page
        self.choices = self.page.choices
        self.wait = driver.wait

    def show(self, category=None):
        if category is not None:
            self.driver.open(category)
        self.driver.window.switch.segment("evaluate").click()
        self.wait(lambda: self.choices.models and (category is None or self.choices.tree.datasets()))
        self.wait(lambda: self.page.images.chart is not None)
        return self

    def click(self, widget, at=None, modifiers=NONE):
        QTest.mouseClick(widget, LEFT, modifiers, widget.rect().center() if at is None else at)

    def tick(self, box):
        self.click(box, QPoint(8, box.height() // 2))

    def choose_modes(self, *names):
        for name, box in self.choices.modes.items():
            if box.isChecked() != (name in names):
                self.tick(box)

    def start(self, *modes, out=None):
        self.choose_modes(*modes)
        if out is not None:
            self.type_folder(out)
        self.wait(lambda: self.choices.start.isEnabled() and self.choices.hint.tone != "changed")
        self.click(self.choices.start if self.choices.start.isVisible() else self.choices.anew)

    def type_folder(self, out):
        self.choices.out.setFocus()
        self.choices.out.selectAll()
        QTest.keyClicks(self.choices.out, str(out))

    def finish(self):
        self.wait(lambda: self.controller.state == "idle" and self.controller.run is not None, 60_000)

    def run(self, *modes, out=None):
        self.start(*modes, out=out)
        self.wait(lambda: self.controller.state != "preparing")
        assert not self.sentences(), self.sentences()
        self.finish()

    def cell(self, row, column, modifiers=NONE):
        table = self.page.table
        index = table.model().index(row, column)
        self.click(table.viewport(), table.visualRect(index).center(), modifiers)

    def texts(self):
        model = self.page.results
        return [[model.index(r, c).data() for c in range(model.columnCount())] for r in range(model.rowCount())]

    def look_at(self, place=0):
        """Click an image of the strip and wait until it is shown large."""
        strip = self.page.worst.strip
        self.click(strip.viewport(), strip.visualRect(strip.images.index(place)).center())
        self.wait(lambda: self.controller.looker.look_on_screen is not None)
        return self.controller.looker.look_on_screen

    def problem(self):
        """What keeps a run from beginning, as the form says it."""
        return self.choices.hint.text().replace("\u200b", "") if self.choices.hint.tone == "changed" else ""

    def sentences(self):
        return [banner.text for banner in self.page.banners.banners()]

    @property
    def out(self):
        return next(iter(self.controller.run.outs.values()))


@pytest.fixture
def evaluate(start):
    """Open windows in the Evaluate workspace."""

    def begin(*, category=None, segmenter=None, settings=None, size=(1280, 860)):
        driver = start(loader(segmenter or FakeSegmenter()), settings=settings or Settings(), size=size)
        return EvaluateDriver(driver).show(category)

    return begin
