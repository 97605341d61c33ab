"""What every number of the results panel is: its name, its formula, and over which pixels or images it is taken."""

from __future__ import annotations

from dataclasses import dataclass

from sam_inspector.core.scores import MaskScores


@dataclass(frozen=True, slots=True)
class MetricText:
    """The words for one metric.

    Attributes
    ----------
    name
        The field of `MaskScores` it is in.
    title
        As the panel calls it.
    definition
        What it says, in one or two sentences.
    formula
        How it is computed; TP, FP, FN are pixels that are right, too much, and missed.
    undefined
        When it has no value.
    """

    name: str
    title: str
    definition: str
    formula: str
    undefined: str

    def tooltip(self, over: str = "Over the pixels of this image.") -> str:
        """All of it, with what it is taken over."""
        return f"{self.title}: {self.definition}\n{self.formula}\n{over}"

    def why_missing(self, scores: MaskScores | None) -> str:
        """Why a dash stands in its place."""
        if scores is None:
            return f"{self.title}: there is no mask to score yet."
        if scores.gt_area is None and self.name not in WITHOUT_GROUND_TRUTH:
            return f"{self.title}: not defined, for this image has no ground truth."
        return f"{self.title}: not defined here. {self.undefined}"


WITHOUT_GROUND_TRUTH = ("predicted_iou", "mask_area")
"""What can be told of a mask alone."""

_BOTH_EMPTY = "Both the mask and the ground truth are empty."
_ONE_CLASS = "It needs defective and normal pixels in the ground truth."

METRICS: dict[str, MetricText] = {
    row.name: row
    for row in (
        MetricText(
            "iou",
            "IoU",
            "how much of what either the mask or the ground truth covers is covered by both.",
            "TP / (TP + FP + FN), from 0 to 1.",
            _BOTH_EMPTY,
        ),
        MetricText(
            "dice",
            "Dice",
            "overlap of mask and ground truth, kinder to small regions than IoU.",
            "2 TP / (2 TP + FP + FN), from 0 to 1.",
            _BOTH_EMPTY,
        ),
        MetricText(
            "precision",
            "Precision",
            "how much of the mask is defect.",
            "TP / (TP + FP), from 0 to 1.",
            "The mask is empty.",
        ),
        MetricText(
            "recall",
            "Recall",
            "how much of the defect the mask covers.",
            "TP / (TP + FN), from 0 to 1.",
            "The ground truth is empty.",
        ),
        MetricText(
            "boundary_iou",
            "Boundary IoU",
            "IoU of the bands along both outlines, so that large regions are judged by their edges too.",
            "IoU of the bands inside both outlines, each 2 % of the image's diagonal wide.",
            _BOTH_EMPTY,
        ),
        MetricText(
            "p_auroc",
            "Pixel AUROC",
            "how well the mask's logits rank defective pixels above normal ones, at all thresholds; "
            "0.5 is chance. The large normal area makes it look high.",
            "Area under the ROC curve of this image's pixels.",
            _ONE_CLASS,
        ),
        MetricText(
            "ap",
            "AP",
            "average precision of the mask's logits over all thresholds; stricter than AUROC when defects are small.",
            "Sum over thresholds of (recall gained) × precision.",
            _ONE_CLASS,
        ),
        MetricText(
            "f1_max",
            "F1-max",
            "the best F1 that any threshold on the logits would reach. The threshold is chosen with the "
            "ground truth in sight, so it is a bound, not a result in use.",
            "Maximum over thresholds of 2 PR / (P + R).",
            _ONE_CLASS,
        ),
        MetricText(
            "predicted_iou",
            "Predicted IoU",
            "SAM's own estimate of the IoU; it knows no ground truth. What lies outside 0 to 1 is shown as 0 or 1.",
            "Mean over the chosen masks of this image's prompts.",
            "SAM gave no mask.",
        ),
        MetricText(
            "mask_area",
            "Mask area",
            "share of the image that the mask covers.",
            "Pixels of the mask / pixels of the image.",
            "There is no image.",
        ),
        MetricText(
            "gt_area",
            "GT area",
            "share of the image that the ground truth covers.",
            "Pixels of the ground truth / pixels of the image.",
            "There is no image.",
        ),
    )
}

GRID = (
    "dice",
    "precision",
    "boundary_iou",
    "recall",
    "p_auroc",
    "ap",
    "f1_max",
    "predicted_iou",
    "mask_area",
    "gt_area",
)
"""Order in the panel's two columns, row by row."""

SUMMARY = ("iou", "dice", "boundary_iou", "p_auroc")
"""Rows of the table of what is done so far."""

AREAS = ("mask_area", "gt_area")
COPIED = ("iou", *GRID)
"""Columns of the copied row."""


def estimate_text(estimate: float, decimals: int = 2) -> str:
    """SAM's own estimate of an IoU, as shown: brought to 0 to 1, which the head that gives it may leave."""
    return f"{min(max(estimate, 0.0), 1.0):.{decimals}f}"


def estimate_words(estimate: float) -> str:
    """The same for a tooltip: three decimals, and the raw value where it lies outside."""
    shown = estimate_text(estimate, 3)
    return shown if 0 <= estimate <= 1 else f"{shown} (raw {estimate:.3f}, which no IoU can be)"


def value_of(scores: MaskScores | None, name: str) -> float | None:
    """A metric's value; areas as shares of the image; None where it is not defined."""
    if scores is None:
        return None
    value = getattr(scores, name)
    if name in AREAS:
        return None if value is None or not scores.image_area else value / scores.image_area
    return None if value is None else float(value)


def value_text(scores: MaskScores | None, name: str) -> str:
    """Three decimals, areas in per cent, a dash where it is not defined."""
    value = value_of(scores, name)
    if value is None:
        return "–"
    if name == "predicted_iou":
        return estimate_text(value, 3)
    return f"{100 * value:.2f} %" if name in AREAS else f"{value:.3f}"


def value_tooltip(scores: MaskScores | None, name: str) -> str:
    """The definition, with the exact number of pixels for an area; or why there is no value."""
    metric = METRICS[name]
    if value_of(scores, name) is None:
        return f"{metric.why_missing(scores)}\n{metric.definition[0].upper()}{metric.definition[1:]}"
    if name in AREAS and scores is not None:
        return metric.tooltip(f"{getattr(scores, name):,} of {scores.image_area:,} pixels of this image.")
    value = value_of(scores, name)
    if name == "predicted_iou" and value is not None and not 0 <= value <= 1:
        return f"{metric.tooltip()}\nShown as {estimate_words(value)}."
    return metric.tooltip()
