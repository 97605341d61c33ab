"""A focus ring for those who use the keyboard, and for them only."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent

_BY_KEYBOARD = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class KeyboardFocus:
    """Mixed into a widget, before its Qt class: says whether its focus came by keyboard."""

    _ring = False

    @property
    def shows_focus(self) -> bool:
        """Whether to draw the ring."""
        return self._ring

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: D102
        self._ring = event.reason() in _BY_KEYBOARD
        super().focusInEvent(event)  # type: ignore[misc]

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: D102
        self._ring = False
        super().focusOutEvent(event)  # type: ignore[misc]
