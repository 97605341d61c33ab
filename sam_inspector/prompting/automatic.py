"""How prompts are made from an anomaly map: frozen values for window and shell alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

ThresholdPolicy = Literal["ref_calibrated", "fixed", "quantile", "otsu", "peak_share", "f1_adaptive"]
THRESHOLD_POLICIES: tuple[str, ...] = get_args(ThresholdPolicy)


@dataclass(frozen=True, slots=True)
class AutomaticPrompts:
    """From a map to prompts.

    Attributes
    ----------
    policy
        Where the threshold comes from. `ref_calibrated`: just above what the references' own maps reach; `fixed`: the
        value `threshold`; `quantile`: the share `quantile` of this image's map lies below; `otsu`: Otsu's split of this
        image's map; `peak_share`: the share `peak_share` of this image's highest score, and `least_score` at least, of
        a map brought to [0, 1] by its own range; `f1_adaptive`: the best F1 over labelled images, an oracle. A map that
        no reference was compared for, as CLIP's, takes `peak_share` where `ref_calibrated` was chosen.
    threshold
        Raw score for `fixed`.
    quantile
        In (0, 1), for `quantile`.
    peak_share, least_score
        In (0, 1), for `peak_share` [A].
    factor
        Multiplies what a policy found; 1 leaves it.
    min_area_px, min_area_fraction
        Regions smaller than the larger of the two (pixels; share of the image) are dropped.
    max_components
        The regions of the highest peaks are kept, at most this many.
    box, point
        Whether a region gets its box, and the map's peak in it as a positive point.
    box_margin
        Widening of the box on each side, as a share of that side; at least two pixels unless 0. On the three
        categories 0 to 0.03 are alike, 0.05 and 0.1 cost 0.005 and 0.02 of mean IoU.
    negative_points
        Points of the lowest score in a ring around the box, for each region. They did not help: with one to four the
        mean IoU of three categories falls from 0.62 to 0.58 to 0.60.
    ring_px
        Inner and outer distance of that ring from the box, in pixels of the image.
    map_input
        Whether SAM also gets the map itself, as the mask input of its prompt encoder. Measured with MobileSAM, mean IoU
        of hazelnut, leather and grid: 0.62 without, 0.65 with.
    """

    policy: ThresholdPolicy = "ref_calibrated"
    threshold: float = 0.5
    quantile: float = 0.98
    peak_share: float = 0.8
    least_score: float = 0.3
    factor: float = 1.0
    min_area_px: int = 16
    min_area_fraction: float = 0.0002
    max_components: int = 5
    box: bool = True
    point: bool = True
    box_margin: float = 0.02
    negative_points: int = 0
    ring_px: tuple[int, int] = (10, 30)
    map_input: bool = True
