"""The thread that owns every torch object. The window asks through a mailbox and hears by one signal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from sam_inspector.engine.mailbox import Mailbox
from sam_inspector.engine.requests import Reply, Segmented
from sam_inspector.ui.candidate_pictures import CandidatePicture, PassPicture, candidate_pictures, pass_pictures
from sam_inspector.ui.canvas.overlays import ErrorOverlay, MaskOverlay

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
    """A `Reply`, or a `SegmentedView` in place of a `Segmented`."""

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
        self.replied.emit(_prepared(reply) if isinstance(reply, Segmented) else reply)

    def close(self) -> bool:
        """End the thread; what waits in the mailbox is dropped. False when it did not end in time."""
        self.mailbox.close()
        return self.wait(CLOSE_TIMEOUT_MS)


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
