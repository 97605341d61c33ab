"""Tuning SAM as a job: what is asked for, and what its steps tell. Frozen values, free of Qt and of torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sam_inspector.engine.job_progress import JobProgress
from sam_inspector.methods.spt.settings import SptSettings
from sam_inspector.models.tuned.manifest import HeldOutScores


@dataclass(frozen=True, eq=False, slots=True)
class TuneSample:
    """An image with its defects marked.

    Attributes
    ----------
    mask_path
        Its ground truth: a file, or a folder of files that are united; None where `mask` has it.
    mask
        bool `(H, W)`: what a person accepted on the image; it counts before the ground truth.
    """

    path: Path
    category: str
    mask_path: Path | None = None
    mask: NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class TrainSpt:
    """Tune SAM on marked images, into a file; its steps are `SptProgress`.

    Attributes
    ----------
    samples
        Those to learn from and those to judge on; the settings' holdout tells them apart.
    model
        The one to tune, of the registry.
    datasets
        Names of where the samples come from, for the file.
    resume
        Go on with the training in `out`; where there is none, one begins. Else a file that is there is left alone.
    previews
        How many held-out images are shown with their masks, as training goes on.
    """

    samples: tuple[TuneSample, ...]
    model: str
    settings: SptSettings
    out: Path
    datasets: tuple[str, ...] = ()
    resume: bool = False
    device: str = "auto"
    previews: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class PreviewMask:
    """The masks of a held-out image by a network that is still being tuned, with a box around each region.

    Attributes
    ----------
    mask, draft, zero_shot
        bool `(H, W)`: what counts, its draft (None where there is no second decoder), and what SAM gave before.
    ground_truth
        bool `(H, W)`.
    iou, draft_iou, zero_shot_iou
        Of each, in [0, 1].
    """

    path: Path
    mask: NDArray[np.bool_]
    zero_shot: NDArray[np.bool_]
    ground_truth: NDArray[np.bool_]
    iou: float
    zero_shot_iou: float
    draft: NDArray[np.bool_] | None = None
    draft_iou: float | None = None


@dataclass(frozen=True, slots=True)
class SptProgress(JobProgress):
    """One step of a tuning.

    Attributes
    ----------
    epoch, epochs
        The one at work, counted from 1, of all; 0 while images are encoded.
    loss
        Of the last step.
    losses
        The mean loss of each whole epoch, those of an earlier run too.
    zero_shot
        Scores of the held-out images before tuning, once they are known; None without such images.
    judged
        Those after some epochs, each with its `epoch`, the last epoch among them.
    kept_epoch
        The epoch whose state is kept so far; 0 before the first.
    learnt, held_out
        How many images are learnt from and kept back, once that is known.
    seconds_left
        As far as it can be told.
    previews
        Masks after this step, where it is their turn.
    remarks
        Sentences that have come up with this step.
    """

    epoch: int = 0
    epochs: int = 0
    loss: float | None = None
    losses: tuple[float, ...] = ()
    zero_shot: HeldOutScores | None = None
    judged: tuple[HeldOutScores, ...] = ()
    kept_epoch: int = 0
    learnt: int = 0
    held_out: int = 0
    seconds_left: float | None = None
    previews: tuple[PreviewMask, ...] = field(default=())
    remarks: tuple[str, ...] = ()
