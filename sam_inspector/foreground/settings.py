"""How a foreground is found and cleaned up: frozen values, free of torch, for window and shell alike.

Hak and Kim (Sam2Sim) state neither how SAM 2 is prompted nor how its masks are cleaned; every number here is this
project's choice, made in this one place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

ForegroundMode = Literal["point_grid", "box_center", "amg_union", "manual", "u2net", "none"]
Outline = Literal["as_found", "convex"]

DEFAULT_MODE: ForegroundMode = "point_grid"
MODE_TITLES: dict[ForegroundMode, str] = {
    "point_grid": "SAM asked all over the image",
    "box_center": "SAM asked in the middle",
    "amg_union": "All of SAM's masks",
    "manual": "Prompts by hand",
    "u2net": "U²-Net",
    "none": "Whole image",
}
PREDICTED_IOU: dict[str, float] = {"sam": 0.88, "sam2": 0.80}
"""The least predicted IoU of an automatic mask, by family of models, as their authors have it."""
DEFAULT_PREDICTED_IOU = 0.88
REFERENCE_SIDE_PX = 512
"""Sizes of the clean-up are given for images whose longest side has so many pixels."""


@dataclass(frozen=True, slots=True)
class BoxCenterSettings:
    """What SAM is asked for the object in the middle, and which of its three masks counts.

    Attributes
    ----------
    box_inset, corner_inset
        How far the box, and the four negative points in the corners, stand from the frame, as a share of each side.
    least_area, most_area
        Limits of a mask's area, as a share of the image.
    most_rim
        A mask has less than this share of the image's outermost pixels.
    """

    box_inset: float = 0.03
    corner_inset: float = 0.02
    least_area: float = 0.05
    most_area: float = 0.95
    most_rim: float = 0.20


@dataclass(frozen=True, slots=True)
class PointGridSettings:
    """Where SAM is asked, and which masks may belong to the foreground.

    Attributes
    ----------
    points_per_side
        The grid has this many points squared.
    alike
        Two masks that part the image about equally well, up to this share, are told apart by SAM's predicted IoU; a
        further mask is united with them when it does better by more than that. There is no threshold of predicted IoU:
        SAM is not sure of a broken object, and right.
    least_part
        The least area of one mask, as a share of the image.
    least_area, most_area
        Limits of the foreground's area, as a share of the image.
    most_rim
        A mask has less than this share of the image's outermost pixels.
    least_separation, least_sure
        Nothing is found where the masks part the image less than this and SAM's highest predicted IoU is below this.
        Both, for a small object explains little of an image, and of a broken one SAM is not sure. With MobileSAM, one
        colour, noise and leather gave at most 0.19 and 0.71; with SAM 2 as well, hazelnuts and cookies at least 0.23
        and 0.85.
    """

    points_per_side: int = 4
    alike: float = 0.05
    least_part: float = 0.02
    least_area: float = 0.05
    most_area: float = 0.95
    most_rim: float = 0.20
    least_separation: float = 0.20
    least_sure: float = 0.80


@dataclass(frozen=True, slots=True)
class AutomaticMaskSettings:
    """What SAM is asked on a grid of points, and which masks are kept; the names are those of SAM's authors in full.

    Attributes
    ----------
    points_per_side
        The grid has this many points squared.
    predicted_iou
        The least predicted IoU; None takes that of the model's family.
    stability, stability_offset
        The least IoU between the masks cut at plus and at minus the offset.
    box_overlap
        Of two masks whose boxes overlap by more than this IoU, the one of higher predicted IoU stays.
    """

    points_per_side: int = 32
    predicted_iou: float | None = None
    stability: float = 0.95
    stability_offset: float = 1.0
    box_overlap: float = 0.7

    def least_predicted_iou(self, family: str) -> float:
        """The threshold for a model of a family."""
        if self.predicted_iou is not None:
            return self.predicted_iou
        return PREDICTED_IOU.get(family, DEFAULT_PREDICTED_IOU)


@dataclass(frozen=True, slots=True)
class CleanUpSettings:
    """From a mask as the model gives it to a foreground.

    Attributes
    ----------
    least_component
        Parts below this share of the image are dropped.
    least_in_corner
        So are parts in a corner of the frame below this share of the largest part: a neighbour that reaches in.
    closing_px, dilation_px
        Diameter of the ellipse that closes gaps, and how far the mask then grows, in pixels of an image whose longest
        side is `REFERENCE_SIDE_PX`; 0 leaves the step out. Growing protects defects on the contour.
    fills_holes
        Whether what is enclosed belongs to the object.
    outline
        `convex`: whatever lies between the object's parts belongs to it, so that a gap, a notch or a missing corner is
        not cut away with the background. `as_found` leaves the contour as it is; `outline.fitting_outline` tells which
        suits a category.
    """

    least_component: float = 0.01
    least_in_corner: float = 0.5
    fills_holes: bool = True
    closing_px: int = 5
    dilation_px: int = 2
    outline: Outline = "convex"


@dataclass(frozen=True, slots=True)
class ForegroundSettings:
    """How the foreground of a category's images is found.

    Attributes
    ----------
    mode
        `point_grid`: SAM is asked at a few points, and the masks that part the image best are united. `box_center`: SAM
        is asked once, for the object in the middle. `amg_union`: SAM's automatic masks, without those of
        the background. `manual`: prompts that a person made for the category. `u2net`: a network that marks what is
        salient. `none`: the whole image.
    most_sides
        `amg_union` drops masks that touch more than this many sides of the frame.
    saliency_threshold
        What U²-Net gives at least this much is foreground.
    least_side_px
        An image with a shorter side has no foreground, unless a person's prompts say so: too little can be seen.
    """

    mode: ForegroundMode = DEFAULT_MODE
    point_grid: PointGridSettings = field(default_factory=PointGridSettings)
    box_center: BoxCenterSettings = field(default_factory=BoxCenterSettings)
    automatic: AutomaticMaskSettings = field(default_factory=AutomaticMaskSettings)
    clean_up: CleanUpSettings = field(default_factory=CleanUpSettings)
    most_sides: int = 2
    saliency_threshold: float = 0.5
    least_side_px: int = 16


INSERTION = ForegroundSettings(clean_up=CleanUpSettings(outline="as_found", dilation_px=1))
"""What stays when a background is exchanged: little more than the object, so that none of its old ground goes along."""
FAITHFUL = ForegroundSettings(mode="box_center", clean_up=CleanUpSettings(outline="as_found", dilation_px=4))
"""The reading closest to the published system: one question for the object in the middle."""
