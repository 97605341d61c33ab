"""The table on screen: its columns share the width, and up to two of its cells are chosen."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QTableView, QWidget

from sam_inspector.ui.evaluate.running_table import CellKey
from sam_inspector.ui.evaluate.table_model import CATEGORY, FIRST, FOOT, IMAGES, ResultsModel
from sam_inspector.ui.evaluate.table_painting import CellDelegate, ResultsHeader
from sam_inspector.ui.panels.look import GAP, field, font_px

ROW_PX = 30
SLACK_PX = 8
CHOSEN = 2
"""Cells that can be compared at a time."""
LEAST_COLUMN, MOST_COLUMN = 84, 190
LEAST_NAME, MOST_NAME = 92, 260


class ResultsView(QTableView):
    """The table; up to two cells are chosen, the second with Ctrl."""

    cells_chosen = Signal(object)
    """Their keys, the one chosen last first"""

    def __init__(self, model: ResultsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._results = model
        self._chosen: list[CellKey] = []
        self._is_choosing = False
        self._sorted: tuple[int, Qt.SortOrder] | None = None
        header = ResultsHeader(self)
        self.setHorizontalHeader(header)
        self.setModel(model)
        self.setItemDelegate(CellDelegate(self))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(max(ROW_PX, QFontMetrics(font_px(13)).height() + 14))
        self.setShowGrid(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setCornerButtonEnabled(False)
        self.setTabKeyNavigation(False)  # Tab goes on to what comes after the table
        self.setAccessibleName("Results")
        header.setSortIndicatorShown(False)
        header.sectionClicked.connect(self._sort)
        model.modelReset.connect(self._start_again)
        self.selectionModel().selectionChanged.connect(self._on_selection)

    def chosen(self) -> tuple[CellKey, ...]:
        """Keys of the chosen cells, the one chosen last first."""
        return tuple(reversed(self._chosen))

    def choose(self, key: CellKey, *, beside: bool = False) -> None:
        """Choose a cell, alone or beside the one that is chosen."""
        flag = QItemSelectionModel.SelectionFlag
        how = flag.Select if beside else flag.ClearAndSelect
        self.selectionModel().setCurrentIndex(self._results.index_of(key), how)

    def moveCursor(  # noqa: D102
        self, cursorAction: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        # Among the cells that can be chosen; captions and sums have no images to show.
        rows, columns = len(self._results.table.categories), self._results.columnCount()
        if not rows or columns <= FIRST:
            return QModelIndex()
        there = super().moveCursor(cursorAction, modifiers)
        row, column = min(max(there.row(), 0), rows - 1), max(there.column(), FIRST)
        return self._results.index(row, column)

    def selectionCommand(  # noqa: D102
        self, index: QModelIndex | QPersistentModelIndex, event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        if index.data(ResultsModel.KEY) is None:
            return QItemSelectionModel.SelectionFlag.NoUpdate
        return super().selectionCommand(index, event)

    def height_of_all(self) -> int:
        """So high that no row is out of sight."""
        bar = self.horizontalScrollBar().sizeHint().height()
        rows = self._results.rowCount() * self.verticalHeader().defaultSectionSize()
        return self.horizontalHeader().sizeHint().height() + rows + bar + SLACK_PX

    def keyboardSearch(self, search: str) -> None:  # noqa: D102
        return  # letters are the window's shortcuts

    def fit_columns(self) -> None:
        """Share the width: names as wide as they need, the modes alike."""
        if self._results.rowCount() == 0:
            return
        metrics = QFontMetrics(font_px(13))
        foot = QFontMetrics(font_px(13, bold=True)).horizontalAdvance(FOOT[0])
        longest = max(foot, *(metrics.horizontalAdvance(each) for each in self._results.table.categories))
        name = max(LEAST_NAME, min(MOST_NAME, longest + 26))
        bold = QFontMetrics(font_px(13, bold=True))
        images = max(metrics.horizontalAdvance("00,000"), bold.horizontalAdvance("Images")) + 2 * GAP + 4
        columns = self._results.columnCount() - FIRST
        room = self.viewport().width()
        both = bold.horizontalAdvance("0.000") + metrics.horizontalAdvance(" / 0.000") + 2 * GAP + 2
        share = (room - name - images) // max(1, columns)
        if share < both:
            # Names give way first, then the second number of each cell; beyond that the table scrolls.
            name = max(LEAST_NAME, name - (both - share) * columns)
            share = max(LEAST_COLUMN, (room - name - images) // max(1, columns))
        self.setColumnWidth(CATEGORY, name)
        self.setColumnWidth(IMAGES, images)
        for place in range(columns):
            self.setColumnWidth(FIRST + place, min(share, MOST_COLUMN))
        self.horizontalHeader().updateGeometry()  # a title may take another number of lines
        self.updateGeometries()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self.fit_columns()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), field())
        painter.end()
        super().paintEvent(event)

    @Slot(int)
    def _sort(self, section: int) -> None:
        down, up = Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder
        # Figures are looked at from the best down, names from A on.
        order = up if section == CATEGORY else down
        if self._sorted == (section, order):
            order = up if order == down else down
        self._sorted = (section, order)
        header = self.horizontalHeader()
        header.setSortIndicatorShown(True)
        header.setSortIndicator(section, order)  # Qt has turned it round by itself meanwhile
        self._results.sort(section, order)

    @Slot()
    def _start_again(self) -> None:
        self._chosen, self._sorted = [], None
        self.horizontalHeader().setSortIndicatorShown(False)
        self.fit_columns()
        self.updateGeometry()

    @Slot(QItemSelection, QItemSelection)
    def _on_selection(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        if self._is_choosing:
            return
        keys = [index.data(ResultsModel.KEY) for index in self.selectedIndexes()]
        there = [key for key in self._chosen if key in keys]
        there += [key for key in keys if key is not None and key not in there]
        current = self.currentIndex().data(ResultsModel.KEY)
        if current in there:
            there.remove(current)
            there.append(current)
        self._chosen = there[-CHOSEN:]
        self._drop_the_others(keys)
        self.cells_chosen.emit(self.chosen())

    def _drop_the_others(self, keys: list[CellKey | None]) -> None:
        self._is_choosing = True
        for key in keys:
            if key is not None and key not in self._chosen:
                self.selectionModel().select(self._results.index_of(key), QItemSelectionModel.SelectionFlag.Deselect)
        self._is_choosing = False
