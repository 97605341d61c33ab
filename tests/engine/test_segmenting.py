import numpy as np
import pytest

from sam_inspector.core.errors import PromptError
from sam_inspector.core.prompts import Prompt, Prompts, add_box, add_point, choose_candidate, remove_last
from sam_inspector.engine.requests import Accepted, SegmentOptions
from sam_inspector.engine.segmenting import with_accepted

POINT = add_point(Prompts(), (50.0, 60.0), 1)
PLAIN = SegmentOptions(refine=False, single_point_multimask=False)


@pytest.fixture
def segment(inspector, make_image):
    embedded = inspector.embed(make_image())

    def run(prompts, options=PLAIN, accepted=None):
        return inspector.segment(embedded, prompts, options, accepted)[0]

    return run


def test_a_box_becomes_its_pixels(segment):
    mask = segment(add_box(Prompts(), (10.0, 20.0, 29.0, 59.0))).mask
    expected = np.zeros((256, 256), bool)
    expected[20:60, 10:30] = True
    np.testing.assert_array_equal(mask, expected)


def test_regions_are_united_and_scored_by_the_highest_logit(segment):
    prompts = add_box(add_box(Prompts(), (10.0, 10.0, 19.0, 19.0)), (50.0, 10.0, 59.0, 19.0))
    segmentation = segment(prompts)
    assert segmentation.mask.sum() == 200
    assert len(segmentation.regions) == 2
    np.testing.assert_array_equal(segmentation.score_map > 0, segmentation.mask)


def test_one_point_takes_the_best_of_three_where_asked(segment):
    single = segment(POINT, PLAIN)
    best = segment(POINT, SegmentOptions(refine=False))
    assert (single.regions[0].chosen, best.regions[0].chosen) == (0, 1)
    assert best.mask.sum() > single.mask.sum()


def test_a_pick_counts_and_can_be_taken_back(segment):
    picked = choose_candidate(POINT, 0, 3)
    assert segment(picked).regions[0].chosen == 3
    assert segment(choose_candidate(picked, 0, None)).regions[0].chosen == 0


def test_a_further_click_refines_the_mask_before_it(segment, segmenter):
    segment(add_point(POINT, (55.0, 60.0), 0), SegmentOptions())
    assert [mask is None for mask in segmenter.mask_inputs] == [True, False]
    np.testing.assert_array_equal(segmenter.mask_inputs[1].shape, (256, 256))


def test_a_refinement_starts_from_the_mask_that_was_picked(segment, segmenter):
    picked = add_point(choose_candidate(POINT, 0, 3), (55.0, 60.0), 0)
    segment(picked, SegmentOptions())
    grown = segmenter.mask_inputs[-1] > 0
    assert grown.sum() > 30 * 30, "the mask grown by 12 pixels was handed on"


def test_what_is_remembered_is_not_decoded_again(segment, segmenter):
    longer = add_point(POINT, (55.0, 60.0), 0)
    for prompts in (POINT, longer, POINT, choose_candidate(POINT, 0, 2), remove_last(longer)):
        segment(prompts, SegmentOptions())
    assert len(segmenter.decoded) == 2


def test_the_mask_depends_on_prompts_alone_not_on_history(inspector, make_image, segmenter):
    """Opening saved prompts gives the mask that was on screen when they were made."""
    prompts = add_point(choose_candidate(add_point(POINT, (80.0, 60.0), 1), 0, 2), (81.0, 61.0), 0)
    embedded = inspector.embed(make_image())
    step_by_step = inspector.segment(embedded, POINT, SegmentOptions())[0]
    step_by_step = inspector.segment(embedded, prompts, SegmentOptions())[0]
    inspector.load_model("mobile_sam")  # forgets
    at_once = inspector.segment(inspector.embed(make_image()), prompts, SegmentOptions())[0]
    np.testing.assert_array_equal(step_by_step.mask, at_once.mask)


def test_generated_prompts_are_decoded_in_one_go(segment, segmenter):
    spread = Prompt(points=((10.0, 10.0), (12.0, 12.0), (14.0, 14.0)), labels=(1, 1, 1), source="gt")
    segment(Prompts((spread,)), SegmentOptions())
    assert len(segmenter.decoded) == 1


def test_more_prompts_than_are_remembered_still_all_count(segment):
    prompts = Prompts()
    for number in range(120):
        x, y = 4.0 + 20 * (number % 12), 4.0 + 20 * (number // 12)
        prompts = add_box(prompts, (x, y, x + 3, y + 3))
    assert segment(prompts).mask.sum() == 120 * 16


def test_lone_negative_points_speak_to_every_region(segment):
    boxes = add_box(add_box(Prompts(), (10.0, 10.0, 49.0, 49.0)), (100.0, 10.0, 139.0, 49.0))
    without = segment(boxes).mask.sum()
    # Just beyond the first box, so that it belongs to none, and its disk reaches into it.
    assert segment(add_point(boxes, (51.0, 30.0), 0)).mask.sum() < without


def test_no_prompt_is_an_empty_mask(segment):
    segmentation = segment(Prompts())
    assert not segmentation.mask.any()
    assert segmentation.predicted_iou is None


def test_accepted_regions_stay(segment):
    accepted = np.zeros((256, 256), bool)
    accepted[200:210, 200:210] = True
    segmentation = segment(add_box(Prompts(), (10.0, 10.0, 19.0, 19.0)), accepted=Accepted(accepted))
    assert segmentation.mask.sum() == 200
    assert segmentation.score_map[205, 205] == segmentation.score_map.max()
    assert with_accepted(segmentation, None) is segmentation


def test_a_prompt_outside_is_refused(segment):
    with pytest.raises(PromptError, match="outside the image"):
        segment(add_point(Prompts(), (300.0, 10.0), 1))


def test_faithful_preset_opens_masks(segment):
    """A stripe of 8 pixels does not survive a disk of radius 4, one of 9 does."""
    faithful = SegmentOptions(preset="faithful")
    thin = Prompt(box=(10.0, 10.0, 17.0, 99.0), source="gt")
    wide = Prompt(box=(10.0, 10.0, 18.0, 99.0), source="gt")
    assert segment(Prompts((thin,)), faithful).mask.sum() == 0
    assert segment(Prompts((wide,)), faithful).mask.sum() > 0
