from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from sam_inspector.core.errors import Cancelled, InputError
from sam_inspector.models.clip import MEAN, STD, quarters
from sam_inspector.models.devices import DeviceChoice
from tests.tiny_clip import CELLS, SIZE, tiny_clip, tiny_network


@pytest.fixture(scope="module")
def clip():
    return tiny_clip()


def picture(height: int, width: int, seed: int = 7) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def shown(pixels: np.ndarray, side: int) -> torch.Tensor:
    """What the network is to see, worked out apart."""
    resized = np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC), np.float32) / 255
    normed = (resized - np.float32(MEAN)) / np.float32(STD)
    return torch.from_numpy(normed).permute(2, 0, 1)[None]


@pytest.mark.parametrize(
    ("depth", "blocks"), [(24, (6, 12, 18, 24)), (12, (3, 6, 9, 12)), (4, (1, 2, 3, 4)), (32, (8, 16, 24, 32))]
)
def test_taps_lie_at_the_quarters_of_the_depth(depth, blocks):
    assert quarters(depth) == blocks


@pytest.mark.parametrize("size", [(200, 300), (31, 17), (1, 1)])
def test_the_image_fills_the_grid_whatever_its_format(clip, size):
    found = clip.describe(picture(*size), image_size=SIZE)
    assert (found.size, found.grid, found.model) == (size, (CELLS, CELLS), "tiny")
    assert [tuple(tap.shape) for tap in found.taps] == [(CELLS * CELLS, 64)] * 4
    assert [tuple(tap.shape) for tap in found.projected] == [(CELLS * CELLS, 48)] * 4
    assert {tensor.dtype for tensor in (*found.taps, *found.projected, found.image)} == {torch.float32}
    assert found.image.norm().item() == pytest.approx(1, abs=1e-5)


def test_at_its_own_size_it_says_what_open_clip_says(clip):
    """The embedding of the image and each tap, against open_clip's own forward passes."""
    pixels = picture(90, 120)
    network = tiny_network()
    found = clip.describe(pixels, image_size=56)
    with torch.inference_mode():
        whole = network.encode_image(shown(pixels, 56), normalize=True)[0]
        taps = network.visual.forward_intermediates(shown(pixels, 56), output_fmt="NLC")["image_intermediates"]
    assert torch.allclose(found.image, whole, atol=1e-5)
    for own, other in zip(found.taps, taps, strict=True):
        assert torch.allclose(own, other[0], atol=1e-4)


def test_positions_are_stretched_over_a_larger_grid_as_open_clip_does_it(clip):
    from open_clip.model import CLIP, resize_pos_embed

    from tests.tiny_clip import CONFIG

    larger = CLIP(48, {**CONFIG["vision_cfg"], "image_size": SIZE}, CONFIG["text_cfg"], quick_gelu=True).eval()
    weights = dict(tiny_network().state_dict())
    resize_pos_embed(weights, larger)
    larger.load_state_dict(weights)
    pixels = picture(64, 64)
    with torch.inference_mode():
        whole = larger.encode_image(shown(pixels, SIZE), normalize=True)[0]
    assert torch.allclose(clip.describe(pixels, image_size=SIZE).image, whole, atol=1e-5)


def test_projected_tokens_passed_the_last_norm_and_the_projection(clip):
    found = clip.describe(picture(60, 60), image_size=SIZE)
    visual = tiny_network().visual
    with torch.inference_mode():
        for tap, projected in zip(found.taps, found.projected, strict=True):
            assert torch.allclose(visual.ln_post(tap) @ visual.proj, projected, atol=1e-4)


def test_a_part_of_the_image_changes_the_tokens_that_lie_there_most(clip):
    """Rows and columns of the grid are those of the image."""
    pixels = np.full((160, 320, 3), 120, np.uint8)
    changed = pixels.copy()
    changed[40:60, 200:240] = 255  # row 2, column 5 of 8 × 8 cells
    before, after = clip.describe(pixels, image_size=SIZE).taps[0], clip.describe(changed, image_size=SIZE).taps[0]
    assert divmod(int((before - after).norm(dim=1).argmax()), CELLS) == (2, 5)


def test_a_side_is_a_multiple_of_the_patch(clip):
    assert [clip.side(size) for size in (518, 517, 20, 14)] == [518, 504, 14, 14]
    with pytest.raises(InputError, match="smaller than a patch"):
        clip.describe(picture(20, 20), image_size=13)


def test_text_embeddings_are_those_of_open_clip(clip):
    from open_clip.tokenizer import tokenize

    sentences = ["a photo of a nut.", "a photo of a broken nut.", "a photo of a nut."]
    rows = clip.encode_text(sentences)
    with torch.inference_mode():
        other = tiny_network().encode_text(tokenize(sentences), normalize=True)
    assert rows.dtype is torch.float32
    assert torch.allclose(rows, other, atol=1e-5)
    assert clip.encode_text([]).shape == (0, 48)


def test_a_sentence_is_encoded_once(monkeypatch):
    clip = tiny_clip()
    seen = []
    tokenize = clip._tokenize
    monkeypatch.setattr(clip, "_tokenize", lambda batch: seen.extend(batch) or tokenize(batch))
    first = clip.encode_text(["one", "two", "one"])
    assert seen == ["one", "two"]
    assert torch.equal(first[0], first[2])
    assert torch.equal(clip.encode_text(["two"])[0], first[1])
    assert seen == ["one", "two"]


def test_memory_of_sentences_is_bounded(monkeypatch):
    monkeypatch.setattr("sam_inspector.models.clip.REMEMBERED_TEXTS", 3)
    clip = tiny_clip()
    rows = clip.encode_text([f"number {number}" for number in range(5)])
    assert rows.shape == (5, 48)
    assert len(clip._texts) == 3


def test_a_sentence_that_would_be_cut_off_is_refused(clip):
    with pytest.raises(InputError, match="reads 77"):
        clip.encode_text(["nut " * 300])
    assert clip.encode_text(["фото гайки", "螺丝", ""]).shape == (3, 48)


def test_giving_up(clip):
    with pytest.raises(Cancelled):
        clip.describe(picture(20, 20), image_size=SIZE, cancelled=lambda: True)
    with pytest.raises(Cancelled):
        clip.encode_text(["never seen before"], cancelled=lambda: True)


def test_bfloat16_says_nearly_the_same():
    pixels = picture(80, 80)
    exact = tiny_clip().describe(pixels, image_size=SIZE)
    rough = tiny_clip(device=DeviceChoice("cpu", "bfloat16", "a test")).describe(pixels, image_size=SIZE)
    assert {tap.dtype for tap in rough.taps} == {torch.bfloat16}
    assert functional.cosine_similarity(exact.image, rough.image, dim=0) > 0.999
    for one, other in zip(exact.taps, rough.taps, strict=True):
        assert functional.cosine_similarity(one, other.float()).min() > 0.99
