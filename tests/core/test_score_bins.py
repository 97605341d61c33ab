import numpy as np
import pytest

from sam_inspector.core.metrics import score_bins
from sam_inspector.core.metrics.score_bins import bin_scores, holds_one_score


def all_kinds_of_floats():
    rng = np.random.default_rng(0)
    any_bits = rng.integers(0, 1 << 32, 20000, np.uint32).view(np.float32)
    around_one = np.arange(0x3F7F0000, 0x3F810000, dtype=np.uint32).view(np.float32)
    special = np.array([-np.inf, np.inf, 0.0, -0.0, 1e-45, -1e-45, 0.5, 1, 2, -0.5, -1, 3.4e38], np.float32)
    unit = rng.random(20000).astype(np.float32)
    floats = np.concatenate([any_bits, around_one, special, unit, 0.5 + 1e-3 * unit])
    return np.sort(floats[~np.isnan(floats)])


SCORES = all_kinds_of_floats()


def binned(scores, dropped_bits):
    """What every score becomes."""
    found = bin_scores(scores, dropped_bits)
    assert found.dropped_bits == dropped_bits
    return np.repeat(found.bins, np.diff(found.first, append=scores.size))


@pytest.fixture
def roomy(monkeypatch):
    monkeypatch.setattr(score_bins, "MAX_BINS", SCORES.size + 1)


@pytest.mark.usefixtures("roomy")
@pytest.mark.parametrize("bits", [0, 1, 5, 13, 22])
def test_scores_stay_in_order_and_close(bits):
    became = binned(SCORES, bits)
    assert np.all(became[1:] >= became[:-1])
    found = bin_scores(SCORES, bits)
    assert np.all(found.bins[1:] > found.bins[:-1])
    ordinary = (np.abs(SCORES) > 1e-37) & (np.abs(SCORES) < 1e38)
    share = np.abs(became[ordinary].astype(float) - SCORES[ordinary]) / np.abs(SCORES[ordinary].astype(float))
    assert share.max() <= 2.0 ** (bits - 23)
    if bits == 0:
        np.testing.assert_array_equal(became[ordinary], SCORES[ordinary])


@pytest.mark.usefixtures("roomy")
@pytest.mark.parametrize(("first", "then"), [(0, 9), (3, 4), (9, 9), (12, 21)])
def test_dropping_in_two_steps_is_dropping_at_once(first, then):
    np.testing.assert_array_equal(binned(binned(SCORES, first), then), binned(SCORES, then))


@pytest.mark.usefixtures("roomy")
@pytest.mark.parametrize("bits", [1, 8, 15])
def test_bins_of_one_score_are_known(bits):
    found = bin_scores(SCORES, bits)
    last = np.append(found.first[1:], SCORES.size) - 1
    one = holds_one_score(found.bins, bits)
    spread = SCORES[last] != SCORES[found.first]
    assert not np.any(spread & one & (found.bins != 0))
    assert one[np.searchsorted(found.bins, 1.0)]
    # Every float32 around 1 is there, so the bins below 1 that are called mixed are.
    near = (found.bins > 1 - 2.0**-9) & (found.bins < 1)
    np.testing.assert_array_equal(one[near], ~spread[near])


def test_no_more_bits_are_dropped_than_it_takes(monkeypatch):
    few = np.sort(np.random.default_rng(0).normal(size=1000).astype(np.float32))
    assert bin_scores(few).dropped_bits == 0
    monkeypatch.setattr(score_bins, "MAX_BINS", 400)
    found = bin_scores(few)
    assert 200 < found.bins.size <= 400
    monkeypatch.setattr(score_bins, "MAX_BINS", 1000)
    assert bin_scores(few, found.dropped_bits - 1).bins.size > 400
