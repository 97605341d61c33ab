"""Co-feature points (PPG): positive points where a map is extreme, negative ones beside it where the image differs.

Source: Hou et al. 2025 (arXiv 2510.11028), section 3.1, equations 1 to 8. Deviation: SAM's image features are compared
on their own grid, and the similarity, not the features, is interpolated to the pixels of the ring: no tensor of the
image's size, and a few milliseconds.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from sam_inspector.core.co_features import CoFeaturePoints, ScoredPoint
from sam_inspector.core.geometry import components
from sam_inspector.core.prompts import NEGATIVE, POSITIVE, Point
from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.models.backbone import DenseFeatures
from sam_inspector.prompting.cascade_settings import CoFeatureSettings
from sam_inspector.prompting.from_anomaly_map import peak_share_threshold

LEAST_WEIGHT = 1e-3
"""Of an extreme pixel, added to how far its score exceeds the region's lowest."""

_SHAPES = {"ellipse": cv2.MORPH_ELLIPSE, "rectangle": cv2.MORPH_RECT, "cross": cv2.MORPH_CROSS}


def co_feature_points(
    anomaly_map: AnomalyMap, features: DenseFeatures, settings: CoFeatureSettings, threshold: float
) -> CoFeaturePoints:
    """Find the points of an image.

    Parameters
    ----------
    anomaly_map
        Laid over the whole image; any size.
    features
        SAM's image features, the first level counts.
    threshold
        Raw score above which a pixel is anomalous, for the rule `threshold`.

    Returns
    -------
    CoFeaturePoints
        Without a region when nothing is extreme. A region whose ring is empty, since the extreme pixels fill the
        image, has positive points only.
    """
    height, width = features.size
    scale = settings.frame / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    values = cv2.resize(anomaly_map.values, size, interpolation=cv2.INTER_LINEAR).reshape(size[::-1])
    threshold = _extreme_threshold(anomaly_map, settings, threshold)
    extreme = values > threshold
    if settings.rule == "peak_share":
        # The frame may miss the very peak of a finer map.
        extreme |= values == values.max() if values.max() >= threshold else False
    kept = _kept(extreme, values, settings)
    together = np.logical_or.reduce(kept) if kept else np.zeros_like(extreme)
    wanted = kept if settings.scope == "component" else kept[:1] and [together]
    kernel = cv2.getStructuringElement(_SHAPES[settings.kernel_shape], (settings.kernel_px, settings.kernel_px))
    # Nor is a region that is too small to be asked for a place for negative points.
    rings = [cv2.dilate(region.astype(np.uint8), kernel).astype(bool) & ~extreme for region in wanted]
    found = []
    with torch.inference_mode():
        level = functional.normalize(features.levels[0].float(), dim=0)
        for region, ring in zip(wanted, rings, strict=True):
            found.append(_points(region, ring, values, level, (height, width), settings))
    around = np.logical_or.reduce(rings) if rings else np.zeros_like(extreme)
    return CoFeaturePoints(tuple(found), together, around, threshold)


def _extreme_threshold(anomaly_map: AnomalyMap, settings: CoFeatureSettings, threshold: float) -> float:
    values = anomaly_map.values
    if settings.rule == "quantile":
        return float(np.quantile(values, settings.quantile))
    if settings.rule == "peak_share":
        return peak_share_threshold(anomaly_map, settings.peak_share, settings.least_score)
    return threshold


def _kept(
    extreme: NDArray[np.bool_], values: NDArray[np.float32], settings: CoFeatureSettings
) -> list[NDArray[np.bool_]]:
    """The connected extreme regions that are large enough, highest peak first, each as a mask of the frame."""
    least = settings.min_area_fraction * extreme.size
    ranked = []
    for region in components(extreme, min_area=max(1, int(least))):
        x0, y0, x1, y1 = region.box
        mask = np.zeros_like(extreme)
        mask[y0 : y1 + 1, x0 : x1 + 1] = region.mask
        ranked.append((float(values[mask].max()), mask))
    ranked.sort(key=lambda pair: -pair[0])
    return [mask for _, mask in ranked[: settings.max_components]]


def _points(
    region: NDArray[np.bool_],
    ring: NDArray[np.bool_],
    values: NDArray[np.float32],
    level: Tensor,
    size: tuple[int, int],
    settings: CoFeatureSettings,
) -> tuple[ScoredPoint, ...]:
    ranked = _sorted_by(region, -values[region])
    scores = values[ranked[:, 1], ranked[:, 0]]
    positive = _spaced(ranked, settings.positive_points, settings)
    points = [
        ScoredPoint(_in_image(ranked[index], values.shape, size), POSITIVE, float(scores[index])) for index in positive
    ]
    if settings.negative_points and ring.any():
        similarity = _similarity(level, region, values, settings)
        around = _sorted_by(ring, similarity[ring])
        for index in _spaced(around, settings.negative_points, settings):
            x, y = around[index]
            points.append(ScoredPoint(_in_image(around[index], values.shape, size), NEGATIVE, float(similarity[y, x])))
    return tuple(points)


def _sorted_by(region: NDArray[np.bool_], key: NDArray[np.float32]) -> NDArray[np.int64]:
    """Pixels `(N, 2)` as `(x, y)` of a region, sorted by a key given in its row-major order."""
    pixels = np.argwhere(region)[:, ::-1]
    return pixels[np.argsort(key, kind="stable")]


def _spaced(pixels: NDArray[np.int64], count: int, settings: CoFeatureSettings) -> list[int]:
    """Indices of the best pixels that keep their distance; `pixels` are sorted, best first."""
    if settings.spacing == "rank_stride":
        return list(range(0, len(pixels), settings.stride))[:count]
    taken: list[int] = []
    free = np.ones(len(pixels), bool)
    while len(taken) < count and free.any():
        index = int(np.argmax(free))
        taken.append(index)
        free &= np.hypot(*(pixels - pixels[index]).T) >= settings.distance_px
        free[index] = False
    return taken


def _similarity(
    level: Tensor, region: NDArray[np.bool_], values: NDArray[np.float32], settings: CoFeatureSettings
) -> NDArray[np.float32]:
    """Cosine similarity of every pixel with the extreme region, float32 `(h, w)` of the frame."""
    rows, columns = level.shape[1:]
    weights = np.where(region, values - values[region].min() + LEAST_WEIGHT, np.float32(0))
    # How much of a cell is extreme: a region thinner than a cell keeps its share of it.
    shares = cv2.resize(weights, (columns, rows), interpolation=cv2.INTER_AREA).reshape(rows, columns)
    cells = level.flatten(1)
    share = torch.from_numpy(shares.ravel()).to(level.device)
    if settings.prototype == "max_pairwise":
        found = (cells.T @ cells[:, share > 0]).amax(1)
    else:
        found = functional.normalize(cells @ share, dim=0) @ cells
    grid: NDArray[np.float32] = found.reshape(rows, columns).cpu().numpy()
    height, width = values.shape
    resized = cv2.resize(grid, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(resized.reshape(height, width), np.float32)


def _in_image(pixel: NDArray[np.int64], shape: tuple[int, ...], size: tuple[int, int]) -> Point:
    """A pixel of the frame in pixel indices of the image."""
    height, width = size
    x = (float(pixel[0]) + 0.5) * width / shape[1] - 0.5
    y = (float(pixel[1]) + 0.5) * height / shape[0] - 0.5
    return (min(max(x, 0.0), width - 1.0), min(max(y, 0.0), height - 1.0))
