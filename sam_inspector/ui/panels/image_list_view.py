"""The list of images: asks for the pictures of the rows in sight, and tells which row a person chose."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QModelIndex, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QStyleOptionViewItem, QTableView, QWidget

from sam_inspector.ui.panels.image_delegate import ImageDelegate
from sam_inspector.ui.panels.image_list_model import ImageListModel

REST_MS = 40
"""Rows that fly past while scrolling are not worth a picture."""
AHEAD = 6
"""Rows below the last one in sight whose pictures are asked for too."""


class ImageListView(QTableView):
    """A list of equal rows.

    It is a table of one column because a `QListView` asks the model six times for every row that it lays out, which
    for 100,000 rows of a model in Python takes a third of a second; a table asks for the rows in sight alone.
    """

    row_chosen = Signal(QModelIndex)
    thumbnail_needed = Signal(object)

    def __init__(self, model: ImageListModel, delegate: ImageDelegate, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images = model
        self._asked: set[Path] = set()
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self.ask_for_thumbnails)
        self.setModel(model)
        self.setItemDelegate(delegate)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().hide()
        self.verticalHeader().hide()
        self._set_row_height()
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAccessibleName("Images")
        self.verticalScrollBar().valueChanged.connect(self._wait_for_rest)
        model.modelReset.connect(self._wait_for_rest)
        self.selectionModel().currentChanged.connect(self.row_chosen)

    def _set_row_height(self) -> None:
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        height = self.itemDelegate().sizeHint(option, QModelIndex()).height()
        # A header does not go below its least height, which depends on the style.
        self.verticalHeader().setMinimumSectionSize(1)
        self.verticalHeader().setDefaultSectionSize(height)

    def forget_requests(self) -> None:
        """Other images are coming; nothing that was asked for is awaited any more."""
        self._asked.clear()

    @Slot()
    def _wait_for_rest(self) -> None:
        # Not connected to the timer itself, which would take the signal's number for its interval.
        self._rest.start()

    @Slot()
    def ask_for_thumbnails(self) -> None:
        """Ask for the pictures of the rows in sight, top to bottom, and of a few below.

        What was asked for and has left the view is forgotten, so that it is asked for again when it comes back and
        whoever makes pictures may drop what is no longer looked at.
        """
        if not self.isVisible() or self._images.rowCount() == 0:
            return
        first = max(0, self.indexAt(self.viewport().rect().topLeft()).row())
        last = self.indexAt(self.viewport().rect().bottomLeft()).row()
        last = self._images.rowCount() - 1 if last < 0 else min(last + AHEAD, self._images.rowCount() - 1)
        wanted = [self._images.index(row).data(ImageListModel.ROW).path for row in range(first, last + 1)]
        missing = [path for path in wanted if not self._images.has_thumbnail(path)]
        asked, self._asked = self._asked, set(missing)
        for path in missing:
            if path not in asked:
                self.thumbnail_needed.emit(path)

    def keyboardSearch(self, search: str) -> None:  # noqa: D102
        # Letters are the window's shortcuts; searching has its own field.
        return

    def moveCursor(  # noqa: D102
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        # A table's Home and End lead to the ends of the row.
        match action:
            case QAbstractItemView.CursorAction.MoveHome:
                return self._images.index(0)
            case QAbstractItemView.CursorAction.MoveEnd:
                return self._images.index(self._images.rowCount() - 1)
        return super().moveCursor(action, modifiers)

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and self.model() is not None:
            self._set_row_height()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        # A header that stretches its only section leaves the width of its own border free.
        self.setColumnWidth(0, self.viewport().width())
        self._rest.start()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102
        super().showEvent(event)
        self._rest.start()
