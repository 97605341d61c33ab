"""The map as SAM's mask input: who gets it, and that no answer of another map is taken for it."""

import gc
from dataclasses import replace

import numpy as np
import pytest

from sam_inspector.core.prompts import Prompt, Prompts
from sam_inspector.core.segmentation import AnomalyMap
from sam_inspector.engine.requests import MapInput, SegmentOptions
from sam_inspector.prompting.map_input import map_as_logits

FOUND = Prompt(box=(40.0, 40.0, 79.0, 79.0), points=((50.0, 50.0),), labels=(1,), component=1, source="few-shot")
CLICKED = Prompt(points=((150.0, 150.0),), labels=(1,))


def a_map(seed=0):
    values = np.random.default_rng(seed).random((192, 256), np.float32)
    return AnomalyMap(values, "test", 0.0, 1.0)


@pytest.fixture
def segment(inspector, make_image):
    embedded = inspector.embed(make_image(size=(256, 192)))

    def run(prompts, map_input):
        return inspector.segment(embedded, Prompts(tuple(prompts)), SegmentOptions(), map_input=map_input)[0]

    return run


def test_the_logits_reach_prompts_made_from_a_map_and_no_others(segment, segmenter):
    anomaly_map = a_map()
    segmentation = segment([CLICKED, FOUND, replace(FOUND, box=(5.0, 5.0, 9.0, 9.0))], MapInput(anomaly_map, 0.4))
    assert [prompt.source for prompt in segmenter.decoded] == ["user", "few-shot", "few-shot"]
    assert segmenter.mask_inputs[0] is None
    expected = map_as_logits(anomaly_map.values, 0.4, (192, 256))
    for logits in segmenter.mask_inputs[1:]:
        np.testing.assert_array_equal(logits, expected)
    assert len(segmentation.regions) == 3


def test_one_prompt_alone_gets_them_too_edited_or_not(segment, segmenter):
    segment([replace(FOUND, edited=True)], MapInput(a_map(), 0.4))
    assert segmenter.mask_inputs[0].shape == (256, 256)


def test_without_a_map_there_are_none(segment, segmenter):
    segment([FOUND, CLICKED], None)
    assert segmenter.mask_inputs == [None, None]


def test_a_further_click_of_a_person_refines_its_own_mask(segment, segmenter):
    clicks = replace(CLICKED, points=((150.0, 150.0), (160.0, 150.0)), labels=(1, 0))
    segment([clicks], MapInput(a_map(), 0.4))
    first, second = segmenter.mask_inputs
    assert first is None
    assert set(np.unique(second)) == {-4.0, 4.0}, "the mask before it, not the map"


def test_answers_are_remembered_by_map_and_threshold(segment, segmenter):
    first, second = a_map(1), a_map(2)
    asked = [MapInput(first, 0.4), MapInput(first, 0.5), MapInput(second, 0.4), None]
    for map_input in asked:
        segment([FOUND], map_input)
    assert len(segmenter.decoded) == 4
    for map_input in asked:
        segment([FOUND], map_input)
    segment([FOUND], MapInput(first, 0.4))
    assert len(segmenter.decoded) == 4


def test_a_map_made_later_never_gets_the_answers_of_one_that_is_gone(segment, segmenter):
    """Python gives the address of what is gone to what comes next, so an address names no map."""
    for seed in range(20):
        segment([FOUND], MapInput(a_map(seed), 0.4))
        gc.collect()
    assert len(segmenter.decoded) == 20
