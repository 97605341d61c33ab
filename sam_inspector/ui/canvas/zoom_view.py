"""A view that zooms at the pointer, pans and fits; it knows nothing of what it shows but the size.

Scene coordinates count pixel edges of the image. The zoom counts device pixels of the screen, so that 1:1 is honest on
a screen of high density.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QNativeGestureEvent, QPainter, QResizeEvent, QTransform, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QWidget

ZOOM_STEP = 1.25
MOST_ZOOM = 64.0
FIT_MARGIN_PX = 8
BEYOND_FIT = 8.0
"""How many times smaller than fitting an image can be shown."""
WHEEL_NOTCH = 120.0


class ZoomView(QGraphicsView):
    """Zooming and panning over a scene of given size."""

    zoom_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setScene(QGraphicsScene(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._content = QRectF()
        self._centre = QPointF()
        self._is_fitted = True
        self._pan_from: QPointF | None = None

    # --- zoom ---------------------------------------------------------------------------------------------------------

    def set_content_size(self, width: int, height: int) -> None:
        """Show something of another size, fitted."""
        self._content = QRectF(0, 0, width, height)
        # Room on all sides lets the content be put anywhere; `_place` keeps it from being lost.
        margin = max(100.0 * max(width, height), 10_000.0)
        self.setSceneRect(self._content.adjusted(-margin, -margin, margin, margin))
        self.fit()
        self.zoom_changed.emit(self.zoom)

    @property
    def has_content(self) -> bool:
        """Whether there is something to zoom."""
        return not self._content.isEmpty()

    @property
    def zoom(self) -> float:
        """Device pixels of the screen for one image pixel."""
        return self.transform().m11() * self.devicePixelRatioF()

    @property
    def is_fitted(self) -> bool:
        """Whether the whole image is shown and will be after a resize."""
        return self._is_fitted

    @property
    def centre(self) -> QPointF:
        """The scene's point in the middle of the view."""
        return QPointF(self._centre)

    def fit(self) -> None:
        """Show all of it, as large as it goes."""
        self._is_fitted = True
        if not self.has_content:
            return
        self._set_scale(self._fit_scale())
        self._centre_at(self._content.center())

    def zoom_to(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom to `factor` device pixels an image pixel, keeping in place what is at `at` in the viewport.

        Parameters
        ----------
        at
            In viewport coordinates; None means its middle.
        """
        if not self.has_content:
            return
        anchor = at if at is not None else self._middle()
        # The exact centre is kept apart from the scroll bars, which know whole pixels only and would let it drift.
        under = self._centre + (anchor - self._middle()) / self.transform().m11()
        self._is_fitted = False
        ratio = self.devicePixelRatioF()
        smallest = min(self._fit_scale() / BEYOND_FIT, 1 / ratio)
        self._set_scale(min(max(factor / ratio, smallest), MOST_ZOOM / ratio))
        self._place(under, anchor)

    def zoom_in(self) -> None:
        """One step larger."""
        self.zoom_to(self.zoom * ZOOM_STEP)

    def zoom_out(self) -> None:
        """One step smaller."""
        self.zoom_to(self.zoom / ZOOM_STEP)

    def center_on(self, x: float, y: float) -> None:
        """Bring a point of the scene to the middle."""
        self._is_fitted = False
        self._centre_at(QPointF(x, y))

    def pan_by(self, delta: QPointF) -> None:
        """Move what is shown by so many pixels of the layout."""
        self._is_fitted = False
        scale = self.transform().m11()
        self._centre_at(self._centre - delta / scale)

    def scene_point(self, at: QPointF) -> QPointF:
        """From viewport coordinates to the scene; unlike `mapToScene`, for fractions of a pixel too."""
        inverse, _ = self.viewportTransform().inverted()
        return inverse.map(at)

    def view_point(self, at: QPointF) -> QPointF:
        """From the scene to viewport coordinates."""
        return self.viewportTransform().map(at)

    def _middle(self) -> QPointF:
        return QRectF(self.viewport().rect()).center()

    def _fit_scale(self) -> float:
        size = self.viewport().size()
        width = max(size.width() - 2 * FIT_MARGIN_PX, 1) / self._content.width()
        height = max(size.height() - 2 * FIT_MARGIN_PX, 1) / self._content.height()
        return min(width, height, MOST_ZOOM / self.devicePixelRatioF())

    def _set_scale(self, scale: float) -> None:
        if scale == self.transform().m11():
            return
        self.setTransform(QTransform.fromScale(scale, scale))
        self.zoom_changed.emit(self.zoom)

    def _centre_at(self, point: QPointF) -> None:
        self._place(point, self._middle())

    def _place(self, point: QPointF, at: QPointF) -> None:
        """Show a point of the scene at a point of the viewport, but keep the content under the middle."""
        scale = self.transform().m11()
        centre = point + (self._middle() - at) / scale
        inside = self._content
        self._centre = QPointF(
            min(max(centre.x(), inside.left()), inside.right()), min(max(centre.y(), inside.top()), inside.bottom())
        )
        corner = self._centre * scale - self._middle()
        self.horizontalScrollBar().setValue(round(corner.x()))
        self.verticalScrollBar().setValue(round(corner.y()))
        self.viewport().update()

    # --- gestures -----------------------------------------------------------------------------------------------------

    def begin_pan(self, at: QPointF) -> None:
        """The view was grabbed."""
        self._pan_from = at

    def continue_pan(self, at: QPointF) -> None:
        """The view is dragged."""
        if self._pan_from is not None:
            self.pan_by(at - self._pan_from)
            self._pan_from = at

    def end_pan(self) -> None:
        """The view was let go."""
        self._pan_from = None

    @property
    def is_panning(self) -> bool:
        """Whether the view is being dragged."""
        return self._pan_from is not None

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer; fine wheels and track pads send fractions of a notch."""
        notches = event.angleDelta().y() / WHEEL_NOTCH
        if notches:
            self.zoom_to(self.zoom * ZOOM_STEP**notches, event.position())
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        """Pinching zooms."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_to(self.zoom * max(1 + event.value(), 0.1), event.position())
            return True
        return super().viewportEvent(event)

    def event(self, event: QEvent) -> bool:
        """On a screen of another density the same picture has another zoom."""
        if event.type() == QEvent.Type.DevicePixelRatioChange and self.has_content:
            self.zoom_changed.emit(self.zoom)
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Stay fitted, else keep the middle in the middle."""
        super().resizeEvent(event)
        if self._is_fitted:
            self.fit()
        elif self.has_content:
            self._centre_at(self._centre)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fit."""
        self.fit()
        event.accept()
