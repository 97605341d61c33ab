"""The image on screen as it was prepared for painting, for views that are built only once they are wanted."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from sam_inspector.ui.canvas.overlays import MaskOverlay
from sam_inspector.ui.canvas.pyramid import ImagePyramid
from sam_inspector.ui.file_tasks import ReadSample
from sam_inspector.ui.presenter import Presenter
from sam_inspector.ui.session import Session


class ImagePictures(QObject):
    """Keeps what the file thread prepared last.

    Attributes
    ----------
    pyramid, truth
        Image and ground truth; None where there is none.
    """

    def __init__(self, session: Session, presenter: Presenter, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.pyramid: ImagePyramid | None = None
        self.truth: MaskOverlay | None = None
        presenter.sample_read.connect(self._take_sample)
        presenter.ground_truth_read.connect(self._take_truth)
        session.image_changed.connect(self._check)

    @Slot(object)
    def _take_sample(self, read: ReadSample) -> None:
        self.pyramid, self.truth = read.pyramid, read.ground_truth_overlay

    @Slot(object)
    def _take_truth(self, truth: MaskOverlay) -> None:
        self.truth = truth

    @Slot()
    def _check(self) -> None:
        if self._session.opened is None:
            self.pyramid = self.truth = None
