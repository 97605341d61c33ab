"""Test images with the maps of a network that is still being trained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QImage, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from sam_inspector.engine.requests import PreviewMap
from sam_inspector.ui.panels.labels import TonedLabel
from sam_inspector.ui.panels.look import GAP, MARGIN, font_px, hairline, muted, text
from sam_inspector.ui.panels.panel_header import PanelHeader

COLUMNS = 3


class _Card(QWidget):
    """A picture over its name and score."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name, self.score, self.picture = "", "", QPixmap()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(96, 84)

    def sizeHint(self) -> QSize:
        return QSize(200, 170)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        font = font_px(12)
        metrics = QFontMetrics(font)
        words = metrics.height() + 4
        place = self.rect().adjusted(0, 0, 0, -words)
        if self.picture.isNull():
            painter.fillRect(place, hairline())
        else:
            size = self.picture.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRect(0, 0, max(1, size.width()), max(1, size.height()))
            target.moveCenter(place.center())
            painter.drawPixmap(target, self.picture)
        line = QRect(0, place.bottom() + 3, self.width(), words)
        painter.setFont(font)
        painter.setPen(text())
        painter.drawText(line, int(Qt.AlignmentFlag.AlignRight), self.score)
        room = line.width() - metrics.horizontalAdvance(self.score) - GAP
        painter.setPen(muted())
        painter.drawText(
            line, int(Qt.AlignmentFlag.AlignLeft), metrics.elidedText(self.name, Qt.TextElideMode.ElideMiddle, room)
        )


class PreviewStrip(QWidget):
    """Up to six of them; a picture stays until the next one of its image has come."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = PanelHeader("Maps so far")
        self.empty = TonedLabel("Maps of some test images come after the first epoch.", tone="muted", wrap=True)
        self._cards: dict[Path, _Card] = {}
        self._grid = QGridLayout()
        self._grid.setContentsMargins(MARGIN, GAP, MARGIN, MARGIN)
        self._grid.setSpacing(MARGIN)
        self._grid.addWidget(self.empty, 0, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addLayout(self._grid, 1)

    def set_images(self, paths: Sequence[Path]) -> None:
        """Make room for these images; pictures of others are forgotten."""
        if list(paths) == list(self._cards):
            return
        for card in self._cards.values():
            self._grid.removeWidget(card)
            card.deleteLater()
        self._cards = {path: _Card() for path in paths}
        for place, (path, card) in enumerate(self._cards.items()):
            card.name = f"{path.parent.name}/{path.name}"
            card.setToolTip(f"{card.name}\nThe more opaque, the less the network takes it for normal")
            self._grid.addWidget(card, place // COLUMNS, place % COLUMNS)
        self.show_pictures(False)

    def show_pictures(self, shown: bool) -> None:
        """Show the pictures, or that they are to come."""
        self.empty.setVisible(not shown)
        for card in self._cards.values():
            card.setVisible(shown)

    def forget_pictures(self) -> None:
        """Another network is coming."""
        for card in self._cards.values():
            card.picture = QPixmap()
        self.header.set_subtitle("")
        self.show_pictures(False)

    def set_epoch(self, epoch: int) -> None:
        """After which epoch the maps were made."""
        self.header.set_subtitle(f"after epoch {epoch:,}")

    def set_picture(self, preview: PreviewMap, picture: QImage) -> None:
        """Show an image's map; one that can't be read has none."""
        card = self._cards.get(preview.path)
        if card is not None:
            card.picture = QPixmap.fromImage(picture)
            card.score = f"{preview.image_score:.2f}"
            self.show_pictures(True)
            card.update()

    def pictures(self) -> int:
        """How many are shown."""
        return sum(not card.picture.isNull() for card in self._cards.values())
