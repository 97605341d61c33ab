"""Prompts as they look on the image: the same size on screen at every zoom."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTransform
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from sam_inspector.core.geometry import pixel_to_view
from sam_inspector.core.prompts import POSITIVE, Box, Point, PromptPart, Prompts
from sam_inspector.ui import theme
from sam_inspector.ui.canvas.hit_testing import handles
from sam_inspector.ui.canvas.layer_items import LayerItem
from sam_inspector.ui.canvas.marker_size import FULL_PX, RIM_PX, SIZES_PX, SMALL_BELOW, MarkerSizes

HANDLE_PX = 9.0
DIMMED = 0.5
"""Opacity of accepted prompts, which can't be edited any more."""


class PromptsItem(LayerItem):
    """Points and boxes, those accepted earlier, and the box being drawn.

    Attributes
    ----------
    sizes
        How large the sign of each point is.
    pending
        The parts whose mask has not come yet; they are drawn hollow.
    selected, hovered
        Parts that show that they can be grabbed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.prompts = Prompts()
        self.accepted = Prompts()
        self.sizes = MarkerSizes(self.prompts)
        self.pending: frozenset[PromptPart] = frozenset()
        self.selected: PromptPart | None = None
        self.hovered: PromptPart | None = None
        self.rubber_band: Box | None = None

    def set_prompts(self, prompts: Prompts, accepted: Prompts) -> None:
        """Show other prompts."""
        if (prompts, accepted) != (self.prompts, self.accepted):
            self.sizes = MarkerSizes(prompts, accepted)
        self.prompts, self.accepted = prompts, accepted

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Boxes first, points on top of them."""
        transform = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        opacity = painter.opacity()
        painter.setOpacity(opacity * DIMMED)
        self._paint(painter, transform, self.accepted, live=False)
        painter.setOpacity(opacity)
        self._paint(painter, transform, self.prompts, live=True)
        if self.rubber_band is not None:
            paint_box(painter, _on_screen(self.rubber_band, transform))
        painter.restore()

    def _paint(self, painter: QPainter, transform: QTransform, prompts: Prompts, *, live: bool) -> None:
        for number, item in enumerate(prompts.items):
            if item.box is None:
                continue
            part = PromptPart(number)
            pending = live and part in self.pending
            thin = transform.m11() < SMALL_BELOW
            paint_box(painter, _on_screen(item.box, transform), pending=pending, thin=thin)
            if live and part in (self.selected, self.hovered):
                for place in handles(item.box, transform.m11()).values():
                    paint_handle(painter, _place(place, transform), selected=part == self.selected)
        signs = [
            (PromptPart(number, index), point, label)
            for number, item in enumerate(prompts.items)
            for index, (point, label) in enumerate(zip(item.points, item.labels, strict=True))
        ]
        if live:  # the one that can be grabbed now lies on top of its neighbours
            signs.sort(key=lambda sign: (sign[0] == self.hovered, sign[0] == self.selected))
        for part, point, label in signs:
            paint_point(
                painter,
                _place(point, transform),
                positive=label == POSITIVE,
                pending=live and part in self.pending,
                ring=theme.ACCENT if live and part == self.selected else None,
                diameter=self.sizes.diameter(point, transform.m11()),
            )


def _place(point: Point, transform: QTransform) -> QPointF:
    """Where it is on screen, on a whole pixel so that the signs are crisp."""
    return QPointF(transform.map(QPointF(*pixel_to_view(*point))).toPoint())


def _on_screen(box: Box, transform: QTransform) -> QRectF:
    return QRectF(_place((box[0], box[1]), transform), _place((box[2], box[3]), transform))


def paint_point(
    painter: QPainter,
    centre: QPointF,
    *,
    positive: bool,
    pending: bool = False,
    ring: str | None = None,
    diameter: float = FULL_PX,
) -> None:
    """A disc with a plus or a minus, a white rim and a dark halo; hollow while its mask is awaited."""
    colour = QColor(theme.POSITIVE_POINT if positive else theme.NEGATIVE_POINT)
    radius, line = diameter / 2, 2 if diameter > SIZES_PX[-1] else 1.5
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 90))
    halo = 2 if diameter == FULL_PX else 1.5
    painter.drawEllipse(centre, radius + halo, radius + halo)
    if ring is not None:
        painter.setBrush(QColor(theme.RIM))
        painter.drawEllipse(centre, radius + 4.5, radius + 4.5)
        painter.setBrush(QColor(ring))
        painter.drawEllipse(centre, radius + 3.5, radius + 3.5)
    painter.setBrush(QColor(theme.RIM))
    painter.drawEllipse(centre, radius + RIM_PX, radius + RIM_PX)
    painter.setBrush(colour)
    painter.drawEllipse(centre, radius, radius)
    if pending:
        painter.setBrush(QColor(theme.RIM))
        painter.drawEllipse(centre, radius - line, radius - line)
    pen = QPen(colour if pending else QColor(theme.RIM), line)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    reach = radius * 0.55
    painter.drawLine(centre - QPointF(reach, 0), centre + QPointF(reach, 0))
    if positive:
        painter.drawLine(centre - QPointF(0, reach), centre + QPointF(0, reach))


def paint_box(painter: QPainter, rect: QRectF, *, pending: bool = False, thin: bool = False) -> None:
    """A white line with a dark halo; dashed while its mask is awaited, thin where defects are small on screen."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    halo, line = (2.5, 1) if thin else (4, 2)
    for colour, width in ((QColor(0, 0, 0, 150), halo), (QColor(theme.RIM), line)):
        pen = QPen(colour, width)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        if pending and width == line:
            pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.drawRect(rect)


def paint_handle(painter: QPainter, centre: QPointF, *, selected: bool) -> None:
    """A round handle."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 110))
    painter.drawEllipse(centre, HANDLE_PX / 2 + 2, HANDLE_PX / 2 + 2)
    painter.setPen(QPen(QColor(theme.ACCENT if selected else theme.HALO), 2 if selected else 1))
    painter.setBrush(QColor(theme.RIM))
    painter.drawEllipse(centre, HANDLE_PX / 2, HANDLE_PX / 2)


def new_parts(before: Prompts, after: Prompts) -> frozenset[PromptPart]:
    """The points and boxes of `after` that `before` had not, or had elsewhere."""
    old_boxes = {item.box for item in before.items}
    old_points = {pair for item in before.items for pair in zip(item.points, item.labels, strict=True)}
    found = set()
    for number, item in enumerate(after.items):
        if item.box is not None and item.box not in old_boxes:
            found.add(PromptPart(number))
        for index, pair in enumerate(zip(item.points, item.labels, strict=True)):
            if pair not in old_points:
                found.add(PromptPart(number, index))
    return frozenset(found)
