"""Three passes of a decoder that notes what it is asked: methods section 4.5."""

import numpy as np
import pytest

from sam_inspector.core.prompts import Prompt
from sam_inspector.models.segmenter import DecodedPrompt
from sam_inspector.prompting.cascade import CascadePass, cascade, choose_first, choose_mask, map_region, mask_box
from sam_inspector.prompting.cascade_settings import CascadeSettings
from tests.fakes import FakeSegmenter

POINTS = Prompt(None, ((40.0, 30.0), (90.0, 90.0)), (1, 0))
BOXED = Prompt((10.0, 20.0, 60.0, 80.0))


class Scripted(FakeSegmenter):
    """Gives the answers of a list, one a call."""

    def __init__(self, answers):
        super().__init__()
        self.answers = list(answers)

    def decode(self, embedding, prompts, mask_inputs=None):
        super().decode(embedding, prompts, mask_inputs)
        answer = self.answers.pop(0)
        return [answer for _ in prompts]


def answer(level, box=(40, 50, 99, 119), scores=(0.5, 0.6, 0.9, 0.7)):
    """Four masks: the same rectangle of the 256 × 256 logits, told apart by their level."""
    logits = np.full((4, 256, 256), -9, np.float32)
    x0, y0, x1, y1 = box
    for place in range(4):
        logits[place, y0 : y1 + 1, x0 : x1 + 1] = level + place / 10
    return DecodedPrompt(logits, np.array(scores, np.float32))


EMPTY = DecodedPrompt(np.full((4, 256, 256), -9, np.float32), np.array((0.9, 0.1, 0.2, 0.3), np.float32))


def embedded(segmenter, size=(256, 256)):
    return segmenter.embed(np.zeros((*size, 3), np.uint8))


def three_passes(segmenter, embedding, prompts, settings):
    """After a first pass without a map."""
    answers = tuple(segmenter.decode(embedding, prompts))
    chosen = tuple(choose_first(*pair, None, settings) for pair in zip(prompts, answers, strict=True))
    first = CascadePass(tuple(prompts), answers, chosen)
    return cascade(segmenter, embedding, first, settings, [None] * len(prompts))


def test_each_pass_gets_what_the_one_before_found():
    segmenter = Scripted([answer(1), answer(2), answer(3)])
    embedding = embedded(segmenter)
    first, second, third = three_passes(segmenter, embedding, [POINTS], CascadeSettings())
    asked_1, asked_2, asked_3 = segmenter.decoded
    input_1, input_2, input_3 = segmenter.mask_inputs
    assert asked_1 == asked_2 == POINTS
    assert input_1 is None
    # Of the first pass the best of three by predicted IoU, of the others the single mask; raw logits, never 0 and 1.
    np.testing.assert_array_equal(input_2, answer(1).logits[2])
    np.testing.assert_array_equal(input_3, answer(2).logits[0])
    assert input_2.shape == (256, 256)
    assert asked_3.points == POINTS.points
    assert asked_3.box == (40, 50, 99, 119)
    assert [one.chosen for one in (first, second, third)] == [(2,), (0,), (0,)]
    assert segmenter.embedded == 1


def test_which_mask_counts_in_each_pass_is_a_setting():
    segmenter = Scripted([answer(1), answer(2), answer(3)])
    settings = CascadeSettings("single", "predicted_iou", "predicted_iou")
    passes = three_passes(segmenter, embedded(segmenter), [POINTS], settings)
    assert [one.chosen for one in passes] == [(0,), (2,), (2,)]


def test_a_box_that_was_given_stays():
    segmenter = Scripted([answer(1), answer(2), answer(3)])
    passes = three_passes(segmenter, embedded(segmenter), [BOXED], CascadeSettings())
    assert all(asked == BOXED for asked in segmenter.decoded)
    assert passes[0].chosen == (0,), "a box tells SAM what is meant: its single mask"


@pytest.mark.parametrize("empty", [1, 2])
def test_an_empty_mask_gives_way_to_the_one_before(empty):
    answers = [answer(1), answer(2), answer(3)]
    answers[empty] = EMPTY
    segmenter = Scripted(answers)
    passes = three_passes(segmenter, embedded(segmenter), [POINTS], CascadeSettings())
    np.testing.assert_array_equal(passes[empty].logits(0), passes[empty - 1].logits(0))


