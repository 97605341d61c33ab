"""AUPRO as anomalib computes it; `pip install '.[compare]'` brings that."""

import functools
import operator
import warnings
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from sam_inspector.core.metrics.pixel_tally import PixelTally
from sam_inspector.core.metrics.region_overlap import aupro


@pytest.fixture(scope="module")
def anomalib_aupro():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it imports
        metrics = pytest.importorskip(
            "anomalib.metrics", reason="anomalib is not installed; the extra “compare” has it"
        )
        import torch

    def value(maps, truths, limit):
        metric = metrics.AUPRO(fields=["anomaly_map", "gt_mask"], fpr_limit=limit)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for scores, truth in zip(maps, truths, strict=True):
                metric.update(
                    SimpleNamespace(
                        anomaly_map=torch.from_numpy(scores)[None],
                        gt_mask=torch.from_numpy(truth.astype(np.int64))[None],
                    )
                )
            return float(metric.compute())

    return value


@pytest.mark.parametrize("limit", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("decimals", [0, 1, 2, 7])
@pytest.mark.parametrize("seed", range(5))
def test_aupro_is_anomalibs(anomalib_aupro, seed, decimals, limit):
    rng = np.random.default_rng(seed)
    maps, truths = [], []
    for number in range(4):
        truth = (cv2.GaussianBlur(rng.normal(size=(48, 64)), (0, 0), 2) > 0.25) & (number > 0)
        truths.append(truth)
        maps.append(np.round(rng.normal(size=truth.shape) + truth, decimals).astype(np.float32))
    theirs = anomalib_aupro(maps, truths, limit)
    exact = aupro(maps, truths, fpr_limit=limit)
    counted = functools.reduce(operator.add, map(PixelTally.of_image, maps, truths)).metrics(fpr_limit=limit).aupro
    print(f"{decimals} decimals, up to {limit}: {exact:.7f}, counted {counted:.7f}, anomalib {theirs:.7f}")
    assert exact == pytest.approx(theirs, abs=1e-6)
    assert counted == pytest.approx(theirs, abs=1e-6)
