"""The button above the canvas that sets the image before another background."""

from __future__ import annotations

from typing import get_args

from PySide6.QtCore import QPoint, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from sam_inspector.foreground.backgrounds import BackgroundKind
from sam_inspector.ui import icons
from sam_inspector.ui.panels.buttons import IconButton

AS_TAKEN = "taken"
TITLES: dict[str, str] = {
    AS_TAKEN: "As taken",
    "mixed": "Mixed",
    "flat": "Flat colour",
    "gradient": "Gradient",
    "perlin": "Clouds (Perlin noise)",
    "photos": "Photos from a folder…",
}
assert set(get_args(BackgroundKind)) <= set(TITLES)


class BackgroundButton(IconButton):
    """Opens a menu of backgrounds; it is checked while one stands behind the image."""

    chosen = Signal(str)
    """`AS_TAKEN` or a `BackgroundKind`"""
    redraw_requested = Signal()
    """Another background of the same kind"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(icons.icon("background"), "Background: see the object before another one", parent=parent)
        self.setCheckable(True)
        self.menu_of_kinds = QMenu(self)
        self.menu_of_kinds.setToolTipsVisible(True)
        group = QActionGroup(self)
        self.kinds: dict[str, QAction] = {}
        for name, title in TITLES.items():
            action = self.menu_of_kinds.addAction(title)
            action.setCheckable(True)
            action.setActionGroup(group)
            action.setData(name)
            self.kinds[name] = action
        self.menu_of_kinds.addSeparator()
        self.again = self.menu_of_kinds.addAction("Draw another one")
        self.menu_of_kinds.triggered.connect(self._on_chosen)
        self.clicked.connect(self._open)
        self.set_kind(AS_TAKEN)

    def set_kind(self, kind: str) -> None:
        """Show which background there is."""
        self._kind = kind
        self.kinds[kind].setChecked(True)
        self.setChecked(kind != AS_TAKEN)
        self.again.setEnabled(kind != AS_TAKEN)
        words = "see the object before another one" if kind == AS_TAKEN else TITLES[kind].rstrip("…").lower()
        self.setToolTip(f"Background: {words}")

    @Slot()
    def _open(self) -> None:
        self.setChecked(self._kind != AS_TAKEN)  # a press opens the menu, it changes nothing
        self.menu_of_kinds.popup(self.mapToGlobal(QPoint(0, self.height())))

    @Slot(QAction)
    def _on_chosen(self, action: QAction) -> None:
        if action is self.again:
            self.redraw_requested.emit()
        else:
            kind = action.data()
            self.set_kind(self._kind)  # until it is there
            self.chosen.emit(kind)
