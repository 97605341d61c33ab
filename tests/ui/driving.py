"""Driving a window the way a person does: real mouse and key events, waiting for real threads."""

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sam_inspector.core.geometry import pixel_to_view

NONE = Qt.KeyboardModifier.NoModifier


class Driver:
    """One application and the hands on it."""

    def __init__(self, application, qtbot):
        self.app = application
        self.window = application.window
        self.session = application.session
        self.views = application.window.views
        self.qtbot = qtbot

    def open(self, path, timeout=20_000):
        self.app.presenter.open_path(path)
        self.wait(lambda: self.session.opened is not None and self.session.dataset is not None, timeout)

    def wait(self, until, timeout=20_000):
        self.qtbot.waitUntil(lambda: bool(until()), timeout=timeout)

    def wait_for_scores(self, timeout=60_000):
        self.wait(lambda: self.session.scores_are_current, timeout)

    def show(self, key, timeout=20_000):
        self.app.presenter.select(key)
        self.wait(lambda: self.session.opened is not None and self.session.opened.key == key, timeout)

    def at(self, x, y):
        """Where a pixel's centre is on the canvas."""
        return self.views.canvas.view_point(QPointF(*pixel_to_view(x, y)))

    def _mouse(self, kind, point, button, buttons, modifiers=NONE):
        viewport = self.views.canvas.viewport()
        event = QMouseEvent(kind, point, QPointF(viewport.mapToGlobal(point)), button, buttons, modifiers)
        QApplication.sendEvent(viewport, event)

    def click(self, x, y, button=Qt.MouseButton.LeftButton, modifiers=NONE):
        point = self.at(x, y)
        self._mouse(QEvent.Type.MouseButtonPress, point, button, button, modifiers)
        self._mouse(QEvent.Type.MouseButtonRelease, point, button, Qt.MouseButton.NoButton, modifiers)

    def drag(self, start, end, modifiers=NONE, steps=4):
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        self._mouse(QEvent.Type.MouseButtonPress, self.at(*start), left, left, modifiers)
        for step in range(1, steps + 1):
            x = start[0] + (end[0] - start[0]) * step / steps
            y = start[1] + (end[1] - start[1]) * step / steps
            self._mouse(QEvent.Type.MouseMove, self.at(x, y), none, left, modifiers)
        self._mouse(QEvent.Type.MouseButtonRelease, self.at(*end), left, none, modifiers)

    def key(self, key, modifiers=NONE, widget=None):
        QTest.keyClick(widget or self.views.canvas, key, modifiers)

    def banners(self):
        return [banner.text for banner in self.views.banners.banners()]
