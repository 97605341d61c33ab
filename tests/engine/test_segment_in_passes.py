"""Prompts answered in three passes: which masks come back, what SAM was asked, and what is remembered."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from sam_inspector.core.prompts import Prompt, Prompts
from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.engine.compute_loop import ComputeLoop
from sam_inspector.engine.mailbox import Mailbox
from sam_inspector.engine.requests import (
    Accepted,
    CascadeInput,
    FindPoints,
    MapInput,
    PointsFound,
    Scored,
    Segmented,
    SegmentOptions,
    SegmentRequest,
)
from sam_inspector.prompting.cascade_settings import CascadeSettings, CoFeatureSettings

POINTS = Prompt(None, ((50.0, 50.0), (90.0, 50.0)), (1, 0), 1, source="few-shot")
CLICKED = Prompt(None, ((50.0, 50.0),), (1,))
BOXED = Prompt((40.0, 40.0, 79.0, 79.0), source="gt", component=1)


def a_map(size=(192, 256), peak=(50, 50)):
    ys, xs = np.mgrid[: size[0], : size[1]]
    values = np.exp(-((xs - peak[0]) ** 2 + (ys - peak[1]) ** 2) / 800).astype(np.float32)
    return AnomalyMap(values, "test", 0.0, 1.0)


@pytest.fixture
def embedded(inspector, make_image):
    return inspector.embed(make_image(size=(256, 192)))


def passes_of(inspector, embedded, *prompts, cascade=None, **more):
    how = cascade or CascadeInput()
    return inspector.segment_in_passes(embedded, Prompts(prompts), SegmentOptions(), how, **more)[0]


def test_a_mask_a_pass_and_three_questions(inspector, embedded, segmenter):
    passes = passes_of(inspector, embedded, POINTS)
    assert [one.mask.shape for one in passes] == [(192, 256)] * 3
    assert all(one.mask.any() for one in passes)
    assert len(segmenter.decoded) == 3
    assert segmenter.mask_inputs[0] is None
    assert segmenter.decoded[2].box is not None
    assert segmenter.embedded == 1


def test_of_points_the_best_mask_counts_first_and_of_a_box_the_single_one(inspector, embedded):
    by_points = passes_of(inspector, embedded, POINTS)
    assert [one.regions[0].chosen for one in by_points] == [1, 0, 0]
    by_box = passes_of(inspector, embedded, BOXED)
    assert by_box[0].regions[0].chosen == 0
    single = CascadeInput(CascadeSettings("single"))
    assert passes_of(inspector, embedded, POINTS, cascade=single)[0].regions[0].chosen == 0


def test_a_mask_that_a_person_picked_is_what_the_second_pass_starts_from(inspector, embedded, segmenter):
    picked = replace(CLICKED, picks=((1, 3),))
    passes = passes_of(inspector, embedded, picked)
    assert passes[0].regions[0].chosen == 3
    np.testing.assert_array_equal(segmenter.mask_inputs[1], passes[0].regions[0].logits[3])


def test_the_first_pass_begins_where_plain_prompts_end(inspector, embedded):
    plain, _ = inspector.segment(embedded, Prompts((BOXED,)), SegmentOptions())
    np.testing.assert_array_equal(plain.mask, passes_of(inspector, embedded, BOXED)[0].mask)


def test_the_map_goes_into_the_first_pass_alone(inspector, embedded, segmenter):
    passes_of(inspector, embedded, POINTS, map_input=MapInput(a_map(), 0.4))
    first, second, _ = segmenter.mask_inputs
    assert first is not None
    assert not np.array_equal(first, second)


def test_with_a_map_it_ranks_the_pixels_too(inspector, embedded):
    alone = passes_of(inspector, embedded, POINTS)
    together = passes_of(inspector, embedded, POINTS, cascade=CascadeInput(made_from=MapInput(a_map(), 0.4)))
    assert alone[2].score_map.min() < 0
    assert 0 <= together[2].score_map.min() <= together[2].score_map.max() <= 1
    np.testing.assert_array_equal(alone[2].mask, together[2].mask)


def test_without_prompts_the_mask_is_empty_and_the_map_still_ranks(inspector, embedded, segmenter):
    passes = passes_of(inspector, embedded, cascade=CascadeInput(made_from=MapInput(a_map(), 0.4)))
    assert len(passes) == 3
    assert not passes[2].mask.any()
    assert passes[2].score_map[50, 50] > passes[2].score_map[150, 200]
    assert segmenter.decoded == []


def test_another_look_at_the_same_passes_costs_nothing(inspector, embedded, segmenter):
    made_from = MapInput(a_map(), 0.4)
    for shown in (1, 2, 3):
        passes_of(inspector, embedded, POINTS, cascade=CascadeInput(made_from=made_from, shown=shown))
    assert len(segmenter.decoded) == 3
    passes_of(inspector, embedded, BOXED)
    assert len(segmenter.decoded) == 6


def test_the_region_of_the_map_says_which_mask_is_meant_though_sam_does_not_get_the_map(inspector, embedded, segmenter):
    """Without the map as input, too, the rule “map” looks at the map."""
    wide = MapInput(AnomalyMap(np.ones((192, 256), np.float32), "test", 0.0, 1.0), 0.5)
    chosen = [
        passes_of(inspector, embedded, POINTS, cascade=CascadeInput(made_from=made_from))[0].regions[0].chosen
        for made_from in (None, wide)
    ]
    assert segmenter.mask_inputs[0] is None
    assert chosen == [1, 3], "the largest mask agrees best with a map that is high all over"


def test_an_accepted_region_is_ranked_as_it_was_when_it_was_on_screen(inspector, embedded):
    """Enter changes neither the mask nor what ranks the pixels."""
    how = CascadeInput(made_from=MapInput(a_map(), 0.4))
    before = passes_of(inspector, embedded, POINTS, cascade=how)[2]
    accepted = Accepted(before.mask, Prompts((POINTS,)), how)
    after, _ = inspector.segment(embedded, Prompts(), SegmentOptions(), accepted)
    np.testing.assert_array_equal(after.mask, before.mask)
    np.testing.assert_array_equal(after.score_map, before.score_map)
    clicked, _ = inspector.segment(embedded, Prompts((CLICKED,)), SegmentOptions(), accepted)
    assert 0 <= clicked.score_map.min() <= clicked.score_map.max() <= 1, "the new region is ranked by the map as well"


def test_what_was_accepted_is_not_decoded_again_with_every_click(inspector, embedded, segmenter):
    how = CascadeInput()
    accepted = Accepted(passes_of(inspector, embedded, BOXED, cascade=how)[2].mask, Prompts((BOXED,)), how)
    asked = []
    for x in (50.0, 60.0, 70.0):
        before = len(segmenter.decoded)
        passes_of(inspector, embedded, Prompt(None, ((x, 50.0),), (1,)), cascade=how, accepted=accepted)
        asked.append(len(segmenter.decoded) - before)
    assert asked == [3, 3, 3]


# --- on the compute thread -------------------------------------------------------------------------------------------


def answers_to(inspector, *requests):
    mailbox, replies = Mailbox(), []
    loop = ComputeLoop(mailbox, inspector, replies.append)
    thread = threading.Thread(target=loop.run)
    thread.start()
    try:
        for request in requests:
            seen = len(replies)
            mailbox.submit(request)
            for _ in range(500):
                if any(isinstance(reply, Scored | PointsFound) for reply in replies[seen:]):
                    break
                threading.Event().wait(0.01)
    finally:
        mailbox.close()
        thread.join(5)
    return replies


@pytest.mark.parametrize("shown", [1, 3])
def test_the_window_gets_all_passes_and_the_one_it_shows(inspector, make_image, shown):
    truth = np.zeros((256, 256), bool)
    truth[40:80, 40:80] = True
    request = SegmentRequest(1, make_image(), Prompts((POINTS,)), ground_truth=truth, cascade=CascadeInput(shown=shown))
    replies = answers_to(inspector, request)
    segmented = next(reply for reply in replies if isinstance(reply, Segmented))
    scored = next(reply for reply in replies if isinstance(reply, Scored))
    assert len(segmented.passes) == len(scored.pass_ious) == 3
    assert segmented.segmentation is segmented.passes[shown - 1]
    assert scored.pass_ious[shown - 1] == scored.scores.iou


def test_the_window_asks_for_points(inspector, make_image):
    request = FindPoints(make_image(), a_map((256, 256)), 0.5, CoFeatureSettings(stride=50))
    found = next(reply for reply in answers_to(inspector, request) if isinstance(reply, PointsFound))
    assert found.request is request
    assert len(found.points.regions) == 1
    assert found.points.as_prompts("few-shot").items[0].points[0] == pytest.approx((50, 50), abs=1)
