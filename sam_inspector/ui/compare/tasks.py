"""What takes too long for the window's thread and needs no model: the file thread does it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QImage

from sam_inspector.data.atomic import write_atomic
from sam_inspector.ui.canvas.overlays import MaskOverlay
from sam_inspector.ui.compare.difference import DifferenceOverlay
from sam_inspector.ui.compare.sheet import draw_sheet
from sam_inspector.ui.compare.sheet_values import Sheet
from sam_inspector.ui.file_thread import OPEN, SAVE, FileState


@dataclass(frozen=True, eq=False)
class CompareMasks:
    """Find where two masks disagree, on an image of `size` (width, height)."""

    priority: ClassVar[int] = OPEN
    newest_only: ClassVar[bool] = True
    first: MaskOverlay
    second: MaskOverlay
    truth: MaskOverlay | None
    size: tuple[int, int]

    def run(self, state: FileState) -> DifferenceOverlay:
        """Compare them pixel by pixel."""
        return DifferenceOverlay.between(self.first, self.second, self.truth, self.size)


@dataclass(frozen=True, eq=False)
class DrawSheet:
    """Draw the sheet for the clipboard."""

    priority: ClassVar[int] = OPEN
    newest_only: ClassVar[bool] = True
    sheet: Sheet

    def run(self, state: FileState) -> QImage:
        """Draw it."""
        return draw_sheet(self.sheet)


@dataclass(frozen=True, eq=False)
class SaveSheet:
    """Draw the sheet into a PNG file."""

    priority: ClassVar[int] = SAVE
    newest_only: ClassVar[bool] = False
    sheet: Sheet
    file: Path

    def run(self, state: FileState) -> Path:
        """Draw and write it."""
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        draw_sheet(self.sheet).save(buffer, "PNG")
        write_atomic(self.file, bytes(buffer.data().data()))
        return self.file
