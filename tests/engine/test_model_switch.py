"""Another model in the midst of work: the prompts stay, and what one model said is never told to another."""

from dataclasses import replace

import numpy as np
import pytest

from sam_inspector.core.errors import ModelError
from sam_inspector.core.prompts import NEGATIVE, POSITIVE, Prompts, add_point
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.requests import CascadeInput, SegmentOptions
from sam_inspector.models.registry import MODELS
from tests.fakes import FakeSegmenter


class MarkedSegmenter(FakeSegmenter):
    """A stand-in whose logits are of a size of their own, so that they can be told apart."""

    def __init__(self, name, mark):
        super().__init__(spec=MODELS[name])
        self.mark = mark

    def decode(self, embedding, prompts, mask_inputs=None):
        if embedding.model != self.spec.name:
            raise ModelError(f"an embedding of {embedding.model}")
        answers = super().decode(embedding, prompts, mask_inputs)
        return [replace(answer, logits=np.sign(answer.logits) * np.float32(self.mark)) for answer in answers]

    def told(self):
        """The sizes of all logits that it was given."""
        return {float(np.abs(given).max()) for given in self.mask_inputs if given is not None}


@pytest.fixture
def models():
    return {name: MarkedSegmenter(name, mark) for name, mark in (("mobile_sam", 3), ("sam2_tiny_onnx", 7))}


@pytest.fixture
def inspector(models):
    def load(name, **_):
        return models[name]

    return Inspector(load)


def clicks(number):
    prompts = Prompts()
    for place in range(number):
        prompts = add_point(prompts, (30.0 + 5 * place, 40.0), NEGATIVE if place % 3 == 2 else POSITIVE)
    return prompts


@pytest.mark.parametrize("cascade", [None, CascadeInput()])
def test_logits_of_one_model_are_never_given_to_another(inspector, models, make_image, cascade):
    image = make_image()
    for name in ("mobile_sam", "sam2_tiny_onnx", "mobile_sam", "sam2_tiny_onnx"):
        inspector.load_model(name)
        embedded = inspector.embed(image)
        for number in (1, 2, 3, 4):
            asked = (embedded, clicks(number), SegmentOptions())
            if cascade is None:
                inspector.segment(*asked)
            else:
                inspector.segment_in_passes(*asked, cascade)
    assert models["mobile_sam"].told() == {3.0}
    assert models["sam2_tiny_onnx"].told() == {7.0}


def test_work_that_lasts_goes_on_with_the_model_it_began_with(inspector, models, make_image):
    image = make_image()
    inspector.load_model("mobile_sam")
    other = inspector.beside()
    inspector.load_model("sam2_tiny_onnx")
    for one in (other, inspector, other):
        one.segment(one.embed(image), clicks(4), SegmentOptions())
    assert models["mobile_sam"].told() == {3.0}
    assert models["sam2_tiny_onnx"].told() == {7.0}
    with pytest.raises(ModelError, match="of mobile_sam"):
        inspector.segment(other.embed(image), clicks(3), SegmentOptions())
