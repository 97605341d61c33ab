"""The line above the canvas: which image, what kind, and the zoom."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from sam_inspector.ui.background_button import BackgroundButton
from sam_inspector.ui.panels.labels import ElidedLabel, TonedLabel
from sam_inspector.ui.panels.look import GAP, MARGIN

HEIGHT_PX = 32
DESCRIPTION_FROM_PX = 620


class ImageHeader(QWidget):
    """Path and description at the left, zoom at the right."""

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("imageHeader")
        self.setFixedHeight(HEIGHT_PX)
        self.path = ElidedLabel("", bold=True)
        self.description = ElidedLabel("", tone="muted", px=12)
        self.zoom = TonedLabel("–")
        self.zoom.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.zoom.setMinimumWidth(60)
        self.zoom.setToolTip("Screen pixels for each image pixel")
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN, 0, GAP, 0)
        row.setSpacing(GAP)
        row.addWidget(self.path, 3)
        row.addWidget(self.description, 2)
        self.background = BackgroundButton()
        row.addWidget(self.background)
        row.addWidget(TonedLabel("Zoom", tone="muted", px=12))
        for item in ("zoom_out", self.zoom, "zoom_in", "fit", "actual_size"):
            row.addWidget(
                item if isinstance(item, QLabel) else _button(actions[item], words=item in ("fit", "actual_size"))
            )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where room is short the path matters more."""
        super().resizeEvent(event)
        self.description.setVisible(self.width() > DESCRIPTION_FROM_PX)

    def set_image(self, key: str, description: str) -> None:
        """Name the image on screen; empty when there is none."""
        self.path.setText(" / ".join(key.split("/")))
        self.path.setToolTip(key)
        self.description.setText(description)
        self.description.setToolTip(description)

    @Slot(float)
    def set_zoom(self, factor: float) -> None:
        """Show the zoom; 1 is one image pixel on one screen pixel."""
        percent = 100 * factor
        self.zoom.setText(f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %")


def _button(action: QAction, *, words: bool) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    if words:
        button.setToolButtonStyle(
            Qt.ToolButtonStyle.ToolButtonTextOnly
            if action.icon().isNull()
            else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        )
    return button
