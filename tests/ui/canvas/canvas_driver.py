"""Drives a canvas with real mouse events and keeps what it asks for."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

from sam_inspector.core.geometry import pixel_to_view
from sam_inspector.core.prompts import Prompts
from sam_inspector.ui.canvas.pyramid import ImagePyramid
from sam_inspector.ui.canvas.view import Canvas

LEFT, RIGHT, MIDDLE, NONE = (
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.RightButton,
    Qt.MouseButton.MiddleButton,
    Qt.MouseButton.NoButton,
)
CTRL, ALT, PLAIN = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.NoModifier,
)


class CanvasDriver:
    """A canvas, with `echo` playing the session: what is asked for comes back as the new prompts."""

    def __init__(self, qtbot, width=200, height=100, *, echo=True, colour=(40, 40, 40)):
        self.canvas = Canvas()
        qtbot.addWidget(self.canvas)
        self.canvas.resize(800, 600)
        self.canvas.show()
        pixels = np.empty((height, width, 3), np.uint8)
        pixels[:] = colour
        self.canvas.set_image(ImagePyramid.from_pixels(pixels))
        self.edits: list[tuple[Prompts, str, object]] = []
        self.activated: list[int] = []
        self._echo = echo
        self.canvas.edit_requested.connect(self._keep)
        self.canvas.activated_prompt.connect(self.activated.append)

    def _keep(self, prompts, sentence, merge_key):
        self.edits.append((prompts, sentence, merge_key))
        if self._echo:
            self.canvas.set_prompts(prompts, Prompts(), False)

    @property
    def prompts(self) -> Prompts:
        return self.edits[-1][0]

    def show(self, prompts):
        self.canvas.set_prompts(prompts, Prompts(), False)

    def at(self, pixel) -> QPointF:
        """Where a place in pixel indices is in the viewport."""
        return self.canvas.view_point(QPointF(*pixel_to_view(*pixel)))

    def _send(self, kind, at, button, buttons, modifiers=PLAIN):
        viewport = self.canvas.viewport()
        everywhere = QPointF(viewport.mapToGlobal(QPoint(0, 0))) + at
        QCoreApplication.sendEvent(viewport, QMouseEvent(kind, at, everywhere, button, buttons, modifiers))

    def press(self, at, button=LEFT, modifiers=PLAIN):
        self._send(QEvent.Type.MouseButtonPress, at, button, button, modifiers)

    def move(self, at, button=NONE, modifiers=PLAIN):
        self._send(QEvent.Type.MouseMove, at, NONE, button, modifiers)

    def release(self, at, button=LEFT, modifiers=PLAIN):
        self._send(QEvent.Type.MouseButtonRelease, at, button, NONE, modifiers)

    def click(self, pixel, button=LEFT, modifiers=PLAIN):
        self.press(self.at(pixel), button, modifiers)
        self.release(self.at(pixel), button, modifiers)

    def double_click(self, at, button=LEFT):
        """What Qt sends: a whole click, then a press of another kind."""
        self.press(at, button)
        self.release(at, button)
        self._send(QEvent.Type.MouseButtonDblClick, at, button, button)
        self.release(at, button)

    def drag(self, start, end, button=LEFT, modifiers=PLAIN, steps=4):
        """From one pixel to another."""
        with self.dragging(start, end, button, modifiers, steps):
            pass

    @contextmanager
    def dragging(self, start, end, button=LEFT, modifiers=PLAIN, steps=4):
        """The button goes up at the end of the block."""
        first, last = self.at(start), self.at(end)
        self.press(first, button, modifiers)
        for step in range(1, steps + 1):
            self.move(first + (last - first) * (step / steps), button, modifiers)
        yield
        self.release(last, button, modifiers)

    def wheel(self, at, notches):
        viewport = self.canvas.viewport()
        event = QWheelEvent(
            at,
            QPointF(viewport.mapToGlobal(QPoint(0, 0))) + at,
            QPoint(0, 0),
            QPoint(0, round(120 * notches)),
            NONE,
            PLAIN,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QCoreApplication.sendEvent(viewport, event)

    def key(self, key, *, release=False):
        kind = QEvent.Type.KeyRelease if release else QEvent.Type.KeyPress
        QCoreApplication.sendEvent(self.canvas, QKeyEvent(kind, key, PLAIN))

    def colour(self, pixel, offset=(0, 0)):
        """RGB on screen at a place in pixel indices, moved by so many screen pixels."""
        image = self.canvas.viewport().grab().toImage()
        spot = (self.at(pixel) + QPointF(*offset)).toPoint()
        found = image.pixelColor(spot)
        return (found.red(), found.green(), found.blue())
