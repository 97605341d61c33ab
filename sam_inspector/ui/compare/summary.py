"""How the panes did on the images seen so far: running figures, and who was best on how many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sam_inspector.core.scores import MaskScores

PaneKey = tuple[str, str]
"""Mode and model."""


@dataclass(frozen=True, slots=True)
class PaneSummary:
    """The figures of one pane.

    Attributes
    ----------
    ious
        Of the images on which all panes with any figure were scored, by image.
    wins
        On how many of these it had the highest IoU; several panes can share one, where not all do.
    seen
        On how many images any of the panes was scored.
    """

    ious: dict[str, float]
    wins: int
    seen: int = 0

    @property
    def mean_iou(self) -> float | None:
        """Over these images; None without any."""
        return sum(self.ious.values()) / len(self.ious) if self.ious else None


def best_of(ious: Sequence[float | None]) -> set[int]:
    """Places of the highest; none where fewer than two are defined, or all are the same."""
    known = [value for value in ious if value is not None]
    if len(known) < 2 or min(known) == max(known):
        return set()
    highest = max(known)
    return {place for place, value in enumerate(ious) if value == highest}


class Sitting:
    """The IoU of each pane on each image since the dataset was opened, or since settings changed."""

    def __init__(self) -> None:
        self._ious: dict[PaneKey, dict[str, float]] = {}

    def note(self, pane: PaneKey, image: str, scores: MaskScores) -> None:
        """Take down what a pane came to on an image; the newest figure counts."""
        known = self._ious.setdefault(pane, {})
        if scores.iou is None:
            known.pop(image, None)
        else:
            known[image] = scores.iou

    def forget(self) -> None:
        """Begin anew."""
        self._ious.clear()

    def summaries(self, panes: Sequence[PaneKey]) -> list[PaneSummary]:
        """The figures of these panes, over the images that all of them have in common.

        A pane without any figure does not count, or no other would have one.
        """
        by_pane = [self._ious.get(pane, {}) for pane in panes]
        scored = [known for known in by_pane if known]
        images = [image for image in (scored[0] if scored else {}) if all(image in known for known in scored)]
        seen = len({image for known in scored for image in known})
        winners = [best_of([known.get(image) for known in by_pane]) for image in images]
        return [
            PaneSummary(
                {image: known[image] for image in images} if known else {},
                sum(place in best for best in winners),
                seen,
            )
            for place, known in enumerate(by_pane)
        ]
