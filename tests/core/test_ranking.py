import time

import cv2
import numpy as np
import pytest
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

from sam_inspector.core.errors import InputError
from sam_inspector.core.metrics.ranking import Ranking, image_auroc, rank_images, rank_pixels


def ranking(scores, labels, dtype=np.float32):
    return rank_pixels(np.asarray(scores, dtype), np.asarray(labels, bool))


def scikit_learn(scores, labels):
    precision, recall, thresholds = precision_recall_curve(labels, scores)
    f1 = 2 * precision[:-1] * recall[:-1] / np.maximum(precision[:-1] + recall[:-1], 1e-300)
    best = np.flatnonzero(np.isclose(f1, f1.max(), rtol=0, atol=1e-12))[-1]
    return (
        roc_auc_score(labels, scores),
        average_precision_score(labels, scores),
        f1.max(),
        thresholds[best],
    )


def values(result):
    return (result.auroc, result.ap, result.f1_max, result.f1_threshold)


def test_four_pixels_by_hand():
    """T1."""
    result = ranking([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    assert values(result) == pytest.approx((0.75, 5 / 6, 0.8, 0.35))


def test_binary_scores_by_hand():
    """T2: ten positives, six hit; a hundred negatives, ten falsely alarmed."""
    scores = [1] * 6 + [0] * 4 + [1] * 10 + [0] * 90
    result = ranking(scores, [1] * 10 + [0] * 100)
    assert values(result)[:3] == pytest.approx((0.75, 0.6 * 6 / 16 + 0.4 * 10 / 110, 6 / 13))


@pytest.mark.parametrize("value", [-3.5, 0.0, 1e30])
def test_constant_scores(value):
    """T7: chance, and the share of positives."""
    share = 0.25
    result = ranking(np.full(16, value), [1] * 4 + [0] * 12)
    assert values(result) == pytest.approx((0.5, share, 2 * share / (1 + share), value))


@pytest.mark.parametrize("labels", [[1, 1, 1], [0, 0, 0], []])
def test_one_class_alone_is_undefined(labels):
    assert ranking(np.arange(len(labels)), labels) == Ranking()


def cases():
    rng = np.random.default_rng(3)
    for share in (0.001, 0.02, 0.5, 0.97):
        labels = rng.random(5000) < share
        labels[:2] = (True, False)
        normal = (rng.normal(size=5000) + labels).astype(np.float32)
        yield f"distinct-{share}", normal, labels
        yield f"ties-{share}", np.round(normal * 2) / 2, labels
        yield f"binary-{share}", (normal > 0.5).astype(np.float32), labels
        yield f"tied-background-{share}", np.where(normal < 0.6, np.float32(-9.5), normal), labels
        yield f"signed-zeros-{share}", np.where(normal < 0, np.float32(-0.0), np.round(normal)), labels
        yield f"huge-and-tiny-{share}", np.float32(1e-30) * np.sign(normal) + np.float32(1e30) * (normal > 2), labels


@pytest.mark.parametrize(("scores", "labels"), [case[1:] for case in cases()], ids=[case[0] for case in cases()])
def test_equals_scikit_learn(scores, labels):
    assert values(rank_pixels(scores, labels)) == pytest.approx(scikit_learn(scores, labels), abs=1e-9)


def test_two_dimensional_maps_and_views_are_ranked_like_flat_ones():
    rng = np.random.default_rng(5)
    scores, labels = rng.normal(size=(60, 100)).astype(np.float32), rng.random((60, 100)) < 0.1
    whole = rank_pixels(scores, labels)
    assert rank_pixels(scores.T, labels.T) == whole
    assert rank_pixels(scores[:, ::-1], labels[:, ::-1]) == whole
    assert values(rank_pixels(scores[::3, ::3], labels[::3, ::3])) == pytest.approx(
        scikit_learn(scores[::3, ::3].ravel(), labels[::3, ::3].ravel())
    )


def test_monotone_transforms_and_duplicates_change_nothing():
    rng = np.random.default_rng(6)
    labels = rng.random(3000) < 0.1
    scores = np.round(rng.normal(size=3000) + labels, 1)
    plain = ranking(scores, labels, np.float64)
    for changed in (scores * 3 - 7, np.exp(scores), np.arctan(scores)):
        assert values(ranking(changed, labels, np.float64))[:3] == pytest.approx(values(plain)[:3], abs=1e-12)
    twice = ranking(np.tile(scores, 2), np.tile(labels, 2), np.float64)
    assert values(twice) == pytest.approx(values(plain), abs=1e-12)


def test_infinities_are_ranked_and_nan_is_refused():
    assert ranking([np.inf, 0, -np.inf, -1], [1, 1, 0, 0]).auroc == 1.0
    for labels in ([1, 0, 0], [0, 1, 0]):
        with pytest.raises(InputError, match="NaN"):
            ranking([np.nan, 1, 2], labels)


def test_other_size_is_refused():
    with pytest.raises(InputError, match="5 × 4 and 4 × 5"):
        ranking(np.zeros((4, 5)), np.zeros((5, 4)))


def test_images_by_hand():
    """T1, T2 and T7 with an image in the place of a pixel."""
    assert values(rank_images([0.1, 0.4, 0.35, 0.8], [False, False, True, True])) == pytest.approx(
        (0.75, 5 / 6, 0.8, 0.35)
    )
    hits = rank_images([1] * 6 + [0] * 4 + [1] * 10 + [0] * 90, [True] * 10 + [False] * 100)
    assert values(hits)[:3] == pytest.approx((0.75, 0.6 * 6 / 16 + 0.4 * 10 / 110, 6 / 13))
    assert values(rank_images([2.5] * 4, [True, False, False, False]))[:3] == pytest.approx((0.5, 0.25, 0.4))
    assert rank_images([0.1, 0.2], [False, False]) == Ranking()
    assert rank_images([], []) == Ranking()


def test_image_auroc():
    assert image_auroc([0.1, 0.4, 0.35, 0.8], [False, False, True, True]) == pytest.approx(0.75)
    # A difference that float32 does not see still ranks.
    assert image_auroc([1.0, 1.0 + 1e-12], [False, True]) == 1.0
    assert image_auroc([0.5, 0.6], [True, True]) is None
    assert image_auroc([], []) is None
    with pytest.raises(InputError, match="2 image scores but 1 labels"):
        image_auroc([0.1, 0.2], [True])


def test_ranking_a_megapixel_is_not_slower_than_scikit_learn():
    rng = np.random.default_rng(0)
    logits = cv2.GaussianBlur(rng.normal(size=(256, 256)).astype(np.float32), (0, 0), 8) * 40 - 3
    scores = cv2.resize(logits, (1024, 1024))
    labels = cv2.GaussianBlur(scores, (0, 0), 5) > np.quantile(scores, 0.97)

    def best_of(function, rounds):
        seconds = []
        for _ in range(rounds):
            start = time.perf_counter()
            function()
            seconds.append(time.perf_counter() - start)
        return min(seconds)

    ours = best_of(lambda: rank_pixels(scores, labels), 5)
    reference = best_of(lambda: scikit_learn(scores.ravel(), labels.ravel()), 2)
    print(f"ranking 1024 × 1024 pixels: {ours * 1e3:.1f} ms, scikit-learn {reference * 1e3:.1f} ms")
    assert ours < reference
