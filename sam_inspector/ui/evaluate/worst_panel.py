"""Beneath the table: the images of a cell, the worst first, or the list of images that failed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from sam_inspector.prompting.from_ground_truth import DEFAULT_POINTS
from sam_inspector.ui import theme
from sam_inspector.ui.canvas.error_item import colour_table, hatched
from sam_inspector.ui.canvas.overlays import FALSE_NEGATIVE, FALSE_POSITIVE, TRUE_POSITIVE
from sam_inspector.ui.evaluate.sentences import for_the_window
from sam_inspector.ui.evaluate.words import count, mode_title
from sam_inspector.ui.evaluate.worst_strip import WorstImage, WorstStrip
from sam_inspector.ui.panels.buttons import LinkButton
from sam_inspector.ui.panels.labels import TonedLabel
from sam_inspector.ui.panels.look import GAP, MARGIN, field, font_px, muted
from sam_inspector.ui.panels.panel_header import PanelHeader

KINDS = (
    (TRUE_POSITIVE, "true positive", "right"),
    (FALSE_POSITIVE, "false positive", "too much"),
    (FALSE_NEGATIVE, "false negative", "missed"),
)
"""Each with its word where there is little room."""
SWATCH = QSize(18, 12)
FAILED_SHOWN = 500
WORDED_FROM_PX = 700


class _ErrorKey(QWidget):
    """What the colours on the pictures mean; in short words where there is little room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._worded = True
        self.setToolTip("Solid: right. Hatched /: marked but no defect. Hatched \\: defect that was missed.")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_worded(self, worded: bool) -> None:
        """Whether there is room for the long words."""
        if worded != self._worded:
            self._worded = worded
            self.updateGeometry()

    def _width(self, *, worded: bool) -> int:
        metrics = QFontMetrics(font_px(12))
        words = sum(metrics.horizontalAdvance(title if worded else short) + 6 for _, title, short in KINDS)
        return len(KINDS) * (SWATCH.width() + GAP) + words + GAP

    def sizeHint(self) -> QSize:
        return QSize(self._width(worded=self._worded), 20)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(font_px(12))
        x = GAP
        for kind, title, short in KINDS:
            words = title if self._worded else short
            place = QRect(x, (self.height() - SWATCH.height()) // 2, SWATCH.width(), SWATCH.height())
            painter.fillRect(place, field())
            painter.drawImage(place, _swatch(kind))
            painter.setPen(QColor(theme.colours().border))
            painter.drawRect(place.adjusted(0, 0, -1, -1))
            x += SWATCH.width() + 6
            width = painter.fontMetrics().horizontalAdvance(words)
            painter.setPen(muted())
            painter.drawText(x, 0, width + 2, self.height(), int(Qt.AlignmentFlag.AlignVCenter), words)
            x += width + GAP


def _swatch(kind: int) -> QImage:
    classes = np.full((SWATCH.height(), SWATCH.width()), kind, np.uint8)
    indices = np.ascontiguousarray(hatched(classes, 6))
    image = QImage(indices.data, SWATCH.width(), SWATCH.height(), SWATCH.width(), QImage.Format.Format_Indexed8).copy()
    image.setColorTable(colour_table(0.8))
    return image


class WorstPanel(QWidget):
    """A strip of pictures under a title."""

    opened = Signal(object)
    """`WorstImage`"""
    picture_needed = Signal(object)
    """`WorstImage`"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = PanelHeader("Worst images")
        self.key = _ErrorKey()
        self.failed_link = LinkButton("")
        self.header.add_button(self.key)
        self.header.add_button(self.failed_link)
        self.strip = WorstStrip()
        self.sentence = TonedLabel("Click a cell of the table to see its images here.", tone="muted", wrap=True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.sentence.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        self.failed = QListWidget()
        self.failed.setFrameShape(QFrame.Shape.NoFrame)
        self.failed.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.failed.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.failed.setAccessibleName("Images that failed")
        self._shows_failed = False
        self._titles = ("", "")
        self._failed_count = 0
        self.points = DEFAULT_POINTS
        self.pages = QStackedWidget()
        for page in (self.sentence, self.strip, self.failed):
            self.pages.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.pages, 1)
        self.failed_link.clicked.connect(self._toggle)
        self.strip.opened.connect(self.opened)
        self.strip.picture_needed.connect(self.picture_needed)
        self._refresh()

    def set_images(self, title: str, images: Sequence[WorstImage], total: int) -> None:
        """The images of the chosen cell, worst first; some of very many."""
        if not title:
            words = ""
        elif len(images) < total:
            words = f"{title}, the worst {len(images):,} of {total:,}"
        else:
            words = f"{title}, {count(total, 'image')}"
        self._titles = (title, words)
        self.strip.set_entries(images)
        if title and not images:
            self.sentence.setText("No image of this cell is finished yet.")
        elif not title:
            self.sentence.setText("Click a cell of the table to see its images here.")
        self._refresh()

    def set_failed(self, failed: Sequence[WorstImage]) -> None:
        """Images that could not be evaluated, each with its sentence."""
        if len(failed) == self._failed_count:
            return
        self._failed_count = len(failed)
        self.failed.clear()
        for image in failed[:FAILED_SHOWN]:
            row = image.row
            item = QListWidgetItem(
                f"{row.category}/{row.path}, {mode_title(row.mode, self.points)}: {for_the_window(row.error or '')}"
            )
            item.setToolTip(item.text())
            self.failed.addItem(item)
        if len(failed) > FAILED_SHOWN:
            self.failed.addItem(f"and {len(failed) - FAILED_SHOWN:,} more, in results.csv")
        self._shows_failed = self._shows_failed and bool(failed)
        self._refresh()

    def show_cell(self) -> None:
        """The images of the cell rather than those that failed."""
        self._shows_failed = False
        self._refresh()

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(600, self.header.sizeHint().height() + self.strip.sizeHint().height())

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(240, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self.key.set_worded(self.width() >= WORDED_FROM_PX)

    @Slot()
    def _toggle(self) -> None:
        self._shows_failed = not self._shows_failed
        self._refresh()

    def _refresh(self) -> None:
        has_images = bool(self.strip.images.entries())
        page = self.failed if self._shows_failed else self.strip if has_images else self.sentence
        self.pages.setCurrentWidget(page)
        self.header.title.setText("Failed" if self._shows_failed else "Worst images")
        self.header.set_subtitle(count(self._failed_count, "result") if self._shows_failed else self._titles[1])
        self.key.setVisible(has_images and not self._shows_failed)
        self.failed_link.setText("Back" if self._shows_failed else f"{self._failed_count:,} failed")
        self.failed_link.setVisible(self._failed_count > 0)
        self.failed_link.updateGeometry()
