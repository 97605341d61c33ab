"""What is laid over the image, prepared for painting: plain arrays that a worker thread can build and hand over."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.ui.canvas.outlines import Outline, trace
from sam_inspector.ui.canvas.pyramid import Raster, Rect, halve_max

TRUE_POSITIVE, FALSE_POSITIVE, FALSE_NEGATIVE = 1, 2, 3
"""Classes of the error view; where a smaller level must choose, the higher number wins, so that no error is lost."""


@dataclass(frozen=True, eq=False, slots=True)
class MaskOverlay:
    """A mask's fill and outline.

    Attributes
    ----------
    raster
        Coverage, uint8 0 to 255, of the mask's tight box; None for an empty mask.
    outlines
        One for each level of the raster, for the dashes of a ground truth; empty where they were not asked for.
    """

    raster: Raster | None
    outlines: tuple[Outline, ...]

    @classmethod
    def from_mask(cls, mask: NDArray[np.bool_], *, outlined: bool = True) -> MaskOverlay:
        """Prepare bool `(H, W)`."""
        box = _tight_box(mask)
        if box is None:
            return cls(None, ())
        raster = Raster.build(_cut(mask, box).astype(np.uint8) * 255, _scene_rect(box))
        return cls(raster, trace(raster) if outlined else ())


@dataclass(frozen=True, eq=False, slots=True)
class ErrorOverlay:
    """Where a mask and its ground truth agree and differ.

    Attributes
    ----------
    raster
        Class of each pixel, uint8, of the tight box of the union; None when both are empty.
    shares
        Share of the image, 0 to 1, of the true positives, false positives and false negatives.
    """

    raster: Raster | None
    shares: tuple[float, float, float]

    @classmethod
    def from_masks(cls, mask: NDArray[np.bool_], ground_truth: NDArray[np.bool_]) -> ErrorOverlay:
        """Prepare two bool `(H, W)`."""
        box = _tight_box(mask | ground_truth)
        if box is None:
            return cls(None, (0.0, 0.0, 0.0))
        predicted, true = _cut(mask, box), _cut(ground_truth, box)
        classes = np.zeros(predicted.shape, np.uint8)
        classes[predicted & true] = TRUE_POSITIVE
        classes[predicted & ~true] = FALSE_POSITIVE
        classes[~predicted & true] = FALSE_NEGATIVE
        counts = np.bincount(classes.ravel(), minlength=4) / mask.size
        shares = (float(counts[1]), float(counts[2]), float(counts[3]))
        return cls(Raster.build(classes, _scene_rect(box), halve_max), shares)


@dataclass(frozen=True, eq=False, slots=True)
class MapOverlay:
    """An anomaly map scaled to 256 steps for display; the raw values stay with their owner.

    Attributes
    ----------
    raster
        uint8: 0 at `low` and below, 255 at `high` and above. A value that is not a number counts as `low`.
    low, high
        The raw range.
    own_range
        Whether the range is this map's own rather than one shared with other images.
    """

    raster: Raster
    name: str
    low: float
    high: float
    own_range: bool

    @classmethod
    def from_map(
        cls, anomaly_map: AnomalyMap, image_width: int | None = None, image_height: int | None = None
    ) -> MapOverlay:
        """Prepare a map; one of another size than the image is stretched over it."""
        values = anomaly_map.values
        low, high = float(anomaly_map.low), float(anomaly_map.high)
        spread = high - low if high > low else 1.0
        scaled = np.nan_to_num((values - np.float32(low)) * np.float32(255 / spread), nan=0.0, posinf=255.0, neginf=0.0)
        steps = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
        finite = values[np.isfinite(values)]
        own = finite.size == 0 or bool(np.isclose(finite.min(), low) and np.isclose(finite.max(), high))
        rows, columns = values.shape
        rect = (0.0, 0.0, float(image_width or columns), float(image_height or rows))
        return cls(Raster.build(steps, rect), anomaly_map.name, low, high, own)


@dataclass(frozen=True, eq=False, slots=True)
class RegionsOverlay:
    """Where generated points come from.

    Attributes
    ----------
    raster
        Coverage of the ring, uint8 0 to 255, of the tight box of both regions; None when there is neither.
    outlines
        Around the extreme region, one for each level of the raster.
    has_ring
        Whether there is a ring; without negative points there may be none.
    """

    raster: Raster | None
    outlines: tuple[Outline, ...]
    has_ring: bool = True

    @classmethod
    def from_masks(
        cls, extreme: NDArray[np.bool_], ring: NDArray[np.bool_], image_size: tuple[int, int]
    ) -> RegionsOverlay:
        """Prepare two bool `(h, w)`, stretched over an image of `image_size` (width, height)."""
        box = _tight_box(extreme | ring)
        if box is None:
            return cls(None, (), False)
        rows, columns = extreme.shape
        across, down = image_size[0] / columns, image_size[1] / rows
        x, y, width, height = _scene_rect(box)
        rect = (x * across, y * down, width * across, height * down)
        around, inside = (_finer(_cut(mask, box)) for mask in (ring, extreme))
        return cls(Raster.build(around, rect), trace(Raster.build(inside, rect)), bool(ring.any()))


def _finer(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Twice the size, corners cut: found on a coarse frame, a region has no sharp pixels to show."""
    rows, columns = mask.shape
    smooth = cv2.resize(mask.astype(np.uint8) * 255, (2 * columns, 2 * rows), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.where(smooth > 127, 255, 0), np.uint8)


def _tight_box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """First and last row and column, the last exclusive: `(top, bottom, left, right)`."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return None
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(mask[top:bottom].any(axis=0))
    return top, bottom, int(columns[0]), int(columns[-1]) + 1


def _cut(mask: NDArray[np.bool_], box: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    return mask[box[0] : box[1], box[2] : box[3]]


def _scene_rect(box: tuple[int, int, int, int]) -> Rect:
    top, bottom, left, right = box
    return (float(left), float(top), float(right - left), float(bottom - top))
