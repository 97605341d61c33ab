import time

import cv2
import numpy as np
import pytest

from sam_inspector.core.errors import InputError
from sam_inspector.core.metrics import mask_scores
from sam_inspector.core.metrics.mask_scores import score_mask
from sam_inspector.core.metrics.overlap import boundary_iou
from sam_inspector.core.metrics.ranking import rank_pixels
from sam_inspector.core.scores import MaskScores
from sam_inspector.core.segmentation import RegionMask, Segmentation, empty_segmentation


def segmentation(score_map, predicted=()):
    score_map = np.asarray(score_map, np.float32)
    logits = np.zeros((4, 256, 256), np.float32)
    regions = tuple(RegionMask(logits, np.full(4, p, np.float32), 0, (256, 256)) for p in predicted)
    return Segmentation(score_map > 0, score_map, regions)


def test_all_numbers_of_one_mask_by_hand():
    score_map = np.full((20, 30), -4.0)
    score_map[:10, :10] = 4
    truth = np.zeros((20, 30), bool)
    truth[:10, 5:25] = True
    scores = score_mask(segmentation(score_map, predicted=(0.9, 0.7)), truth)
    assert (scores.mask_area, scores.gt_area, scores.image_area) == (100, 200, 600)
    assert scores.predicted_iou == pytest.approx(0.8)
    assert (scores.iou, scores.dice) == pytest.approx((50 / 250, 100 / 300))
    assert (scores.precision, scores.recall) == pytest.approx((0.5, 0.25))
    assert scores.boundary_iou == boundary_iou(score_map > 0, truth)
    # Binary scores: (true positive rate + true negative rate) / 2, and R P + (1 - R) share of positives.
    assert scores.p_auroc == pytest.approx((0.25 + 350 / 400) / 2)
    assert scores.ap == pytest.approx(0.25 * 0.5 + 0.75 / 3)
    assert scores.f1_max == pytest.approx(0.5)


def test_without_ground_truth_only_areas_and_predicted_iou():
    scores = score_mask(segmentation([[1, -1, -1]], predicted=(0.5,)), None)
    assert scores == MaskScores(mask_area=1, image_area=3, predicted_iou=0.5)


def test_ground_truth_of_zeros_defines_no_comparison():
    scores = score_mask(segmentation([[1, -1, -1]], predicted=(0.5,)), np.zeros((1, 3), bool))
    assert scores == MaskScores(mask_area=1, gt_area=0, image_area=3, predicted_iou=0.5)


def test_no_prompt_is_a_miss():
    truth = np.eye(8, dtype=bool)
    scores = score_mask(empty_segmentation(8, 8), truth)
    assert (scores.iou, scores.dice, scores.recall, scores.boundary_iou) == (0, 0, 0, 0)
    assert scores.precision is None
    assert scores.p_auroc == 0.5
    assert scores.predicted_iou is None


def test_ground_truth_of_ones_leaves_the_ranking_undefined():
    scores = score_mask(segmentation([[1, -1], [1, 1]]), np.ones((2, 2), bool))
    assert scores.iou == 0.75
    assert (scores.p_auroc, scores.ap, scores.f1_max) == (None, None, None)


def test_other_size_is_refused():
    with pytest.raises(InputError, match="3 × 1 and 1 × 3"):
        score_mask(segmentation([[1, 1, 1]]), np.ones((3, 1), bool))


def test_turned_and_mirrored_alike_changes_nothing():
    rng = np.random.default_rng(0)
    score_map = cv2.GaussianBlur(rng.normal(size=(90, 150)).astype(np.float32), (0, 0), 6)
    truth = cv2.GaussianBlur(score_map, (0, 0), 4) > 0.02
    plain = score_mask(segmentation(score_map), truth)
    for change in (np.flipud, np.fliplr, np.transpose):
        assert score_mask(segmentation(change(score_map)), change(truth)) == plain


def test_large_images_are_ranked_on_a_grid_and_compared_in_full(monkeypatch):
    rng = np.random.default_rng(1)
    score_map = rng.normal(size=(90, 150)).astype(np.float32)
    truth = rng.random((90, 150)) < 0.1
    whole = score_mask(segmentation(score_map), truth)
    monkeypatch.setattr(mask_scores, "MAX_RANKED_PIXELS", 90 * 150 - 1)
    thinned = score_mask(segmentation(score_map), truth)
    assert thinned.p_auroc == rank_pixels(score_map[::2, ::2], truth[::2, ::2]).auroc != whole.p_auroc
    assert (thinned.iou, thinned.boundary_iou) == (whole.iou, whole.boundary_iou)


def test_scoring_a_megapixel_keeps_up_with_clicks():
    rng = np.random.default_rng(2)
    logits = cv2.GaussianBlur(rng.normal(size=(256, 256)).astype(np.float32), (0, 0), 12) * 60 - 3
    score_map = cv2.resize(logits, (1024, 1024))
    truth = cv2.GaussianBlur(score_map, (0, 0), 9) > 0.5
    result = segmentation(score_map)
    seconds = []
    for _ in range(7):
        start = time.perf_counter()
        score_mask(result, truth)
        seconds.append(time.perf_counter() - start)
    share = truth.mean()
    print(f"scores of 1024 × 1024 pixels, {share:.0%} defect: {min(seconds) * 1e3:.1f} ms")
    # Generous, since the machine may be busy and its numpy without vectorised sorting.
    assert min(seconds) < 0.4
