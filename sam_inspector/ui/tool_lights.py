"""Which tool looks chosen: none where none does anything."""

from __future__ import annotations

from PySide6.QtGui import QAction, QActionGroup


class ToolLights:
    """Takes the check off the chosen tool, and puts it back.

    Parameters
    ----------
    tool
        Any of the tools; its group holds the others.
    """

    def __init__(self, tool: QAction) -> None:
        self._group: QActionGroup = tool.actionGroup()
        self._chosen: QAction | None = None

    def set_lit(self, is_lit: bool) -> None:
        """Show the chosen tool as chosen, or not."""
        checked = self._group.checkedAction()
        if not is_lit:
            self._chosen = checked or self._chosen
            self._group.setExclusionPolicy(QActionGroup.ExclusionPolicy.ExclusiveOptional)
            if checked is not None:
                checked.setChecked(False)
            return
        if checked is None and self._chosen is not None:
            self._chosen.setChecked(True)
        self._group.setExclusionPolicy(QActionGroup.ExclusionPolicy.Exclusive)
