"""The foregrounds that were found, in the order of their images, with the pictures that were made of them."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QImage, QPixmap

from sam_inspector.engine.foreground_works import FoundForeground

Index = QModelIndex | QPersistentModelIndex
PICTURES_KEPT = 150


class CardModel(QAbstractListModel):
    """Foregrounds come one by one; pictures come later and are kept while there is room."""

    FOUND = Qt.ItemDataRole.UserRole
    PICTURE = Qt.ItemDataRole.UserRole + 1
    MARK = Qt.ItemDataRole.UserRole + 2

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._found: list[FoundForeground] = []
        self._places: dict[Path, int] = {}
        self._pictures: OrderedDict[Path, QPixmap] = OrderedDict()
        self._edited: set[Path] = set()

    def found(self) -> tuple[FoundForeground, ...]:
        """All of them."""
        return tuple(self._found)

    def of(self, path: Path) -> FoundForeground | None:
        """That of an image."""
        place = self._places.get(path)
        return None if place is None else self._found[place]

    def clear(self) -> None:
        """Show none."""
        self.beginResetModel()
        self._found.clear()
        self._places.clear()
        self._pictures.clear()
        self._edited.clear()
        self.endResetModel()

    def put(self, found: FoundForeground) -> None:
        """Show one more, or another one of the same image."""
        place = self._places.get(found.path)
        if place is None:
            place = len(self._found)
            self.beginInsertRows(QModelIndex(), place, place)
            self._found.append(found)
            self._places[found.path] = place
            self.endInsertRows()
        elif found != self._found[place]:
            if found.used.mask != self._found[place].used.mask:
                self._pictures.pop(found.path, None)
            self._found[place] = found
            self._tell(found.path)

    def set_edited(self, path: Path, edited: bool) -> None:
        """Mark an image whose edits are not kept yet."""
        if edited != (path in self._edited):
            self._edited ^= {path}
            self._tell(path)

    def has_picture(self, path: Path) -> bool:
        """Whether a picture was made."""
        return path in self._pictures

    def set_picture(self, found: FoundForeground, picture: QImage) -> None:
        """A picture was made; one of a foreground that was replaced meanwhile is of no use."""
        now = self.of(found.path)
        if now is not None and now.used.mask == found.used.mask:
            self._pictures[found.path] = QPixmap.fromImage(picture)
            while len(self._pictures) > PICTURES_KEPT:
                self._pictures.popitem(last=False)
            self._tell(found.path)

    def place_of(self, path: Path) -> int | None:
        """Where an image stands."""
        return self._places.get(path)

    def _tell(self, path: Path) -> None:
        place = self._places.get(path)
        if place is not None:
            index = self.index(place)
            self.dataChanged.emit(index, index)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: D102, B008
        return 0 if parent.isValid() else len(self._found)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if not index.isValid():
            return None
        found = self._found[index.row()]
        if role == self.FOUND:
            return found
        if role == self.PICTURE:
            return self._pictures.get(found.path)
        if role == self.MARK:
            return self.mark(found)
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{card_name(found)}, {share_text(found.used.share)}, {self.mark(found)}".removesuffix(", ")
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(found)
        return None

    def mark(self, found: FoundForeground) -> str:
        """What stands out about it, in a word."""
        if found.path in self._edited:
            return "not kept"
        if found.used.fell_back:
            return "not found"
        return "corrected" if found.correction is not None else ""

    def _tip(self, found: FoundForeground) -> str:
        lines = [card_name(found), f"{share_text(found.used.share)} of the image"]
        if found.path in self._edited:
            lines.append("Your changes are not kept yet.")
        if found.used.remark:
            lines.append(found.used.remark)
        elif found.correction is not None:
            lines.append("You corrected it, and it is used everywhere.")
        return "\n".join([*lines, "Click to correct it."])


def card_name(found: FoundForeground) -> str:
    """The image's name with the kind that it belongs to, as `good/000.png`."""
    return f"{found.path.parent.name}/{found.path.name}"


def share_text(share: float) -> str:
    """A share from 0 to 1 in percent."""
    return f"{share:.0%}"
