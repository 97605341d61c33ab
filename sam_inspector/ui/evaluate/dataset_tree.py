"""The datasets that can be evaluated, with their categories to tick."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from PySide6.QtCore import QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QMenu, QTreeWidget, QTreeWidgetItem, QWidget

from sam_inspector.data.datasets import Dataset
from sam_inspector.ui.evaluate.dataset_counts import CategoryCount, ListedDataset
from sam_inspector.ui.evaluate.words import count
from sam_inspector.ui.panels.look import font_px

ROOT, CATEGORY = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
MOST_ROWS = 9
"""A longer tree scrolls."""
TICKED, BARE = Qt.CheckState.Checked, Qt.CheckState.Unchecked


class DatasetTree(QTreeWidget):
    """Datasets, each with its categories and how many images of them the chosen modes visit."""

    changed = Signal()
    """A person ticked something"""
    remove_requested = Signal(str)
    """Root of a dataset"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._datasets: dict[str, Dataset] = {}
        self._counts: dict[tuple[str, str], CategoryCount] = {}
        self._is_filling = False
        self._with_normal = False
        self._row_px = max(24, QFontMetrics(font_px(13)).height() + 8)
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setIndentation(16)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self.itemChanged.connect(self._on_changed)
        self.itemExpanded.connect(self._fit)
        self.itemCollapsed.connect(self._fit)
        self.setAccessibleName("Datasets")
        self._fit()

    # --- what it shows -------------------------------------------------------------------------------------------

    def add_dataset(self, listed: ListedDataset, *, first: bool = False, ticked: tuple[str, ...] | None = None) -> None:
        """Show a dataset; one with the same root is replaced and keeps its ticks.

        Parameters
        ----------
        first
            Whether it stands above the others.
        ticked
            Categories to tick; None ticks all that have something to evaluate.
        """
        if listed.dataset is None:
            return
        root = str(listed.dataset.root)
        if root in self._datasets:
            ticked = self.ticked(root)
        self.remove_dataset(root)
        self._is_filling = True
        self._datasets[root] = listed.dataset
        top = QTreeWidgetItem([listed.dataset.root.name or root, ""])
        top.setData(0, ROOT, root)
        top.setToolTip(0, root)
        top.setSizeHint(0, QSize(0, self._row_px))
        top.setFlags(top.flags() | Qt.ItemFlag.ItemIsAutoTristate | Qt.ItemFlag.ItemIsUserCheckable)
        is_single = len(listed.categories) == 1
        for category in listed.categories:
            # A second row for the only category of a folder would say the same again.
            item = top if is_single else QTreeWidgetItem([category.name, ""])
            self._counts[root, category.name] = category
            item.setText(1, self._figure(category))
            item.setData(0, CATEGORY, category.name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            wanted = category.anomalous > 0 if ticked is None else category.name in ticked
            item.setCheckState(0, TICKED if wanted else BARE)
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            tip = (
                f"{category.name}: {count(category.anomalous, 'anomalous test image')} with ground truth, "
                f"{category.normal:,} normal ones, {category.training:,} normal images to compare with"
            )
            item.setToolTip(0, f"{root}\n{tip}" if is_single else tip)
            item.setToolTip(1, tip)
            item.setSizeHint(0, QSize(0, self._row_px))
            item.setForeground(1, self.palette().placeholderText())
            if not is_single:
                top.addChild(item)
        if first:
            self.insertTopLevelItem(0, top)
        else:
            self.addTopLevelItem(top)
        top.setExpanded(True)
        self._is_filling = False
        self._count_ticks()
        self._fit()

    def set_with_normal(self, with_normal: bool) -> None:
        """Count normal test images too, as the modes do that start from a map."""
        if with_normal == self._with_normal:
            return
        self._with_normal = with_normal
        self._is_filling = True
        for (root, name), category in self._counts.items():
            for row in self._rows(root):
                if row.data(0, CATEGORY) == name:
                    row.setText(1, self._figure(category))
        self._is_filling = False
        self._count_ticks()

    def _figure(self, category: CategoryCount) -> str:
        return f"{category.anomalous + (category.normal if self._with_normal else 0):,}"

    def set_ticks(self, wanted: Mapping[str, Collection[str]]) -> None:
        """Tick these categories of each root, and nothing else."""
        self._is_filling = True
        for root in self._datasets:
            for row in self._rows(root):
                row.setCheckState(0, TICKED if row.data(0, CATEGORY) in wanted.get(root, ()) else BARE)
        self._is_filling = False
        self._count_ticks()

    def folders(self, root: str) -> Mapping[str, str]:
        """The categories of a dataset, each with its folder."""
        return {name: known.folder for (of, name), known in self._counts.items() if of == root}

    def _rows(self, root: str) -> list[QTreeWidgetItem]:
        """The rows of a dataset's categories."""
        for top in map(self.topLevelItem, range(self.topLevelItemCount())):
            if top is not None and top.data(0, ROOT) == root:
                below = (top.child(place) for place in range(top.childCount()))
                return [row for row in below if row is not None] or [top]
        return []

    def remove_dataset(self, root: str) -> None:
        """Leave a dataset out."""
        self._datasets.pop(root, None)
        self._counts = {key: known for key, known in self._counts.items() if key[0] != root}
        for place in reversed(range(self.topLevelItemCount())):
            if self.topLevelItem(place).data(0, ROOT) == root:
                self.takeTopLevelItem(place)
        self._fit()

    def datasets(self) -> tuple[Dataset, ...]:
        """All that are shown."""
        return tuple(self._datasets.values())

    def ticked(self, root: str) -> tuple[str, ...]:
        """The categories of a dataset that are ticked."""
        return tuple(row.data(0, CATEGORY) for row in self._rows(root) if row.checkState(0) == TICKED)

    def wish(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Roots with something ticked, and the categories; no category where all of those roots are."""
        by_root = {root: self.ticked(root) for root in self._datasets}
        roots = tuple(root for root, names in by_root.items() if names)
        whole = all(len(by_root[root]) == len(self._datasets[root].categories) for root in roots)
        names = tuple(dict.fromkeys(name for root in roots for name in by_root[root]))
        return roots, () if whole else names

    def item_named(self, name: str) -> QTreeWidgetItem | None:
        """The row of a category or a dataset."""
        found = self.findItems(name, Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive, 0)
        return found[0] if found else None

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(200, self.minimumHeight())

    # --- the person ----------------------------------------------------------------------------------------------

    @Slot(QTreeWidgetItem, int)
    def _on_changed(self, item: QTreeWidgetItem, column: int) -> None:
        if not self._is_filling and column == 0:
            self._count_ticks()
            self.changed.emit()

    def _count_ticks(self) -> None:
        self._is_filling = True
        for top in map(self.topLevelItem, range(self.topLevelItemCount())):
            if top.childCount() == 0:
                continue
            ticked = len(self.ticked(top.data(0, ROOT)))
            top.setText(1, f"{ticked} of {top.childCount()}")
            top.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            top.setToolTip(1, f"{ticked} of {count(top.childCount(), 'category', 'categories')} ticked")
        self._is_filling = False

    @Slot(QPoint)
    def _show_menu(self, at: QPoint) -> None:
        item = self.itemAt(at)
        if item is None:
            return
        root = (item.parent() or item).data(0, ROOT)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(f"Leave {Path(root).name} out").triggered.connect(lambda: self.remove_requested.emit(root))
        menu.popup(self.viewport().mapToGlobal(at))

    @Slot()
    def _fit(self) -> None:
        tops = [self.topLevelItem(place) for place in range(self.topLevelItemCount())]
        rows = len(tops)
        for top in tops:
            rows += top.childCount() if top.isExpanded() else 0
        self.setFixedHeight(max(1, min(rows, MOST_ROWS)) * self._row_px + 4)
        self.setVisible(rows > 0)
