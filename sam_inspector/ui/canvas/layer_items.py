"""The layers under the prompts: each paints what it was given, and only the part that is on screen."""

from __future__ import annotations

from functools import cache
from typing import Generic, TypeVar

import cv2
import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from sam_inspector.ui import theme
from sam_inspector.ui.canvas.lines import THIN_BELOW, dashed_lines, edge_lines, line_colours
from sam_inspector.ui.canvas.overlays import ErrorOverlay, MapOverlay, MaskOverlay, RegionsOverlay
from sam_inspector.ui.canvas.pyramid import (
    ImagePyramid,
    Raster,
    device_scale,
    indexed_image,
    paint_raster,
    rgb_image,
    warp_to_device,
)

MASK_RIM, GROUND_TRUTH_RIM = 0.28, 0.75
"""Opacity of the dark rims."""
GRID_FROM = 16.0
"""Device pixels an image pixel takes before the grid between pixels appears."""


Overlay = TypeVar("Overlay", MaskOverlay, ErrorOverlay, RegionsOverlay)


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


class DeviceItem(LayerItem, Generic[Overlay]):
    """A layer that is composed in device pixels; the picture is kept until the view or the layer changes."""

    MARGIN_PX = 4.0
    """Logical pixels that lines reach beyond what they surround."""

    def __init__(self) -> None:
        super().__init__()
        self._overlay: Overlay | None = None
        self._picture = QImage()
        self._picture_of: tuple[object, ...] = ()

    def set_overlay(self, overlay: Overlay | None) -> None:
        """Show something else, or nothing."""
        if overlay is not self._overlay:
            self._overlay = overlay
            self.forget_picture()

    def forget_picture(self) -> None:
        """Something other than the view has changed."""
        self._picture_of = ()
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint the exposed part of what the overlay's raster covers."""
        if self._overlay is None or self._overlay.raster is None:
            return
        raster = self._overlay.raster
        device_ratio = painter.device().devicePixelRatio()
        # Not the painter's device transform: in a picture of the whole window that also holds where the view lies.
        transform = painter.worldTransform() * QTransform.fromScale(device_ratio, device_ratio)
        margin = self.MARGIN_PX * device_ratio
        covered = transform.mapRect(QRectF(*raster.rect)).adjusted(-margin, -margin, margin, margin)
        exposed = transform.mapRect(option.exposedRect) & covered
        if exposed.isEmpty():
            return
        # All that is in sight, not the part that is painted now: the next part has its picture already.
        sight = exposed if widget is None else _in_device_pixels(widget, device_ratio) & covered
        area = sight.toAlignedRect()
        if area.isEmpty():
            return
        opacity = painter.opacity()
        key = (transform.m11(), transform.dx(), transform.dy(), area.getRect(), device_ratio, opacity)
        if key != self._picture_of:
            self._picture = self.compose(self._overlay, raster, transform, area, device_ratio, opacity)
            self._picture_of = key
        painter.save()
        painter.setOpacity(1)
        painter.setWorldTransform(QTransform.fromScale(1 / device_ratio, 1 / device_ratio))
        painter.drawImage(QPointF(area.topLeft()), self._picture)
        painter.restore()

    def compose(
        self, overlay: Overlay, raster: Raster, transform: QTransform, area: QRect, ratio: float, opacity: float
    ) -> QImage:
        """Draw `area`, in device pixels, under `transform` from the scene to them."""
        raise NotImplementedError


def _is_small(transform: QTransform, ratio: float) -> bool:
    return transform.m11() / ratio < THIN_BELOW


def _in_device_pixels(widget: QWidget, ratio: float) -> QRectF:
    return QRectF(0, 0, widget.width() * ratio, widget.height() * ratio)


class MaskItem(DeviceItem[MaskOverlay]):
    """The mask: a fill that lets the image through, and an outline that stays when the fill is faint."""

    def __init__(self) -> None:
        super().__init__()
        self._fill = 0.4
        self._stale = False

    def set_stale(self, stale: bool) -> None:
        """Gray while the mask does not belong to the prompts on screen."""
        if stale != self._stale:
            self._stale = stale
            self.forget_picture()

    def set_fill(self, fill: float) -> None:
        """Opacity of the fill, 0 to 1."""
        if fill != self._fill:
            self._fill = fill
            self.forget_picture()

    def compose(
        self, overlay: MaskOverlay, raster: Raster, transform: QTransform, area: QRect, ratio: float, opacity: float
    ) -> QImage:
        """Fill, then outline; at 1:1 and above the mask keeps its pixels' corners."""
        smooth = cv2.INTER_LINEAR if transform.m11() < 1 else cv2.INTER_NEAREST
        coverage = warp_to_device(raster, transform, area, smooth)
        colour = theme.STALE if self._stale else theme.MASK
        red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
        fill = indexed_image(
            coverage, [QColor(red, green, blue, round(alpha * self._fill * opacity)).rgba() for alpha in range(256)]
        )
        lines = indexed_image(
            edge_lines(coverage, ratio, thin=_is_small(transform, ratio)), line_colours(colour, MASK_RIM, opacity)
        )
        with_lines = QPainter(fill)
        with_lines.drawImage(0, 0, lines)
        with_lines.end()
        return fill


class GroundTruthItem(DeviceItem[MaskOverlay]):
    """The ground truth: dashes with a dark rim, so that they are seen on yellow, and gaps that show a line beneath."""

    def compose(
        self, overlay: MaskOverlay, raster: Raster, transform: QTransform, area: QRect, ratio: float, opacity: float
    ) -> QImage:
        """Draw the dashes of the level that fits the zoom."""
        outline = overlay.outlines[raster.level_for(transform.m11())]
        matrix = np.array(
            [
                [transform.m11(), 0, transform.dx() - area.left()],
                [0, transform.m22(), transform.dy() - area.top()],
            ]
        )
        dashes = dashed_lines(outline, matrix, (area.width(), area.height()), ratio, thin=_is_small(transform, ratio))
        return indexed_image(dashes, line_colours(theme.GROUND_TRUTH, GROUND_TRUTH_RIM, opacity))


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
        self._outline: QPainterPath | None = None

    def set_outline(self, outline: QPainterPath | None) -> None:
        """Another line at the threshold, or none."""
        self._outline = outline
        self.update()

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
        if self._outline is not None and self.overlay is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for colour, width in ((QColor(0, 0, 0, 150), 3.5), (QColor("white"), 1.5)):
                pen = QPen(colour, width)
                pen.setCosmetic(True)
                painter.setPen(pen)
                painter.drawPath(self._outline)
