"""The status bar: what the model is at, how long things took, what lies under the cursor, and long work."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QRect, QSize, Qt, Slot
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStatusBar, QWidget

from sam_inspector.ui import icons, theme
from sam_inspector.ui.panels.jobs import JobsStrip
from sam_inspector.ui.panels.look import GAP, font_px, hairline, muted, text
from sam_inspector.ui.panels.status_cell import StatusCell

State = Literal["none", "ready", "busy", "failed"]

ICON_PX = 14
SIGNS = {"ready": ("done", theme.TRUE_POSITIVE), "failed": ("error", theme.FALSE_POSITIVE)}
LEAST_JOB_WIDTH = 250


class _StateCell(QWidget):
    """A sign and a few words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state: State = "none"
        self.words = "No model"
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(font_px(12))
        return QSize(metrics.horizontalAdvance("Loading MobileSAM…") + ICON_PX + 6 + 2 * GAP, metrics.height() + 8)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        name, colour = SIGNS.get(self.state, ("waiting" if self.state == "busy" else "info", muted().name()))
        place = QRect(GAP, (self.height() - ICON_PX) // 2, ICON_PX, ICON_PX)
        icons.icon(name, colour).paint(painter, place)
        painter.setFont(font_px(12))
        painter.setPen(text())
        room = self.rect().adjusted(place.right() + 7, 0, -GAP, 0)
        shown = painter.fontMetrics().elidedText(self.words, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), shown)
        painter.fillRect(self.width() - 1, 5, 1, self.height() - 10, hairline())


class StatusBar(QStatusBar):
    """Cells of fixed width from the left, jobs at the right; where room is short the least important cells go."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.state = _StateCell()
        self._told: tuple[State, str] = (self.state.state, self.state.words)
        self._working = ""
        self.cells = {
            "encode": StatusCell("Encode", "00,000 ms", "Milliseconds the last encoding of an image took"),
            "click": StatusCell("Click", "0,000 ms", "Milliseconds SAM took to answer the last click"),
            "position": StatusCell("", "x 00000  y 00000", "Pixel under the cursor, counted from 0 at the top left"),
            "rgb": StatusCell("RGB", "255 255 255", "Red, green and blue of that pixel"),
            "map": StatusCell("Map", "00.0000", "Raw value of the anomaly map at that pixel"),
            "logit": StatusCell("Logit", "−00.0", "Mask logit at that pixel; above 0 is mask"),
        }
        self.cells["position"].set_value("x –  y –")
        self.jobs = JobsStrip()
        self._row = QWidget()
        row = QHBoxLayout(self._row)
        row.setContentsMargins(4, 0, GAP, 0)
        row.setSpacing(0)
        row.addWidget(self.state)
        for cell in self.cells.values():
            row.addWidget(cell)
        row.addStretch(1)
        row.addWidget(self.jobs)
        # A permanent widget stays when the tip of a menu entry is shown over the others.
        self.addPermanentWidget(self._row, 1)
        self.jobs.appeared.connect(self.fit)

    # --- setters --------------------------------------------------------------------------------------------------

    def set_state(self, state: State, words: str) -> None:
        """What the model is at, as `ready` with "Ready, cached" or `busy` with "Encoding…"."""
        self._told = (state, words)
        self._show_state()

    def set_working(self, words: str) -> None:
        """What a person waits for, as "Comparing…", in the place of "Ready"; empty for nothing."""
        self._working = words
        self._show_state()

    def _show_state(self) -> None:
        state, words = self._told
        if state == "ready" and self._working:
            state, words = "busy", self._working
        self.state.state, self.state.words = state, words
        self.state.setAccessibleName(words)
        self.state.update()

    def set_device(self, words: str) -> None:
        """Device and precision, and why; shown when the pointer rests on the state."""
        self.state.setToolTip(words)

    def set_encode(self, seconds: float | None) -> None:
        """How long the last encoding took."""
        self.cells["encode"].set_value(_milliseconds(seconds))

    def set_click(self, seconds: float | None) -> None:
        """How long the last answer to a click took."""
        self.cells["click"].set_value(_milliseconds(seconds))

    def set_cursor(self, position: tuple[int, int] | None) -> None:
        """The pixel `(x, y)` under the cursor, None off the image."""
        self.cells["position"].set_value("x –  y –" if position is None else f"x {position[0]}  y {position[1]}")

    def set_rgb(self, values: tuple[int, int, int] | None) -> None:
        """The colour of that pixel."""
        self.cells["rgb"].set_value("–" if values is None else " ".join(str(value) for value in values))

    def set_map_value(self, value: float | None) -> None:
        """The raw anomaly score of that pixel."""
        self.cells["map"].set_value("–" if value is None else f"{value:.4g}")

    def set_logit(self, value: float | None) -> None:
        """The mask logit of that pixel."""
        self.cells["logit"].set_value("–" if value is None else f"{value:.1f}".replace("-", "−"))

    # --- room -----------------------------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(200, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self.fit()

    @Slot()
    def fit(self) -> None:
        """Hide what there is no room for, the least important cell first."""
        room = self.width() - self.state.sizeHint().width() - 4 - 3 * GAP
        room -= LEAST_JOB_WIDTH if self.jobs.shown() is not None else 0
        for name in ("position", "click", "encode", "rgb", "map", "logit"):
            room -= self.cells[name].sizeHint().width()
            self.cells[name].setVisible(room >= 0)


def _milliseconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds * 1000:,.0f} ms"
