"""What a pane shows once its mode was answered, prepared for painting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sam_inspector.core.prompts import Prompts
from sam_inspector.core.scores import MaskScores
from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.engine.requests import CompareImage, CompareProgress, JobStepped
from sam_inspector.ui.canvas.overlays import ErrorOverlay, MaskOverlay

if TYPE_CHECKING:
    from sam_inspector.engine.image_modes import ModeAnswer


@dataclass(frozen=True, eq=False, slots=True)
class PaneAnswer:
    """An answer without its score map, which for a large image takes more memory than all the rest.

    Attributes
    ----------
    prompts
        What SAM was asked; empty for a mode that scores a map alone.
    seconds
        As in `ModeAnswer`.
    anomaly_map
        The map that the mode starts from; panes that share it hold the same object.
    """

    mask: MaskOverlay
    errors: ErrorOverlay | None
    prompts: Prompts
    scores: MaskScores
    seconds: dict[str, float | None]
    anomaly_map: AnomalyMap | None


@dataclass(frozen=True, eq=False, slots=True)
class PaneStepped:
    """A `JobStepped` of a comparison: its pane is being made ready (`text`), was answered, or failed (`error`)."""

    number: int
    pane: int
    text: str = ""
    answer: PaneAnswer | None = None
    error: str = ""


def prepared_step(stepped: JobStepped) -> PaneStepped | None:
    """All that painting needs of a step, made on the thread that computed it; None for the step of another job."""
    work, progress = stepped.job.work, stepped.progress
    if not isinstance(work, CompareImage) or not isinstance(progress, CompareProgress):
        return None
    answer = None
    if progress.answer is not None and progress.scores is not None:
        answer = _prepared(progress.answer, progress.scores, work)
    return PaneStepped(stepped.job.number, progress.pane, progress.text, answer, progress.error)


def _prepared(answer: ModeAnswer, scores: MaskScores, work: CompareImage) -> PaneAnswer:
    mask, truth = answer.segmentation.mask, work.ground_truth
    return PaneAnswer(
        MaskOverlay.from_mask(mask, outlined=False),
        None if truth is None else ErrorOverlay.from_masks(mask, truth),
        answer.prompts,
        scores,
        answer.seconds,
        answer.anomaly_map,
    )


def seconds_of(answer: PaneAnswer, others: Sequence[PaneAnswer]) -> float:
    """What the mode takes beside the image's encoding, which all panes of a model share.

    A map that several panes start from is made once and counts for each of them.
    """
    map_seconds = answer.seconds.get("map")
    if map_seconds is None and answer.anomaly_map is not None:
        shared = (other for other in others if other.anomaly_map is answer.anomaly_map)
        map_seconds = next((made for other in shared if (made := other.seconds.get("map")) is not None), None)
    parts = (answer.seconds.get("decode"), answer.seconds.get("points"), map_seconds)
    return sum(part for part in parts if part is not None)
