"""One contract for every segmenter: those with real weights, and small random networks of the packages' own classes."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from sam_inspector.core.errors import Cancelled, ModelError
from sam_inspector.core.metrics.overlap import iou
from sam_inspector.core.prompts import Prompt
from sam_inspector.models.devices import choose_device
from sam_inspector.models.embedding_cache import MEMORY_LIMIT_BYTES, EmbeddingCache, EmbeddingKey
from sam_inspector.models.registry import MODELS
from sam_inspector.models.sam import SamSegmenter
from sam_inspector.models.sam2 import Sam2Segmenter
from tests.models.tiny_networks import tiny_sam2, tiny_vit_sam

WIDE = (300, 500)


@dataclass(frozen=True)
class Kind:
    """What differs between the families."""

    frame: tuple[int, int]
    has_weights: bool


SAM, SAM2 = Kind((154, 256), False), Kind((256, 256), False)
KINDS = {
    "mobile_sam": replace(SAM, has_weights=True),
    "random ViT": SAM,
    "sam2_tiny_onnx": replace(SAM2, has_weights=True),
    "random SAM 2": SAM2,
}


@pytest.fixture(scope="module", params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def segmenter(request, kind):
    if KINDS[kind].has_weights:
        return request.getfixturevalue(kind)
    device = choose_device("cpu", "float32")
    if kind == "random ViT":
        return SamSegmenter(MODELS["sam_vit_b"], tiny_vit_sam(), device)
    return Sam2Segmenter(MODELS["sam2_tiny"], tiny_sam2(), device)


@pytest.fixture(scope="module")
def picture():
    rng = np.random.default_rng(1)
    pixels = rng.integers(90, 110, (*WIDE, 3), np.uint8)
    pixels[100:180, 200:330] = (200, 40, 40)
    return pixels


@pytest.fixture(scope="module")
def embedding(segmenter, picture):
    """Made once: encoding takes a second or more."""
    return segmenter.embed(picture)


BOX = Prompt(box=(195.0, 95.0, 335.0, 185.0))
POINT = Prompt(points=((260.0, 140.0),), labels=(1,))
BOTH = Prompt(box=(195.0, 95.0, 335.0, 185.0), points=((260.0, 140.0), (20.0, 20.0)), labels=(1, 0))


def test_shapes_and_types(segmenter, embedding, kind):
    assert embedding.size == WIDE
    assert embedding.model == segmenter.spec.name
    assert tuple(embedding.features.shape) == (1, 256, 64, 64)
    assert embedding.features.dtype == torch.float32
    tensors = (embedding.features, *embedding.stages, *embedding.skips)
    assert embedding.size_bytes == sum(tensor.numel() * tensor.itemsize for tensor in tensors)
    assert embedding.size_bytes < MEMORY_LIMIT_BYTES / 7
    for answer in segmenter.decode(embedding, [BOX, POINT, BOTH]):
        assert answer.logits.shape == (4, 256, 256)
        assert answer.logits.dtype == answer.scores.dtype == np.float32
        assert answer.scores.shape == (4,)
        assert np.isfinite(answer.logits).all()
    full = segmenter.upsample(embedding, answer.logits[0])
    assert full.shape == WIDE
    assert full.dtype == np.float32
    assert segmenter.logits_frame(embedding) == KINDS[kind].frame


def test_features_lie_over_the_image_alone(segmenter, embedding, kind):
    rows, columns = (side / 4 for side in KINDS[kind].frame)
    (output,) = segmenter.image_features(embedding).levels
    for features in (segmenter.image_features(embedding), segmenter.dense_features(embedding)):
        assert features.size == WIDE
        for level in features.levels:
            assert level.dim() == 3
            assert abs(level.shape[1] - rows) <= 1
            assert abs(level.shape[2] - columns) <= 1
    assert output.shape[0] == 256
    assert segmenter.dense_features(embedding).backbone == f"sam:{segmenter.spec.name}"


def test_the_same_question_gets_the_same_answer(segmenter, embedding):
    one, two = (segmenter.decode(embedding, [BOTH])[0] for _ in range(2))
    np.testing.assert_array_equal(one.logits, two.logits)


def test_encoding_can_be_given_up_and_gives_the_same_again(segmenter, embedding, picture):
    calls = iter([False, True, True, True, True, True])
    with pytest.raises(Cancelled):
        segmenter.embed(picture, cancelled=lambda: next(calls))
    again = segmenter.embed(picture)  # no hook and no state left behind
    first, second = (segmenter.decode(one, [BOX])[0] for one in (embedding, again))
    np.testing.assert_array_equal(first.logits, second.logits)


def test_what_the_cache_gives_back_is_answered_alike(segmenter, embedding, tmp_path):
    key = EmbeddingKey("image", segmenter.spec.name, segmenter.spec.sha256, "recommended", "float32")
    EmbeddingCache(tmp_path).put(key, embedding)
    kept = EmbeddingCache(tmp_path).get(key)
    assert kept.size_bytes == embedding.size_bytes
    first, second = (segmenter.decode(one, [POINT])[0] for one in (embedding, kept))
    np.testing.assert_array_equal(first.logits, second.logits)
    for one, two in zip(segmenter.dense_features(embedding).levels, segmenter.dense_features(kept).levels, strict=True):
        assert torch.equal(one, two)


def test_a_batch_answers_like_one_by_one(segmenter, embedding):
    questions = [BOX, POINT, BOTH, BOX, POINT]
    inputs = [None, None, None, np.full((256, 256), -4, np.float32), None]
    together = segmenter.decode(embedding, questions, inputs)
    for question, mask_input, answer in zip(questions, inputs, together, strict=True):
        alone = segmenter.decode(embedding, [question], [mask_input])[0]
        np.testing.assert_allclose(answer.logits, alone.logits, atol=2e-3)


def test_box_and_points_together_say_more_than_either(segmenter, embedding):
    answers = segmenter.decode(embedding, [BOX, replace(BOTH, box=None), BOTH])
    for number, other in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(answers[number].logits - answers[other].logits).max() > 0.01


def test_a_mask_input_changes_the_answer(segmenter, embedding):
    first = segmenter.decode(embedding, [POINT])[0]
    refined = segmenter.decode(embedding, [POINT], [first.logits[0]])[0]
    assert np.abs(refined.logits - first.logits).max() > 0.01


def test_no_current_image(segmenter, embedding):
    """Encoding another image in between changes no answer."""
    before = segmenter.decode(embedding, [BOX])[0]
    segmenter.embed(np.full((7, 5, 3), 30, np.uint8))
    np.testing.assert_array_equal(segmenter.decode(embedding, [BOX])[0].logits, before.logits)


def test_a_foreign_embedding_is_refused(segmenter, embedding):
    with pytest.raises(ModelError, match="can't be decoded"):
        segmenter.decode(replace(embedding, model="another"), [BOX])
    with pytest.raises(ModelError, match="of another"):
        segmenter.dense_features(replace(embedding, model="another"))


def test_a_point_outside_is_answered(segmenter, embedding):
    """Whether a place is in the image is asked before; here it only must not break."""
    outside = Prompt(points=((-40.0, 900.0),), labels=(1,))
    assert np.isfinite(segmenter.decode(embedding, [outside])[0].logits).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (3000, 9000)])
def test_any_size(segmenter, kind, size):
    if kind == "sam2_tiny_onnx" and size != (1, 1):
        pytest.skip("the frame is that of the random SAM 2, and its real encoder slow")
    pixels = np.full((*size, 3), 128, np.uint8)
    embedding = segmenter.embed(pixels)
    answer = segmenter.decode(embedding, [Prompt(points=((0.0, 0.0),), labels=(1,))])[0]
    assert segmenter.upsample(embedding, answer.logits[0]).shape == size
    assert all(min(level.shape) >= 1 for level in segmenter.dense_features(embedding).levels)


def test_a_red_rectangle_is_found(segmenter, embedding, kind):
    if not KINDS[kind].has_weights:
        return  # a random network finds nothing
    answer = segmenter.decode(embedding, [BOX])[0]
    truth = np.zeros(WIDE, bool)
    truth[100:180, 200:330] = True
    assert iou(segmenter.upsample(embedding, answer.logits[0]) > 0, truth) > 0.95
    assert answer.scores[0] > 0.8
