import functools
import itertools
import operator

import cv2
import numpy as np
import pytest

from sam_inspector.core.errors import InputError
from sam_inspector.core.metrics import region_overlap
from sam_inspector.core.metrics.pixel_tally import PixelTally
from sam_inspector.core.metrics.ranking import rank_pixels


def tally(*images):
    counted = [PixelTally.of_image(np.asarray(scores, np.float32), np.asarray(truth, bool)) for scores, truth in images]
    return functools.reduce(operator.add, counted)


def aupro(*images, limit=0.3):
    """From counts, after a look at whether sorted scores give the same."""
    counted = tally(*images).metrics(fpr_limit=limit)
    exact = region_overlap.aupro(
        [np.asarray(scores, np.float32) for scores, _ in images],
        [np.asarray(truth, bool) for _, truth in images],
        fpr_limit=limit,
    )
    if exact is None:
        assert counted.aupro is None
    else:
        assert counted.aupro == pytest.approx(exact, abs=counted.error_bounds.aupro + 1e-9)
    return counted.aupro


def two_regions():
    """T5: region A 1 pixel with score 1, B 9 pixels with .5; 9 other pixels with .8 and 81 with 0."""
    truth, scores = np.zeros((10, 10)), np.zeros((10, 10))
    truth[0, 0], scores[0, 0] = 1, 1
    truth[5:8, 5:8], scores[5:8, 5:8] = 1, 0.5
    scores[2, :9] = 0.8
    return scores, truth


def test_two_regions_by_hand():
    assert aupro(two_regions()) == pytest.approx(5 / 6, abs=1e-12)


def test_limit_is_interpolated_on_a_tie():
    # All 20 pixels tie: the curve is the diagonal, whose normalised area up to any limit is half of it.
    truth = np.zeros((4, 5))
    truth[1, 1:3] = 1
    for limit in (0.05, 0.3, 1.0):
        assert aupro((np.ones((4, 5)), truth), limit=limit) == pytest.approx(limit / 2)


def test_regions_count_alike_over_images_not_within_them():
    scores, truth = two_regions()
    halves = [(scores[:5], truth[:5]), (scores[5:], truth[5:])]
    assert aupro(*halves) == pytest.approx(5 / 6, abs=1e-12)
    good = (np.zeros((3, 3)), np.zeros((3, 3)))
    # Nine more quiet pixels: the false alarms are 9 of 99 pixels now.
    assert aupro(*halves, good) == pytest.approx((9 / 99 * 0.5 + (0.3 - 9 / 99)) / 0.3)


def test_diagonal_neighbours_are_one_region():
    truth = np.eye(6)
    scores = np.zeros((6, 6))
    scores[0, 0] = 1
    one = aupro((scores, truth))
    assert one == pytest.approx(1 / 6 + 5 / 6 * 0.15)


def test_full_limit_of_one_region_is_auroc():
    rng = np.random.default_rng(4)
    truth = np.zeros((40, 30), bool)
    truth[5:20, 4:17] = True
    scores = np.round(rng.normal(size=truth.shape) + truth, 1).astype(np.float32)
    assert aupro((scores, truth), limit=1.0) == pytest.approx(rank_pixels(scores, truth).auroc, abs=1e-12)


def random_map(seed):
    """T8: 400 × 400 pixels, 25 regions of different sizes."""
    rng = np.random.default_rng(seed)
    truth = np.zeros((400, 400), bool)
    for row in range(5):
        for column in range(5):
            height, width = rng.integers(3, 60, 2)
            truth[80 * row : 80 * row + height, 80 * column : 80 * column + width] = True
    return rng.random((400, 400)).astype(np.float32), truth


def test_chance_and_perfect():
    scores, truth = random_map(0)
    assert aupro((scores, truth)) == pytest.approx(0.15, abs=0.02)
    assert aupro((truth, truth)) == 1.0
    assert aupro((~truth, truth)) == pytest.approx(0.0, abs=1e-12)


