"""How the values of a map are distributed, in this image and in the normal ones, and the threshold between them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QSlider, QVBoxLayout, QWidget

from sam_inspector.ui.panels.buttons import LinkButton
from sam_inspector.ui.panels.histogram_key import HistogramKey
from sam_inspector.ui.panels.labels import ElidedLabel, TonedLabel
from sam_inspector.ui.panels.look import GAP, field, font_px, hairline
from sam_inspector.ui.panels.segmented import SegmentedControl
from sam_inspector.ui.panels.value_counts import finite, heights, share_text, thinned

if TYPE_CHECKING:
    from sam_inspector.ui.panels.histogram_plot import HistogramPlot

BINS = 96
STEPS = 1000
PLOT_HEIGHT = 76
SPIN_LIMIT = 1e9
SCALES = (
    ("dataset", "Dataset", "One colour means the same value in every image of the dataset."),
    (
        "image",
        "This image",
        "Colours stretch from the lowest to the highest value of this image: faint differences show, but a normal "
        "image looks as coloured as a defective one. Threshold and scores stay as they are.",
    ),
)
RESET_TIP = "Back to the threshold that the policy gives"


class MapHistogram(QWidget):
    """Shows values and a threshold, and asks for another one; it decides nothing."""

    threshold_changed = Signal(float)
    """Raw score; sent live while a person drags"""
    threshold_reset = Signal()
    per_image_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: NDArray[np.float32] | None = None
        self._references: NDArray[np.float32] | None = None
        self._low, self._high = 0.0, 1.0
        self._shown_low, self._shown_high = 0.0, 1.0
        self._threshold = 0.0
        self._is_automatic = True
        self.plot: HistogramPlot | None = None
        self._key = HistogramKey()
        self._place = _Frame()
        self._title = ElidedLabel("Threshold")
        self.slider = QSlider(Qt.Orientation.Horizontal, minimum=0, maximum=STEPS, pageStep=STEPS // 20)
        self.slider.setAccessibleName("Threshold")
        self.slider.setToolTip("Threshold: what lies above it is a region")
        self.spin = QDoubleSpinBox(minimum=-SPIN_LIMIT, maximum=SPIN_LIMIT)
        self.spin.setKeyboardTracking(False)
        self.spin.setAccessibleName("Threshold")
        self.reset = LinkButton("From references", tip=RESET_TIP)
        self.share = ElidedLabel(px=12, tone="muted")
        self.scale = SegmentedControl(SCALES)
        self._per_image = False
        # The panel is painted before pyqtgraph is loaded, which takes half a second, once.
        self._first_plot = QTimer(self, singleShot=True, interval=0)
        self._lay_out()
        self._connect()
        self._refresh_range()
        self._refresh()

    # --- setters --------------------------------------------------------------------------------------------------

    def set_values(
        self, image: NDArray[np.float32] | None, references: NDArray[np.float32] | None, low: float, high: float
    ) -> None:
        """Show the values of other maps.

        Parameters
        ----------
        image
            float32, any shape: the map of the image on screen, raw scores; None where there is none. Values that are
            not finite are left out.
        references
            float32, any shape: the maps of the normal images; None where there are none.
        low, high
            The range of raw scores to show; values outside are counted at its ends, as they have its end colours.
        """
        self._image = finite(image)
        self._references = finite(references)
        if self._references is not None:
            self._references = np.sort(thinned(self._references))
        self._low, self._high = low, high
        if self._is_automatic and high >= low:
            # What the policy gave belongs to the maps before; it must not widen the range of these.
            self._threshold = min(max(self._threshold, low), high)
        self._refresh_range()
        self._refresh()

    def set_threshold(self, value: float, is_automatic: bool, policy: str = "From references") -> None:
        """Show another threshold.

        Parameters
        ----------
        value
            Raw score; one beyond the range widens it.
        is_automatic
            Whether it is what the policy gave; where not, a link leads back.
        policy
            The words of that link.
        """
        self._is_automatic = is_automatic
        self.reset.setText(policy)
        self.reset.updateGeometry()
        self._show_threshold(value)

    def set_per_image(self, per_image: bool) -> None:
        """Show whose scale the colours have: this image's own, or the dataset's."""
        self._per_image = per_image
        self.scale.set_choice("image" if per_image else "dataset")

    # --- building -------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._place.setFixedHeight(PLOT_HEIGHT)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for widget in (self._key, self._place, self.slider):
            column.addWidget(widget)
        column.addLayout(_row(self._title, self.spin, None, self.reset))
        column.addWidget(self.share)
        column.addSpacing(4)
        column.addLayout(_row(TonedLabel("Scale"), self.scale))
        # The link's place stays when it goes, so that nothing jumps under the pointer.
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(policy)

    def _connect(self) -> None:
        self.slider.valueChanged.connect(self._on_slider_moved)
        self.spin.valueChanged.connect(self._on_typed)
        self.reset.clicked.connect(self.threshold_reset)
        self.scale.chosen.connect(self._on_scale_chosen)
        self._first_plot.timeout.connect(self._make_plot)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102
        super().showEvent(event)
        self._want_plot()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._refresh_title()

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and self.plot is not None:
            self.plot.restyle()

    @property
    def _has_values(self) -> bool:
        return self._image is not None or self._references is not None

    def _want_plot(self) -> None:
        if self.plot is None and self._has_values and self.isVisible():
            self._first_plot.start()

    @Slot()
    def _make_plot(self) -> None:
        if self.plot is not None:
            return
        from sam_inspector.ui.panels.histogram_plot import HistogramPlot

        self.plot = HistogramPlot(self._place)
        self.plot.threshold_dragged.connect(self._on_dragged)
        self._place.hold(self.plot)
        self._refresh()

    # --- showing --------------------------------------------------------------------------------------------------

    def _refresh_range(self) -> None:
        low, high = self._low, self._high
        if not (math.isfinite(low) and math.isfinite(high)):
            low, high = 0.0, 1.0
        if high <= low:
            # A constant map: something to see on both sides of its one value.
            margin = max(abs(low), 1e-3) / 2
            low, high = low - margin, low + margin
        headroom = (high - low) / 20
        if self._threshold > high:
            high = self._threshold + headroom
        elif self._threshold < low:
            low = self._threshold - headroom
        self._shown_low, self._shown_high = low, high
        span = high - low
        exponent = math.floor(math.log10(span))
        with QSignalBlocker(self.spin):
            self.spin.setDecimals(min(7, max(0, 2 - exponent)))
            self.spin.setSingleStep(10.0 ** (exponent - 1) / 2)
        widest = max((self.spin.textFromValue(value) for value in (low, high)), key=len)
        self.spin.setFixedWidth(QFontMetrics(font_px(13)).horizontalAdvance(widest) + 34)
        self._refresh_title()

    def _refresh_title(self) -> None:
        """In a narrow dock the slider above says well enough what the number is."""
        room = self.width() - self.spin.width() - self.reset.sizeHint().width() - 2 * GAP
        self._title.setVisible(room >= self._title.sizeHint().width())

    def _refresh(self) -> None:
        for widget in (self.slider, self.spin, self.reset, self.scale):
            widget.setEnabled(self._has_values)
        self._key.set_shown(image=self._image is not None, references=self._references is not None)
        self._want_plot()
        if self.plot is not None:
            self.plot.setVisible(self._has_values)
            self.plot.set_range(self._shown_low, self._shown_high)
            edges = np.linspace(self._shown_low, self._shown_high, BINS + 1)
            pixels = self._image.size if self._image is not None else 0
            self.plot.set_heights(heights(self._image, edges, pixels), heights(self._references, edges, pixels), edges)
        self._show_threshold(self._threshold)

    def _show_threshold(self, value: float) -> None:
        if not math.isfinite(value):
            # Nothing, or everything, is above.
            value = self._shown_high if value > 0 else self._shown_low
        self._threshold = value
        if not self._shown_low <= value <= self._shown_high:
            self._refresh_range()
            self._refresh()
            return
        with QSignalBlocker(self.slider), QSignalBlocker(self.spin):
            share = (value - self._shown_low) / (self._shown_high - self._shown_low)
            self.slider.setValue(round(share * STEPS))
            self.spin.setValue(value)
        if self.plot is not None:
            self.plot.set_threshold(value)
        self.reset.setVisible(not self._is_automatic)
        self.share.setText(self._share_text())

    def _share_text(self) -> str:
        if not self._has_values:
            return ""
        if self._references is None:
            return "No references to compare with"
        below = int(np.searchsorted(self._references, np.float32(self._threshold), side="left"))
        return f"{share_text(below, self._references.size)} below"

    # --- what a person does ---------------------------------------------------------------------------------------

    def _choose(self, value: float) -> None:
        self._is_automatic = False
        self._show_threshold(value)
        self.threshold_changed.emit(value)

    @Slot(float)
    def _on_dragged(self, value: float) -> None:
        self._choose(value)

    @Slot(int)
    def _on_slider_moved(self, step: int) -> None:
        self._choose(self._shown_low + (self._shown_high - self._shown_low) * step / STEPS)

    @Slot(float)
    def _on_typed(self, value: float) -> None:
        self._choose(value)

    @Slot(str)
    def _on_scale_chosen(self, name: str) -> None:
        per_image = name == "image"
        if per_image != self._per_image:
            self._per_image = per_image
            self.per_image_changed.emit(per_image)


class _Frame(QWidget):
    """The plot's place, an empty field until there is one."""

    def hold(self, plot: QWidget) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        plot.setFixedHeight(self.height())
        column.addWidget(plot)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(hairline())
        painter.setBrush(field())
        numbers = QFontMetrics(font_px(12)).height() + 5
        painter.drawRect(self.rect().adjusted(0, 0, -1, -numbers))


def _row(*widgets: QWidget | None) -> QHBoxLayout:
    """Widgets side by side; None takes what room is left."""
    row = QHBoxLayout()
    row.setSpacing(GAP)
    for widget in widgets:
        if widget is None:
            row.addStretch(1)
        else:
            row.addWidget(widget)
    return row
