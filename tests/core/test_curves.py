import json
from dataclasses import asdict

import cv2
import numpy as np
import pytest

from sam_inspector.core.metrics.curves import POINTS, metric_curves, thinned
from sam_inspector.core.metrics.pixel_tally import PixelTally
from sam_inspector.core.metrics.ranking import image_curves, rank_images
from sam_inspector.core.metrics.threshold_curve import sort_scores, threshold_curve


def area(curve):
    x, y = np.array(curve.x), np.array(curve.y)
    return float(np.sum(np.diff(x) * (y[1:] + y[:-1])) / 2)


def image(kind, seed=0):
    rng = np.random.default_rng(seed)
    truth = cv2.GaussianBlur(rng.normal(size=(300, 400)), (0, 0), 9) > 0.06
    noise = rng.normal(size=truth.shape)
    maps = {
        "good": noise + 2.5 * truth,
        "poor": noise + 0.3 * truth,
        "worse than chance": noise - truth,
        "smooth": 30 * cv2.GaussianBlur(noise + 0.1 * truth, (0, 0), 6),
        "binary": (noise + 2 * truth > 1).astype(float),
        "ties": np.round(noise + truth),
        "perfect": truth.astype(float),
    }
    return maps[kind].astype(np.float32), truth


@pytest.mark.parametrize("kind", ["good", "poor", "worse than chance", "smooth", "binary", "ties", "perfect"])
def test_thinned_curves_have_the_ends_and_areas_of_whole_ones(kind):
    scores, truth = image(kind)
    counted = PixelTally.of_image(scores, truth)
    exact = counted.metrics()
    curves = counted.curves()
    assert area(curves.roc) == pytest.approx(exact.p_auroc, abs=1e-3)
    assert area(curves.pr) == pytest.approx(exact.ap, abs=1e-3)
    assert area(curves.pro) / 0.3 == pytest.approx(exact.aupro, abs=1e-3)
    for curve in (curves.roc, curves.pr, curves.pro):
        assert 2 <= len(curve.x) == len(curve.y) <= POINTS
        assert np.all(np.diff(curve.x) >= 0)
    for curve in (curves.roc, curves.pro):
        assert np.all(np.diff(curve.y) >= 0)
        assert (curve.x[0], curve.y[0]) == (0, 0)
    assert (curves.roc.x[-1], curves.roc.y[-1]) == (1, 1)
    assert (curves.pr.x[0], curves.pr.x[-1]) == (0, 1)
    assert curves.pr.y[-1] == pytest.approx(truth.mean() if scores[truth].min() <= scores.min() else curves.pr.y[-1])
    assert curves.pro.x[-1] == 0.3


def test_sorted_scores_give_the_same_curves():
    scores, truth = image("ties")
    exact = threshold_curve(sort_scores(scores[truth]), sort_scores(scores[~truth]))
    curves, counted = metric_curves(exact), PixelTally.of_image(scores, truth).curves()
    assert (curves.roc, curves.pr, curves.pro) == (counted.roc, counted.pr, None)


def test_curves_of_images_by_hand():
    """T1."""
    scores, labels = [0.1, 0.4, 0.35, 0.8], [False, False, True, True]
    curves = image_curves(scores, labels)
    assert set(zip(curves.roc.x, curves.roc.y, strict=True)) == {(0, 0), (0, 0.5), (0.5, 0.5), (0.5, 1), (1, 1)}
    assert area(curves.pr) == pytest.approx(rank_images(scores, labels).ap)
    assert image_curves([0.1, 0.2], [True, True]) is None
    assert PixelTally.of_image(np.zeros((2, 2)), np.zeros((2, 2), bool)).curves() is None


def test_curves_are_json():
    curves = PixelTally.of_image(*image("good")).curves(points=20)
    back = json.loads(json.dumps(asdict(curves)))
    assert set(back) == {"roc", "pr", "pro"}
    assert tuple(back["pr"]["y"]) == curves.pr.y
    assert len(curves.pr.y) == 20


def test_thinning_keeps_what_stands_out():
    x = np.linspace(0, 1, 1001)
    assert thinned(x, np.where(x == 0.5, 1.0, 0.0), 5).x == (0, 0.499, 0.5, 0.501, 1)
    assert thinned(x, x).x == (0, 1)  # nothing stands out
    assert thinned(np.zeros(1), np.ones(1)).y == (1,)
