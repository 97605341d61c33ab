"""The categories that can be learnt from, to tick, with how many of their images are marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from sam_inspector.ui.panels.look import font_px

MOST_ROWS = 6
"""A longer list scrolls."""
TICKED, BARE = Qt.CheckState.Checked, Qt.CheckState.Unchecked


class CategoryList(QTreeWidget):
    """All are ticked until a person takes one out; of a single category there is nothing to choose."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row_px = max(24, QFontMetrics(font_px(13)).height() + 8)
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.setAccessibleName("Categories")
        self.itemChanged.connect(self._on_changed)

    def set_categories(self, names: Sequence[str]) -> None:
        """Offer the categories of a dataset, all of them ticked."""
        self.blockSignals(True)
        self.clear()
        for name in names:
            row = QTreeWidgetItem([name, ""])
            row.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled)
            row.setCheckState(0, TICKED)
            row.setToolTip(0, name)
            row.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            row.setForeground(1, self.palette().placeholderText())
            row.setSizeHint(0, QSize(0, self._row_px))
            self.addTopLevelItem(row)
        self.blockSignals(False)
        self.setFixedHeight(max(1, min(len(names), MOST_ROWS)) * self._row_px + 4)
        self.setVisible(len(names) > 1)

    def set_counts(self, counts: Mapping[str, int]) -> None:
        """Show how many images there are to choose from, of each."""
        self.blockSignals(True)
        for row in self._rows():
            number = counts.get(row.text(0), 0)
            row.setText(1, f"{number:,}")
            row.setToolTip(1, f"{number:,} marked " + ("image" if number == 1 else "images"))
        self.blockSignals(False)

    def names(self) -> list[str]:
        """All categories."""
        return [row.text(0) for row in self._rows()]

    def left_out(self) -> tuple[str, ...]:
        """Those that a person took out."""
        return tuple(row.text(0) for row in self._rows() if row.checkState(0) == BARE)

    def _rows(self) -> list[QTreeWidgetItem]:
        rows = (self.topLevelItem(place) for place in range(self.topLevelItemCount()))
        return [row for row in rows if row is not None]

    @Slot(QTreeWidgetItem, int)
    def _on_changed(self, _row: QTreeWidgetItem, column: int) -> None:
        if column == 0:
            self.changed.emit()
