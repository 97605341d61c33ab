"""The band at the top of a panel: its title, what it shows now, and a few small buttons.

It is a widget of its own so that the window can make it the title bar of the panel's dock; until then it is the
panel's first row.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from sam_inspector.ui.panels.labels import ElidedLabel, TonedLabel
from sam_inspector.ui.panels.look import GAP, MARGIN, hairline, header_fill

HEIGHT = 32


class PanelHeader(QWidget):
    """Title, subtitle, buttons to the right; drags go on to the dock behind it."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = TonedLabel(title, bold=True)
        self.subtitle = ElidedLabel(px=12, tone="muted", mode=Qt.TextElideMode.ElideMiddle)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(MARGIN, 0, GAP, 1)
        self._row.setSpacing(GAP)
        self._row.addWidget(self.title)
        self._row.addWidget(self.subtitle, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._measure()

    def _measure(self) -> None:
        # The window's layout asks for it hundreds of times an image.
        self._least = QSize(80, max(HEIGHT, self.title.sizeHint().height() + 12))

    def add_button(self, button: QWidget) -> None:
        """Put a small button at the right end."""
        self._row.addWidget(button)

    def set_subtitle(self, text: str) -> None:
        """What the panel shows now."""
        self.subtitle.setText(text)

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(super().sizeHint().width(), self._least.height())

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return self._least

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.ApplicationFontChange, QEvent.Type.StyleChange):
            self._measure()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.fillRect(self.rect(), header_fill())
        painter.fillRect(0, self.height() - 1, self.width(), 1, hairline())
