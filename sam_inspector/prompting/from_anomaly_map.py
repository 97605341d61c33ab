"""Prompts from an anomaly map: a region above the threshold becomes a box and the map's peak in it.

Source: the few-shot column of SAM-Anomaly-Segmentation, whose prompt code was never released; the rules are those of
our specification [A]. A map that stays below the threshold gives no prompt: a normal image is never forced into one.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sam_inspector.core.calibration import Calibration
from sam_inspector.core.errors import InputError
from sam_inspector.core.geometry import Component, clip_box, components
from sam_inspector.core.metrics.ranking import rank_pixels
from sam_inspector.core.prompts import NEGATIVE, POSITIVE, Box, Point, Prompt, Prompts, Source
from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.prompting.automatic import THRESHOLD_POLICIES, AutomaticPrompts, ThresholdPolicy

LEAST_MARGIN_PX = 2.0


def check_settings(settings: AutomaticPrompts) -> None:
    """Refuse settings that make no prompts.

    Raises
    ------
    InputError
        For an unknown policy, a number out of range, or neither box nor point.
    """
    if settings.policy not in THRESHOLD_POLICIES:
        raise InputError(
            f"There is no threshold policy “{settings.policy}”: choose from {', '.join(THRESHOLD_POLICIES)}."
        )
    if not 0 < settings.quantile < 1:
        raise InputError(f"The quantile {settings.quantile:g} must lie between 0 and 1.")
    if not (0 < settings.peak_share < 1 and 0 <= settings.least_score < 1):
        raise InputError(
            f"The share {settings.peak_share:g} of the highest score and the least score {settings.least_score:g} must "
            "lie between 0 and 1."
        )
    if not settings.factor > 0:
        raise InputError(f"The threshold can't be multiplied by {settings.factor:g}; give a factor above 0.")
    if settings.max_components < 1:
        raise InputError(f"At most {settings.max_components} regions were asked for; ask for at least 1.")
    if not (settings.box or settings.point):
        raise InputError("Automatic prompts need a box or a point for each region; both are switched off.")


def map_threshold(
    anomaly_map: AnomalyMap,
    settings: AutomaticPrompts,
    calibration: Calibration | None = None,
    ground_truth: NDArray[np.bool_] | None = None,
) -> float:
    """The raw score above which a map counts as anomalous.

    Parameters
    ----------
    calibration
        The references' maps, for `ref_calibrated`; None where the map was made without any.
    ground_truth
        bool `(H, W)`, for `f1_adaptive`: the best threshold for this very image, an oracle. Of an image without a
        defect: its highest score.

    Raises
    ------
    InputError
        When the policy needs a ground truth and there is none.
    """
    values = anomaly_map.values
    policy = policy_in_use(settings, calibration)
    if policy == "fixed":
        found = settings.threshold
    elif policy == "quantile":
        found = float(np.quantile(values, settings.quantile))
    elif policy == "otsu":
        found = _otsu(values)
    elif policy == "peak_share":
        found = peak_share_threshold(anomaly_map, settings.peak_share, settings.least_score)
    elif policy == "f1_adaptive":
        if ground_truth is None:
            raise InputError(
                "The policy f1_adaptive takes its threshold from the ground truth, and this image has none: open a "
                "mask, or choose another policy."
            )
        height, width = values.shape
        # In float32, as a thin defect covers too little of a cell to survive rounding.
        labels = cv2.resize(ground_truth.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA) > 0
        best = rank_pixels(values, labels).f1_threshold
        found = float(values.max()) if best is None else float(np.nextafter(np.float32(best), np.float32(-np.inf)))
    else:
        assert calibration is not None
        found = calibration.threshold
    return found * settings.factor


def policy_in_use(settings: AutomaticPrompts, calibration: Calibration | None) -> ThresholdPolicy:
    """The policy that a threshold comes from: without references nothing can be calibrated on them."""
    return "peak_share" if settings.policy == "ref_calibrated" and calibration is None else settings.policy


def peak_share_threshold(anomaly_map: AnomalyMap, share: float, least: float) -> float:
    """A share of the highest score, and a least score at least; both of the map brought to [0, 1] by its own range.

    Parameters
    ----------
    share, least
        In (0, 1).

    Returns
    -------
    float
        A raw score.
    """
    low, high = anomaly_map.low, anomaly_map.high
    return low + max(least * (high - low), share * (float(anomaly_map.values.max()) - low))


def prompts_from_map(
    anomaly_map: AnomalyMap,
    threshold: float,
    size: tuple[int, int],
    settings: AutomaticPrompts,
    source: Source = "few-shot",
) -> Prompts:
    """Make the prompts of one image.

    Parameters
    ----------
    threshold
        Raw score; pixels above it are anomalous.
    size
        `(height, width)` of the image; the map may have another size and is laid over all of it.

    Returns
    -------
    Prompts
        One for each region kept, highest peak first, numbered from 1; none when nothing exceeds the threshold.
    """
    values = anomaly_map.values
    height, width = size
    scale_y, scale_x = height / values.shape[0], width / values.shape[1]
    least_px = max(settings.min_area_px, settings.min_area_fraction * height * width)
    regions = [region for region in components(values > threshold) if region.area * scale_x * scale_y >= least_px]
    ranked = sorted(regions, key=lambda region: -_peak(values, region)[0])[: settings.max_components]
    items = []
    for number, region in enumerate(ranked, start=1):
        _, peak = _peak(values, region)
        x0, x1 = _scaled(region.box[0], region.box[2], scale_x)
        y0, y1 = _scaled(region.box[1], region.box[3], scale_y)
        box = _widened((x0, y0, x1, y1), settings.box_margin, width, height)
        points: tuple[Point, ...] = ()
        if settings.point:
            # Of a map coarser than the image the peak lies at the middle of its cell, which is still in the image.
            points = (((peak[0] + 0.5) * scale_x - 0.5, (peak[1] + 0.5) * scale_y - 0.5),)
        labels = (POSITIVE,) * len(points)
        if settings.negative_points > 0:
            ring = _lowest_in_ring(values, box, (scale_x, scale_y), threshold, settings)
            points, labels = points + ring, labels + (NEGATIVE,) * len(ring)
        items.append(Prompt(box if settings.box else None, points, labels, number, source=source))
    return Prompts(tuple(items))


def _peak(values: NDArray[np.float32], region: Component) -> tuple[float, tuple[int, int]]:
    """The highest score in a region, and its `(x, y)` in the map."""
    x0, y0, x1, y1 = region.box
    inside = np.where(region.mask, values[y0 : y1 + 1, x0 : x1 + 1], -np.inf)
    row, column = np.unravel_index(int(np.argmax(inside)), inside.shape)
    return float(inside[row, column]), (x0 + int(column), y0 + int(row))


def _scaled(first: int, last: int, scale: float) -> tuple[float, float]:
    """A stretch of map cells as one of pixels; both ends belong to it."""
    start, end = first * scale, (last + 1) * scale - 1
    if end < start:
        # Of a map finer than the image a stretch may be thinner than a pixel.
        start = end = max(0.0, (start + end) / 2)
    return start, end


def _widened(box: Box, margin: float, width: int, height: int) -> Box:
    x0, y0, x1, y1 = box
    least = LEAST_MARGIN_PX if margin > 0 else 0.0
    wide, high = max(least, margin * (x1 - x0)), max(least, margin * (y1 - y0))
    x0, y0, x1, y1 = clip_box((x0 - wide, y0 - high, x1 + wide, y1 + high), width, height)
    # Of a map finer than the image the last cell begins beyond the middle of the last pixel.
    return (min(x0, x1), min(y0, y1), x1, y1)


def _lowest_in_ring(
    values: NDArray[np.float32], box: Box, scale: tuple[float, float], threshold: float, settings: AutomaticPrompts
) -> tuple[Point, ...]:
    """The lowest scores in a ring around a box that lie below the threshold, apart from each other."""
    scale_x, scale_y = scale
    xs = (np.arange(values.shape[1]) + 0.5) * scale_x - 0.5
    ys = (np.arange(values.shape[0]) + 0.5) * scale_y - 0.5
    outside_x = np.maximum(np.maximum(box[0] - xs, xs - box[2]), 0)
    outside_y = np.maximum(np.maximum(box[1] - ys, ys - box[3]), 0)
    distance = np.hypot(outside_x[None, :], outside_y[:, None])
    inner, outer = settings.ring_px
    free = np.where((distance >= inner) & (distance <= outer) & (values <= threshold), values, np.inf)
    points: list[Point] = []
    while len(points) < settings.negative_points and np.isfinite(free).any():
        row, column = np.unravel_index(int(np.argmin(free)), free.shape)
        x, y = float(xs[column]), float(ys[row])
        points.append((x, y))
        free[np.hypot((xs - x)[None, :], (ys - y)[:, None]) < outer] = np.inf
    return tuple(points)


def _otsu(values: NDArray[np.float32]) -> float:
    """Otsu's threshold of a map; of a constant one its value, so that nothing exceeds it."""
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return high
    steps = ((values - low) * (255 / (high - low))).astype(np.uint8)
    found, _ = cv2.threshold(steps, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return low + (float(found) + 1) * (high - low) / 255
