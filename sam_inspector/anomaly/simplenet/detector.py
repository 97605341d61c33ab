"""Maps by a trained SimpleNet: how little each part of an image looks like what it has learnt.

Source: Liu et al. 2023 and the published code: a cell's score is its negated rating; the map is brought to the image's
size bilinearly and smoothed; the image's score is that of its worst cell, before the smoothing.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.anomaly.simplenet.calibration import SimpleNetCalibration
from sam_inspector.anomaly.simplenet.framing import window_of
from sam_inspector.anomaly.simplenet.network import SimpleNet, judging
from sam_inspector.anomaly.simplenet.patches import grid_of, patch_tokens
from sam_inspector.anomaly.simplenet.recipe import SimpleNetRecipe
from sam_inspector.anomaly.simplenet.token_store import TokenSpace, as_held
from sam_inspector.core.errors import InputError
from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.models.backbone import DenseFeatures

MAP_NAME = "SimpleNet"


class SimpleNetDetector:
    """Maps images of what it was trained on. Every map is independent of the others.

    Parameters
    ----------
    backbone
        Name of the features that it was trained on.
    calibration
        Maps of normal images; None only while those are made.
    """

    def __init__(
        self,
        recipe: SimpleNetRecipe,
        backbone: str,
        space: TokenSpace,
        network: SimpleNet,
        calibration: SimpleNetCalibration | None,
    ) -> None:
        self.recipe = recipe
        self.backbone = backbone
        self._space = space
        self._network = network
        self._calibration = calibration

    @property
    def calibration(self) -> SimpleNetCalibration:
        """The maps of normal images."""
        assert self._calibration is not None
        return self._calibration

    def map(self, features: DenseFeatures, size: tuple[int, int] | None = None) -> AnomalyMap:
        """Map one image.

        Parameters
        ----------
        size
            `(height, width)` of the image where features are those of a window on it (preset `faithful`).

        Returns
        -------
        AnomalyMap
            Values float32 `(h, w)`, longest side 256 (`faithful`: shorter side 329), over the whole image: negated
            ratings, about -0.5 and lower where all is normal. What no window shows has the lowest value of the map.

        Raises
        ------
        InputError
            When the features come from another backbone.
        """
        values = self.seen_map(features)
        window = window_of(self.recipe, *(size or features.size))
        if window is not None:
            values = window.placed(values)
        low, high = self.calibration.display_range
        return AnomalyMap(values, MAP_NAME, low, high)

    def image_score(self, features: DenseFeatures) -> float:
        """One score for the image: that of its worst cell, before the map is smoothed."""
        return float(self._cell_scores(features).max())

    def seen_map(self, features: DenseFeatures) -> NDArray[np.float32]:
        """The map of what the backbone was shown, float32 `(h, w)`."""
        height, width = map_size(features.size, self.recipe.map_side)
        values = cv2.resize(self._cell_scores(features), (width, height), interpolation=cv2.INTER_LINEAR)
        if self.recipe.smoothing > 0:
            # Edges are mirrored with their last pixel, as the publication's filter does it.
            values = cv2.GaussianBlur(values, (0, 0), self.recipe.smoothing, borderType=cv2.BORDER_REFLECT)
        return np.ascontiguousarray(values, np.float32)

    def _cell_scores(self, features: DenseFeatures) -> NDArray[np.float32]:
        """Negated ratings, float32 `(h, w)` on the features' finest grid."""
        if features.backbone != self.backbone:
            raise InputError(
                f"This SimpleNet was trained for {self.backbone}, the image was described by {features.backbone}: "
                "choose that model, or another SimpleNet."
            )
        with judging(self._network):
            rated = self._network(self._space.place(as_held(patch_tokens(features, self.recipe.width))))
            return np.asarray((-rated).reshape(grid_of(features)).cpu().numpy(), np.float32)


def map_size(size: tuple[int, int], side: int) -> tuple[int, int]:
    """`(height, width)` of the map of what is `(height, width)`: its longest side is `side`."""
    scale = side / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
