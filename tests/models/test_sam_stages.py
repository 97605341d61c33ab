"""Dense features from the middle of the encoder, taken in the pass that makes the embedding."""

from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch
from segment_anything.modeling import ImageEncoderViT, Sam

from sam_inspector.core.errors import ModelError
from sam_inspector.models import sam as sam_module
from sam_inspector.models.devices import choose_device
from sam_inspector.models.embedding_cache import EmbeddingCache, EmbeddingKey
from sam_inspector.models.registry import MODELS
from sam_inspector.models.sam import SamSegmenter, build_sam

KEY = EmbeddingKey("image", "mobile_sam", "", "recommended", "bfloat16")


@pytest.fixture(scope="module")
def picture():
    """300 high and 500 wide, with a rectangle."""
    pixels = np.random.default_rng(1).integers(90, 110, (300, 500, 3), np.uint8)
    pixels[100:180, 200:330] = (200, 40, 40)
    return pixels


@pytest.fixture(scope="module")
def embedding(mobile_sam, picture):
    return mobile_sam.embed(picture)


def test_shapes_and_types(embedding):
    assert [tuple(stage.shape) for stage in embedding.stages] == [(128, 64, 64), (160, 64, 64), (160, 64, 64)]
    for stage in embedding.stages:
        assert stage.dtype == torch.bfloat16
        assert stage.is_contiguous()
        assert bool(stage.isfinite().all())
        assert float(stage.float().std()) > 0
    taken = sum(stage.nelement() * 2 for stage in embedding.stages)
    assert embedding.size_bytes == embedding.features.nelement() * 4 + taken


@contextmanager
def no_stages(_encoder):
    yield []


def test_the_embedding_is_the_same_as_without_stages(mobile_sam, picture, embedding, monkeypatch):
    monkeypatch.setattr(sam_module, "taking_stages", no_stages)
    without = mobile_sam.embed(picture)
    assert without.stages == ()
    assert torch.equal(without.features, embedding.features)


def test_nothing_stays_hooked_to_the_encoder(mobile_sam, picture):
    mobile_sam.embed(picture)
    assert not any(module._forward_hooks for module in mobile_sam._sam.image_encoder.modules())


@pytest.mark.parametrize(
    ("turn", "grid"),
    [(lambda p: p, (38, 64)), (lambda p: p.transpose(1, 0, 2), (64, 38)), (lambda p: p[:, :300], (64, 64))],
)
def test_the_padding_is_cut(mobile_sam, picture, turn, grid):
    """38 = 64 × 300 / 500, rounded: what SAM pads the image with describes nothing."""
    pixels = np.ascontiguousarray(turn(picture))
    dense = mobile_sam.dense_features(mobile_sam.embed(pixels))
    assert {tuple(level.shape[1:]) for level in dense.levels} == {grid}
    assert dense.size == pixels.shape[:2]
    assert dense.backbone == "sam:mobile_sam"


def test_features_lie_where_the_image_shows_them(mobile_sam, picture, embedding):
    """The rectangle at x 200 to 330 and y 100 to 180 is unlike the rest in its own cells."""
    for level in mobile_sam.dense_features(embedding).levels:
        rows = torch.nn.functional.normalize(level.float(), dim=0)
        ground = rows[:, 2:8, 2:62].flatten(1).mean(1)
        unlike = 1 - (rows * (ground / ground.norm())[:, None, None]).sum(0)
        inside = unlike[15:21, 28:40]
        outside = torch.cat([unlike[2:8].flatten(), unlike[32:36].flatten(), unlike[:, 2:16].flatten()])
        assert float(inside.median()) > 2 * float(outside.median())


def test_embeddings_without_stages_or_of_another_model_are_refused(mobile_sam, embedding):
    for other in (replace(embedding, stages=()), replace(embedding, model="sam_vit_b")):
        with pytest.raises(ModelError, match="no middle features"):
            mobile_sam.dense_features(other)


@pytest.mark.parametrize("through", ["memory", "disk"])
def test_the_cache_keeps_stages(embedding, tmp_path, through):
    cache = EmbeddingCache(tmp_path)
    cache.put(KEY, embedding)
    found = (cache if through == "memory" else EmbeddingCache(tmp_path)).get(KEY)
    assert found.size == embedding.size
    assert torch.equal(found.features, embedding.features)
    assert len(found.stages) == 3
    for stage, kept in zip(embedding.stages, found.stages, strict=True):
        assert kept.dtype == torch.bfloat16
        assert torch.equal(stage, kept)


def thin_vit(img_size=256):
    """SAM's own encoder class, thin and untrained: six blocks, four of them with global attention, as in ViT-B."""
    torch.manual_seed(0)
    encoder = ImageEncoderViT(
        depth=6,
        embed_dim=32,
        num_heads=2,
        patch_size=16,
        img_size=img_size,
        out_chans=256,
        use_rel_pos=True,
        window_size=4,
        global_attn_indexes=(1, 2, 4, 5),
    )
    whole = build_sam("vit_t")
    return SamSegmenter(
        MODELS["sam_vit_b"],
        Sam(encoder, whole.prompt_encoder, whole.mask_decoder),
        choose_device("cpu", "float32"),
    )


def test_the_original_encoder_gives_the_middle_two_of_its_global_blocks(picture):
    segmenter = thin_vit(1024)
    encoder = segmenter._sam.image_encoder
    seen = {}
    hooks = [
        encoder.blocks[number].register_forward_hook(
            lambda _m, _i, output, number=number: seen.update({number: output})
        )
        for number in (2, 4)
    ]
    embedding = segmenter.embed(picture)
    for hook in hooks:
        hook.remove()
    assert [tuple(stage.shape) for stage in embedding.stages] == [(32, 64, 64)] * 2
    for number, stage in zip((2, 4), embedding.stages, strict=True):
        assert torch.equal(stage, seen[number][0].permute(2, 0, 1).to(torch.bfloat16))
    dense = segmenter.dense_features(embedding)
    assert [tuple(level.shape) for level in dense.levels] == [(32, 38, 64)] * 2
    assert dense.backbone == "sam:sam_vit_b"


def test_a_small_original_encoder_keeps_its_own_grid(picture):
    embedding = thin_vit().embed(picture)
    assert [tuple(stage.shape) for stage in embedding.stages] == [(32, 16, 16)] * 2
