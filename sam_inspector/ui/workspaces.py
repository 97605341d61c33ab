"""The views beside Inspect, built when they are wanted first: the window opens without them."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from sam_inspector.ui.compute_thread import ComputeThread
from sam_inspector.ui.controls import Controls
from sam_inspector.ui.file_thread import FileThread
from sam_inspector.ui.image_pictures import ImagePictures
from sam_inspector.ui.main_window import MainWindow
from sam_inspector.ui.presenter import Presenter
from sam_inspector.ui.session import Session
from sam_inspector.ui.settings import Settings
from sam_inspector.ui.tuned_models import TunedModels

if TYPE_CHECKING:
    # What they are made of is a fifth of all that the window would import.
    from sam_inspector.ui.compare.workspace import CompareWorkspace
    from sam_inspector.ui.evaluate.controller import EvaluateController
    from sam_inspector.ui.tune.controller import TuneController


class Workspaces(QObject):
    """Fills the workspaces of a window beside Inspect; each of them is built when it is asked for."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        presenter: Presenter,
        compute: ComputeThread,
        files: FileThread,
        controls: Controls,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._session = session
        self._presenter = presenter
        self._compute = compute
        self._files = files
        self._controls = controls
        self._settings = settings
        self._pictures = ImagePictures(session, presenter, self)
        self.tuned = TunedModels(files, self)
        self.tuned.changed.connect(self._offer_tuned)
        self.tuned.look()
        window.add_workspace("compare", self._compare_page)
        window.add_workspace("evaluate", self._evaluate_page)
        window.add_workspace("tune", self._tune_page)

    @cached_property
    def compare(self) -> CompareWorkspace:
        """One image under several modes and models."""
        from sam_inspector.ui.compare.workspace import CompareWorkspace

        return CompareWorkspace(
            self._window,
            self._session,
            self._presenter,
            self._pictures,
            self._compute,
            self._files,
            self._controls,
            self._settings,
            self.tuned,
            parent=self,
        )

    @cached_property
    def evaluate(self) -> EvaluateController:
        """Whole datasets."""
        from sam_inspector.ui.evaluate.controller import EvaluateController
        from sam_inspector.ui.evaluate.page import EvaluatePage

        controller = EvaluateController(
            self._window,
            EvaluatePage(),
            self._session,
            self._presenter,
            self._compute,
            self._files,
            self._settings,
            report=_write_report,
            parent=self,
        )
        self.tuned.changed.connect(controller.wishes.look_again)
        return controller

    @cached_property
    def tune(self) -> TuneController:
        """Networks trained on a person's images."""
        from sam_inspector.ui.tune.controller import TuneController
        from sam_inspector.ui.tune.page import TunePage

        return TuneController(
            self._window,
            TunePage(),
            self._session,
            self._presenter,
            self._compute,
            self._files,
            self._settings,
            self._controls.model,
            self.tuned,
            parent=self,
        )

    @Slot()
    def _offer_tuned(self) -> None:
        self._controls.model.set_tuned(self.tuned.specs)

    def _compare_page(self) -> QWidget:
        return self.compare.page

    def _evaluate_page(self) -> QWidget:
        return self.evaluate.page

    def _tune_page(self) -> QWidget:
        return self.tune.page


def _write_report(out: Path) -> Path:
    """On the file thread, which imports what writes reports once one is wanted."""
    from sam_inspector.engine.report import write_report

    return write_report(out)
