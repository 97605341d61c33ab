"""sPRO, the measure of MVTec LOCO: regions that need not be covered whole.

Where a defect has no exact place, as a missing part has not, finding enough of it is finding it. Each defect of an
image is a channel of the ground truth with a saturation area, and its sPRO is the hit share of that area, at most 1.

Only the highest scores of a channel count, as many as its saturation area has pixels: every one adds 1 / area at its
score, and nothing below changes the channel's sPRO. That makes sPRO a per-region overlap with other shares, so a
`PixelTally` pools it image by image.

Source: Bergmann et al., "Beyond Dents and Scratches: Logical Constraints in Unsupervised Anomaly Detection and
Localization", IJCV 2022, and its official evaluation, which takes a set of thresholds where all are taken here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import InputError
from sam_inspector.core.metrics.overlap import check_same_shape
from sam_inspector.core.metrics.pixel_tally import PixelTally

FPR_LIMITS = (0.01, 0.05, 0.1, 0.3, 1.0)
"""Where the benchmark integrates to; 0.05 is the figure that papers give."""


@dataclass(frozen=True, eq=False, slots=True)
class SproChannel:
    """One defect of an image.

    Attributes
    ----------
    mask
        bool `(H, W)`, True on the defect; at least one pixel is.
    saturation_threshold
        How much of it is enough: pixels, or a share of its area in (0, 1]. `defects_config.json` has it.
    relative_saturation
        Whether that is a share.
    """

    mask: NDArray[np.bool_]
    saturation_threshold: float
    relative_saturation: bool = False

    @property
    def saturation_area(self) -> int:
        """Pixels that are enough: at least 1, where the official code would divide by 0, and at most all."""
        area = int(np.count_nonzero(self.mask))
        wanted = self.saturation_threshold * area if self.relative_saturation else self.saturation_threshold
        return max(1, min(int(wanted), area))


@dataclass(frozen=True, slots=True)
class SproScores:
    """sPRO areas up to each false-positive rate asked for, divided by it; None where there is no such defect.

    Attributes
    ----------
    logical, structural
        Of the defects of one kind, with the good images.
    mean
        Of the two, as the benchmark gives it; None unless there are both.
    """

    limits: tuple[float, ...]
    logical: tuple[float, ...] | None
    structural: tuple[float, ...] | None
    mean: tuple[float, ...] | None


def spro(mask: NDArray[np.bool_], channels: Sequence[SproChannel]) -> float | None:
    """The mean sPRO of an image's channels for a mask, bool `(H, W)`, of positive pixels; None without channels.

    Raises
    ------
    InputError
        When a channel is not of the mask's size.
    """
    hits = []
    for channel in channels:
        check_same_shape(mask, channel.mask)
        hits.append(min(1.0, np.count_nonzero(mask & channel.mask) / channel.saturation_area))
    return fmean(hits) if hits else None


def spro_tally(scores: NDArray[np.floating], channels: Sequence[SproChannel]) -> PixelTally:
    """Count one image for `spro_scores`; tallies of several images add up.

    A false alarm is a pixel that is clean in all channels. The tally's pixel metrics are those of all channels in one
    mask; its `aupro` is the sPRO area.

    Parameters
    ----------
    scores
        float `(H, W)`; higher is more anomalous.
    channels
        Of that size; none for a good image.

    Raises
    ------
    InputError
        When sizes differ, a channel is empty, or a score is not a number.
    """
    shares = np.zeros(scores.size)
    flat = scores.ravel()
    for channel in channels:
        check_same_shape(scores, channel.mask)
        pixels = np.flatnonzero(channel.mask)
        if pixels.size == 0:
            raise InputError("A channel of the ground truth has no defect pixel; leave its file out.")
        enough = channel.saturation_area
        # Which of equal scores is taken makes no difference: they are counted together.
        highest = np.argpartition(flat[pixels], pixels.size - enough)[pixels.size - enough :]
        shares[pixels[highest]] += 1 / enough
    defect = np.zeros(scores.shape, np.bool_)
    for channel in channels:
        defect |= channel.mask
    return PixelTally.of_pixels(scores, defect, shares[defect.ravel()])


def spro_areas(tally: PixelTally, limits: Sequence[float] = FPR_LIMITS) -> tuple[float, ...] | None:
    """Area under the mean sPRO of all channels over the pooled false-positive rate, up to each limit, divided by it.

    Returns
    -------
    One in [0, 1] a limit; None unless the tally has channels and clean pixels.
    """
    curve = tally.region_curve()
    return None if curve is None else tuple(min(1.0, curve.area(limit)) for limit in limits)


def spro_scores(
    good: PixelTally | None,
    logical: PixelTally | None,
    structural: PixelTally | None,
    limits: Sequence[float] = FPR_LIMITS,
) -> SproScores:
    """The benchmark's figures from the summed tallies of the images of each kind; None where there are none."""

    def areas(defects: PixelTally | None) -> tuple[float, ...] | None:
        if defects is None:
            return None
        return spro_areas(defects if good is None else defects + good, limits)

    both = areas(logical), areas(structural)
    mean = None if both[0] is None or both[1] is None else tuple(map(fmean, zip(both[0], both[1], strict=True)))
    return SproScores(tuple(limits), *both, mean)
