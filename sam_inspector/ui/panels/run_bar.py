"""How it stands with long work: how far it is while it goes on, and where its results are once it does not."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from sam_inspector.ui.panels.buttons import LinkButton
from sam_inspector.ui.panels.labels import ElidedLabel, TonedLabel
from sam_inspector.ui.panels.look import GAP, MARGIN, accent, hairline, header_fill, muted

BAR_LEAST_PX, BAR_MOST_PX = 72, 320


class _Bar(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fraction, self.is_paused = 0.0, False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMaximumWidth(BAR_MOST_PX)

    def sizeHint(self) -> QSize:
        return QSize(160, 16)

    def minimumSizeHint(self) -> QSize:
        return QSize(BAR_LEAST_PX, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        y = self.height() // 2 - 3
        painter.fillRect(0, y, self.width(), 6, hairline())
        length = round(self.width() * min(1.0, max(0.0, self.fraction)))
        painter.fillRect(0, y, length, 6, muted() if self.is_paused else accent())


class RunBar(QWidget):
    """One line about the run on screen."""

    folder_requested = Signal()
    """A person wants to see the folder of its results"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = TonedLabel(px=12, bold=True)
        self.what = ElidedLabel(px=12, tone="muted", mode=Qt.TextElideMode.ElideMiddle)
        self.bar = _Bar()
        self.figures = TonedLabel(px=12, tone="muted")
        self.folder = LinkButton("Show folder")
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN, 4, MARGIN, 4)
        row.setSpacing(GAP)
        row.addWidget(self.title)
        row.addWidget(self.what, 3)
        row.addWidget(self.bar, 2)
        row.addWidget(self.figures)
        row.addWidget(self.folder)
        self.folder.clicked.connect(self.folder_requested)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMinimumHeight(32)

    @property
    def is_paused(self) -> bool:
        """Whether it is shown as paused."""
        return self.bar.is_paused

    def set_progress(self, title: str, what: str, fraction: float, figures: str, *, paused: bool = False) -> None:
        """Show how far it is: a share of all from 0 to 1, and figures beside the bar."""
        self.title.setText(title)
        self.what.setText(what)
        self.what.setToolTip("")
        self.bar.fraction = fraction
        self.bar.is_paused = paused
        self.bar.update()
        self.figures.setText(figures)
        self._show_going(True)

    def set_rest(self, title: str, what: str, folder: str) -> None:
        """It stands still: show what there is of it, and offer its folder."""
        self.title.setText(title)
        self.what.setText(what)
        self.what.setToolTip(f"{what}\n{folder}")
        self.folder.setToolTip(folder)
        self._show_going(False)

    def _show_going(self, goes_on: bool) -> None:
        self.bar.setVisible(goes_on)
        self.figures.setVisible(goes_on)
        self.folder.setVisible(not goes_on)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.fillRect(self.rect(), header_fill())
        painter.fillRect(0, self.height() - 1, self.width(), 1, hairline())
