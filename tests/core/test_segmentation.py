import numpy as np
import pytest

from sam_inspector.core.prompts import Prompt
from sam_inspector.core.segmentation import RegionMask, Segmentation, default_candidate, empty_segmentation

SCORES = np.array([0.5, 0.6, 0.9, 0.7], np.float32)
POINT = Prompt(points=((1, 1),), labels=(1,))


def test_a_lonely_point_takes_the_best_of_three_where_asked():
    assert default_candidate(POINT, SCORES, single_point_multimask=True) == 2
    assert default_candidate(POINT, SCORES, single_point_multimask=False) == 0


@pytest.mark.parametrize(
    "prompt",
    [
        Prompt(box=(0, 0, 5, 5)),
        Prompt(box=(0, 0, 5, 5), points=((1, 1),), labels=(1,)),
        Prompt(points=((1, 1), (2, 2)), labels=(1, 0)),
    ],
)
def test_boxes_and_several_points_take_the_single_mask(prompt):
    assert default_candidate(prompt, SCORES, single_point_multimask=True) == 0


def test_a_persons_pick_counts_before_the_rule():
    picked = Prompt(points=((1, 1),), labels=(1,), picks=((1, 3),))
    assert default_candidate(picked, SCORES, single_point_multimask=True) == 3


def test_predicted_iou_is_the_mean_of_the_chosen():
    logits = np.zeros((4, 256, 256), np.float32)
    regions = (RegionMask(logits, SCORES, 2, (256, 256)), RegionMask(logits, SCORES, 0, (256, 256)))
    mask = np.zeros((2, 2), bool)
    assert Segmentation(mask, mask.astype(np.float32), regions).predicted_iou == pytest.approx(0.7)


def test_no_prompt_gives_an_empty_mask_of_the_images_size():
    empty = empty_segmentation(3, 5)
    assert empty.mask.shape == empty.score_map.shape == (3, 5)
    assert not empty.mask.any()
    assert empty.predicted_iou is None
