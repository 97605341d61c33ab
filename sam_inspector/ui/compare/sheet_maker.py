"""The sheet of all panes: put together from what is on screen, drawn on the file thread, copied or saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QStandardPaths, Signal, Slot
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from sam_inspector import __version__
from sam_inspector.ui.compare.sheet_values import Sheet
from sam_inspector.ui.compare.tasks import DrawSheet, SaveSheet
from sam_inspector.ui.file_thread import FileThread

CLOSING = f"SAM Inspector {__version__}"


class SheetMaker(QObject):
    """Copies and saves sheets.

    Parameters
    ----------
    make
        Puts a sheet together; None where there is no image.
    """

    told = Signal(str, str)
    """Level and one sentence"""

    def __init__(
        self, make: Callable[[], Sheet | None], files: FileThread, window: QWidget, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._make = make
        self._files = files
        self._window = window
        self._folder: Path | None = None
        files.done.connect(self._take)

    @Slot()
    def copy(self) -> None:
        """Put the sheet on the clipboard."""
        sheet = self._make()
        if sheet is not None:
            self._files.submit(DrawSheet(sheet))

    def save(self, image: Path) -> None:
        """Ask for a file and save the sheet of an image in it."""
        sheet = self._make()
        if sheet is None:
            return
        start = self._folder or _pictures_folder()
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, "Save the sheet", str(start / f"{image.stem}-compare.png"), "Pictures (*.png)"
        )
        if chosen:
            file = Path(chosen)
            file = file if file.suffix.lower() == ".png" else file.with_name(f"{file.name}.png")
            self._folder = file.parent
            self._files.submit(SaveSheet(sheet, file))

    @Slot(object, object)
    def _take(self, task: object, result: object) -> None:
        if isinstance(task, DrawSheet) and isinstance(result, QImage):
            QGuiApplication.clipboard().setImage(result)
            self.told.emit("info", "The sheet is on the clipboard.")
        elif isinstance(task, SaveSheet):
            self.told.emit("info", f"The sheet was saved as {result}.")


def _pictures_folder() -> Path:
    """Where a person keeps pictures; never among the images of a dataset, of which a sheet would become one."""
    places = QStandardPaths.StandardLocation
    for place in (places.PicturesLocation, places.DocumentsLocation):
        folder = Path(QStandardPaths.writableLocation(place))
        if folder.is_dir():
            return folder
    return Path.home()
