"""Co-feature points on planted scenes: methods section 4.5."""

import numpy as np
import pytest
import torch

from sam_inspector.core.errors import InputError
from sam_inspector.core.prompts import NEGATIVE, POSITIVE
from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.models.backbone import DenseFeatures
from sam_inspector.prompting.cascade_settings import CoFeatureSettings
from sam_inspector.prompting.co_feature_points import co_feature_points

SIDE = 518


def blob(x=259, y=259, sigma=40, side=SIDE):
    """A Gaussian map in [0, 1]."""
    ys, xs = np.mgrid[:side, :side]
    values = np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2 * sigma**2)).astype(np.float32)
    return AnomalyMap(values, "test", 0.0, 1.0)


def features(like_defect=lambda xs, ys: xs < 259, size=(SIDE, SIDE)):
    """Two vectors on a grid of 64 × 64: one where the image looks like the defect, one elsewhere."""
    ys, xs = (np.mgrid[:64, :64] + 0.5) * (SIDE / 64)
    alike = torch.from_numpy(like_defect(xs, ys))
    return DenseFeatures((torch.stack([alike.float(), (~alike).float()]),), size, "test")


def found(anomaly_map=None, grid=None, threshold=0.5, **settings):
    return co_feature_points(anomaly_map or blob(), grid or features(), CoFeatureSettings(**settings), threshold)


def split(result):
    points = [scored for region in result.regions for scored in region]
    by = lambda label: [scored for scored in points if scored.label == label]  # noqa: E731
    return by(POSITIVE), by(NEGATIVE)


def at(mask, scored):
    x, y = scored.point
    return bool(mask[round(y), round(x)])


@pytest.mark.parametrize("spacing", ["rank_stride", "min_distance"])
def test_positive_points_lie_in_the_extreme_region_and_negative_ones_in_its_ring(spacing):
    result = found(spacing=spacing, stride=50)
    positive, negative = split(result)
    assert len(positive) == len(negative) == 3
    assert all(at(result.extreme, scored) for scored in positive)
    assert all(at(result.ring, scored) and not at(result.extreme, scored) for scored in negative)
    assert not (result.ring & result.extreme).any()


def test_every_negative_point_falls_where_the_image_looks_otherwise():
    """Most of the extreme region looks as the image does on the left, and so does most of its ring."""
    result = found(blob(x=200), features(lambda xs, ys: xs < 225), stride=30)
    _, negative = split(result)
    assert len(negative) == 3
    assert all(scored.point[0] > 225 for scored in negative)
    assert result.ring[:, :225].sum() > result.ring[:, 225:].sum()


def test_the_first_positive_point_is_the_peak_and_scores_are_those_of_the_map():
    positive, negative = split(found(stride=200))
    assert positive[0].point == pytest.approx((259, 259), abs=1)
    assert positive[0].score == pytest.approx(1, abs=1e-3)
    assert positive[0].score > positive[1].score > positive[2].score > 0.5
    assert all(-1.001 <= scored.score <= 1.001 for scored in negative)


def test_the_ring_of_a_square_has_the_size_that_is_known():
    """A square of 20 × 20 grows by 1,388 pixels under an ellipse of 25 × 25."""
    values = np.zeros((SIDE, SIDE), np.float32)
    values[200:220, 100:120] = 1
    result = found(AnomalyMap(values, "test", 0, 1))
    assert result.extreme.sum() == 400
    assert result.ring.sum() == pytest.approx(1388, abs=8)


@pytest.mark.parametrize("shape", ["ellipse", "rectangle", "cross"])
def test_kernel_shapes_differ(shape):
    ring = found(kernel_shape=shape).ring.sum()
    others = {found(kernel_shape=other).ring.sum() for other in ("ellipse", "rectangle", "cross")}
    assert len(others) == 3
    assert ring in others


def test_points_keep_their_distance():
    result = found(blob(sigma=90), spacing="min_distance", distance_px=60, positive_points=5, negative_points=5)
    for points in split(result):
        places = np.array([scored.point for scored in points])
        apart = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
        assert len(points) > 2
        assert apart[~np.eye(len(points), dtype=bool)].min() >= 60


def test_ranks_keep_their_stride():
    result = found(stride=400, positive_points=4)
    positive, _ = split(result)
    scores = np.sort(blob().values[result.extreme])[::-1]
    assert [scored.score for scored in positive] == pytest.approx(scores[[0, 400, 800, 1200]])


