"""From a mask as a model gives it to a foreground: its large parts, closed, filled and grown a little."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.geometry import components
from sam_inspector.foreground.settings import REFERENCE_SIDE_PX, CleanUpSettings


def clean_up(mask: NDArray[np.bool_], settings: CleanUpSettings) -> NDArray[np.bool_]:
    """Clean a mask up.

    Parameters
    ----------
    mask
        bool `(H, W)`

    Returns
    -------
    bool `(H, W)`; empty when no part was large enough.
    """
    kept = large_parts(mask, settings.least_component)
    if not kept.any():
        return kept
    kept = without_neighbours(kept, settings.least_in_corner)
    if settings.fills_holes:
        kept = without_holes(kept)
    scale = max(mask.shape) / REFERENCE_SIDE_PX
    if settings.closing_px:
        kept = _closed(kept, _pixels(settings.closing_px / 2, scale))
        if settings.fills_holes:
            kept = without_holes(kept)  # closing may have shut a bay
    if settings.outline == "convex":
        kept = convex(kept)
    return grown(kept, _pixels(settings.dilation_px, scale)) if settings.dilation_px else kept


def large_parts(mask: NDArray[np.bool_], least: float) -> NDArray[np.bool_]:
    """The 8-connected parts that have at least this share of the image, of a mask bool `(H, W)`."""
    kept = np.zeros(mask.shape, bool)
    for part in components(mask, min_area=max(1, int(np.ceil(least * mask.size)))):
        x0, y0, x1, y1 = part.box
        kept[y0 : y1 + 1, x0 : x1 + 1] |= part.mask
    return kept


def without_neighbours(mask: NDArray[np.bool_], least: float) -> NDArray[np.bool_]:
    """The mask bool `(H, W)` without what reaches in from a corner: parts there below a share of the largest part."""
    parts = components(mask)
    largest = max((part.area for part in parts), default=0)
    kept = np.array(mask, bool)
    for part in parts:
        x0, y0, x1, y1 = part.box
        in_corner = (x0 == 0 or x1 == mask.shape[1] - 1) and (y0 == 0 or y1 == mask.shape[0] - 1)
        if in_corner and part.area < least * largest:
            kept[y0 : y1 + 1, x0 : x1 + 1] &= ~part.mask
    return kept


def without_holes(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The mask and all it encloses: what no path, over edges, joins to the frame; bool `(H, W)`."""
    outside = np.pad(~mask, 1, constant_values=True).astype(np.uint8)
    _, labels = cv2.connectedComponents(outside, connectivity=4)
    return np.asarray(labels != labels[0, 0], bool)[1:-1, 1:-1]


def convex(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The smallest convex shape around a mask bool `(H, W)`, drawn in whole pixels; empty for an empty one."""
    hull = np.zeros(mask.shape, np.uint8)
    rows, columns = np.nonzero(mask)
    if rows.size:
        places = np.stack([columns, rows], 1).astype(np.int32)
        cv2.fillConvexPoly(hull, cv2.convexHull(places), 1)
    return np.asarray(hull.astype(bool) | mask, bool)


def grown(mask: NDArray[np.bool_], radius_px: int) -> NDArray[np.bool_]:
    """The mask and all within so many pixels of it; bool `(H, W)`."""
    return cv2.dilate(mask.astype(np.uint8), _ellipse(2 * radius_px + 1)).astype(bool)


def _closed(mask: NDArray[np.bool_], radius_px: int) -> NDArray[np.bool_]:
    # An ellipse of even diameter would move the mask by a pixel.
    return cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, _ellipse(2 * radius_px + 1)).astype(bool)


def _pixels(size_px: float, scale: float) -> int:
    return max(1, round(size_px * scale))


def _ellipse(diameter_px: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (diameter_px, diameter_px)), np.uint8)
