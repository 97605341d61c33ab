"""What `evaluate` can score: prompts made from the ground truth, anomaly maps, and prompts made from maps."""

from __future__ import annotations

from sam_inspector.prompting.from_ground_truth import GT_MODES

FEW_SHOT_MAP = "few-shot-map"
FEW_SHOT = "few-shot"

AUTOMATIC_MODES: dict[str, str] = {
    FEW_SHOT_MAP: "Few-shot map: the anomaly map alone, cut at its threshold",
    FEW_SHOT: "Few-shot: box and peak of every map region, answered by SAM",
}
"""Modes that need no ground truth: they visit good images too."""

EVALUATE_MODES: tuple[str, ...] = (*GT_MODES, *AUTOMATIC_MODES)