def test_nothing_found_at_all_gives_an_empty_mask_and_no_box():
    segmenter = Scripted([EMPTY, EMPTY, EMPTY])
    passes = three_passes(segmenter, embedded(segmenter), [POINTS], CascadeSettings())
    assert segmenter.decoded[2].box is None
    assert not (passes[2].logits(0) > 0).any()


def test_an_empty_first_mask_is_asked_for_again_with_the_box_of_the_region():
    segmenter = Scripted([EMPTY, answer(1), answer(2), answer(3)])
    embedding = embedded(segmenter)
    (decoded,) = segmenter.decode(embedding, [POINTS])
    region = np.zeros((256, 256), bool)
    region[20:31, 30:61] = True
    passes = cascade(segmenter, embedding, CascadePass((POINTS,), (decoded,), (1,)), CascadeSettings(), [region])
    assert [prompt.box for prompt in segmenter.decoded[:3]] == [None, (30.0, 20.0, 60.0, 30.0), None]
    assert segmenter.decoded[1].points == POINTS.points
    np.testing.assert_array_equal(passes[0].logits(0), answer(1).logits[0])
    np.testing.assert_array_equal(segmenter.mask_inputs[2], answer(1).logits[0])


def test_several_prompts_go_side_by_side_in_three_calls():
    segmenter = FakeSegmenter()
    other = Prompt(None, ((200.0, 200.0),), (1,))
    passes = three_passes(segmenter, embedded(segmenter), [POINTS, other], CascadeSettings())
    assert len(segmenter.decoded) == 6
    assert [len(one.answers) for one in passes] == [2, 2, 2]
    assert passes[2].prompts[1].box[0] > 150, "each has the box of its own mask"


@pytest.mark.parametrize("size", [(256, 256), (512, 512), (1000, 500), (300, 1200)])
def test_the_box_lies_around_the_mask_at_the_size_of_the_image(size):
    segmenter = FakeSegmenter()
    height, width = size
    prompt = Prompt((width * 0.25, height * 0.25, width * 0.5, height * 0.75))
    embedding = embedded(segmenter, size)
    logits = segmenter.decode(embedding, [prompt])[0].logits[0]
    found = mask_box(segmenter, embedding, logits)
    cell = max(size) / 256
    np.testing.assert_allclose(found, prompt.box, atol=2 * cell)
    assert 0 <= found[0] < found[2] <= width - 1
    assert 0 <= found[1] < found[3] <= height - 1


def planted(*boxes):
    """A map's logits: 4 in the boxes of a 256 × 256 frame, −4 elsewhere."""
    logits = np.full((256, 256), -4, np.float32)
    for x0, y0, x1, y1 in boxes:
        logits[y0 : y1 + 1, x0 : x1 + 1] = 4
    return logits


def test_the_mask_that_agrees_with_the_map_counts_even_where_sam_prefers_the_whole_object():
    """Predicted IoU says the third mask, which is the whole picture; the second is the defect."""
    logits = np.full((4, 256, 256), -9, np.float32)
    logits[3] = 9
    logits[1, 20:40, 30:60] = 9
    logits[0, 20:40, 30:200] = 9
    answer = DecodedPrompt(logits, np.array([0.8, 0.7, 0.6, 0.99], np.float32))
    region = planted((30, 20, 58, 41)) > 0
    assert choose_mask(answer, "predicted_iou", region) == 3
    assert choose_mask(answer, "map", region) == 1
    assert choose_mask(answer, "single", region) == 0
    assert choose_mask(answer, "map", None) == 3


def test_of_a_map_the_part_counts_that_the_prompt_was_made_from():
    segmenter = FakeSegmenter()
    embedding = embedded(segmenter, (512, 512))
    logits = planted((10, 10, 30, 30), (100, 100, 150, 150))
    there = Prompt(None, ((400.0, 400.0), (250.0, 250.0)), (0, 1))
    found = map_region(segmenter, embedding, logits, there)
    assert found.sum() == 51 * 51
    beside = Prompt(None, ((400.0, 400.0),), (1,))
    assert map_region(segmenter, embedding, logits, beside).sum() == 51 * 51 + 21 * 21
    assert map_region(segmenter, embedding, planted(), there) is None
