"""The running table as Qt's views read it: categories down, modes across, two rows of sums at the foot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from sam_inspector.ui.evaluate.running_table import CellKey, CellState, Column, RunningTable
from sam_inspector.ui.evaluate.sentences import for_the_window
from sam_inspector.ui.evaluate.words import (
    IOU_AND_AUROC,
    WAITS,
    count,
    metric_named,
    mode_line,
    mode_title,
)
from sam_inspector.ui.model_names import model_title

Index = QModelIndex | QPersistentModelIndex
CATEGORY, IMAGES, FIRST = 0, 1, 2
"""Columns; the modes begin with the third."""
FOOT = ("Mean of categories", "Categories done")
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
DASH = "–"
BOTH_TITLE = "IoU / P-AUROC per image"


@dataclass(frozen=True, slots=True)
class CellLook:
    """What is painted in a cell.

    Attributes
    ----------
    words
        The number that is compared, or words in its place.
    beside
        What follows it in quiet colour.
    bar
        Length of the bar beneath, from 0 to 1; None without.
    progress
        As `49/119` while the category is under way, else empty.
    """

    words: str
    beside: str = ""
    state: CellState = "done"
    bar: float | None = None
    best: bool = False
    progress: str = ""
    failed: int = 0


class ResultsModel(QAbstractTableModel):
    """Shows a `RunningTable`; sorted by any column, the foot staying where it is."""

    LOOK = Qt.ItemDataRole.UserRole
    KEY = Qt.ItemDataRole.UserRole + 1
    """`(category, Column)` of a cell that can be chosen, else None"""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.table = RunningTable()
        self.metric = IOU_AND_AUROC
        self._order: list[str] = []
        self._sorted_by: tuple[int, Qt.SortOrder] | None = None
        self._several_models = False
        self._remarks: dict[str, tuple[str, ...]] = {}

    # --- what it shows -------------------------------------------------------------------------------------------

    def set_table(self, table: RunningTable) -> None:
        """Show another table."""
        self.beginResetModel()
        self.table = table
        self._order = list(table.categories)
        self._sorted_by = None
        self._remarks = {}
        self._several_models = len({column.model for column in table.columns}) > 1
        self.endResetModel()

    def set_metric(self, metric: str) -> None:
        """Show another metric: a key of the rows `categories`, or `IOU_AND_AUROC`."""
        self.metric = metric
        self._tell_all()

    def set_remarks(self, category: str, remarks: Iterable[str]) -> None:
        """Sentences on what the maps of a category are made from."""
        self._remarks[category] = tuple(dict.fromkeys((*self._remarks.get(category, ()), *remarks)))

    def refresh(self, changed: Iterable[CellKey]) -> None:
        """Cells changed, and with them the best of their rows and the foot."""
        categories = {category for category, _ in changed}
        if not categories:
            return
        last = self.columnCount() - 1
        places = {category: row for row, category in enumerate(self._order)}
        for row in sorted(places[category] for category in categories if category in places):
            self.dataChanged.emit(self.index(row, CATEGORY), self.index(row, last))
        self.dataChanged.emit(self.index(len(self._order), 0), self.index(self.rowCount() - 1, last))

    def _tell_all(self) -> None:
        if self._order:
            end = self.index(self.rowCount() - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), end)
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, self.columnCount() - 1)

    @property
    def metric_title(self) -> str:
        """What the table shows, by name."""
        return BOTH_TITLE if self.metric == IOU_AND_AUROC else metric_named(self.metric).title

    @property
    def first_metric(self) -> str:
        """The one that is compared and sorted by."""
        return "iou" if self.metric == IOU_AND_AUROC else self.metric

    def index_of(self, key: CellKey) -> QModelIndex:
        """Where a cell stands; an invalid index where it is not."""
        category, column = key
        if category not in self._order or column not in self.table.columns:
            return QModelIndex()
        return self.index(self._order.index(category), FIRST + self.table.columns.index(column))

    def column_title(self, column: Column) -> str:
        """The words over a column."""
        title = mode_title(column.mode, self.table.points)
        return f"{title}\n{model_title(column.model)}" if self._several_models else title

    # --- Qt ------------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: D102, B008
        return 0 if parent.isValid() or not self._order else len(self._order) + len(FOOT)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: D102, B008
        return 0 if parent.isValid() else FIRST + len(self.table.columns)

    def flags(self, index: Index) -> Qt.ItemFlag:  # noqa: D102
        is_cell = self.data(index, self.KEY) is not None
        return Qt.ItemFlag.ItemIsEnabled | (Qt.ItemFlag.ItemIsSelectable if is_cell else Qt.ItemFlag.NoItemFlags)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = None if section < FIRST else self.table.columns[section - FIRST]
        if role == Qt.ItemDataRole.DisplayRole:
            return ("Category", "Images")[section] if column is None else self.column_title(column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return LEFT if section == CATEGORY else RIGHT
        if role == Qt.ItemDataRole.ToolTipRole and column is not None:
            title = mode_title(column.mode, self.table.points)
            return f"{title} ({column.mode}): {mode_line(column.mode)}\n{model_title(column.model)}"
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if not index.isValid():
            return None
        row, section = index.row(), index.column()
        is_foot = row >= len(self._order)
        if role == self.KEY:
            return None if is_foot or section < FIRST else self._key(row, section)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return LEFT if section == CATEGORY else RIGHT
        if section < FIRST:
            return self._caption(row, section, role)
        if role == self.LOOK:
            return self._foot_look(row, section) if is_foot else self._look(self._key(row, section))
        if role == Qt.ItemDataRole.DisplayRole:
            look = self._foot_look(row, section) if is_foot else self._look(self._key(row, section))
            return look.words + look.beside
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._foot_tip(row, section) if is_foot else self._tip(self._key(row, section))
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By name, number of images, or the metric shown; what has no value goes last."""
        self._sorted_by = (column, order)
        self.layoutAboutToBeChanged.emit()
        before = [self.data(index, self.KEY) for index in self.persistentIndexList()]
        old = self.persistentIndexList()
        names = list(self.table.categories)
        down = order == Qt.SortOrder.DescendingOrder
        if column == CATEGORY:
            names.sort(key=str.casefold, reverse=down)
        elif column == IMAGES:
            names.sort(key=lambda name: self.table.plans[name].images, reverse=down)
        else:
            values = {name: self.table.value((name, self._column(column)), self.first_metric) for name in names}
            defined = sorted((name for name in names if values[name] is not None), key=values.get, reverse=down)  # type: ignore[arg-type]
            names = defined + [name for name in names if values[name] is None]
        self._order = names
        moved = [index if key is None else self.index_of(key) for index, key in zip(old, before, strict=True)]
        self.changePersistentIndexList(old, moved)
        self.layoutChanged.emit()

    # --- cells ---------------------------------------------------------------------------------------------------

    def _column(self, section: int) -> Column:
        return self.table.columns[section - FIRST]

    def _key(self, row: int, section: int) -> CellKey:
        return self._order[row], self._column(section)

    def _caption(self, row: int, section: int, role: int) -> Any:
        is_foot = row >= len(self._order)
        if is_foot:
            words = FOOT[row - len(self._order)] if section == CATEGORY else ""
            return words if role == Qt.ItemDataRole.DisplayRole else None
        plan = self.table.plans[self._order[row]]
        if role == Qt.ItemDataRole.DisplayRole:
            return plan.name if section == CATEGORY else f"{plan.images:,}" if plan.is_known else DASH
        if role == Qt.ItemDataRole.ToolTipRole:
            normal = plan.images - plan.anomalous
            parts = [f"{plan.name}: {count(plan.anomalous, 'anomalous image')}, {normal:,} normal"]
            return "\n".join((*parts, *self._remarks.get(plan.name, ())))
        return None

    def _look(self, key: CellKey) -> CellLook:
        table, cell = self.table, self.table.cell(key)
        state, total, there = table.state(key), table.total(key), len(cell.rows)
        counted = f"{there:,}/{total:,}" if table.plans[key[0]].is_known else f"{there:,} so far"
        progress = counted if state in ("running", "stopped") and there else ""
        value = table.value(key, self.first_metric)
        if value is None:
            if state == "queued" or (state == "stopped" and not there):
                return CellLook("queued" if state == "queued" else "not run", state="queued")
            bar = there / total if state == "running" and total else None
            return CellLook(DASH, "", state, bar, progress=progress, failed=cell.failed)
        beside = ""
        if self.metric == IOU_AND_AUROC:
            second = table.value(key, "p_auroc_per_image")
            beside = f" / {DASH if second is None else f'{second:.3f}'}"
        best = state == "done" and key[1] in table.best(key[0], self.first_metric)
        bar = there / total if state == "running" and total else min(1.0, max(0.0, value))
        return CellLook(f"{value:.3f}", beside, state, bar, best, progress, cell.failed)

    def _foot_look(self, row: int, section: int) -> CellLook:
        column = self._column(section)
        if row > len(self._order):
            return CellLook("", f"{self.table.done_count(column)} of {len(self._order)}")
        value = self.table.mean(column, self.first_metric)
        if value is None:
            return CellLook(DASH, state="queued")
        beside = ""
        if self.metric == IOU_AND_AUROC:
            second = self.table.mean(column, "p_auroc_per_image")
            beside = f" / {DASH if second is None else f'{second:.3f}'}"
        means = {each: self.table.mean(each, self.first_metric) for each in self.table.columns}
        there = [round(each, 3) for each in means.values() if each is not None]
        better = metric_named(self.first_metric).higher_is_better
        best = len(there) > 1 and round(value, 3) == (max(there) if better else min(there))
        return CellLook(f"{value:.3f}", beside, best=best)

    def _foot_tip(self, row: int, section: int) -> str:
        column = self._column(section)
        done = self.table.done_count(column)
        if row > len(self._order) or done:
            return (
                f"{self.column_title(column)}: {done} of {count(len(self._order), 'category', 'categories')} complete"
            )
        return "A mean over categories comes once one of them is complete."

    def _tip(self, key: CellKey) -> str:
        table, cell = self.table, self.table.cell(key)
        lines = [f"{key[0]}, {self.column_title(key[1])}".replace("\n", ", ")]
        if not cell.rows:
            is_queued = table.state(key) == "queued"
            return f"{lines[0]}\n{'Its turn comes later.' if is_queued else 'No image of it was evaluated.'}"
        names = ("iou", "p_auroc_per_image") if self.metric == IOU_AND_AUROC else (self.metric,)
        for name in names:
            metric, value = metric_named(name), table.value(key, name)
            lines.append(f"{metric.title}: {DASH if value is None else f'{value:.4f}'}. {metric.definition}")
            if value is None:
                done = table.state(key) == "done"
                reason = for_the_window(table.why_undefined(key, name)) or "It is not defined for these images."
                lines.append(reason if done and cell.pooled is not None else WAITS)
        of = f" of {table.total(key):,}" if table.plans[key[0]].is_known else ""
        lines.append(f"{count(len(cell.rows), 'image')}{of}")
        if cell.failed:
            lines.append(f"{count(cell.failed, 'image')} failed.")
        return "\n".join(lines)
