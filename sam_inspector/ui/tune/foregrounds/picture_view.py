"""A foreground large, with the points that SAM was asked; clicks become points."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from sam_inspector.core.geometry import pixel_to_view, view_to_pixel
from sam_inspector.core.prompts import NEGATIVE, POSITIVE, Point
from sam_inspector.ui import theme
from sam_inspector.ui.panels.look import font_px, muted

RADIUS_PX = 7.0
LABELS = {Qt.MouseButton.LeftButton: POSITIVE, Qt.MouseButton.RightButton: NEGATIVE}


class PictureView(QWidget):
    """Shows a picture as large as there is room."""

    pressed = Signal(float, float, int)
    """Where in the pixels of the image, and the point's label"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture: QPixmap | None = None
        self._size = (1, 1)
        self._points: tuple[Point, ...] = ()
        self._labels: tuple[int, ...] = ()
        self._answered = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setAccessibleName("Foreground to correct")
        self.setToolTip("Click on the object; click with the right button on what does not belong to it")

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(480, 360)

    def set_image(self, size: tuple[int, int]) -> None:
        """Another image comes, of this `(height, width)`; its picture comes later."""
        self._size = size
        self._picture = None
        self.update()

    def set_picture(self, picture: QImage) -> None:
        """Its picture was drawn; an empty one says that it can't be."""
        self._picture = QPixmap.fromImage(picture)
        self.update()

    @property
    def has_picture(self) -> bool:
        """Whether there is something to click on."""
        return self._picture is not None and not self._picture.isNull()

    def set_points(self, points: Sequence[Point], labels: Sequence[int], answered: int) -> None:
        """Show points in the pixels of the image; those after the first `answered` ones are still asked for."""
        self._points, self._labels, self._answered = tuple(points), tuple(labels), answered
        self.update()

    def place(self) -> QRectF:
        """Where the image is drawn."""
        height, width = self._size
        room = QRectF(self.rect()).adjusted(8, 8, -8, -8)
        scale = max(1e-6, min(room.width() / width, room.height() / height))
        place = QRectF(0, 0, width * scale, height * scale)
        place.moveCenter(room.center())
        return place

    def at(self, x: float, y: float) -> QPointF:
        """Where a pixel's centre is drawn."""
        place = self.place()
        scale = place.width() / self._size[1]
        across, down = pixel_to_view(x, y)
        return QPointF(place.left() + across * scale, place.top() + down * scale)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        label, place = LABELS.get(event.button()), self.place()
        if label is None or not self.has_picture or not place.contains(event.position()):
            return
        scale = place.width() / self._size[1]
        x, y = view_to_pixel(
            (event.position().x() - place.left()) / scale, (event.position().y() - place.top()) / scale
        )
        # The frame's last fraction of a pixel belongs to the last pixel.
        self.pressed.emit(min(max(x, 0.0), self._size[1] - 1.0), min(max(y, 0.0), self._size[0] - 1.0), label)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.colours().canvas))
        if not self.has_picture:
            if self._picture is not None:
                painter.setFont(font_px(13))
                painter.setPen(muted())
                painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), "The image can't be read any more.")
            return
        assert self._picture is not None
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPixmap(self.place(), self._picture, QRectF(self._picture.rect()))
        for number, (point, label) in enumerate(zip(self._points, self._labels, strict=True)):
            self._draw_point(painter, self.at(*point), label, number < self._answered)

    def _draw_point(self, painter: QPainter, at: QPointF, label: int, answered: bool) -> None:
        colour = QColor(theme.POSITIVE_POINT if label == POSITIVE else theme.NEGATIVE_POINT)
        painter.setPen(QPen(QColor(theme.HALO), 3.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(at, RADIUS_PX, RADIUS_PX)
        painter.setPen(QPen(QColor(theme.RIM), 1.5))
        painter.setBrush(colour if answered else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(at, RADIUS_PX, RADIUS_PX)
        painter.setPen(QPen(QColor(theme.RIM), 2))
        reach = RADIUS_PX - 3
        painter.drawLine(at - QPointF(reach, 0), at + QPointF(reach, 0))
        if label == POSITIVE:
            painter.drawLine(at - QPointF(0, reach), at + QPointF(0, reach))
