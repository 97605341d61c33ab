"""The images panel: the list of the open dataset, with search, filters and what is done."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QGuiApplication, QImage
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from sam_inspector.ui import icons
from sam_inspector.ui.panels.buttons import IconButton
from sam_inspector.ui.panels.empty_state import EmptyState
from sam_inspector.ui.panels.image_delegate import ImageDelegate
from sam_inspector.ui.panels.image_list_model import ImageListModel
from sam_inspector.ui.panels.image_list_view import ImageListView
from sam_inspector.ui.panels.image_rows import FACETS, Facet, ImageListing, ImageRow, RowState
from sam_inspector.ui.panels.labels import ElidedLabel
from sam_inspector.ui.panels.look import GAP, MARGIN
from sam_inspector.ui.panels.panel_header import PanelHeader

__all__ = ["ImageRow", "ImagesPanel", "RowState"]

SEARCH_MS = 120
ALL_OF: dict[Facet, str] = {"category": "All categories", "split": "All splits", "defect": "All defects"}


class ImagesPanel(QWidget):
    """Shows the images of a dataset; asks for pictures of the rows in sight only."""

    selected = Signal(str)
    selection_changed = Signal()
    """Other rows are selected than before; see `selected_keys`"""
    """Key of the image that a person chose."""
    open_requested = Signal()
    filter_changed = Signal()
    thumbnail_needed = Signal(object)
    """`Path` of a row in sight that has no picture yet."""
    reveal_requested = Signal(object)
    """`Path` to show in the system's file browser."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = PanelHeader("Images")
        self._clear_button = IconButton(icons.icon("filter"), "Clear filters")
        self._open_button = IconButton(icons.icon("folder"), "Open folder… (Ctrl+O)")
        self.header.add_button(self._clear_button)
        self.header.add_button(self._open_button)
        self.search = QLineEdit(placeholderText="Search by name", clearButtonEnabled=True)
        self.search.addAction(icons.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.setToolTip("Show the images whose path holds all these words")
        self.combos: dict[Facet, QComboBox] = {facet: self._make_combo(facet) for facet in FACETS}
        self._model = ImageListModel(self)
        self.view = ImageListView(self._model, ImageDelegate(self))
        self._no_dataset = EmptyState(
            "No images are open. Drop images or a folder here, or open a folder.", "Open folder…", icon="folder"
        )
        self._no_match = EmptyState("No image matches.", "Clear filters")
        self.pages = QStackedWidget()
        for page in (self.view, _padded(self._no_match), _padded(self._no_dataset)):
            self.pages.addWidget(page)
        self._decided = ElidedLabel(px=12, tone="muted")
        self._mean = ElidedLabel(px=12, tone="muted")
        self._mean.setToolTip("Mean IoU over the images that have a score")
        self._search_timer = QTimer(self, singleShot=True, interval=SEARCH_MS)
        self._footer_timer = QTimer(self, singleShot=True, interval=0)
        self._current: str | None = None
        self._lay_out()
        self._connect()
        self._tools.setVisible(False)
        self._show_page()
        self._update_footer()

    # --- setters --------------------------------------------------------------------------------------------------

    def set_dataset(self, title: str, listing: ImageListing) -> None:
        """Show the images of another dataset; filters stay where their value exists there too."""
        self.header.set_subtitle(title)
        self._current = None
        self.view.forget_requests()
        self._model.set_listing(listing)
        self._fill_combos()
        self._apply_filter()
        self._show_page()

    def set_row_state(self, key: str, state: RowState) -> None:
        """Tell what is known of one image."""
        self._model.set_state(key, state)

    def set_thumbnail(self, path: Path, image: QImage) -> None:
        """Give the picture that was asked for; a null image when there is none."""
        self._model.set_thumbnail(path, image)

    def set_current(self, key: str | None) -> None:
        """Mark the image on screen and bring it into sight."""
        self._current = key
        self._mark_current()

    # --- what is shown --------------------------------------------------------------------------------------------

    def current_key(self) -> str | None:
        """The image marked as on screen."""
        return self._current

    def next_key(self, key: str | None = None) -> str | None:
        """The image after one, or after the current one, among those that pass the filters; None at the end."""
        return self._model.neighbour(key or self._current, 1)

    def previous_key(self, key: str | None = None) -> str | None:
        """The image before one, or before the current one, among those that pass the filters; None at the start."""
        return self._model.neighbour(key or self._current, -1)

    def visible_keys(self) -> list[str]:
        """The images that pass the filters, in order."""
        return self._model.visible_keys()

    # --- building -------------------------------------------------------------------------------------------------

    def _make_combo(self, facet: Facet) -> QComboBox:
        combo = QComboBox()
        combo.setObjectName(facet)
        combo.setToolTip(f"Show one {facet} only")
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo.setMinimumContentsLength(4)
        return combo

    def _lay_out(self) -> None:
        combos = QGridLayout()
        combos.setSpacing(GAP)
        combos.addWidget(self.combos["category"], 0, 0, 1, 2)
        combos.addWidget(self.combos["split"], 1, 0)
        combos.addWidget(self.combos["defect"], 1, 1)
        self._tools = QWidget()
        tools = QVBoxLayout(self._tools)
        tools.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        tools.setSpacing(GAP)
        tools.addWidget(self.search)
        tools.addLayout(combos)
        self._footer = QWidget()
        footer = QHBoxLayout(self._footer)
        footer.setContentsMargins(MARGIN, 6, MARGIN, 6)
        footer.addWidget(self._decided, 1)
        footer.addWidget(self._mean)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self.header, self._tools, self.pages, self._footer):
            column.addWidget(widget)
        column.setStretchFactor(self.pages, 1)
        self.setMinimumWidth(240)

    def _connect(self) -> None:
        self.view.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self._open_button.clicked.connect(self.open_requested)
        self._no_dataset.pressed.connect(self.open_requested)
        self._no_match.pressed.connect(self.clear_filters)
        self._clear_button.clicked.connect(self.clear_filters)
        self.search.textChanged.connect(self._wait_for_more_letters)
        self._search_timer.timeout.connect(self._apply_filter)
        self._footer_timer.timeout.connect(self._update_footer)
        for combo in self.combos.values():
            combo.activated.connect(self._on_facet_chosen)
        self._model.states_changed.connect(self._footer_timer.start)
        self.view.row_chosen.connect(self._on_row_chosen)
        self.view.thumbnail_needed.connect(self.thumbnail_needed)
        self.view.customContextMenuRequested.connect(self._show_menu)

    # --- filters --------------------------------------------------------------------------------------------------

    @Slot()
    def clear_filters(self) -> None:
        """Show all images again."""
        self.search.clear()
        for combo in self.combos.values():
            combo.setCurrentIndex(0)
        self._on_facet_chosen()

    @Slot()
    def _on_facet_chosen(self) -> None:
        self._apply_filter()
        self._fill_combos()
        self._apply_filter()

    def _choices(self) -> dict[Facet, str]:
        return {facet: combo.currentData() for facet, combo in self.combos.items() if combo.currentData()}

    def _fill_combos(self) -> None:
        """Offer the values that exist; one value alone is no choice. A later facet depends on the earlier ones."""
        for facet, combo in self.combos.items():
            wanted = combo.currentData()
            values = self._model.values(facet)
            combo.clear()
            combo.addItem(ALL_OF[facet], "")
            for value in values:
                combo.addItem(value.capitalize() if facet == "split" else value or "none", value)
            combo.setCurrentIndex(max(0, combo.findData(wanted)) if wanted else 0)
            combo.setVisible(len(values) > 1)
            self._model.set_filter(self.search.text(), self._choices())
        self._tools.setVisible(bool(self._model.rows))

    @Slot()
    def _wait_for_more_letters(self) -> None:
        self._search_timer.start()

    @Slot()
    def _apply_filter(self) -> None:
        self._search_timer.stop()
        changed = self._model.set_filter(self.search.text(), self._choices())
        self._mark_current()
        self._show_page()
        if changed:
            self.filter_changed.emit()

    def _show_page(self) -> None:
        total, shown = len(self._model.rows), self._model.rowCount()
        self.pages.setCurrentIndex(2 if total == 0 else 1 if shown == 0 else 0)
        self._footer.setVisible(total > 0)
        filtered = bool(self.search.text().strip() or self._choices())
        self._clear_button.setVisible(filtered)
        self._clear_button.setToolTip(f"Clear filters: {shown:,} of {total:,} shown")

    # --- rows -----------------------------------------------------------------------------------------------------

    def selected_keys(self) -> list[str]:
        """The keys of the rows selected, where a person selected several; else none."""
        rows = sorted(index.row() for index in self.view.selectionModel().selectedRows())
        keys = [key for row in rows if (key := self._model.key_at(row)) is not None]
        return keys if len(keys) > 1 else []

    def _mark_current(self) -> None:
        index = self._model.index_of(self._current)
        selection = self.view.selectionModel()
        with_signals_off = selection.blockSignals(True)
        # Several rows may be selected, and the one just clicked among them comes back here as the current one.
        keep = index.isValid() and selection.isSelected(index) and len(selection.selectedRows()) > 1
        flags = QItemSelectionModel.SelectionFlag.Select if keep else QItemSelectionModel.SelectionFlag.ClearAndSelect
        selection.setCurrentIndex(index, flags)
        if not index.isValid():
            selection.clear()
        selection.blockSignals(with_signals_off)
        if index.isValid():
            self.view.scrollTo(index, QAbstractItemView.ScrollHint.EnsureVisible)
        self.view.viewport().update()

    @Slot()
    def _on_selection_changed(self) -> None:
        self.selection_changed.emit()

    @Slot(QModelIndex)
    def _on_row_chosen(self, index: QModelIndex) -> None:
        key = self._model.key_at(index.row())
        if key is not None and key != self._current:
            self._current = key
            self.selected.emit(key)

    @Slot()
    def _update_footer(self) -> None:
        states = self._model.states.values()
        total = len(self._model.rows)
        decided = sum(state.verdict is not None for state in states)
        scores = [state.iou for state in states if state.iou is not None]
        self._decided.setText(f"{decided:,} of {total:,} decided")
        self._mean.setText(f"mean IoU {sum(scores) / len(scores):.2f}" if scores else "mean IoU –")

    @Slot(QPoint)
    def _show_menu(self, at: QPoint) -> None:
        index = self.view.indexAt(at)
        if not index.isValid():
            return
        row: ImageRow = index.data(ImageListModel.ROW)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name, words in (("reveal", "Show in file browser"), ("copy", "Copy path")):
            action = menu.addAction(words)
            action.setObjectName(name)
            action.setData(row.path)
        menu.triggered.connect(self._on_menu)
        menu.popup(self.view.viewport().mapToGlobal(at))

    @Slot(QAction)
    def _on_menu(self, action: QAction) -> None:
        if action.objectName() == "reveal":
            self.reveal_requested.emit(action.data())
        else:
            QGuiApplication.clipboard().setText(str(action.data()))


def _padded(widget: QWidget) -> QWidget:
    page = QFrame()
    column = QVBoxLayout(page)
    column.setContentsMargins(MARGIN, 0, MARGIN, 0)
    column.addWidget(widget)
    column.addStretch(1)
    return page
