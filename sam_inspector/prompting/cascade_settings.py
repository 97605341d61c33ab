"""How co-feature points and the cascade work: frozen values for window and shell alike.

Source: Hou et al. 2025, “Enhancing Zero-Shot Anomaly Detection: CLIP-SAM Collaboration with Cascaded Prompts”
(arXiv 2510.11028), sections 3.1 and 3.2. What the paper leaves open is marked [A] and is a setting here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from sam_inspector.core.errors import InputError

ExtremeRule = Literal["threshold", "peak_share", "quantile"]
EXTREME_RULES: tuple[str, ...] = get_args(ExtremeRule)
Spacing = Literal["rank_stride", "min_distance"]
SPACINGS: tuple[str, ...] = get_args(Spacing)
KernelShape = Literal["ellipse", "rectangle", "cross"]
KERNEL_SHAPES: tuple[str, ...] = get_args(KernelShape)
Prototype = Literal["weighted_mean", "max_pairwise"]
PROTOTYPES: tuple[str, ...] = get_args(Prototype)
PromptScope = Literal["component", "image"]
PROMPT_SCOPES: tuple[str, ...] = get_args(PromptScope)
ScoreRule = Literal["average", "product", "mask"]
SCORE_RULES: tuple[str, ...] = get_args(ScoreRule)
MaskRule = Literal["single", "predicted_iou", "map"]
PASSES = 3


@dataclass(frozen=True, slots=True)
class CoFeatureSettings:
    """From a map and SAM's image features to points (PPG).

    Lengths are pixels of a frame: the image with its longest side brought to `frame`.

    Attributes
    ----------
    rule
        What is extreme. `threshold`: above the map's own threshold, as other automatic prompts have it; `peak_share`:
        above the larger of `least_score` and `peak_share` times the highest score of this image; `quantile`: above the
        share `quantile` of this image's map. The paper gives no threshold [A].
    least_score
        For `peak_share`, of a map brought to [0, 1] by its own range.
    scope
        `component`: every connected extreme region gets points and a mask of its own; `image`: one set of points for
        the whole image, as in the paper.
    positive_points, negative_points
        Points sought, for each region or for the image; fewer where there is no room [A].
    spacing
        `rank_stride`: every `stride`-th pixel of those sorted by score, our reading of the paper's “spaced by 400
        pixels”; `min_distance`: the next best one at least `distance_px` away from those taken [A].
    kernel_shape, kernel_px
        The structuring element that widens the extreme region; what it adds is the ring that negative points are
        chosen from.
    prototype
        What ring pixels are compared with: the mean of the extreme features weighted by their scores, or the most
        similar of them [A].
    """

    rule: ExtremeRule = "threshold"
    peak_share: float = 0.8
    least_score: float = 0.3
    quantile: float = 0.995
    scope: PromptScope = "component"
    max_components: int = 5
    min_area_fraction: float = 0.0002
    positive_points: int = 3
    negative_points: int = 3
    spacing: Spacing = "rank_stride"
    stride: int = 100
    distance_px: float = 40.0
    kernel_shape: KernelShape = "ellipse"
    kernel_px: int = 25
    prototype: Prototype = "weighted_mean"
    frame: int = 518

    def check(self) -> None:
        """Refuse settings that find no points.

        Raises
        ------
        InputError
            For an unknown name, or a number out of range.
        """
        for given, known, what in (
            (self.rule, EXTREME_RULES, "rule for the extreme region"),
            (self.spacing, SPACINGS, "spacing of points"),
            (self.kernel_shape, KERNEL_SHAPES, "shape of the kernel"),
            (self.prototype, PROTOTYPES, "prototype"),
            (self.scope, PROMPT_SCOPES, "scope of a prompt"),
        ):
            if given not in known:
                raise InputError(f"There is no {what} “{given}”: choose from {', '.join(known)}.")
        if not 0 < self.peak_share < 1:
            raise InputError(f"The share of the peak {self.peak_share:g} must lie between 0 and 1.")
        if not 0 < self.quantile < 1:
            raise InputError(f"The quantile {self.quantile:g} must lie between 0 and 1.")
        for value, what in (
            (self.positive_points, "positive points"),
            (self.stride, "a stride"),
            (self.max_components, "regions"),
        ):
            if value < 1:
                raise InputError(f"{value} was given for {what}; give at least 1.")
        if self.negative_points < 0:
            raise InputError(f"{self.negative_points} negative points were asked for; ask for 0 or more.")
        if not 2 <= self.kernel_px <= self.frame:
            raise InputError(f"A kernel of {self.kernel_px} px does not fit; give 2 to {self.frame}.")
        if not 64 <= self.frame <= 2048:
            raise InputError(f"A frame of {self.frame} px is not usable; give 64 to 2048.")


@dataclass(frozen=True, slots=True)
class CascadeSettings:
    """From prompts to a mask in three passes of SAM's decoder (CPS).

    Mean IoU after each pass, MobileSAM, prompts from the ground truth of hazelnut, leather and grid: box 0.676, 0.694,
    0.693; box and one point 0.683, 0.702, 0.703; box and 20 points 0.649, 0.697, 0.719; one point alone 0.309, 0.447,
    0.443. So the passes help prompts made by hand as well, and most where SAM is told least or too much.

    Attributes
    ----------
    first, second, third
        Which of SAM's masks counts in a pass. `single`: the single-mask output; `predicted_iou`: the best of the three
        others by SAM's own estimate; `map`: of all four the one that agrees best (IoU) with the region of the map that
        the prompt was made from, and `predicted_iou` where there is none. A prompt with a box of its own gets the
        single mask in the first pass. The paper takes the best by predicted IoU first and says nothing of the others
        [A]; but that is often the whole object, which the later passes then keep.
    """

    first: MaskRule = "map"
    second: MaskRule = "single"
    third: MaskRule = "single"


@dataclass(frozen=True, slots=True)
class CascadedPrompting:
    """The whole way from a map to a scored mask.

    What was tried with few-shot maps of four references and MobileSAM; means over hazelnut, leather and grid, pixels of
    all test images pooled, after pass 1, 2 and 3:

    =============================== ================= ================= =================
    settings                        F1-max            AP                IoU of the mask
    =============================== ================= ================= =================
    the map alone                   0.740             0.816             0.520
    a prompt a region *             0.703 0.718 0.727 0.722 0.774 0.763 0.351 0.505 0.505
    that, with the map as input *   0.759 0.761 0.758 0.804 0.822 0.819 0.513 0.576 0.573
    that, stride 50 *               0.757 0.763 0.760 0.781 0.837 0.832 0.499 0.569 0.562
    that, stride 100                0.769 0.776 0.772 0.817 0.855 0.845 0.534 0.606 0.596
    that, stride 200                0.752 0.767 0.766 0.806 0.839 0.834 0.529 0.592 0.594
    stride 100, 5 points a kind     0.762 0.775 0.774 0.828 0.849 0.842 0.581 0.600 0.594
    stride 400, no negative *       0.769 0.753 0.766 0.815 0.812 0.796 0.288 0.412 0.382
    stride 400, one of each kind *  0.738 0.697 0.695 0.756 0.759 0.718 0.423 0.483 0.469
    40 pixels apart *               0.729 0.759 0.756 0.764 0.820 0.781 0.433 0.562 0.543
    kernel of 45, stride 400 *      0.752 0.777 0.770 0.780 0.810 0.796 0.508 0.580 0.572
    stride 100, masks by the map    0.771 0.769 0.776 0.838 0.846 0.845 0.585 0.595 0.589
    the first by the map (chosen)   0.771 0.780 0.772 0.838 0.858 0.846 0.585 0.605 0.591
    the map as it is today          0.735             0.813             0.517
    the chosen with that            0.762 0.754 0.749 0.832 0.840 0.828 0.576 0.585 0.576
    `faithful` with that            0.674 0.706 0.680 0.659 0.738 0.708 0.372 0.423 0.426
    =============================== ================= ================= =================

    All but the last three rows were measured before few-shot maps searched groups of tokens
    (`anomaly.token_clusters`), which changes a map by some thousandths; what becomes of it on grid shows how much the
    later passes hang on single points. In the rows with a star the features were sampled at each pixel instead of
    compared on their own grid; where both were measured they differ by up to 0.03.
    Which first mask counts matters most where a defect lies on a compact object: on drawn tablets and gears the best by
    predicted IoU is often the whole object, IoU 0.494 after three passes, by the map 0.688.

    As in the paper the second pass lifts the published form; the third does not, and from few-shot maps it stays below
    the map itself. A prompt a region and the map as the first mask input bring it above, on the mean; on grid, whose
    wires SAM takes for more than the defect, every pass loses (F1-max 0.680 of the map, 0.670, 0.625, 0.618).

    Attributes
    ----------
    map_input
        Whether the first pass also gets the map itself, as the mask input of SAM's prompt encoder. Not in the paper.
    score
        What ranks the pixels; the paper does not say [A]. `average`: half the map, brought to [0, 1] by its own range,
        and half the probability of the last mask; `product`: one times the other; `mask`: the mask's logits alone.
    """

    points: CoFeatureSettings = field(default_factory=CoFeatureSettings)
    passes: CascadeSettings = field(default_factory=CascadeSettings)
    map_input: bool = True
    score: ScoreRule = "average"


CASCADE_PRESETS: dict[str, CascadedPrompting] = {
    "recommended": CascadedPrompting(),
    "faithful": CascadedPrompting(
        CoFeatureSettings(rule="peak_share", scope="image", stride=400),
        CascadeSettings("predicted_iou", "single", "single"),
        map_input=False,
    ),
}
"""`faithful` is the paper as it reads, with its open points filled in by the specification."""
