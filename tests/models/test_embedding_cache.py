from dataclasses import replace

import pytest
import torch

from sam_inspector.models.embedding_cache import EmbeddingCache, EmbeddingKey
from sam_inspector.models.segmenter import Embedding

KEY = EmbeddingKey("image", "mobile_sam", "6dbb", "recommended", "bfloat16")
MB = 1024**2


def embedding(value=0.0):
    """One megabyte."""
    return Embedding(torch.full((1, 256, 32, 32), value), (300, 500), "mobile_sam")


def key(number):
    return replace(KEY, image_id=f"image {number}")


def test_what_was_put_in_comes_out(tmp_path):
    cache = EmbeddingCache(tmp_path)
    assert KEY not in cache
    assert cache.get(KEY) is None
    cache.put(KEY, embedding(3))
    assert KEY in cache
    again = EmbeddingCache(tmp_path).get(KEY)
    assert again.size == (300, 500)
    assert again.model == "mobile_sam"
    torch.testing.assert_close(again.features, embedding(3).features)


def test_all_features_come_back_in_their_order(tmp_path):
    whole = replace(
        embedding(1.0),
        stages=tuple(torch.full((2, 3, 4), number).bfloat16() for number in range(3)),
        skips=tuple(torch.full((1, 2, side, side), side).half() for side in (8, 4)),
    )
    EmbeddingCache(tmp_path).put(KEY, whole)
    again = EmbeddingCache(tmp_path).get(KEY)
    assert again.size_bytes == whole.size_bytes == MB + 3 * 48 + 2 * 2 * (64 + 16)
    for one, two in zip((*whole.stages, *whole.skips), (*again.stages, *again.skips), strict=True):
        torch.testing.assert_close(one, two)


@pytest.mark.parametrize("field", ["image_id", "model", "weights", "preprocessing", "precision"])
def test_nothing_that_an_embedding_depends_on_is_left_out_of_its_key(tmp_path, field):
    cache = EmbeddingCache(tmp_path)
    cache.put(KEY, embedding())
    assert cache.get(replace(KEY, **{field: "another"})) is None


def test_memory_is_bounded_and_the_disk_gives_the_old_ones_back(tmp_path):
    cache = EmbeddingCache(tmp_path, memory_limit_bytes=3 * MB)
    for number in range(6):
        cache.put(key(number), embedding(number))
        assert cache.held_bytes <= 3 * MB
    assert float(cache.get(key(0)).features[0, 0, 0, 0]) == 0.0


def test_without_a_folder_the_least_recently_used_is_forgotten():
    cache = EmbeddingCache(memory_limit_bytes=2 * MB)
    cache.put(key(0), embedding())
    cache.put(key(1), embedding())
    cache.get(key(0))
    cache.put(key(2), embedding())
    assert cache.get(key(0)) is not None
    assert cache.get(key(1)) is None


def test_the_disk_is_bounded(tmp_path):
    cache = EmbeddingCache(tmp_path, disk_limit_bytes=4 * MB)
    for number in range(10):
        cache.put(key(number), embedding())
        assert sum(file.stat().st_size for file in tmp_path.glob("*.safetensors")) <= 4.1 * MB


def test_a_damaged_file_is_made_again(tmp_path):
    EmbeddingCache(tmp_path).put(KEY, embedding())
    (file,) = tmp_path.glob("*.safetensors")
    file.write_bytes(file.read_bytes()[:1000])
    cache = EmbeddingCache(tmp_path)
    assert cache.get(KEY) is None
    assert not file.exists()
    cache.put(KEY, embedding(1))
    assert EmbeddingCache(tmp_path).get(KEY) is not None


def test_a_disk_that_takes_nothing_costs_only_the_speed_up(tmp_path):
    (tmp_path / "file").write_text("in the way")
    cache = EmbeddingCache(tmp_path / "file" / "cache")
    cache.put(KEY, embedding())
    assert cache.get(KEY) is not None


def test_clearing_forgets_everything(tmp_path):
    cache = EmbeddingCache(tmp_path)
    cache.put(KEY, embedding())
    cache.clear()
    assert KEY not in cache
    assert cache.held_bytes == 0
    assert not list(tmp_path.iterdir())
