"""Where banners stand: above the page, or over its foot where a page must not move."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sam_inspector.ui.arranging import column_of


class BannerPlace(QWidget):
    """Banners with the pages that they tell of.

    Attributes
    ----------
    place
        Holds the banners; hide it where a page tells of its troubles itself.
    """

    def __init__(self, banners: QWidget, pages: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.place = column_of(banners, stretched=banners)
        self.place.setAutoFillBackground(True)
        self.place.installEventFilter(self)
        self._is_over = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.place)
        self._column.addWidget(pages, 1)

    def set_over(self, is_over: bool) -> None:
        """Let the banners lie over the foot of the page, which then stays as it is when one comes or goes."""
        if is_over == self._is_over:
            return
        self._is_over = is_over
        if is_over:
            self._column.removeWidget(self.place)
            self._put()
        else:
            self._column.insertWidget(0, self.place)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep them at the foot."""
        super().resizeEvent(event)
        self._put()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow what the banners need."""
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Show):
            self._put()
        return super().eventFilter(watched, event)

    def _put(self) -> None:
        layout = self.place.layout()
        if not self._is_over or layout is None:
            return
        layout.invalidate()
        has_words = layout.hasHeightForWidth()
        height = layout.totalHeightForWidth(self.width()) if has_words else layout.totalSizeHint().height()
        self.place.setGeometry(0, self.height() - height, self.width(), height)
        self.place.raise_()
