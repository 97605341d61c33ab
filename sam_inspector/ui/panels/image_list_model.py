"""The images of the open dataset as a list model: rows, what is known of each, filters, and a bounded picture cache."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPixmap

from sam_inspector.ui.panels.image_rows import FACETS, Facet, ImageListing, ImageRow, RowState, tooltip

THUMBNAIL_PX = 96
"""Side of a kept picture: twice what is shown, for dense screens."""
THUMBNAILS_KEPT = 512
"""At most 512 × 96 × 96 × 4 bytes = 19 MB."""

_Index = QModelIndex | QPersistentModelIndex


class ImageListModel(QAbstractListModel):
    """The rows that pass the filters.

    Filtering resets the model rather than moving rows one by one: for 20,000 rows that is the difference between
    milliseconds and a second.
    """

    ROW = int(Qt.ItemDataRole.UserRole) + 1
    STATE = int(Qt.ItemDataRole.UserRole) + 2
    THUMBNAIL = int(Qt.ItemDataRole.UserRole) + 3

    states_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._listing = ImageListing.of(())
        self._states: dict[str, RowState] = {}
        self._visible: Sequence[int] = ()
        self._text = ""
        self._choices: dict[Facet, str] = {}
        self._thumbnails: OrderedDict[Path, QPixmap] = OrderedDict()

    # --- contents -------------------------------------------------------------------------------------------------

    def set_listing(self, listing: ImageListing) -> None:
        """Show other images; states and pictures of the old ones are forgotten, filters stay."""
        self.beginResetModel()
        self._listing = listing
        self._states = {}
        self._thumbnails.clear()
        self._visible = self._matching()
        self.endResetModel()
        self.states_changed.emit()

    def set_state(self, key: str, state: RowState) -> None:
        """Tell what is known of one image; an unknown key is left alone, for its dataset may have been closed."""
        if key not in self._listing.position:
            return
        self._states[key] = state
        self._announce(key)
        self.states_changed.emit()

    def set_thumbnail(self, path: Path, image: QImage) -> None:
        """Keep the picture of a file, the longest unused one is dropped; a null image leaves the place empty."""
        key = self._listing.keys_of_path.get(str(path))
        if key is None:
            return
        if max(image.width(), image.height()) > THUMBNAIL_PX:
            image = image.scaled(
                QSize(THUMBNAIL_PX, THUMBNAIL_PX),
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        self._thumbnails[path] = QPixmap.fromImage(image)
        self._thumbnails.move_to_end(path)
        while len(self._thumbnails) > THUMBNAILS_KEPT:
            self._thumbnails.popitem(last=False)
        self._announce(key)

    def has_thumbnail(self, path: Path) -> bool:
        """Whether the picture of a file is here; asking counts as use."""
        if path not in self._thumbnails:
            return False
        self._thumbnails.move_to_end(path)
        return True

    @property
    def rows(self) -> Sequence[ImageRow]:
        """All images, filtered or not."""
        return self._listing.rows

    @property
    def states(self) -> dict[str, RowState]:
        """What is known, by key; images nobody looked at are not in it."""
        return self._states

    # --- filters --------------------------------------------------------------------------------------------------

    def values(self, facet: Facet) -> list[str]:
        """The values of a facet that exist, sorted, among the images that the facets before it let through."""
        before = FACETS[: FACETS.index(facet)]
        if not any(name in self._choices for name in before):
            return list(self._listing.facets[facet])
        return sorted({getattr(row, facet) for row in self._listing.rows if self._passes(row, before)})

    def set_filter(self, text: str, choices: dict[Facet, str]) -> bool:
        """Show the rows whose key holds all words of `text` and whose facets have the chosen values.

        Returns
        -------
        bool
            Whether that is another filter than before.
        """
        if (text, choices) == (self._text, self._choices):
            return False
        self.beginResetModel()
        self._text, self._choices = text, dict(choices)
        self._visible = self._matching()
        self.endResetModel()
        return True

    def visible_keys(self) -> list[str]:
        """The images that pass the filters, in order."""
        return [self._listing.rows[position].key for position in self._visible]

    def _passes(self, row: ImageRow, facets: Iterable[Facet]) -> bool:
        return all(facet not in self._choices or getattr(row, facet) == self._choices[facet] for facet in facets)

    def _matching(self) -> Sequence[int]:
        words = self._text.casefold().split()
        chosen = [facet for facet in FACETS if facet in self._choices]
        if not words and not chosen:
            return range(len(self._listing.rows))
        return [
            position
            for position, (row, haystack) in enumerate(zip(self._listing.rows, self._listing.haystacks, strict=True))
            if all(word in haystack for word in words) and self._passes(row, chosen)
        ]

    # --- order ----------------------------------------------------------------------------------------------------

    def index_of(self, key: str | None) -> QModelIndex:
        """Where an image is in the list; invalid when it is filtered out or unknown."""
        position = self._listing.position.get(key) if key is not None else None
        if position is None:
            return QModelIndex()
        row = bisect_left(self._visible, position)
        shown = row < len(self._visible) and self._visible[row] == position
        return self.index(row) if shown else QModelIndex()

    def key_at(self, row: int) -> str | None:
        """The key of a shown row."""
        return self._listing.rows[self._visible[row]].key if 0 <= row < len(self._visible) else None

    def neighbour(self, key: str | None, step: Literal[-1, 1]) -> str | None:
        """The next or previous shown image, also from one that is filtered out; None at the ends."""
        position = self._listing.position.get(key) if key is not None else None
        if position is None:
            return self.key_at(0 if step == 1 else len(self._visible) - 1)
        if step == 1:
            return self.key_at(bisect_right(self._visible, position))
        return self.key_at(bisect_left(self._visible, position) - 1)

    # --- Qt -------------------------------------------------------------------------------------------------------

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, D102
        return 0 if parent.isValid() else len(self._visible)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:  # noqa: D102
        if not index.isValid() or index.row() >= len(self._visible):
            return None
        row = self._listing.rows[self._visible[index.row()]]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return row.name
        if role == self.ROW:
            return row
        if role == self.STATE:
            return self._states.get(row.key, RowState())
        if role == self.THUMBNAIL:
            return self._thumbnails.get(row.path)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(row, self._states.get(row.key, RowState()))
        return None

    def _announce(self, key: str) -> None:
        index = self.index_of(key)
        if index.isValid():
            self.dataChanged.emit(index, index)
