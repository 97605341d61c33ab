"""Small signs drawn by hand: verdicts, prompts and the layers' swatches, in the colours they have on the image."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPen

from sam_inspector.ui import icons, theme
from sam_inspector.ui.panels.image_rows import RowState
from sam_inspector.ui.panels.look import field, muted, text

UNSURE = "#CC79A7"
MIDDLING = "#E69F00"
GOOD_IOU = 0.8
MIDDLING_IOU = 0.5
INFERNO = ("#000004", "#57106E", "#BC3754", "#F98E09", "#FCFFA4")


def score_colour(iou: float) -> QColor:
    """Green from 0.8 on, amber from 0.5 on, vermilion below; the number always stands beside it."""
    return QColor(theme.TRUE_POSITIVE if iou >= GOOD_IOU else MIDDLING if iou >= MIDDLING_IOU else theme.FALSE_POSITIVE)


def draw_verdict(painter: QPainter, place: QRect, state: RowState) -> None:
    """The sign before the verdict's word; each has a shape of its own."""
    name, colour = _verdict_sign(state)
    icons.icon(name, colour).paint(painter, place)


def _verdict_sign(state: RowState) -> tuple[str, str]:
    if state.error is not None:
        return "error", theme.FALSE_POSITIVE
    signs = {
        "defect": ("defect", theme.FALSE_POSITIVE),
        "good": ("good", theme.TRUE_POSITIVE),
        "unsure": ("unsure", UNSURE),
    }
    return signs.get(state.verdict or "", ("undecided", muted().name()))


def draw_point(painter: QPainter, middle: QPointF, radius: float, *, positive: bool) -> None:
    """A disc with + or −, as on the image."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.POSITIVE_POINT if positive else theme.NEGATIVE_POINT))
    painter.drawEllipse(middle, radius, radius)
    painter.setPen(QPen(QColor(theme.RIM), max(1.2, radius * 0.26), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    arm = radius * 0.5
    painter.drawLine(QLineF(middle.x() - arm, middle.y(), middle.x() + arm, middle.y()))
    if positive:
        painter.drawLine(QLineF(middle.x(), middle.y() - arm, middle.x(), middle.y() + arm))
    painter.restore()


def draw_box(painter: QPainter, place: QRectF) -> None:
    """A box with its four handles, in the text's colour."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(text(), 1.4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(place)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(text())
    for corner in (place.topLeft(), place.topRight(), place.bottomLeft(), place.bottomRight()):
        painter.drawEllipse(corner, 2, 2)
    painter.restore()


# --- the layers' swatches ------------------------------------------------------------------------------------------


def draw_swatch(painter: QPainter, place: QRectF, layer: str) -> None:
    """What a layer looks like on the image, on about 18 × 13 px."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    _SWATCHES[layer](painter, place)
    painter.restore()


def _prompts(painter: QPainter, place: QRectF) -> None:
    radius = place.width() / 4 - 0.25
    y = place.center().y()
    draw_point(painter, QPointF(place.left() + radius, y), radius, positive=True)
    draw_point(painter, QPointF(place.right() - radius, y), radius, positive=False)


def _mask(painter: QPainter, place: QRectF) -> None:
    fill = QColor(theme.MASK)
    fill.setAlphaF(0.4)
    painter.setBrush(fill)
    painter.setPen(QPen(QColor(theme.MASK), 2))
    painter.drawRect(place.adjusted(1, 1, -1, -1))


def _regions(painter: QPainter, place: QRectF) -> None:
    tint = QColor(theme.POINT_REGIONS)
    tint.setAlphaF(0.45)
    painter.fillRect(place, tint)
    inner = place.adjusted(4.5, 3.5, -4.5, -3.5)
    painter.fillRect(inner, field())
    pen = QPen(QColor(theme.POINT_REGIONS), 2)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setDashPattern([2.2, 0.8])
    painter.setPen(pen)
    painter.drawRect(inner)


def _ground_truth(painter: QPainter, place: QRectF) -> None:
    # On gray, for yellow dashes can't be seen on a white panel.
    painter.fillRect(place, QColor("#55585D"))
    pen = QPen(QColor(theme.GROUND_TRUTH), 2)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setDashPattern([1.7, 1.1])
    painter.setPen(pen)
    painter.drawRect(place.adjusted(2.5, 2.5, -2.5, -2.5))


def _errors(painter: QPainter, place: QRectF) -> None:
    painter.setClipRect(place)
    third = place.width() / 3
    right, extra, missed = (
        QRectF(place.left() + index * third, place.top(), third, place.height()) for index in range(3)
    )
    painter.fillRect(right, QColor(theme.TRUE_POSITIVE))
    for area, name, slope in ((extra, theme.FALSE_POSITIVE, -1), (missed, theme.FALSE_NEGATIVE, 1)):
        light = QColor(name)
        light.setAlphaF(0.45)
        painter.fillRect(area, light)
        painter.setClipRect(area)
        painter.setPen(QPen(QColor(name), 1.8))
        height = area.height()
        for offset in range(-8, 24, 4):
            x = area.left() + offset
            painter.drawLine(QLineF(x, area.top(), x + slope * height, area.bottom()))
    painter.setClipping(False)


def _map(painter: QPainter, place: QRectF) -> None:
    gradient = QLinearGradient(place.topLeft(), place.topRight())
    for index, colour in enumerate(INFERNO):
        gradient.setColorAt(index / (len(INFERNO) - 1), QColor(colour))
    painter.fillRect(place, gradient)


def _image(painter: QPainter, place: QRectF) -> None:
    painter.setPen(QPen(text(), 1.2))
    box = place.adjusted(0.6, 0.6, -0.6, -0.6)
    painter.drawRect(box)
    x, y, width, height = box.x(), box.y(), box.width(), box.height()
    hills = [(0.05, 0.9), (0.35, 0.4), (0.55, 0.7), (0.7, 0.5), (0.95, 0.9)]
    points = [QPointF(x + width * across, y + height * down) for across, down in hills]
    painter.drawPolyline(points)


_SWATCHES: dict[str, Callable[[QPainter, QRectF], None]] = {
    "prompts": _prompts,
    "regions": _regions,
    "mask": _mask,
    "gt": _ground_truth,
    "errors": _errors,
    "map": _map,
    "image": _image,
}
