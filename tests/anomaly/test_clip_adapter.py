from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from sam_inspector.anomaly.clip_adapter import (
    ClipAdapter,
    adapter_loss,
    dice_loss,
    focal_loss,
    tap_probabilities,
)
from sam_inspector.anomaly.clip_adapter_file import load_adapter, save_adapter
from sam_inspector.anomaly.clip_manifest import read_adapter_manifest
from sam_inspector.core.errors import InputError
from tests.tiny_clip import manifest, tiny_clip


def test_the_parameter_count_of_vit_l_14():
    with torch.device("meta"):
        adapter = ClipAdapter(4, 1024, 768)
    assert sum(parameter.numel() for parameter in adapter.parameters()) == 3_148_800


# --- losses, worked out by hand ------------------------------------------------------------------------------------


def probabilities(*abnormal: float) -> Tensor:
    """`(1, 2, 1, N)`."""
    row = torch.tensor([[abnormal]])
    return torch.stack([1 - row, row], dim=1)


def test_focal_loss_of_two_pixels():
    """A defect found with 0.8 and a good pixel at 0.4: 0.2² × -ln 0.8 and 0.4² × -ln 0.6, but for the smoothing."""
    masks = torch.tensor([[[1.0, 0.0]]])
    by_hand = (0.2**2 * -math.log(0.8) + 0.4**2 * -math.log(0.6)) / 2
    assert focal_loss(probabilities(0.8, 0.4), masks).item() == pytest.approx(by_hand, rel=1e-3)
    exact = 0.0
    for right in (0.8, 0.6):
        smoothed = (1 - 1e-5) * right + 1e-5 * (1 - right) + 1e-5
        exact += -((1 - smoothed) ** 2) * math.log(smoothed) / 2
    assert focal_loss(probabilities(0.8, 0.4), masks).item() == pytest.approx(exact, rel=1e-5)


def test_focal_loss_stays_finite_where_all_is_wrong_or_right():
    masks = torch.tensor([[[1.0, 0.0]]])
    assert focal_loss(probabilities(1.0, 0.0), masks).item() == pytest.approx(0, abs=1e-9)
    assert focal_loss(probabilities(0.0, 1.0), masks).item() == pytest.approx(-math.log(2e-5), rel=1e-3)


def test_dice_loss_of_two_images():
    """(2 × 0.5 + 1) / (0.7 + 1 + 1) = 0.7407 and, without a defect, (0 + 1) / (0.5 + 0 + 1) = 0.6667."""
    shown = torch.tensor([[[0.5, 0.2]], [[0.25, 0.25]]])
    masks = torch.tensor([[[1.0, 0.0]], [[0.0, 0.0]]])
    assert dice_loss(shown, masks).item() == pytest.approx(1 - (2 / 2.7 + 1 / 1.5) / 2, rel=1e-6)
    assert dice_loss(masks, masks).item() == pytest.approx(0, abs=1e-7)


def test_a_tap_compares_directions_with_the_sentences():
    """Two cells in a row: one along “normal”, one between both: probabilities 1 / (1 + e^-100) and a half."""
    texts = torch.eye(3)[:2]
    tokens = torch.tensor([[[5.0, 0, 0], [2.0, 2.0, 0]]])
    found = tap_probabilities(tokens, texts, (1, 2), (1, 3))
    assert found.shape == (1, 2, 1, 3)
    assert found[0, :, 0, 0].tolist() == pytest.approx([1, 0], abs=1e-6)
    assert found[0, :, 0, 2].tolist() == pytest.approx([0.5, 0.5], abs=1e-6)
    # Logits are stretched, corners on corners, before they are compared: the middle has a half of (100, 0) and 70.7.
    middle = [(100 + 70.7107) / 2, 70.7107 / 2]
    assert found[0, 0, 0, 1].item() == pytest.approx(1 / (1 + math.exp(middle[1] - middle[0])), abs=1e-6)


