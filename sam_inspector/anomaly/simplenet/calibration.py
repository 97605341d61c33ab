"""What SimpleNet says where nothing is wrong, and the score above which something is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sam_inspector.core.calibration import Calibration

QUANTILE = 0.999
MARGIN = 0.5
"""As far as the loss drives ratings of normal and of noisy features from zero."""
LEAST_THRESHOLD = 1.0
"""Where nothing normal scores high, defects still reach well above; above zero, for a person may multiply it."""
DISPLAY_FACTOR = 3.0
FAR = 3.0


@dataclass(frozen=True, eq=False)
class SimpleNetCalibration(Calibration):
    """The normal range of SimpleNet's scores, which unlike distances may be negative: they add where those multiply."""

    @cached_property
    def normal_high(self) -> float:
        """The score that one pixel in a thousand of a normal image exceeds: mean over the images."""
        return float(np.mean([np.quantile(values, QUANTILE) for values in self.maps]))

    @property
    def threshold(self) -> float:
        """Above what normal images reach, raw score: 0.5 above `normal_high`, and 1 at least.

        [A]: measured with maps of images that were not trained on. On hazelnut, leather and grid, with the encoder of
        MobileSAM and with `mobilenet_v2`, the mean IoU of the thresholded map is 0.74 to 1.00 of what the best
        threshold of each reaches, 0.91 on average (0.75 instead of 1: 0.88, 1.25: 0.93; 0.5 above alone: 0.82; the
        99th percentile or multiples of the spread: less). On cookie it finds next to nothing, for there defects score
        no higher than normal images do. Maps of images that were trained on (preset `faithful`, a training that was
        given up) lie lower; for them it is the least.
        """
        return max(self.normal_high + MARGIN, LEAST_THRESHOLD)

    @property
    def display_range(self) -> tuple[float, float]:
        """The scores that are shown as the darkest and the brightest colour, the same for all images."""
        middle = float(self.values[len(self.values) // 2])
        return middle, middle + DISPLAY_FACTOR * max(self.threshold - middle, MARGIN)

    @cached_property
    def far(self) -> tuple[str, ...]:
        """Images unlike the others, which may show a defect: their highest score is far above the usual one."""
        if len(self.maps) < 3:
            return ()
        highest = np.array([values.max() for values in self.maps])
        limit = float(np.median(highest)) + FAR
        return tuple(name for name, high in zip(self.names, highest, strict=True) if high > limit)
