"""The layers under the prompts: each paints what it was given, and only the part that is on screen."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPainterPathStroker, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from sam_inspector.ui import theme
from sam_inspector.ui.canvas.overlays import MapOverlay, MaskOverlay
from sam_inspector.ui.canvas.pyramid import ImagePyramid, device_scale, indexed_image, paint_raster, rgb_image

GRID_FROM = 16.0
"""Device pixels an image pixel takes before the grid between pixels appears."""


class LayerItem(QGraphicsItem):
    """A layer as large as the image; it is told of `exposedRect`, so that it paints no more than that."""

    def __init__(self) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._bounds = QRectF()

    def set_bounds(self, bounds: QRectF) -> None:
        """The image's rectangle in the scene, with a margin for lines on its edge."""
        self.prepareGeometryChange()
        self._bounds = bounds

    def boundingRect(self) -> QRectF:
        """The area the layer may paint on."""
        return self._bounds


class ImageItem(LayerItem):
    """The image: smooth below 1:1, sharp pixels from there, a grid between them when they are large."""

    def __init__(self) -> None:
        super().__init__()
        self.pyramid: ImagePyramid | None = None

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint the level that fits the zoom."""
        if self.pyramid is None:
            return
        scale = device_scale(painter)
        area = option.exposedRect & QRectF(0, 0, self.pyramid.width, self.pyramid.height)
        paint_raster(painter, area, self.pyramid.raster, rgb_image, smooth=scale < 1)
        if scale >= GRID_FROM:
            _paint_grid(painter, area, strength=min(1.0, scale / GRID_FROM - 0.5))


def _paint_grid(painter: QPainter, area: QRectF, strength: float) -> None:
    pen = QPen(QColor(128, 128, 128, int(110 * strength)), 1)
    pen.setCosmetic(True)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(pen)
    left, right = int(area.left()), int(np.ceil(area.right()))
    top, bottom = int(area.top()), int(np.ceil(area.bottom()))
    painter.drawLines([QLineF(x, top, x, bottom) for x in range(left, right + 1)])
    painter.drawLines([QLineF(left, y, right, y) for y in range(top, bottom + 1)])


class _OutlinedItem(LayerItem):
    """A layer with a mask's outline; the path is kept while the view shows the same."""

    def __init__(self) -> None:
        super().__init__()
        self.overlay: MaskOverlay | None = None
        self._path = QPainterPath()
        self._path_of: tuple[object, ...] = ()

    def set_overlay(self, overlay: MaskOverlay | None) -> None:
        """Show another mask, or none."""
        self.overlay = overlay
        self._path_of = ()
        self.update()

    def outline(self, painter: QPainter, exposed: QRectF) -> QPainterPath:
        """The outline of the level that fits the zoom, in pixels of the layout.

        Qt's cosmetic pens would do without mapping the path, but they are thinner on a screen of high density.
        """
        if self.overlay is None or self.overlay.raster is None:
            return QPainterPath()
        transform = painter.worldTransform()
        scale = device_scale(painter)
        level = self.overlay.raster.level_for(scale)
        key = (level, exposed.getRect(), transform.m11(), transform.dx(), transform.dy())
        if key != self._path_of:
            self._path = self.dress(transform.map(self.overlay.outlines[level].path(exposed, scale)))
            self._path_of = key
        return self._path

    def dress(self, path: QPainterPath) -> QPainterPath:
        """What is kept of the path on screen."""
        return path


class MaskItem(_OutlinedItem):
    """The mask: a fill that lets the image through, and an outline that stays when the fill is faint.

    Attributes
    ----------
    fill
        Opacity of the fill, 0 to 1.
    stale
        Whether the mask does not belong to the prompts on screen; it is then gray.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fill = 0.4
        self.stale = False

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Fill, then outline."""
        if self.overlay is None or self.overlay.raster is None:
            return
        colour = QColor(theme.STALE if self.stale else theme.MASK)
        table = [QColor(colour.red(), colour.green(), colour.blue(), alpha).rgba() for alpha in range(256)]
        opacity = painter.opacity()
        scale = device_scale(painter)
        painter.setOpacity(opacity * self.fill)
        paint_raster(
            painter,
            option.exposedRect,
            self.overlay.raster,
            lambda pixels: indexed_image(pixels, table),
            smooth=scale < 1,
        )
        painter.setOpacity(opacity)
        path = self.outline(painter, option.exposedRect)
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.strokePath(path, _line(QColor(0, 0, 0, 70), 4))
        painter.strokePath(path, _line(colour, 2))


class GroundTruthItem(_OutlinedItem):
    """The ground truth: dashes with a dark rim, so that they are seen on yellow, and gaps that show a line beneath."""

    WIDTH_PX = 2.0
    DASH_PX = 8.0
    GAP_PX = 5.0

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """The dashes as shapes: stroked dark, then filled."""
        dashes = self.outline(painter, option.exposedRect)
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.strokePath(dashes, _line(QColor(0, 0, 0, 190), 2))
        painter.fillPath(dashes, QColor(theme.GROUND_TRUTH))

    def dress(self, path: QPainterPath) -> QPainterPath:
        """Cut into dashes once; Qt would place those of a second, wider pen elsewhere."""
        stroker = QPainterPathStroker()
        stroker.setWidth(self.WIDTH_PX)
        stroker.setCapStyle(Qt.PenCapStyle.FlatCap)
        stroker.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        # Qt counts dashes in widths of the pen.
        stroker.setDashPattern([self.DASH_PX / self.WIDTH_PX, self.GAP_PX / self.WIDTH_PX])
        dashes = stroker.createStroke(path)
        dashes.setFillRule(Qt.FillRule.WindingFill)
        return dashes


def _line(colour: QColor, width_px: float) -> QPen:
    pen = QPen(colour, width_px)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    return pen


def inferno() -> list[tuple[int, int, int]]:
    """The colour map's 256 RGB values."""
    bgr = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[None], cv2.COLORMAP_INFERNO)[0]
    return [(int(red), int(green), int(blue)) for blue, green, red in bgr]


@cache
def map_colours() -> list[int]:
    """Inferno, as 256 ARGB values whose opacity follows the value, so that normal regions stay visible."""
    return [QColor(*colour, step).rgba() for step, colour in enumerate(inferno())]


class MapItem(LayerItem):
    """The anomaly map."""

    def __init__(self) -> None:
        super().__init__()
        self.overlay: MapOverlay | None = None

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint it smooth: a map has no sharp pixels to show, its values are those of neighbourhoods."""
        if self.overlay is not None:
            paint_raster(
                painter,
                option.exposedRect & self._bounds,
                self.overlay.raster,
                lambda pixels: indexed_image(pixels, map_colours()),
                smooth=True,
            )
