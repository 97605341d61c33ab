"""SAM 2 beside the package's own image predictor, over the same random weights."""

import logging
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from sam2.sam2_image_predictor import SAM2ImagePredictor

from sam_inspector.core.errors import ModelError, WeightsError
from sam_inspector.core.prompts import Prompt
from sam_inspector.models.devices import choose_device
from sam_inspector.models.registry import MODELS
from sam_inspector.models.sam2 import Sam2Segmenter, _stable_first, build_sam2, load_sam2
from sam_inspector.models.squashed_frame import best_first, squashed
from tests.models.tiny_networks import tiny_sam2

BOX = Prompt(box=(15.0, 25.0, 135.0, 85.0))
POINTS = Prompt(points=((60.0, 40.0), (3.0, 5.0)), labels=(1, 0))
BOTH = replace(POINTS, box=BOX.box)
CPU = choose_device("cpu", "float32")


@pytest.fixture(scope="module")
def network():
    return tiny_sam2()


@pytest.fixture(scope="module")
def picture():
    return np.random.default_rng(3).integers(0, 255, (100, 150, 3), np.uint8)


@pytest.fixture(scope="module")
def predictor(network, picture):
    made = SAM2ImagePredictor(network)
    made.set_image(picture)
    return made


@pytest.fixture(scope="module")
def segmenter(network):
    return Sam2Segmenter(MODELS["sam2_tiny"], network, CPU, falls_back=False)


@pytest.fixture(scope="module")
def embedding(segmenter, picture):
    return segmenter.embed(picture)


def asked(prompt):
    given = {}
    if prompt.box is not None:
        given["box"] = np.array(prompt.box)
    if prompt.points:
        given |= {"point_coords": np.array(prompt.points), "point_labels": np.array(prompt.labels)}
    return given


@pytest.mark.parametrize("prompt", [BOX, POINTS, BOTH], ids=["box", "points", "both"])
@pytest.mark.parametrize("with_mask", [False, True])
def test_masks_are_those_of_the_package(segmenter, embedding, predictor, prompt, with_mask):
    mask = 40 * np.sin(np.arange(65536, dtype=np.float32)).reshape(256, 256) if with_mask else None
    answer = segmenter.decode(embedding, [prompt], [mask])[0]
    given = asked(prompt)
    if mask is not None:
        given["mask_input"] = np.clip(mask, -32, 32)[None]
    single, single_iou, single_low = predictor.predict(**given, multimask_output=False, return_logits=True)
    _, ious, low = predictor.predict(**given, multimask_output=True, return_logits=True)
    np.testing.assert_allclose(answer.logits, np.concatenate([single_low, low]), atol=2e-2)
    np.testing.assert_allclose(answer.scores, np.concatenate([single_iou, ious]), atol=1e-3)
    np.testing.assert_allclose(segmenter.upsample(embedding, answer.logits[0]), single[0], atol=2e-2)


def test_the_frame_is_that_of_the_package(predictor, picture):
    torch.testing.assert_close(squashed(picture)[0], predictor._transforms(picture), atol=1e-4, rtol=0)
    coarse = np.random.default_rng(0).integers(0, 255, (30, 250, 3), np.uint8)
    large = cv2.resize(coarse, (5000, 600))
    whole = predictor._transforms(large)
    assert (squashed(large)[0] - whole).abs().mean() < 0.01, "averaged down in two steps"


def test_an_unstable_single_mask_gives_way_as_in_the_package(network):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn((6, 4, 256, 256), generator=generator)  # as unstable as can be
    logits[3:, 0] = torch.where(logits[3:, 0] > 0, 5.0, -5.0)
    logits[5, 0] = -5  # nothing: stable
    scores = torch.rand((6, 4), generator=generator)
    expected = network.sam_mask_decoder._dynamic_multimask_via_stability(logits, scores)
    ours = _stable_first(logits, scores)
    for one, other, given in zip(ours, expected, (logits, scores), strict=True):
        torch.testing.assert_close(one[:, :1], other)
        torch.testing.assert_close(one[:, 1:], given[:, 1:])
        torch.testing.assert_close(one[3:, 0], given[3:, 0])
        assert not torch.equal(one[:3, 0], given[:3, 0])


def test_falling_back_is_a_switch_and_is_told(network, embedding, caplog):
    falling = Sam2Segmenter(MODELS["sam2_tiny"], network, CPU)
    with caplog.at_level(logging.INFO):
        with_it = falling.decode(embedding, [POINTS])[0]
        falling.falls_back = False
        without = falling.decode(embedding, [POINTS])[0]
    best = 1 + without.scores[1:].argmax()
    np.testing.assert_array_equal(with_it.logits[0], without.logits[best])
    assert not np.array_equal(with_it.logits[0], without.logits[0])
    assert caplog.text.count("1 are unstable") == 1


def test_the_best_of_three_stands_first_where_there_is_no_single_mask():
    logits = np.arange(6, dtype=np.float32).reshape(2, 3, 1, 1) * np.ones((256, 256), np.float32)
    scores = np.array([[0.1, 0.9, 0.2], [0.5, 0.3, 0.4]], np.float32)
    masks, ious = best_first(logits, scores)
    assert ious.tolist() == [
        pytest.approx([0.9, 0.1, 0.9, 0.2]),
        pytest.approx([0.5, 0.5, 0.3, 0.4]),
    ]
    assert masks[:, :, 0, 0].tolist() == [[1, 0, 1, 2], [3, 3, 4, 5]]


def test_checkpoints_load_strictly(tmp_path, monkeypatch):
    """As the official files are: named tensors under `model`."""
    network = tiny_sam2()
    monkeypatch.setattr("sam_inspector.models.sam2.build_sam2", lambda config: tiny_sam2())
    weights = network.state_dict()
    path = tmp_path / "tiny.pt"
    torch.save({"model": weights}, path)
    load_sam2(MODELS["sam2_tiny"], [path], CPU)
    torch.save({"model": {**weights, "surplus": torch.zeros(1)}}, path)
    with pytest.raises(ModelError, match=r"surplus.*models get sam2_tiny"):
        load_sam2(MODELS["sam2_tiny"], [path], CPU)
    weights.popitem()
    torch.save({"model": weights}, path)
    with pytest.raises(ModelError, match=r"not those of SAM 2\.1 tiny"):
        load_sam2(MODELS["sam2_tiny"], [path], CPU)
    path.write_bytes(b"x")
    with pytest.raises(WeightsError, match="damaged"):
        load_sam2(MODELS["sam2_tiny"], [path], CPU)


@pytest.mark.parametrize(
    ("name", "millions"), [("sam2_tiny", 39.0), ("sam2_small", 46.1), ("sam2_base_plus", 80.8), ("sam2_large", 224.4)]
)
def test_each_row_builds_the_published_network(name, millions):
    network = build_sam2(dict(MODELS[name].arguments)["config"])
    assert sum(parameter.numel() for parameter in network.parameters()) / 1e6 == pytest.approx(millions, abs=0.06)
    assert network.image_size == 1024


def test_without_the_package_one_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sam2", None)
    with pytest.raises(ModelError, match="pip install sam2"):
        build_sam2("configs/sam2.1/sam2.1_hiera_t.yaml")
