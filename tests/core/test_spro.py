import functools
import itertools
import operator

import cv2
import numpy as np
import pytest

from sam_inspector.core.errors import InputError
from sam_inspector.core.metrics.pixel_tally import PixelTally
from sam_inspector.core.metrics.spro import FPR_LIMITS, SproChannel, spro, spro_areas, spro_scores, spro_tally


def square(area=100, threshold=20, relative=False):
    mask = np.zeros((20, 30), bool)
    mask.ravel()[:area] = True
    return SproChannel(mask, threshold, relative)


@pytest.mark.parametrize(
    ("channel", "hits", "expected"),
    [
        (square(), 10, 0.5),
        (square(), 20, 1.0),
        (square(), 50, 1.0),
        (square(threshold=0.3, relative=True), 15, 0.5),
    ],
)
def test_saturation_by_hand(channel, hits, expected):
    """T6."""
    mask = np.zeros((20, 30), bool)
    mask.ravel()[:hits] = True
    mask[-1] = True  # false alarms are no part of it
    assert spro(mask, [channel]) == pytest.approx(expected)
    # The same as the height of the curve: hits at 1, alarms at 0.5, the rest of the defect at 0.
    scores = np.where(mask & channel.mask, 1.0, np.where(mask, 0.5, 0.0))
    curve = spro_tally(scores, [channel]).region_curve()
    assert curve.hits[0] / curve.hits[-1] == pytest.approx(expected)


def test_saturation_areas():
    assert square(area=12).saturation_area == 12  # no more than there is
    assert square(area=3, threshold=0.1, relative=True).saturation_area == 1  # int(0.3) would be 0
    assert square(area=3, threshold=1.0, relative=True).saturation_area == 3
    assert square(area=99, threshold=0.5, relative=True).saturation_area == 49


def test_channels_of_an_image_count_alike():
    other = SproChannel(np.eye(20, 30, dtype=bool), 1.0, True)
    mask = np.zeros((20, 30), bool)
    mask.ravel()[:10] = True  # 10 of 20 of one; 1 of 20 of the other
    assert spro(mask, [square(), other]) == pytest.approx((0.5 + 1 / 20) / 2)
    assert spro(mask, []) is None


def scene(rng, channels, shape=(40, 50)):
    """Overlapping channels of all kinds of saturation, and scores with ties."""
    made = []
    for _ in range(channels):
        mask = np.zeros(shape, bool)
        row, column = rng.integers(0, 25, 2)
        mask[row : row + rng.integers(1, 15), column : column + rng.integers(1, 15)] = True
        relative = bool(rng.integers(2))
        made.append(SproChannel(mask, float(rng.uniform(0.01, 1) if relative else rng.integers(1, 90)), relative))
    union = functools.reduce(operator.or_, (channel.mask for channel in made), np.zeros(shape, bool))
    return np.round(rng.normal(size=shape) + union, 1).astype(np.float32), made


def by_definition(images, limit):
    """Every threshold in turn, every channel in turn; then the area by trapezoids."""
    rates, heights = [0.0], [0.0]
    for threshold in np.unique(np.concatenate([scores.ravel() for scores, _ in images]))[::-1]:
        hits, alarms, clean = [], 0, 0
        for scores, channels in images:
            found = scores >= threshold
            hits += [min(1, np.sum(found & channel.mask) / channel.saturation_area) for channel in channels]
            defect = functools.reduce(operator.or_, (c.mask for c in channels), np.zeros(scores.shape, bool))
            alarms, clean = alarms + np.sum(found & ~defect), clean + np.sum(~defect)
        rates.append(alarms / clean)
        heights.append(np.mean(hits))
    grid = np.append(np.array(rates)[np.array(rates) < limit], limit)
    tops = np.append(np.array(heights)[np.array(rates) < limit], np.interp(limit, rates, heights))
    return np.sum(np.diff(grid) * (tops[1:] + tops[:-1])) / 2 / limit


def test_areas_are_those_of_the_definition():
    rng = np.random.default_rng(0)
    images = [scene(rng, channels) for channels in (3, 1, 0, 4)]
    total = functools.reduce(operator.add, itertools.starmap(spro_tally, images))
    assert spro_areas(total) == pytest.approx([by_definition(images, limit) for limit in FPR_LIMITS], abs=1e-9)


def test_unsaturated_components_make_aupro():
    rng = np.random.default_rng(1)
    spros, pros = [], []
    for _ in range(3):
        truth = cv2.GaussianBlur(rng.normal(size=(60, 80)), (0, 0), 2) > 0.25
        count, labels = cv2.connectedComponents(truth.astype(np.uint8), connectivity=8)
        scores = (rng.normal(size=truth.shape) + truth).astype(np.float32)
        spros.append(spro_tally(scores, [SproChannel(labels == label, 1.0, True) for label in range(1, count)]))
        pros.append(PixelTally.of_image(scores, truth))
    one, other = functools.reduce(operator.add, spros), functools.reduce(operator.add, pros)
    assert spro_areas(one, [0.05, 0.3]) == pytest.approx(
        [other.metrics(fpr_limit=limit).aupro for limit in (0.05, 0.3)], abs=1e-9
    )
    assert one.metrics().p_auroc == other.metrics().p_auroc


def test_kinds_apart_each_with_the_good_images():
    rng = np.random.default_rng(2)
    good, logical, structural = (spro_tally(*scene(rng, channels)) for channels in (0, 2, 2))
    found = spro_scores(good, logical, structural)
    assert found.limits == (0.01, 0.05, 0.1, 0.3, 1.0)
    assert found.logical == spro_areas(good + logical)
    assert found.logical != spro_areas(logical)
    assert found.mean == pytest.approx([(a + b) / 2 for a, b in zip(found.logical, found.structural, strict=True)])
    only = spro_scores(None, logical, None)
    assert (only.logical, only.structural, only.mean) == (spro_areas(logical), None, None)
    assert spro_scores(good, None, None).mean is None
    assert spro_areas(good) is None


def test_bad_channels_are_refused():
    with pytest.raises(InputError, match="has no defect pixel"):
        spro_tally(np.zeros((2, 2)), [SproChannel(np.zeros((2, 2), bool), 1)])
    with pytest.raises(InputError, match="3 × 2 and 2 × 2"):
        spro_tally(np.zeros((2, 3)), [SproChannel(np.ones((2, 2), bool), 1)])
    with pytest.raises(InputError, match="NaN"):
        spro_tally(np.full((2, 2), np.nan), [SproChannel(np.eye(2, dtype=bool), 1)])