def test_the_loss_is_the_sum_over_the_taps_and_each_has_its_layer():
    torch.manual_seed(0)
    adapter = ClipAdapter(2, 5, 3)
    taps = [torch.randn(2, 4, 5) for _ in range(2)]
    texts = torch.nn.functional.normalize(torch.randn(2, 2, 3), dim=-1)
    masks = torch.zeros(2, 6, 6)
    masks[0, :3, :3] = 1
    total = adapter_loss(adapter, taps, (2, 2), texts, masks)
    by_hand = 0.0
    for layer, tap in zip(adapter.layers, taps, strict=True):
        found = tap_probabilities(layer(tap), texts, (2, 2), (6, 6))
        by_hand += (focal_loss(found, masks) + dice_loss(found[:, 1], masks)).item()
    assert total.item() == pytest.approx(by_hand, rel=1e-6)
    total.backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in adapter.parameters())


# --- files ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clip():
    return tiny_clip()


def test_what_was_saved_comes_back(tmp_path, clip):
    adapter = ClipAdapter(4, 64, 48)
    path = tmp_path / "deep" / "own.safetensors"
    save_adapter(path, adapter, manifest(clip), {"0.step": torch.tensor(3.0)})
    saved = load_adapter(path, clip)
    assert saved.manifest == manifest(clip) == read_adapter_manifest(path)
    assert saved.optimiser == {"0.step": torch.tensor(3.0)}
    for key, value in adapter.state_dict().items():
        assert torch.equal(saved.adapter.state_dict()[key], value)
    again = tmp_path / "again.safetensors"
    save_adapter(again, saved.adapter, saved.manifest, saved.optimiser)
    assert again.read_bytes() == path.read_bytes()


def test_a_category_is_known_in_any_spelling(clip):
    seen = manifest(clip)
    assert seen.has_seen("Metal Nut")
    assert seen.has_seen("grid")
    assert not seen.has_seen("metal")


def test_layers_of_another_clip_are_refused(tmp_path, clip):
    path = tmp_path / "own.safetensors"
    save_adapter(path, ClipAdapter(4, 64, 48), replace(manifest(clip), clip="vit_b_16", clip_sha256="f" * 64))
    with pytest.raises(InputError, match="trained for the CLIP model “vit_b_16” and does not fit “tiny”"):
        load_adapter(path, clip)
    save_adapter(path, ClipAdapter(4, 64, 48), replace(manifest(clip), taps=(1, 2, 3, 3)))
    with pytest.raises(InputError, match="does not fit"):
        load_adapter(path, clip)


@pytest.mark.parametrize("kept", [0, 7, 100, 5000, -1])
def test_a_file_that_is_cut_short(tmp_path, clip, kept):
    path = tmp_path / "own.safetensors"
    save_adapter(path, ClipAdapter(4, 64, 48), manifest(clip))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputError, match="damaged") as caught:
        load_adapter(path, clip)
    assert "\n" not in str(caught.value)


def test_files_that_are_no_adapters(tmp_path, clip):
    from safetensors.torch import save_file

    path = tmp_path / "own.safetensors"
    with pytest.raises(InputError, match="There is no adapter"):
        load_adapter(path, clip)
    save_file({"a": torch.zeros(2)}, path)
    with pytest.raises(InputError, match="is no adapter for CLIP"):
        load_adapter(path, clip)
    save_file({"a": torch.zeros(2)}, path, {"manifest": '{"version": "sam-inspector/clip-adapter/9"}'})
    with pytest.raises(InputError, match="another version"):
        load_adapter(path, clip)
    save_file({"a": torch.zeros(2)}, path, {"manifest": '{"version": "sam-inspector/clip-adapter/1", "taps": 3}'})
    with pytest.raises(InputError, match="is damaged \\(at “"):
        read_adapter_manifest(path)
    save_adapter(path, ClipAdapter(4, 32, 48), manifest(clip))  # the tensors are not what the manifest says
    with pytest.raises(InputError, match="damaged"):
        load_adapter(path, clip)


def test_the_manifest_is_read_without_torch(tmp_path, clip):
    path = tmp_path / "own.safetensors"
    save_adapter(path, ClipAdapter(4, 64, 48), manifest(clip))
    code = (
        "import sys; from pathlib import Path;"
        "from sam_inspector.anomaly import clip_manifest, clip_settings;"
        f"print(clip_manifest.read_adapter_manifest(Path({str(path)!r})).epochs_done, 'torch' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["2", "False"]
