"""Driving the Compare view, and what the compute thread says of it."""

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtTest import QTest

from sam_inspector.engine import requests as rq
from sam_inspector.ui.compare.answer import PaneStepped
from sam_inspector.ui.compare.layout import LETTERS


class CompareDriver(QObject):
    """The hands on the Compare view, and what the compute thread said of it."""

    def __init__(self, driver):
        super().__init__(driver.window)  # so that replies are noted on the thread of the window
        self.driver = driver
        self.workspace = driver.app.workspaces.compare
        self.page, self.controller = self.workspace.page, self.workspace.controller
        self.steps, self.ended, self.history = [], [], []
        self.controller.shown.connect(self._keep)
        driver.app.compute.replied.connect(self._note)

    @Slot(object)
    def _note(self, reply):
        if isinstance(reply, PaneStepped):
            self.steps.append(reply)
        elif isinstance(reply, rq.JobEnded) and isinstance(reply.job.work, rq.CompareImage):
            self.ended.append(reply.outcome)

    @Slot()
    def _keep(self):
        self.history.append(list(self.controller.states))

    @property
    def answered(self):
        """How many answers came."""
        return sum(step.answer is not None for step in self.steps)

    def enter(self):
        self.driver.window.switch.segment("compare").click()

    def wait_for_panes(self):
        self.driver.wait(lambda: self.states and "computing" not in self.states and "empty" not in self.states)

    def wait_for_difference(self):
        self.driver.wait(lambda: self.page.difference.overlap.value)

    @property
    def states(self):
        return [state.status for state in self.controller.states]

    @property
    def ious(self):
        return [pane.iou.value for pane in self.page.panes]

    @property
    def words(self):
        return [pane.view.card.words for pane in self.page.panes]

    @property
    def best(self):
        return "".join(pane.letter for pane in self.page.panes if not pane.best.isHidden())

    @property
    def modes(self):
        return [pane.mode.text() for pane in self.page.panes]

    def choose(self, button, title):
        """Choose an entry of a menu, as a person's click on it does; the controller hears of it a moment later."""
        action = next(action for action in button.menu().actions() if action.text() == title)
        assert action.isEnabled()
        action.trigger()
        self.driver.qtbot.wait(1)

    def choose_mode(self, letter, title):
        self.choose(self.page.panes[LETTERS.index(letter)].mode, title)

    def press(self, button):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        self.driver.qtbot.wait(1)

    def key(self, key):
        QTest.keyClick(self.page.panes[0].view, key)

    def wait_for_image(self, key):
        session = self.driver.session
        self.driver.wait(lambda: session.opened is not None and session.opened.key == key)
        self.wait_for_panes()
