"""What `evaluate` can score: prompts made from the ground truth, anomaly maps, and prompts made from maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sam_inspector.engine.requests import MapMethod
from sam_inspector.prompting.from_ground_truth import GT_MODES


@dataclass(frozen=True, slots=True)
class AutomaticMode:
    """A row: a mode that starts from an anomaly map.

    Attributes
    ----------
    map
        Where the map comes from; None leaves it to the user.
    answer
        What is scored: the map alone; SAM's answer to a box and a peak for each of its regions; or the cascade's.
    learns
        Whether a network has to be trained for each category first, which takes minutes.
    """

    title: str
    map: MapMethod | None
    answer: Literal["map", "prompts", "cascade"]
    learns: bool = False


AUTOMATIC_MODES: dict[str, AutomaticMode] = {
    "few-shot-map": AutomaticMode("The few-shot map alone, cut at its threshold", "few-shot", "map"),
    "few-shot": AutomaticMode(
        "Box and peak of every region of the few-shot map, answered by SAM", "few-shot", "prompts"
    ),
    "clip-map": AutomaticMode("CLIP's map alone, cut at its threshold", "clip", "map"),
    "clip": AutomaticMode("Box and peak of every region of CLIP's map, answered by SAM", "clip", "prompts"),
    "simplenet": AutomaticMode(
        "SimpleNet's map alone, trained on the category's normal images", "simplenet", "map", learns=True
    ),
    "sam2sim": AutomaticMode(
        "SimpleNet's map of what is left when an object's background is removed", "sam2sim", "map", learns=True
    ),
    "cascade": AutomaticMode("Co-feature points on a map, answered by SAM in three passes", None, "cascade"),
}
"""Modes that need no ground truth: they visit good images too."""

BY_HAND = "hand"
"""The prompts of a person, beside the modes above where an image is compared under several."""

TUNED_MODE = "spt"
"""Prompts from the ground truth, answered by a tuned SAM."""
TUNED_TITLE = "Box or points of every GT region, answered by a tuned SAM"

EVALUATE_MODES: tuple[str, ...] = (*GT_MODES, TUNED_MODE, *AUTOMATIC_MODES)

COMPARE_MODES: tuple[str, ...] = (*GT_MODES, *(name for name, row in AUTOMATIC_MODES.items() if not row.learns))
"""Those that can be seen side by side: nobody waits minutes for a pane."""
