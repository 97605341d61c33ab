"""Networks of ONNX Runtime: the device, the giving up, and the files that are none."""

import time

import numpy as np
import pytest

from sam_inspector.core.errors import Cancelled, InputError, ModelError, WeightsError
from sam_inspector.core.prompts import Prompt
from sam_inspector.models import onnx_runtime
from sam_inspector.models.onnx_runtime import OnnxNetwork, choose_onnx_device
from sam_inspector.models.registry import MODELS
from sam_inspector.models.sam2_onnx import OnnxSam2Segmenter, load_sam2_onnx
from sam_inspector.models.weights import weights_paths

CPU = choose_onnx_device("cpu")


def test_the_cpu_is_taken_where_there_is_no_cuda(monkeypatch):
    monkeypatch.setattr(onnx_runtime.onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    for wanted in ("auto", "cpu"):
        choice = choose_onnx_device(wanted)
        assert (choice.device, choice.precision) == ("cpu", "float32")
    for wanted in ("cuda", "cuda:1", "mps"):
        with pytest.raises(ModelError, match=f"“{wanted}” was asked for"):
            choose_onnx_device(wanted)


def test_cuda_is_taken_where_it_is(monkeypatch):
    monkeypatch.setattr(onnx_runtime.onnxruntime, "get_available_providers", lambda: [onnx_runtime.CUDA])
    assert [choose_onnx_device(wanted).device for wanted in ("auto", "cuda", "cuda:2", "cpu")] == [
        "cuda:0",
        "cuda:0",
        "cuda:2",
        "cpu",
    ]


def test_names_that_are_none():
    with pytest.raises(InputError, match="There is no device “gpu”"):
        choose_onnx_device("gpu")
    with pytest.raises(InputError, match="There is no precision “int8”"):
        choose_onnx_device("cpu", "int8")
    with pytest.raises(ModelError, match="in float32"):
        choose_onnx_device("cpu", "bfloat16")


@pytest.mark.parametrize("name", ["a.onnx", "a.ort"])
@pytest.mark.parametrize("content", [b"", b"no network", bytes(2000)])
def test_a_file_that_is_no_network(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match="models get"):
        OnnxNetwork(tmp_path / name, CPU)


def test_networks_that_are_another_model_s_are_refused(sam2_onnx_weights):
    encoder, decoder = weights_paths(MODELS["sam2_tiny_onnx"])
    with pytest.raises(ModelError, match="other inputs or outputs"):
        load_sam2_onnx(MODELS["sam2_tiny_onnx"], (decoder, encoder), CPU)


def test_clicks_are_answered_while_another_image_is_encoded(sam2_tiny_onnx):
    """Whoever is asked whether to give up may decode meanwhile, on his own thread."""
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    embedding = sam2_tiny_onnx.embed(pixels)
    prompt = Prompt(box=(10.0, 10.0, 40.0, 40.0))
    expected = sam2_tiny_onnx.decode(embedding, [prompt])[0]
    answers = []

    def between():
        answers.append(sam2_tiny_onnx.decode(embedding, [prompt])[0])
        return len(answers) == 2

    began = time.perf_counter()
    with pytest.raises(Cancelled):
        sam2_tiny_onnx.embed(pixels[::-1].copy(), cancelled=between)
    given_up_s = time.perf_counter() - began
    for answer in answers:
        np.testing.assert_array_equal(answer.logits, expected.logits)
    print(f"given up after {given_up_s:.2f} s with two clicks answered")


def test_what_the_asking_raises_comes_through_and_ends_the_run(sam2_tiny_onnx):
    def broken():
        raise ZeroDivisionError

    pixels = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(ZeroDivisionError):
        sam2_tiny_onnx.embed(pixels, cancelled=broken)
    assert isinstance(sam2_tiny_onnx, OnnxSam2Segmenter)
    with pytest.raises(ModelError, match="could not be computed"):
        sam2_tiny_onnx._encoder.run({"image": np.zeros((1, 3, 8, 8), np.float32)}, ("image_embed",))
