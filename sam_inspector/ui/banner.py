"""Trouble, told at the top of the image without stopping anybody: what happened, what to do, one button, a cross."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QRect, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from sam_inspector.ui import icons, theme
from sam_inspector.ui.panels.buttons import IconButton, LinkButton, PlainButton
from sam_inspector.ui.panels.labels import TonedLabel
from sam_inspector.ui.panels.look import GAP, MARGIN, field, hairline, mix

Level = Literal["info", "warning", "error"]

SHOWN = 3
ICON_PX = 18
SIGNS = {
    "info": ("info", theme.ACCENT),
    "warning": ("warning", theme.WARNING),
    "error": ("error", theme.FALSE_POSITIVE),
}


INFO_MS = 12_000


class Banner(QWidget):
    """One message."""

    closed = Signal(object)
    """This banner"""

    def __init__(
        self,
        level: Level,
        text: str,
        button_text: str | None,
        on_button: Callable[[], object] | None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.level, self.text, self.count = level, text, 1
        self._on_button = on_button
        self.words = TonedLabel(text, wrap=True)
        self.words.setMinimumWidth(120)
        self.times = TonedLabel(bold=True, tone="muted")
        self.times.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN + ICON_PX + GAP, 6, GAP, 6)
        row.setSpacing(GAP)
        row.addWidget(self.words, 1)
        row.addWidget(self.times)
        self.button: PlainButton | None = None
        if button_text and on_button is not None:
            self.button = PlainButton(button_text)
            self.button.clicked.connect(self._press)
            row.addWidget(self.button)
        self.cross = IconButton(icons.icon("close"), "Close", px=14)
        self.cross.clicked.connect(self._close)
        row.addWidget(self.cross)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMinimumHeight(40)
        self.setAccessibleName(text)
        if level == "info":
            # Good news need not be waved away; what went wrong stays.
            QTimer.singleShot(INFO_MS, self, self._close)

    def count_up(self) -> None:
        """The same trouble again."""
        self.count += 1
        self.times.setText(f"×{self.count}")
        self.times.setToolTip(f"This happened {self.count} times")
        self.times.show()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        name, colour = SIGNS[self.level]
        painter.fillRect(self.rect(), mix(field(), QColor(colour), 0.16 if theme.colours().dark else 0.12))
        painter.fillRect(0, 0, 3, self.height(), QColor(colour))
        painter.fillRect(0, self.height() - 1, self.width(), 1, hairline())
        icons.icon(name, colour).paint(painter, QRect(MARGIN, (self.height() - ICON_PX) // 2, ICON_PX, ICON_PX))

    @Slot()
    def _press(self) -> None:
        self.closed.emit(self)
        if self._on_button is not None:
            self._on_button()

    @Slot()
    def _close(self) -> None:
        self.closed.emit(self)


class BannerArea(QWidget):
    """Up to three banners, the newest on top; it takes no room when there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._banners: list[Banner] = []
        self._is_open = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.more = LinkButton("")
        self.more.clicked.connect(self._open)
        self._column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignHCenter)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._refresh()

    def show_banner(
        self,
        level: Level,
        text: str,
        button_text: str | None = None,
        on_button: Callable[[], object] | None = None,
    ) -> None:
        """Tell something; a message that stands there already is counted instead.

        Parameters
        ----------
        text
            What happened and what to do, in one or two sentences.
        on_button
            Called on the window's thread when the button is pressed; the banner closes first.
        """
        same = next((row for row in self._banners if (row.level, row.text) == (level, text)), None)
        if same is not None:
            same.count_up()
            return
        banner = Banner(level, text, button_text, on_button, self)
        banner.closed.connect(self._remove)
        self._banners.insert(0, banner)
        self._column.insertWidget(0, banner)
        self._refresh()

    def clear(self, text: str | None = None) -> None:
        """Close all banners, or the ones with this text once its trouble is over."""
        for banner in [row for row in self._banners if text is None or row.text == text]:
            self._remove(banner)

    def banners(self) -> tuple[Banner, ...]:
        """All of them, the newest first."""
        return tuple(self._banners)

    @Slot(object)
    def _remove(self, banner: Banner) -> None:
        if banner in self._banners:
            self._banners.remove(banner)
            self._column.removeWidget(banner)
            banner.hide()
            banner.deleteLater()
        self._refresh()

    @Slot()
    def _open(self) -> None:
        self._is_open = True
        self._refresh()

    def _refresh(self) -> None:
        hidden = max(0, len(self._banners) - SHOWN)
        self._is_open = self._is_open and hidden > 0
        for position, banner in enumerate(self._banners):
            banner.setVisible(self._is_open or position < SHOWN)
        self.more.setText(f"{hidden} more")
        self.more.setVisible(hidden > 0 and not self._is_open)
        self.setVisible(bool(self._banners))
