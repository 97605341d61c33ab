"""The pixel metrics of a whole category, beside the plain path: everything in memory, sorted twice, and a PRO loop."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from sam_inspector.core.metrics.pixel_tally import PixelTally, PooledMetrics
from sam_inspector.core.metrics.region_overlap import FPR_LIMIT

SIDE = 900
THRESHOLDS = 200
"""Steps of the plain PRO loop, as many as published evaluations take."""

MapsAndTruths = Sequence[tuple[NDArray[np.float32], NDArray[np.bool_]]]


def made_up_maps(images: int, seed: int = 0) -> list[tuple[NDArray[np.float32], NDArray[np.bool_]]]:
    """Smooth maps in (0, 1), float32 900 × 900, that are higher on up to four defects of any size; a third has none."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(images):
        truth = np.zeros((SIDE, SIDE), np.uint8)
        for _ in range(0 if number % 3 == 0 else rng.integers(1, 5)):
            centre, axes = rng.integers(0, SIDE, 2).tolist(), rng.integers(4, 60, 2).tolist()
            cv2.ellipse(truth, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1, cv2.FILLED)
        coarse = cv2.GaussianBlur(rng.normal(size=(SIDE // 8, SIDE // 8)).astype(np.float32), (0, 0), 3)
        texture = cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        surface = 6 * texture + 3 * cv2.GaussianBlur(truth.astype(np.float32), (0, 0), 5)
        made.append(((1 / (1 + np.exp(2 - surface))).astype(np.float32), truth.astype(np.bool_)))
    return made


def pooled(images: MapsAndTruths) -> PooledMetrics:
    """Ours, an image at a time."""
    return functools.reduce(operator.add, (PixelTally.of_image(*image) for image in images)).metrics()


def plain_pooled(images: MapsAndTruths) -> tuple[float, float, float]:
    """Pixel AUROC, AP and AUPRO, each from all pixels of all images at once."""
    scores = np.concatenate([values.ravel() for values, _ in images])
    labels = np.concatenate([truth.ravel() for _, truth in images])
    auroc, ap = float(roc_auc_score(labels, scores)), float(average_precision_score(labels, scores))
    return auroc, ap, plain_aupro(images)


def plain_aupro(images: MapsAndTruths) -> float:
    """AUPRO by 200 thresholds at equal distances, every region at each of them.

    Kinder than published loops, which label the regions anew at each threshold, and cut the curve at the limit instead
    of interpolating it.
    """
    maps = np.stack([values for values, _ in images])
    clean = ~np.stack([truth for _, truth in images])
    regions = []
    for number, (_, truth) in enumerate(images):
        count, labels = cv2.connectedComponents(truth.astype(np.uint8), connectivity=8)
        regions += [(number, labels == label) for label in range(1, count)]
    rates, overlaps = [0.0], [0.0]
    for threshold in np.linspace(maps.max(), maps.min(), THRESHOLDS):
        found = maps >= threshold
        overlaps.append(float(np.mean([found[number][region].mean() for number, region in regions])))
        rates.append(np.count_nonzero(found & clean) / np.count_nonzero(clean))
    grid = np.append(np.array(rates)[np.array(rates) < FPR_LIMIT], FPR_LIMIT)
    heights = np.interp(grid, rates, overlaps)
    return float(np.sum(np.diff(grid) * (heights[1:] + heights[:-1])) / 2 / FPR_LIMIT)
