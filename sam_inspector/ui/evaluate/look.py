"""One image of a run as the run left it: its mask, what is wrong with it, and the prompts that it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import SamInspectorError
from sam_inspector.core.prompts import Prompts
from sam_inspector.data.datasets import Sample
from sam_inspector.data.images import LoadedImage, read_image
from sam_inspector.data.masks import read_mask
from sam_inspector.ui.canvas.overlays import ErrorOverlay, MaskOverlay
from sam_inspector.ui.canvas.pyramid import ImagePyramid
from sam_inspector.ui.evaluate.run_prompts import find_prompts
from sam_inspector.ui.file_thread import OPEN, FileState

if TYPE_CHECKING:
    from sam_inspector.ui.evaluate.worst_strip import WorstImage


@dataclass(frozen=True, eq=False, slots=True)
class LookAt:
    """Which image is looked at.

    Attributes
    ----------
    out
        The folder of the run.
    mode
        The mode's title.
    """

    image: WorstImage
    out: Path
    sample: Sample
    mode: str


@dataclass(frozen=True, eq=False, slots=True)
class Look:
    """All that is painted of it, and what has to be said.

    Attributes
    ----------
    pyramid
        None where the image can't be read.
    notes
        Sentences on what is not there or not as it was.
    is_same
        Whether the image is the one that was evaluated; prompts of another are not used.
    """

    at: LookAt
    pyramid: ImagePyramid | None = None
    mask: MaskOverlay | None = None
    errors: ErrorOverlay | None = None
    truth: MaskOverlay | None = None
    prompts: Prompts = field(default_factory=Prompts)
    notes: tuple[str, ...] = ()
    is_same: bool = True


@dataclass(frozen=True, eq=False)
class ReadLook:
    """Read the image, its ground truth and what the run has of it; nothing of it is kept."""

    priority: ClassVar[int] = OPEN
    newest_only: ClassVar[bool] = True
    at: LookAt

    def run(self, state: FileState) -> Look:
        """Raise nothing: what can't be read is told in the answer."""
        at, row = self.at, self.at.image.row
        try:
            image = read_image(at.sample.path)
        except SamInspectorError as error:
            return Look(at, notes=(str(error),))
        notes = []
        is_same = row.image_id is None or row.image_id == image.image_id
        if not is_same:
            notes.append(f"{at.sample.name} was changed since it was evaluated: its mask is of the image before.")
        found: list[NDArray[np.bool_]] = []
        for file in (at.out / row.mask if row.mask is not None else None, at.sample.mask_path):
            try:
                found.append(_mask(file, image))
            except SamInspectorError as error:
                notes.append(str(error))
                found.append(np.zeros((image.height, image.width), np.bool_))
        prompts = Prompts()
        try:
            prompts = find_prompts(at.out, row)
        except SamInspectorError as error:
            notes.append(str(error))
        mask, truth = found
        return Look(
            at,
            ImagePyramid.from_pixels(image.pixels),
            MaskOverlay.from_mask(mask),
            ErrorOverlay.from_masks(mask, truth),
            MaskOverlay.from_mask(truth) if truth.any() else None,
            prompts,
            tuple(notes),
            is_same,
        )


def _mask(file: Path | None, image: LoadedImage) -> NDArray[np.bool_]:
    if file is None:
        return np.zeros((image.height, image.width), np.bool_)
    return read_mask(file, width=image.width, height=image.height)
