"""From an image of a run to Inspect: it is opened there, with the prompts that its mode answered, to be changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from sam_inspector.core.prompts import Prompts
from sam_inspector.engine.modes import AUTOMATIC_MODES
from sam_inspector.ui.evaluate.look import Look
from sam_inspector.ui.presenter import Presenter
from sam_inspector.ui.session import Session


class ImageOpener(QObject):
    """Waits for the image, then takes the prompts over: one edit, which can be undone."""

    trouble = Signal(str, str)
    """Level and one sentence, to be told in Inspect"""

    def __init__(self, session: Session, presenter: Presenter, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._presenter = presenter
        self._wish: Look | None = None
        session.image_changed.connect(self._look_again)
        session.image_failed.connect(self._forget)

    def open(self, look: Look, root: Path) -> None:
        """Open an image with its prompts.

        Parameters
        ----------
        root
            Of a dataset that has it, to be opened unless the one in the window has it too.
        """
        self._wish = look
        session, dataset, sample = self._session, self._session.dataset, look.at.sample
        # Else the window would make its own prompts from the ground truth or a map.
        session.set_source(replace(session.source, kind="hand"))
        key = None
        if dataset is not None and sample.path.is_relative_to(dataset.root):
            key = dataset.path_in_root(sample)
        if key is not None and session.sample(key) is not None:
            self._presenter.select(key)
        else:
            self._presenter.open_path(root, sample.path.relative_to(root).as_posix())
        self._look_again()

    @Slot()
    def _look_again(self) -> None:
        # Not within the signal that an image is on screen: whatever is done there counts as opening it.
        QTimer.singleShot(0, self, self._apply)

    @Slot()
    def _forget(self) -> None:
        self._wish = None

    @Slot()
    def _apply(self) -> None:
        wish, opened = self._wish, self._session.opened
        if wish is None or opened is None or opened.sample.path != wish.at.sample.path:
            return
        self._wish = None
        row, mode = wish.at.image.row, wish.at.mode
        if row.image_id != opened.image.image_id:
            self.trouble.emit(
                "warning",
                f"{opened.sample.name} was changed since it was evaluated: its prompts of {mode} are not used.",
            )
            return
        work = self._session.work
        if work.prompts == wish.prompts and work.accepted is None:
            return
        # The prompts stand alone, as in the run: accepted regions would join their mask.
        alone = replace(work, prompts=wish.prompts, accepted=None, accepted_prompts=Prompts())
        self._session.edit_work(alone, f"prompts of {mode}")
        notes = []
        if work.accepted is not None:
            notes.append(
                "Your accepted regions were set aside, so that these prompts stand alone: undo brings them back."
            )
        if row.mode in AUTOMATIC_MODES:
            iou = f" (IoU {row.iou:.3f})" if row.iou is not None else ""
            notes.append(
                f"The run's mask{iou} was made with its map; here SAM answers the prompts of {mode} without it."
            )
        for note in notes:
            self.trouble.emit("info", note)
