"""The methods of automatic prompts: the one that holds, and the others once it is pressed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

from sam_inspector.ui import icons
from sam_inspector.ui.panels.fold import CARET
from sam_inspector.ui.panels.look import GAP, muted
from sam_inspector.ui.panels.mode_rows import ModeList, ModeRow


class MethodList(ModeList):
    """A list that shows all its rows only while a person chooses: what the method needs takes the room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._held = ""
        self.is_open = False
        self._carets: dict[str, _Caret] = {}

    def set_modes(self, rows: Sequence[ModeRow]) -> None:
        """Show other methods; the first one holds."""
        super().set_modes(rows)
        self._carets = {row.name: _Caret(self.button(row.name)) for row in rows}
        self._held = rows[0].name if rows else ""
        self._refresh()

    def set_mode(self, name: str) -> None:
        """Show which method holds."""
        super().set_mode(name)
        mode = self.mode()
        self._held = mode.name if mode is not None else ""
        self._refresh()

    def _refresh(self) -> None:
        for name, caret in self._carets.items():
            is_held = name == self._held
            self.button(name).setVisible(self.is_open or is_held)
            caret.setVisible(is_held)
            caret.set_open(self.is_open)
        self.updateGeometry()

    @Slot(QAbstractButton)
    def _on_clicked(self, button: QAbstractButton) -> None:
        mode = self.mode()
        assert mode is not None
        if not self.is_open and mode.name == self._held:
            self.is_open = True
            self._refresh()
            return
        self.is_open = False
        self._held = mode.name
        self._refresh()
        self.chosen.emit(mode.name)


class _Caret(QWidget):
    """At the right of a row; presses go through it."""

    def __init__(self, button: QAbstractButton) -> None:
        super().__init__(button)
        self._is_open = False
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.resize(CARET, CARET)
        button.installEventFilter(self)

    def set_open(self, is_open: bool) -> None:
        self._is_open = is_open
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            row = self.parentWidget()
            self.move(row.width() - CARET - GAP, GAP)
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        icons.icon("up" if self._is_open else "down", muted().name()).paint(painter, self.rect())
