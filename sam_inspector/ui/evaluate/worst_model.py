"""The images of a cell in their order, with the pictures that were made of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QImage, QPixmap

from sam_inspector.engine.image_rows import ImageRow

Index = QModelIndex | QPersistentModelIndex
PICTURES_KEPT = 150


@dataclass(frozen=True, slots=True)
class WorstImage:
    """One image of a cell.

    Attributes
    ----------
    model
        The model that made the mask.
    """

    model: str
    row: ImageRow

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Tells it from all others."""
        return self.model, self.row.mode, self.row.category, self.row.path

    @property
    def figure(self) -> str:
        """Its IoU; of a normal image the share of it that is marked."""
        row = self.row
        if row.iou is not None:
            return f"{row.iou:.2f}"
        if row.size is None:
            return "–"
        return f"{(row.mask_area or 0) / (row.size[0] * row.size[1]):.1%} FP"


class WorstModel(QAbstractListModel):
    """The images in their order; pictures come later and are kept while there is room."""

    ENTRY = Qt.ItemDataRole.UserRole
    PICTURE = Qt.ItemDataRole.UserRole + 1

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: tuple[WorstImage, ...] = ()
        self._places: dict[object, int] = {}
        self._pictures: OrderedDict[object, QPixmap] = OrderedDict()

    def entries(self) -> tuple[WorstImage, ...]:
        """All of them."""
        return self._entries

    def set_entries(self, entries: Sequence[WorstImage]) -> None:
        """Show other images; pictures that were made stay."""
        self.beginResetModel()
        self._entries = tuple(entries)
        self._places = {entry.key: place for place, entry in enumerate(self._entries)}
        self.endResetModel()

    def has_picture(self, key: object) -> bool:
        """Whether a picture was made."""
        return key in self._pictures

    def set_picture(self, key: object, picture: QImage) -> None:
        """A picture was made."""
        self._pictures[key] = QPixmap.fromImage(picture)
        while len(self._pictures) > PICTURES_KEPT:
            self._pictures.popitem(last=False)
        if key in self._places:
            index = self.index(self._places[key])
            self.dataChanged.emit(index, index)

    def forget_pictures(self) -> None:
        """Another run may have other masks under the same names."""
        self._pictures.clear()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: D102, B008
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if not index.isValid():
            return None
        entry = self._entries[index.row()]
        row = entry.row
        if role == self.ENTRY:
            return entry
        if role == self.PICTURE:
            return self._pictures.get(entry.key)
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{row.path}, {entry.figure}"
        if role == Qt.ItemDataRole.ToolTipRole:
            iou = "not defined, for nothing is wrong with it" if row.iou is None else f"{row.iou:.4f}"
            return f"{row.category}/{row.path}\nIoU: {iou}\nClick to see it large, with the prompts of this mode."
        return None
