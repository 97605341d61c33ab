"""Pooling without all pixels in memory: what it costs in exactness is told, and memory does not grow."""

import functools
import io
import operator
import tracemalloc
from dataclasses import astuple, fields

import cv2
import numpy as np
import pytest

from sam_inspector.core.metrics import score_bins
from sam_inspector.core.metrics.pixel_tally import PixelTally
from sam_inspector.core.metrics.ranking import rank_pixels
from sam_inspector.core.metrics.region_overlap import aupro


def smooth(rng, side):
    coarse = cv2.GaussianBlur(rng.normal(size=(side // 8, side // 8)).astype(np.float32), (0, 0), 3)
    field = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    return field / field.std()


def images(seed, count=4, side=512):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        field = smooth(rng, side)
        truth = field > np.quantile(field, 0.97)
        yield smooth(rng, side) + 2 * cv2.GaussianBlur(truth.astype(np.float32), (0, 0), 5), truth


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


MAPS = {
    "0 to 1": lambda z: sigmoid(z - 2),
    "saturated at 0 and 1": lambda z: sigmoid(10 * z - 20),
    "logits": lambda z: np.clip(8 * z - 10, -30, 30),
    "close together": lambda z: np.float32(0.5) + np.float32(0.01) * z,
    "closer together": lambda z: np.float32(0.5) + np.float32(1e-4) * z,
    "over many powers of ten": lambda z: np.exp(6 * z),
    "one outlier": lambda z: np.where(z == z.max(), np.float32(1e30), z),
}


FEWEST_BINS = 600
"""Dropping all bits of the fraction leaves a bin for each power of two, and no further bits can be dropped."""


def checked(counted, maps, truths):
    """Asserts that no metric is further off than it says; gives the largest bound."""
    exact = rank_pixels(np.stack(maps), np.stack(truths))
    found = counted.metrics()
    true = (exact.auroc, exact.ap, exact.f1_max, aupro(maps, truths))
    for value, expected, bound in zip(astuple(found)[:4], true, astuple(found.error_bounds), strict=True):
        assert abs(value - expected) <= bound + 1e-9
    return found.error_bounds.largest


@pytest.mark.parametrize("kind", MAPS)
def test_no_metric_is_further_off_than_it_says(kind):
    maps, truths = [], []
    for field, truth in images(0):
        maps.append(np.asarray(MAPS[kind](field), np.float32))
        truths.append(truth)
    counted = functools.reduce(operator.add, map(PixelTally.of_image, maps, truths))
    bound = checked(counted, maps, truths)
    if np.unique(maps).size <= score_bins.MAX_BINS:
        assert kind == "closer together"
        assert (bound, counted.dropped_bits) == (0, 0)
    else:
        assert 0 < bound < 5e-4
        assert 1 << 16 < counted.bins.size <= 1 << 17


def test_bounds_hold_for_few_bins_as_for_many(monkeypatch):
    """With few bins the bounds are wide, and a slip in them would show."""
    monkeypatch.setattr(score_bins, "MAX_BINS", FEWEST_BINS)
    rng = np.random.default_rng(1)
    widest = 0.0
    for _ in range(60):
        truths = [cv2.GaussianBlur(rng.normal(size=(48, 48)), (0, 0), 2) > rng.uniform(0.05, 0.5) for _ in range(2)]
        truths[0][3, 3] = True
        pull = rng.uniform(-2, 2)
        fields = [rng.normal(size=truth.shape) + pull * truth for truth in truths]
        maps = [np.asarray(rng.choice(list(MAPS.values()))(field), np.float32) for field in fields]
        counted = functools.reduce(operator.add, map(PixelTally.of_image, maps, truths))
        assert counted.bins.size <= FEWEST_BINS
        widest = max(widest, checked(counted, maps, truths))
    assert widest > 0.01


@pytest.mark.parametrize("most", [FEWEST_BINS, 3000, 1 << 17])
def test_sums_are_the_same_bit_for_bit_in_any_order(monkeypatch, most):
    monkeypatch.setattr(score_bins, "MAX_BINS", most)
    rng = np.random.default_rng(2)
    # Of different scales, so that each alone would be binned in another way.
    parts = [
        PixelTally.of_image((field * 10.0**number).astype(np.float32), truth)
        for number, (field, truth) in enumerate(images(3, 7, 64), start=-3)
    ]
    straight = functools.reduce(operator.add, parts)
    for _ in range(5):
        mixed = [parts[index] for index in rng.permutation(len(parts))]
        while len(mixed) > 1:  # any two, as machines may finish
            mixed.append(mixed.pop(0) + mixed.pop(rng.integers(len(mixed))))
        for item in fields(PixelTally):
            np.testing.assert_array_equal(getattr(mixed[0], item.name), getattr(straight, item.name))
    assert straight.negatives.sum() + straight.positives.sum() == 7 * 64 * 64


def test_a_tally_comes_back_from_a_file():
    (field, truth), other = images(4, 2)
    counted, file = PixelTally.of_image(field, truth), io.BytesIO()
    np.savez_compressed(file, **{item.name: getattr(counted, item.name) for item in fields(PixelTally)})
    file.seek(0)
    with np.load(file) as arrays:
        back = PixelTally(*(arrays[item.name] for item in fields(PixelTally)))
    assert (back + PixelTally.of_image(*other)).metrics() == (counted + PixelTally.of_image(*other)).metrics()


def test_memory_does_not_grow_with_the_images():
    def peak(count):
        tracemalloc.start()
        total = None
        for number in range(count):
            rng = np.random.default_rng(number)
            one = PixelTally.of_image(rng.random((512, 512), np.float32), rng.random((512, 512)) < 0.01)
            total = one if total is None else total + one
        total.metrics()
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    few, many = peak(4), peak(40)
    # Ten times the images; there are between 2^16 and 2^17 bins, which is all the difference.
    assert many < 1.3 * few < 60e6