def test_more_points_than_pixels_gives_fewer():
    values = np.zeros((SIDE, SIDE), np.float32)
    values[100:110, 100:110] = 1
    positive, negative = split(found(AnomalyMap(values, "test", 0, 1), positive_points=50, negative_points=50))
    assert len(positive) == 1
    assert 1 <= len(negative) < 50


def test_nothing_extreme_gives_no_point():
    result = found(threshold=2.0)
    assert result.regions == ()
    assert not result.extreme.any()
    assert not result.as_prompts("clip")


def test_a_map_that_is_extreme_all_over_has_no_ring_and_positive_points_only():
    full = AnomalyMap(np.full((SIDE, SIDE), 0.9, np.float32), "test", 0, 1)
    positive, negative = split(found(full))
    assert positive
    assert not negative


def test_a_mirrored_image_gives_mirrored_points():
    grid = features(lambda xs, ys: xs < 200)
    mirrored = features(lambda xs, ys: xs >= SIDE - 200)
    off, turned = blob(x=200.3, y=170.7), blob(x=SIDE - 1 - 200.3, y=170.7)
    for one, other in zip(split(found(off, grid)), split(found(turned, mirrored)), strict=True):
        places = np.array([scored.point for scored in one])
        flipped = np.array([scored.point for scored in other]) * [-1, 1] + [SIDE - 1, 0]
        assert len(one) == len(other)
        np.testing.assert_allclose([scored.score for scored in one], [scored.score for scored in other], atol=1e-4)
        assert np.abs(places[0] - flipped[0]).max() <= 1.5


def test_under_the_quantile_rule_only_the_order_of_scores_counts():
    plain = blob()
    squared = AnomalyMap(plain.values**2, "test", 0, 1)
    one, _ = split(found(plain, rule="quantile", quantile=0.98))
    other, _ = split(found(squared, rule="quantile", quantile=0.98))
    assert [scored.point for scored in one] == [scored.point for scored in other]


def test_the_share_of_the_peak_never_falls_below_the_least_score():
    low = AnomalyMap(blob().values * 0.2, "test", 0, 1)
    assert found(low, rule="peak_share").regions == ()
    assert found(rule="peak_share").threshold == pytest.approx(0.8, abs=1e-3)


def test_each_region_gets_points_of_its_own_or_the_image_one_set():
    two = AnomalyMap(np.maximum(blob(120, 120).values, 0.9 * blob(400, 400).values), "test", 0, 1)
    assert len(found(two).regions) == 2
    whole = found(two, scope="image", positive_points=8, stride=300)
    assert len(whole.regions) == 1
    xs = [scored.point[0] for scored in split(whole)[0]]
    assert min(xs) < 259 < max(xs)


def test_points_are_in_pixels_of_the_image_whatever_its_size():
    small = blob(64, 32, 10, 128)
    anomaly_map = AnomalyMap(small.values[:64], "test", 0, 1)
    result = found(anomaly_map, features(size=(512, 1024)))
    positive, _ = split(result)
    assert result.extreme.shape == (259, 518)
    assert positive[0].point == pytest.approx((64.5 * 8 - 0.5, 32.5 * 8 - 0.5), abs=4)


def test_the_most_similar_extreme_pixel_can_be_the_measure():
    _, mean = split(found(prototype="weighted_mean"))
    _, nearest = split(found(prototype="max_pairwise"))
    assert nearest[0].score >= mean[0].score


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"rule": "best"}, "rule for the extreme region"),
        ({"kernel_shape": "star"}, "ellipse, rectangle, cross"),
        ({"kernel_px": 1}, "2 to 518"),
        ({"positive_points": 0}, "at least 1"),
        ({"negative_points": -1}, "0 or more"),
        ({"peak_share": 1.5}, "between 0 and 1"),
        ({"frame": 50}, "64 to 2048"),
    ],
)
def test_settings_out_of_range_are_refused(settings, words):
    with pytest.raises(InputError, match=words):
        CoFeatureSettings(**settings).check()


def test_no_negative_point_lies_on_a_region_that_was_too_small_or_one_too_many():
    values = np.zeros((SIDE, SIDE), np.float32)
    values[200:240, 200:240] = 1
    values[200:204, 243:247] = 0.8
    values[246:266, 200:220] = 0.7
    result = found(AnomalyMap(values, "test", 0, 1), max_components=1, stride=1, negative_points=5000)
    _, negative = split(result)
    assert len(negative) > 1000
    assert not any(values[round(scored.point[1]), round(scored.point[0])] > 0.5 for scored in negative)
