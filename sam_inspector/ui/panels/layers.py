"""The layers panel: what is laid over the image, and how strongly."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSlider, QVBoxLayout, QWidget

from sam_inspector.ui import icons
from sam_inspector.ui.panels.buttons import IconButton, LinkButton
from sam_inspector.ui.panels.glyphs import draw_swatch
from sam_inspector.ui.panels.labels import ElidedLabel, Tone, TonedLabel
from sam_inspector.ui.panels.look import GAP, MARGIN, font_px
from sam_inspector.ui.panels.map_histogram import MapHistogram
from sam_inspector.ui.panels.panel_header import PanelHeader

LAYERS = (
    ("prompts", "Prompts", "Points and boxes"),
    ("regions", "Point regions", "Where points come from: positive ones from the extreme region, others from its ring"),
    ("mask", "Mask", "What SAM found (K)"),
    ("gt", "Ground truth", "The mask this image is scored against (G)"),
    ("errors", "Errors", "True positive, false positive and false negative pixels (X)"),
    ("map", "Map", "Anomaly map: the higher, the more anomalous (M)"),
    ("image", "Image", "The image itself"),
)
ROW_HEIGHT = 28
LEAST_WIDTH = 264
"""Of the panel, with a map and without: Qt shares the window's width out anew when a dock's least width changes."""


class _Swatch(QWidget):
    """What a layer looks like on the image."""

    def __init__(self, layer: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer = layer
        self.setFixedSize(18, 18)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        draw_swatch(painter, QRectF(0, 2.5, 18, 13), self._layer)


class LayerRow(QWidget):
    """Eye, swatch, name, opacity."""

    changed = Signal(str, bool, float)

    def __init__(self, name: str, title: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self._tip = tip
        self._title_width = 0
        self.eye = IconButton(icons.icon("visible"), f"Show or hide: {title}")
        self.eye.setCheckable(True)
        self.eye.setChecked(True)
        self.slider = QSlider(Qt.Orientation.Horizontal, minimum=0, maximum=100, value=100, pageStep=10)
        self.slider.setMinimumWidth(32)
        self.slider.setAccessibleName(f"Opacity of {title}")
        self.slider.setToolTip("Opacity ([ fainter, ] stronger)")
        self.percent = TonedLabel("100 %")
        self.percent.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.percent.setFixedWidth(QFontMetrics(font_px(13)).horizontalAdvance("100 %") + 2)
        self.title = ElidedLabel(title)
        self.title.setToolTip(tip)
        self.link: LinkButton | None = None
        self._opacity = QWidget()
        row = QHBoxLayout(self._opacity)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.slider, 1)
        row.addWidget(self.percent)
        self._swatch = _Swatch(name)
        self._line = line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        for widget in (self.eye, self._swatch, self.title):
            line.addWidget(widget)
        line.addWidget(self._opacity, 1)
        self.setFixedHeight(max(ROW_HEIGHT, self.percent.sizeHint().height() + 10))
        self.eye.clicked.connect(self._on_edited)
        self.slider.valueChanged.connect(self._on_edited)

    def offer(self, link: LinkButton) -> None:
        """Show a link in place of the slider while the layer is not available."""
        self.link = link
        self._line.addWidget(link, 1, Qt.AlignmentFlag.AlignRight)
        link.hide()

    def align(self, width: int) -> None:
        """Give the name the width of the longest one, so that the sliders stand in a column."""
        self._title_width = width
        self.title.setFixedWidth(width)

    def show_values(self, visible: bool, opacity: float) -> None:
        """Show other values, telling nobody."""
        self.eye.setChecked(visible)
        self.slider.blockSignals(True)
        self.slider.setValue(round(opacity * 100))
        self.slider.blockSignals(False)
        self._refresh()

    def set_available(self, available: bool, reason: str) -> None:
        """Whether there is anything to show; the reason is the tooltip where there is not."""
        for widget in (self.eye, self._swatch, self.title, self.slider, self.percent):
            widget.setEnabled(available)
        self.title.setToolTip(self._tip if available else reason)
        self.setToolTip("" if available else reason)
        self.slider.setToolTip("Opacity ([ fainter, ] stronger)" if available else reason)
        if self.link is not None:
            self.link.setVisible(not available)
            self._opacity.setVisible(available)
            self.title.setFixedWidth(self._title_width if available else self.title.sizeHint().width())
        self._refresh()

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(240, self.minimumHeight())

    def _refresh(self) -> None:
        shown = self.eye.isChecked() and self.eye.isEnabled()
        self.eye.setIcon(icons.icon("visible" if shown else "hidden"))
        self.percent.setText(f"{self.slider.value()} %")
        tone: Tone = "text" if shown else "faint"
        self.title.set_tone(tone)
        self.percent.set_tone(tone)

    @Slot()
    def _on_edited(self) -> None:
        self._refresh()
        self.changed.emit(self.name, self.eye.isChecked(), self.slider.value() / 100)


class LayersPanel(QWidget):
    """One row a layer, the topmost first."""

    layer_changed = Signal(str, bool, float)
    """Layer, visible, opacity from 0 to 1"""
    open_map_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(LEAST_WIDTH)
        self.header = PanelHeader("Layers")
        self.rows = {name: LayerRow(name, title, tip) for name, title, tip in LAYERS}
        link = LinkButton("Open a map…", tip="Lay a map file over this image (Ctrl+M)")
        link.clicked.connect(self.open_map_requested)
        self.rows["map"].offer(link)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        body = QVBoxLayout()
        body.setContentsMargins(MARGIN - 4, GAP, MARGIN, GAP)
        body.setSpacing(0)
        titles = max(row.title.sizeHint().width() for row in self.rows.values())
        for row in self.rows.values():
            row.align(titles)
            row.changed.connect(self.layer_changed)
            body.addWidget(row)
        self.histogram = MapHistogram()
        self.histogram.hide()
        below = QVBoxLayout()
        below.setContentsMargins(MARGIN, 0, MARGIN, GAP)
        below.addWidget(self.histogram)
        column.addLayout(body)
        column.addLayout(below)
        column.addStretch(1)
        self.set_available("map", False, "No anomaly map is open")
        self.set_present("regions", False)

    def set_layer(self, name: str, visible: bool, opacity: float) -> None:
        """Show whether a layer is visible, and its opacity from 0 to 1."""
        self.rows[name].show_values(visible, opacity)

    def set_has_histogram(self, has: bool) -> None:
        """Whether there is a map whose values and threshold can be shown."""
        self.histogram.setVisible(has)

    def set_present(self, name: str, present: bool) -> None:
        """Whether a layer has a row at all; for one that most images never have."""
        self.rows[name].setVisible(present)

    def set_available(self, name: str, available: bool, reason: str = "") -> None:
        """Whether a layer has anything to show; where not, `reason` says why."""
        self.rows[name].set_available(available, reason)
