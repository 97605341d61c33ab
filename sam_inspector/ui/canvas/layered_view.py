"""The image and what lies over it: a view that is set and draws, without any tool."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QResizeEvent
from PySide6.QtWidgets import QGraphicsScene, QWidget

from sam_inspector.core.prompts import Prompts
from sam_inspector.ui import theme
from sam_inspector.ui.canvas.error_item import ErrorItem
from sam_inspector.ui.canvas.layer_items import GroundTruthItem, ImageItem, MapItem, MaskItem
from sam_inspector.ui.canvas.legend import ErrorLegend, MapLegend, Notice
from sam_inspector.ui.canvas.overlays import ErrorOverlay, MapOverlay, MaskOverlay, RegionsOverlay
from sam_inspector.ui.canvas.prompt_items import PromptsItem, new_parts
from sam_inspector.ui.canvas.pyramid import ImagePyramid
from sam_inspector.ui.canvas.regions_item import RegionsItem, RegionsLegend
from sam_inspector.ui.canvas.threshold_line import threshold_path
from sam_inspector.ui.canvas.zoom_view import ZoomView

LAYERS = ("prompts", "regions", "mask", "gt", "errors", "map", "image")
"""As panels list them, from the one a person works with down to the image."""
PAINT_ORDER = ("image", "map", "errors", "mask", "regions", "gt", "prompts")
"""From the bottom up. The ground truth's dashes lie on the mask's outline, which shows through their gaps."""
PLACEHOLDER = "Drop images or a folder here"
STALE_ERRORS = 0.5
"""Opacity factor of an error view that does not belong to the prompts on screen."""


class LayeredView(ZoomView):
    """Shows an image with prompts, mask, ground truth, errors and map; all of it is set from outside."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scene().setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self._image_item = ImageItem()
        self._map_item = MapItem()
        self._error_item = ErrorItem()
        self._mask_item = MaskItem()
        self._is_stale = False
        self._placeholder = PLACEHOLDER
        self._gt_item = GroundTruthItem()
        self._regions_item = RegionsItem()
        self._prompts_item = PromptsItem()
        self._items = {
            "image": self._image_item,
            "map": self._map_item,
            "errors": self._error_item,
            "mask": self._mask_item,
            "gt": self._gt_item,
            "regions": self._regions_item,
            "prompts": self._prompts_item,
        }
        for height, name in enumerate(PAINT_ORDER):
            self._items[name].setZValue(height)
            self.scene().addItem(self._items[name])
        self._visible = dict.fromkeys(LAYERS, True)
        self._opacity = dict.fromkeys(LAYERS, 1.0) | {"mask": 0.4, "errors": 0.6, "map": 0.85}
        self._visible["errors"] = False
        self._overlays_hidden = False
        self._errors: ErrorOverlay | None = None
        self._has_regions = False
        self._settled = Prompts()
        self._pending = False
        self._error_legend = ErrorLegend(self.viewport())
        self._map_legend = MapLegend(self.viewport())
        self._regions_legend = RegionsLegend(self.viewport())
        self._notice = Notice(self.viewport())
        self._of_mask = self._of_image = ""
        self._show_layers()

    # --- what is shown ------------------------------------------------------------------------------------------------

    def set_image(self, pyramid: ImagePyramid | None) -> None:
        """Show another image, fitted, or none; what lay over the old one is taken away."""
        if pyramid is not None and pyramid is self._image_item.pyramid:
            return
        self._image_item.pyramid = pyramid
        self._settled = Prompts()
        self._pending = False
        self._prompts_item.set_prompts(Prompts(), Prompts())
        self._prompts_item.pending = frozenset()
        self._mask_item.set_overlay(None)
        self._gt_item.set_overlay(None)
        self._error_item.set_overlay(None)
        self._errors = None
        self._map_item.overlay = None
        self.set_regions(None)
        self.set_content_size(pyramid.width if pyramid else 0, pyramid.height if pyramid else 0)
        for item in self._items.values():
            item.set_bounds(self.sceneRect())
        self._show_layers()

    def set_prompts(self, prompts: Prompts, accepted: Prompts, pending: bool) -> None:
        """Show prompts; while `pending`, those that came or moved since the last mask are drawn hollow."""
        item = self._prompts_item
        if not pending:
            # A change may be told before it is known that its mask is being computed.
            self._settled = prompts if self._pending else item.prompts
        self._pending = pending
        item.set_prompts(prompts, accepted)
        item.pending = new_parts(self._settled, prompts) if pending else frozenset()
        self.viewport().update()

    def set_placeholder(self, text: str) -> None:
        """What stands where the image would be; empty for the usual words."""
        self._placeholder = text or PLACEHOLDER
        self.viewport().update()

    def set_mask(self, mask: MaskOverlay | None, stale: bool) -> None:
        """Show a mask; gray when it does not belong to the prompts on screen."""
        self._mask_item.set_overlay(mask)
        self._mask_item.set_stale(stale)
        self._is_stale = stale
        self._show_layers()

    def set_ground_truth(self, ground_truth: MaskOverlay | None) -> None:
        """Show a ground truth, or none."""
        self._gt_item.set_overlay(ground_truth)
        self._show_layers()

    def set_errors(self, errors: ErrorOverlay | None) -> None:
        """Show where mask and ground truth agree and differ, or nothing."""
        if errors is not self._errors:
            self._errors = errors
            self._error_item.set_overlay(errors)
        if errors is not None:
            self._error_legend.set_shares(errors.shares)
        self._show_layers()

    def set_regions(self, regions: RegionsOverlay | None) -> None:
        """Show where generated points come from, or nothing."""
        self._regions_item.set_overlay(regions)
        self._has_regions = regions is not None and regions.raster is not None
        self._regions_legend.set_has_ring(regions is not None and regions.has_ring)
        self._show_layers()

    def set_map(self, anomaly_map: MapOverlay | None) -> None:
        """Show an anomaly map, or none."""
        self._map_item.overlay = anomaly_map
        if anomaly_map is not None:
            self._map_legend.set_range(
                anomaly_map.name, anomaly_map.low, anomaly_map.high, own_range=anomaly_map.own_range
            )
        self._show_layers()

    def set_notice(self, text: str) -> None:
        """Say above the image what must not be overlooked of the mask, or nothing."""
        self._of_mask = text
        self._show_notice()

    def set_remark(self, text: str) -> None:
        """Say above the image what must not be overlooked of the image itself, or nothing."""
        self._of_image = text
        self._show_notice()

    def _show_notice(self) -> None:
        self._notice.set_text(". ".join(text for text in (self._of_image, self._of_mask) if text))
        self._show_layers()

    def set_map_outline(self, cut: tuple[NDArray[np.float32], float, tuple[int, int]] | None) -> None:
        """Outline where a map exceeds a threshold, or nothing: its values, the threshold, the image's size."""
        self._map_item.set_outline(threshold_path(*cut) if cut is not None else None)

    def set_layer(self, name: str, visible: bool, opacity: float) -> None:
        """Show, hide or fade a layer of `LAYERS`; of the mask only the fill fades, its outline stays.

        While the error view is shown it takes the mask's place.
        """
        self._visible[name], self._opacity[name] = visible, opacity
        self._show_layers()

    def set_overlays_hidden(self, hidden: bool) -> None:
        """Show the bare image for as long as this holds."""
        self._overlays_hidden = hidden
        self._show_layers()

    def _show_layers(self) -> None:
        with_errors = self._visible["errors"] and self._errors is not None
        for name, item in self._items.items():
            shown = self._visible[name] and (name == "image" or not self._overlays_hidden)
            item.setVisible(shown and not (name == "mask" and with_errors))
            if name != "mask":
                item.setOpacity(self._opacity[name])
        self._mask_item.set_fill(self._opacity["mask"])
        if self._is_stale:
            self._error_item.setOpacity(self._opacity["errors"] * STALE_ERRORS)
        free = self.has_content and not self._overlays_hidden
        self._error_legend.setVisible(free and with_errors)
        self._regions_legend.setVisible(free and self._visible["regions"] and self._has_regions)
        self._map_legend.setVisible(free and self._visible["map"] and self._map_item.overlay is not None)
        self._notice.setVisible(free and bool(self._notice.text()))
        self._place_legends()
        self.viewport().update()

    def _place_legends(self) -> None:
        """At the foot, one above the other, in a narrow view side by side; the notice at the head."""
        gap, room = theme.GRID_PX // 2, self.viewport().width() - 2 * theme.GRID_PX
        left, bottom, row = 0, self.viewport().height() - theme.GRID_PX, 0
        narrow = self._map_legend.is_short_in(room)
        for legend in (self._error_legend, self._map_legend, self._regions_legend):
            if legend.isHidden():
                continue
            legend.fit_into(room)
            if left and (left + legend.width() > room or not narrow):
                left, bottom, row = 0, bottom - row - gap, 0
            legend.move(theme.GRID_PX + left, bottom - legend.height())
            left, row = left + legend.width() + gap, max(row, legend.height())
        self._notice.fit_into(room)
        self._notice.move(theme.GRID_PX, theme.GRID_PX)

    # --- drawing ------------------------------------------------------------------------------------------------------

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:
        """The neutral gray around the image."""
        painter.fillRect(rect, QColor(theme.colours().canvas))

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        """Without an image, say what can be done."""
        if self.has_content:
            return
        painter.save()
        painter.resetTransform()
        painter.setPen(QColor(theme.colours().muted))
        painter.drawText(
            self.viewport().rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._placeholder
        )
        painter.restore()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the legends at the foot."""
        super().resizeEvent(event)
        self._place_legends()

    def changeEvent(self, event: QEvent) -> None:
        """Take on the colours and the font of another theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._place_legends()
            self.viewport().update()
