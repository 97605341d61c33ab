"""Held-out images with their masks: what SAM gave before, the draft, and what counts, side by side."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QImage, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from sam_inspector.engine.requests import PreviewMask
from sam_inspector.ui.panels.look import GAP, MARGIN, font_px, hairline, muted, text
from sam_inspector.ui.panels.panel_header import PanelHeader
from sam_inspector.ui.tune.loss_chart import EmptyChart
from sam_inspector.ui.tune.sam.drawing import MaskPictures

EMPTY = "Some held-out images come here once they are judged, with the masks of a box around each defect."
TIP = "The mask that the model gives for a box around each region; yellow and dashed, the ground truth"
LEAST_CARD_PX = 330
PICTURE_PX = 96
"""Height of a picture at least."""


class MaskCard(QWidget):
    """An image's name over its pictures, with what each is and its IoU beneath."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = ""
        self.columns: list[tuple[str, float | None, QPixmap]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_masks(self, preview: PreviewMask, pictures: MaskPictures) -> None:
        """Show other masks of the image."""
        columns: list[tuple[str, float | None, QImage]] = [("SAM before", preview.zero_shot_iou, pictures.before)]
        if pictures.draft is not None:
            columns.append(("Draft", preview.draft_iou, pictures.draft))
        columns.append(("Refined" if pictures.draft is not None else "Tuned", preview.iou, pictures.refined))
        self.columns = [(title, iou, QPixmap.fromImage(picture)) for title, iou, picture in columns]
        self.name = f"{preview.path.parent.name}/{preview.path.name}"
        figures = ", ".join(f"{title} IoU {_figure(iou)}" for title, iou, _ in self.columns)
        self.setToolTip(f"{self.name}\n{figures}\n{TIP}")
        self.setAccessibleName(f"{self.name}: {figures}")
        self.update()

    def _line_px(self) -> int:
        return QFontMetrics(font_px(12)).height() + 4

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(LEAST_CARD_PX, PICTURE_PX + 2 * self._line_px())

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(200, PICTURE_PX + 2 * self._line_px())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setFont(font_px(12))
        metrics, line = painter.fontMetrics(), self._line_px()
        painter.setPen(muted())
        name = metrics.elidedText(self.name, Qt.TextElideMode.ElideMiddle, self.width())
        painter.drawText(QRect(0, 0, self.width(), line), int(Qt.AlignmentFlag.AlignVCenter), name)
        count = max(1, len(self.columns))
        width = (self.width() - (count - 1) * GAP) // count
        for place, (title, iou, picture) in enumerate(self.columns):
            left = place * (width + GAP)
            area = QRect(left, line, width, self.height() - 2 * line)
            if picture.isNull():
                painter.fillRect(area, hairline())
            else:
                size = picture.size().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
                target = QRect(0, 0, max(1, size.width()), max(1, size.height()))
                target.moveCenter(area.center())
                painter.drawPixmap(target, picture)
            words = QRect(left, self.height() - line, width, line)
            figure = _figure(iou)
            painter.setPen(text())
            painter.drawText(words, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), figure)
            room = width - metrics.horizontalAdvance(figure) - GAP // 2
            painter.setPen(muted())
            shown = metrics.elidedText(title, Qt.TextElideMode.ElideRight, room)
            painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), shown)


class MaskCards(QWidget):
    """A card for each image, in the order in which they came; one stays until its next masks are there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = PanelHeader("Held-out images so far")
        self.empty = EmptyChart(EMPTY)
        self.cards: dict[Path, MaskCard] = {}
        self._columns = 0
        self._holder = QWidget()
        self._grid = QGridLayout(self._holder)
        self._grid.setContentsMargins(MARGIN, GAP, MARGIN, MARGIN)
        self._grid.setSpacing(MARGIN)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(self._holder)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.empty, 1)
        column.addWidget(self._area, 1)
        self.clear()

    def clear(self) -> None:
        """Another model is coming."""
        for card in self.cards.values():
            self._grid.removeWidget(card)
            card.hide()
            card.deleteLater()
        self.cards = {}
        self.header.set_subtitle("")
        self.empty.show()
        self._area.hide()

    def set_epoch(self, epoch: int) -> None:
        """After which epoch the masks were made."""
        self.header.set_subtitle(f"after epoch {epoch:,}" if epoch else "before the first epoch")

    def show_masks(self, preview: PreviewMask, pictures: MaskPictures) -> None:
        """Show the masks of an image; one that can't be read has grey fields."""
        if preview.path not in self.cards:
            self.cards[preview.path] = MaskCard()
            self._columns = 0
        self.cards[preview.path].show_masks(preview, pictures)
        self.empty.hide()
        self._area.show()
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        columns = max(1, min(3, (self.width() - MARGIN) // (LEAST_CARD_PX + MARGIN)))
        if columns == self._columns or not self.cards:
            return
        self._columns = columns
        for card in self.cards.values():
            self._grid.removeWidget(card)
        for place, card in enumerate(self.cards.values()):
            self._grid.addWidget(card, place // columns, place % columns)
        for column in range(3):
            self._grid.setColumnStretch(column, int(column < columns))


def _figure(iou: float | None) -> str:
    return "–" if iou is None else f"{iou:.2f}"