def by_definition(images, limit):
    """Every threshold in turn, every region in turn; then the area by trapezoids."""
    thresholds = np.unique(np.concatenate([scores.ravel() for scores, _ in images]))[::-1]
    rates, overlaps = [0.0], [0.0]
    for threshold in thresholds:
        covered, alarms, clean = [], 0, 0
        for scores, truth in images:
            count, labels = cv2.connectedComponents(truth.astype(np.uint8), connectivity=8)
            covered += [float(np.mean(scores[labels == index] >= threshold)) for index in range(1, count)]
            alarms += int(np.sum(scores[~truth] >= threshold))
            clean += int(np.sum(~truth))
        rates.append(alarms / clean)
        overlaps.append(float(np.mean(covered)))
    grid = np.unique(np.append(np.array(rates)[np.array(rates) <= limit], limit))
    # At a jump the curve is vertical: the left piece ends at its foot, the right one starts at its top.
    area, rates, overlaps = 0.0, np.array(rates), np.array(overlaps)
    for left, right in itertools.pairwise(grid):
        last = np.flatnonzero(rates <= left)[-1]
        start = overlaps[last]
        end = np.interp(right, rates[last : last + 2], overlaps[last : last + 2])
        area += (right - left) * (start + end) / 2
    return area / limit


@pytest.mark.parametrize("limit", [0.05, 0.3, 0.8])
def test_equals_the_definition_with_ties(limit):
    rng = np.random.default_rng(8)
    images = []
    for _ in range(3):
        truth = cv2.GaussianBlur(rng.normal(size=(30, 44)), (0, 0), 2) > 0.2
        images.append((np.round(rng.normal(size=truth.shape) + truth, 1).astype(np.float32), truth))
    assert aupro(*images, limit=limit) == pytest.approx(by_definition(images, limit), abs=1e-9)


def test_monotone_transforms_flips_and_duplicates_change_nothing():
    scores, truth = random_map(1)
    scores = scores + truth * np.float32(0.3)
    plain = aupro((scores, truth))
    assert aupro((np.exp(3 * scores), truth)) == pytest.approx(plain, abs=1e-4)
    assert aupro((scores[::-1, ::-1], truth[::-1, ::-1])) == pytest.approx(plain, abs=1e-12)
    assert aupro((scores, truth), (scores, truth)) == pytest.approx(plain, abs=1e-12)


def test_pooled_ranking_is_that_of_all_pixels():
    images = [random_map(seed) for seed in range(4)]
    images = [(4 * scores - 3 + truth, truth) for scores, truth in images]
    exact = rank_pixels(np.stack([scores for scores, _ in images]), np.stack([truth for _, truth in images]))
    pooled = tally(*images).metrics()
    assert pooled.p_auroc == pytest.approx(exact.auroc, abs=1e-5)
    assert pooled.ap == pytest.approx(exact.ap, abs=1e-4)
    assert pooled.f1_max == pytest.approx(exact.f1_max, abs=1e-4)


def test_pooled_is_not_the_mean_of_images():
    """T4: each image is ranked perfectly, but not against the other."""
    images = [([[0.2, 0.1]], [[1, 0]]), ([[0.9, 0.8]], [[1, 0]])]
    assert [tally(image).metrics().p_auroc for image in images] == [1.0, 1.0]
    assert tally(*images).metrics().p_auroc == pytest.approx(0.75)


def test_undefined_and_refused():
    assert aupro((np.zeros((3, 3)), np.zeros((3, 3)))) is None
    assert aupro((np.zeros((3, 3)), np.ones((3, 3)))) is None
    with pytest.raises(InputError, match="3 × 2 and 2 × 3"):
        aupro((np.zeros((2, 3)), np.zeros((3, 2))))
    with pytest.raises(InputError, match="NaN"):
        aupro((np.full((2, 2), np.nan), np.eye(2)))
    with pytest.raises(InputError, match="1 maps but 2 ground truths"):
        region_overlap.aupro([np.zeros((2, 2))], [np.eye(2, dtype=bool)] * 2)
    assert region_overlap.aupro([], []) is None
