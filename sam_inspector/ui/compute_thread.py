"""The thread that owns every torch object. The window asks through a mailbox and hears by one signal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from sam_inspector.core.collecting import many_new_objects
from sam_inspector.data.images import LoadedImage
from sam_inspector.engine.mailbox import Mailbox
from sam_inspector.engine.requests import ExchangeProgress, JobStepped, Reply, Segmented
from sam_inspector.ui.candidate_pictures import CandidatePicture, PassPicture, candidate_pictures, pass_pictures
from sam_inspector.ui.canvas.overlays import ErrorOverlay, MaskOverlay
from sam_inspector.ui.canvas.pyramid import ImagePyramid
from sam_inspector.ui.compare.answer import prepared_step

CLOSE_TIMEOUT_MS = 30_000


@dataclass(frozen=True, eq=False, slots=True)
class SegmentedView:
    """A `Segmented` with all that painting needs, prepared here so that the window's thread only paints."""

    segmented: Segmented
    mask: MaskOverlay
    errors: ErrorOverlay | None
    candidates: tuple[tuple[CandidatePicture, ...], ...]
    passes: tuple[PassPicture, ...] = ()


class ComputeThread(QThread):
    """Runs a `ComputeLoop`.

    Parameters
    ----------
    load
        Makes a segmenter from a model's name, for tests; None stands for the real one, imported on this thread so
        that the window opens before torch is there.
    cache_folder
        Where embeddings are kept between runs, or None.
    load_clip
        Makes a CLIP model from its name, for tests; None stands for the real one.
    """

    replied = Signal(object)
    """A `Reply`; a `SegmentedView` in place of a `Segmented`, a `PaneStepped` in place of a comparison's step."""

    def __init__(
        self,
        load: Callable[..., Any] | None = None,
        cache_folder: Path | None = None,
        load_clip: Callable[..., Any] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("compute")
        self.mailbox = Mailbox()
        self._load = load
        self._cache_folder = cache_folder
        self._load_clip = load_clip

    def run(self) -> None:
        """Answer the mailbox until it is closed."""
        with many_new_objects():
            from sam_inspector.engine.compute_loop import ComputeLoop
            from sam_inspector.engine.inspector import Inspector

            if self._load is None:
                from sam_inspector.models.loading import load_segmenter

                self._load = load_segmenter
            if self._load_clip is None:
                from sam_inspector.models.clip_loading import load_clip

                self._load_clip = load_clip
        inspector = Inspector(self._load, self._cache_folder)
        ComputeLoop(self.mailbox, inspector, self._emit, self._load_clip).run()

    def _emit(self, reply: Reply) -> None:
        if isinstance(reply, Segmented):
            self.replied.emit(_prepared(reply))
        elif isinstance(reply, JobStepped):
            self.replied.emit(prepared_step(reply) or prepared_exchange(reply) or reply)
        else:
            self.replied.emit(reply)

    def close(self) -> bool:
        """End the thread; what waits in the mailbox is dropped. False when it did not end in time."""
        self.mailbox.close()
        return self.wait(CLOSE_TIMEOUT_MS)


@dataclass(frozen=True, eq=False, slots=True)
class ExchangedView:
    """An image before another background with all that painting needs; None and why where it stays as it is."""

    number: int
    image: LoadedImage | None
    pyramid: ImagePyramid | None
    remark: str


def prepared_exchange(stepped: JobStepped) -> ExchangedView | None:
    """All that painting needs of an exchanged image; None for the step of another job."""
    progress = stepped.progress
    if not isinstance(progress, ExchangeProgress):
        return None
    pyramid = None if progress.image is None else ImagePyramid.from_pixels(progress.image.pixels)
    return ExchangedView(stepped.job.number, progress.image, pyramid, progress.remark)


def _prepared(segmented: Segmented) -> SegmentedView:
    request = segmented.request
    mask = segmented.segmentation.mask
    errors = None if request.ground_truth is None else ErrorOverlay.from_masks(mask, request.ground_truth)
    return SegmentedView(
        segmented,
        MaskOverlay.from_mask(mask, outlined=False),
        errors,
        tuple(candidate_pictures(request.image.pixels, region) for region in segmented.segmentation.regions),
        pass_pictures(request.image.pixels, segmented.passes),
    )
