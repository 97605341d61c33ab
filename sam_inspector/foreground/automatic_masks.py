"""Masks of everything in an image: SAM is asked at each point of a grid, and the good, distinct answers are kept.

Source: Kirillov et al. 2023, "Segment Anything", automatic mask generation. Deviations: stability and boxes are taken
from the low-resolution logits rather than from masks of the image's size, there are no further crops of the image, and
small islands and holes are left to the caller.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.errors import Cancelled
from sam_inspector.core.prompts import POSITIVE, Prompt
from sam_inspector.foreground.settings import AutomaticMaskSettings
from sam_inspector.models.backbone import never

if TYPE_CHECKING:
    from sam_inspector.models.segmenter import Embedding, Segmenter

BATCH = 32
"""Points asked at a time: 32 MB of logits, and less than a second between two looks at `cancelled` on most devices."""
_STEPS_A_LOGIT = 16
_SURE = 127 / _STEPS_A_LOGIT


@dataclass(frozen=True, eq=False, slots=True)
class AutomaticMask:
    """One mask, kept small: a cut-out of the low-resolution logits in whole steps.

    Attributes
    ----------
    steps
        int8 `(h, w)`: logits around the mask in sixteenths, from -8 to 8; above 0 is mask.
    corner
        `(row, column)` of the cut-out in the frame.
    frame
        `(height, width)` of the low-resolution frame that shows the image, at most 256 each.
    area
        Share of the image, from 0 to 1.
    box
        `(x0, y0, x1, y1)` in the frame's pixels, maximum inclusive.
    predicted_iou, stability
        SAM's own estimate, and how little the mask depends on the threshold.
    point
        `(x, y)` in the image's pixels: where SAM was asked.
    """

    steps: NDArray[np.int8]
    corner: tuple[int, int]
    frame: tuple[int, int]
    area: float
    box: tuple[int, int, int, int]
    predicted_iou: float
    stability: float
    point: tuple[float, float]

    @property
    def sides(self) -> int:
        """How many sides of the frame it touches, 0 to 4."""
        x0, y0, x1, y1 = self.box
        height, width = self.frame
        return (x0 == 0) + (y0 == 0) + (x1 == width - 1) + (y1 == height - 1)

    def in_frame(self) -> NDArray[np.bool_]:
        """The mask at the low resolution, bool `(frame height, frame width)`."""
        return self._logits() > 0

    def at_size(self, height: int, width: int) -> NDArray[np.bool_]:
        """The mask at another size, bool `(height, width)`, its edge drawn between the logits."""
        return np.asarray(cv2.resize(self._logits(), (width, height), interpolation=cv2.INTER_LINEAR)) > 0

    def _logits(self) -> NDArray[np.float32]:
        logits = np.full(self.frame, -_SURE, np.float32)
        (row, column), (height, width) = self.corner, self.steps.shape
        logits[row : row + height, column : column + width] = self.steps.astype(np.float32) / _STEPS_A_LOGIT
        return logits


def grid_points(height: int, width: int, per_side: int) -> list[tuple[float, float]]:
    """The middles of `per_side` × `per_side` equal cells of an image, `(x, y)` in pixel indices, row by row."""
    xs = (np.arange(per_side) + 0.5) / per_side * width - 0.5
    ys = (np.arange(per_side) + 0.5) / per_side * height - 0.5
    return [(float(x), float(y)) for y in ys for x in xs]


def automatic_masks(
    segmenter: Segmenter,
    embedding: Embedding,
    settings: AutomaticMaskSettings,
    *,
    report: Callable[[float, str], None] = lambda fraction, text: None,
    cancelled: Callable[[], bool] = never,
) -> list[AutomaticMask]:
    """Find the masks of everything in an image.

    Parameters
    ----------
    report
        Told how far it is, from 0 to 1.
    cancelled
        Looked at between batches of points.

    Returns
    -------
    By falling predicted IoU.

    Raises
    ------
    Cancelled
        When `cancelled` said so.
    """
    points = grid_points(*embedding.size, settings.points_per_side)
    found: list[AutomaticMask] = []
    for start in range(0, len(points), BATCH):
        if cancelled():
            raise Cancelled("Looking for masks was given up.")
        batch = points[start : start + BATCH]
        answers = segmenter.decode(embedding, [Prompt(points=(point,), labels=(POSITIVE,)) for point in batch])
        frame = segmenter.logits_frame(embedding)
        least = settings.least_predicted_iou(segmenter.spec.family)
        for point, answer in zip(batch, answers, strict=True):
            for logits, score in zip(answer.logits[1:], answer.scores[1:], strict=True):
                if score > least:
                    found += _kept(logits[: frame[0], : frame[1]], float(score), point, settings)
        report(min(1.0, (start + BATCH) / len(points)), "Looking for masks")
    return _distinct(found, settings.box_overlap)


def _kept(
    logits: NDArray[np.float32], score: float, point: tuple[float, float], settings: AutomaticMaskSettings
) -> list[AutomaticMask]:
    """The mask of some logits `(frame height, frame width)`, or none where it is empty or not stable."""
    mask = logits > 0
    if not mask.any():
        return []
    wide = int(np.count_nonzero(logits > -settings.stability_offset))
    stability = np.count_nonzero(logits > settings.stability_offset) / wide
    if stability < settings.stability:
        return []
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = (int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1]))
    # One pixel more on each side, for the edge lies between a pixel in the mask and one outside it.
    top, left = max(0, box[1] - 1), max(0, box[0] - 1)
    part = logits[top : box[3] + 2, left : box[2] + 2]
    steps = np.clip(np.rint(part * _STEPS_A_LOGIT), -127, 127).astype(np.int8)
    # Rounding may not move a pixel over the edge.
    steps[(steps <= 0) & (part > 0)] = 1
    steps[(steps > 0) & (part <= 0)] = 0
    frame = (mask.shape[0], mask.shape[1])
    return [AutomaticMask(steps, (top, left), frame, float(mask.mean()), box, score, float(stability), point)]


def _distinct(masks: list[AutomaticMask], overlap: float) -> list[AutomaticMask]:
    """Of masks with nearly the same box the best one, by falling predicted IoU."""
    if not masks:
        return []
    order = sorted(range(len(masks)), key=lambda index: -masks[index].predicted_iou)
    boxes = np.array([masks[index].box for index in order], np.float64)
    boxes[:, 2:] += 1
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    alive = np.ones(len(order), bool)
    kept: list[AutomaticMask] = []
    for place, index in enumerate(order):
        if not alive[place]:
            continue
        kept.append(masks[index])
        corner = np.maximum(boxes[place, :2], boxes[:, :2])
        far = np.minimum(boxes[place, 2:], boxes[:, 2:])
        shared = np.prod(np.clip(far - corner, 0, None), axis=1)
        alive &= shared / (areas[place] + areas - shared) <= overlap
    return kept
