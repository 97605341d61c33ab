"""Views that zoom, pan and point together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QLineF, QObject, QPointF, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from sam_inspector.ui import theme
from sam_inspector.ui.canvas.layered_view import LayeredView
from sam_inspector.ui.canvas.pyramid import ImagePyramid

RING_PX = 6.0
PAN_BUTTONS = (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton)


class LinkedView(LayeredView):
    """A layered view that tells where it goes and where the pointer is, and follows another."""

    went = Signal(object)
    """This view, after a person zoomed or moved it"""
    pointed = Signal(object)
    """`QPointF` in the scene, or None when the pointer has left the image"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(False)  # what is dropped is the window's
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.viewport().setMouseTracking(True)
        self.viewport().setCursor(Qt.CursorShape.CrossCursor)
        self._is_quiet = False
        self._cross: QPointF | None = None

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        before, self._is_quiet = self._is_quiet, True
        try:
            yield
        finally:
            self._is_quiet = before

    def _tell(self) -> None:
        if not self._is_quiet and self.has_content:
            self.went.emit(self)

    # --- where it goes ------------------------------------------------------------------------------------------------

    def fit(self) -> None:
        """Show all of it."""
        super().fit()
        self._tell()

    def zoom_to(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom, keeping a point of the viewport in place."""
        super().zoom_to(factor, at)
        self._tell()

    def center_on(self, x: float, y: float) -> None:
        """Bring a point of the scene to the middle."""
        super().center_on(x, y)
        self._tell()

    def pan_by(self, delta: QPointF) -> None:
        """Move what is shown."""
        super().pan_by(delta)
        self._tell()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """All views are given new sizes together; none of them leads."""
        with self._quiet():
            super().resizeEvent(event)

    def go(self, zoom: float | None, centre: QPointF) -> None:
        """Go to a zoom and a centre without telling; None fits."""
        with self._quiet():
            if zoom is None:
                self.fit()
            else:
                self.zoom_to(zoom)
                self.center_on(centre.x(), centre.y())

    def set_image(self, pyramid: ImagePyramid | None) -> None:
        """Show another image, or none, without telling."""
        with self._quiet():
            super().set_image(pyramid)

    # --- pointer ------------------------------------------------------------------------------------------------------

    def set_cross(self, place: QPointF | None) -> None:
        """Show the cross-hair at a point of the scene, or nowhere."""
        if place != self._cross:
            self._cross = place
            self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Grab the image."""
        event.accept()
        if event.button() in PAN_BUTTONS and self.has_content:
            self.begin_pan(event.position())
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the image, and tell where the pointer is."""
        event.accept()
        if self.is_panning:
            self.continue_pan(event.position())
        place = self.scene_point(event.position())
        self.pointed.emit(place if self.has_content and self._content.contains(place) else None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let the image go."""
        event.accept()
        self.end_pan()
        self.viewport().setCursor(Qt.CursorShape.CrossCursor)

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer is nowhere."""
        super().leaveEvent(event)
        self.pointed.emit(None)

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        """The cross-hair, over everything."""
        super().drawForeground(painter, rect)
        if self._cross is None or not self.has_content:
            return
        at = self.view_point(self._cross)
        middle = QPointF(round(at.x()) + 0.5, round(at.y()) + 0.5)
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _draw_cross(painter, middle, self.viewport().width(), self.viewport().height())
        painter.restore()


def _draw_cross(painter: QPainter, at: QPointF, width: int, height: int) -> None:
    lines = [
        QLineF(0, at.y(), at.x() - RING_PX, at.y()),
        QLineF(at.x() + RING_PX, at.y(), width, at.y()),
        QLineF(at.x(), 0, at.x(), at.y() - RING_PX),
        QLineF(at.x(), at.y() + RING_PX, at.x(), height),
    ]
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, thick, dashes in ((QColor(0, 0, 0, 120), 1.0, None), (QColor(theme.RIM), 1.0, [5.0, 4.0])):
        pen = QPen(colour, thick)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        if dashes:
            pen.setDashPattern(dashes)
        painter.setPen(pen)
        painter.drawLines(lines)
    for colour, thick in ((QColor(0, 0, 0, 150), 3.0), (QColor(theme.RIM), 1.5)):
        painter.setPen(QPen(colour, thick))
        painter.drawEllipse(at, RING_PX - 1, RING_PX - 1)


class LinkedViews(QObject):
    """Keeps views together; a view that comes later goes where the others are."""

    zoom_changed = Signal(float)
    pointed = Signal(object)
    """`QPointF` in the scene, or None"""
    arrived = Signal(object)
    """A view that shows the image from now on"""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._views: list[LinkedView] = []
        self._waiting: list[LinkedView] = []
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._turn.timeout.connect(self._show_next)
        self._pyramid: ImagePyramid | None = None
        self._zoom: float | None = None
        self._centre = (0.5, 0.5)
        self._has_cross = True

    def add(self, view: LinkedView) -> None:
        """Link a view."""
        self._views.append(view)
        view.went.connect(self._follow)
        view.pointed.connect(self._point)
        view.zoom_changed.connect(self._tell_zoom)
        view.set_image(self._pyramid)
        self._place(view)

    def remove(self, view: LinkedView) -> None:
        """Let a view go."""
        self._views.remove(view)
        self._waiting = [other for other in self._waiting if other is not view]
        view.went.disconnect(self._follow)
        view.pointed.disconnect(self._point)
        view.zoom_changed.disconnect(self._tell_zoom)
        view.set_image(None)

    def set_image(self, pyramid: ImagePyramid | None) -> None:
        """Show another image in all of them, at the zoom of the one before; all share its pixels.

        One view after the other, each in a turn of its own: painted together they would hold up the window.
        """
        self._pyramid = pyramid
        self._waiting = list(self._views)
        if pyramid is None:
            self.finish()
        else:
            self._show_next()

    def finish(self) -> None:
        """Show the image now in the views that still wait for it: there is something to lay over it."""
        while self._waiting:
            self._show_in(self._waiting.pop(0))
        self._turn.stop()

    @Slot()
    def _show_next(self) -> None:
        if self._waiting:
            self._show_in(self._waiting.pop(0))
            self._turn.start()

    def _show_in(self, view: LinkedView) -> None:
        view.set_image(self._pyramid)
        view.set_cross(None)
        self._place(view)
        self.arrived.emit(view)

    def forget_place(self) -> None:
        """Fit what comes next."""
        self._zoom, self._centre = None, (0.5, 0.5)

    def set_has_cross(self, has_cross: bool) -> None:
        """Whether the pointer's place is shown in all of them."""
        self._has_cross = has_cross
        if not has_cross:
            self._point(None)

    def fit(self) -> None:
        """Show all of the image."""
        for view in self._views[:1]:
            view.fit()

    def zoom_in(self) -> None:
        """One step larger."""
        for view in self._views[:1]:
            view.zoom_in()

    def zoom_out(self) -> None:
        """One step smaller."""
        for view in self._views[:1]:
            view.zoom_out()

    def zoom_to(self, factor: float) -> None:
        """Screen pixels for each image pixel."""
        for view in self._views[:1]:
            view.zoom_to(factor)

    def _place(self, view: LinkedView) -> None:
        if self._pyramid is not None:
            centre = QPointF(self._centre[0] * self._pyramid.width, self._centre[1] * self._pyramid.height)
            view.go(self._zoom, centre)

    @Slot(object)
    def _follow(self, leader: LinkedView) -> None:
        if self._pyramid is None:
            return
        self.finish()
        centre = leader.centre
        self._zoom = None if leader.is_fitted else leader.zoom
        self._centre = (centre.x() / self._pyramid.width, centre.y() / self._pyramid.height)
        for view in self._views:
            if view is not leader:
                view.go(self._zoom, centre)

    @Slot(object)
    def _point(self, place: QPointF | None) -> None:
        for view in self._views:
            view.set_cross(place if self._has_cross else None)
        self.pointed.emit(place)

    @Slot(float)
    def _tell_zoom(self, _zoom: float) -> None:
        if self._views:
            self.zoom_changed.emit(self._views[0].zoom)
