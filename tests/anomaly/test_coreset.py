import subprocess
import sys

import pytest
import torch

from sam_inspector.anomaly.coreset import greedy_coreset


def cloud(count=2000, channels=16, seed=0):
    return torch.randn(count, channels, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("channels", [16, 100])
@pytest.mark.parametrize("size", [1, 2, 33, 500, 1999])
def test_as_many_as_asked_and_each_once(size, channels):
    chosen = greedy_coreset(cloud(channels=channels), size)
    assert chosen.shape == (size,)
    assert chosen.dtype == torch.int64
    assert len(set(chosen.tolist())) == size
    assert 0 <= int(chosen.min()) <= int(chosen.max()) < 2000


@pytest.mark.parametrize("size", [10, 11])
def test_no_more_tokens_than_there_are(size):
    assert greedy_coreset(cloud(10), size).tolist() == list(range(10))


def test_distinct_even_where_all_tokens_are_alike():
    chosen = greedy_coreset(torch.ones(300, 8), 100)
    assert len(set(chosen.tolist())) == 100


def test_planted_outliers_are_covered():
    """Ten tokens far from everything are all among 1 % of the tokens; at random one would be expected in ten draws."""
    tokens = cloud()
    outliers = torch.arange(0, 2000, 200)
    tokens[outliers] += 100 * torch.eye(16)[:10]
    assert set(outliers.tolist()) <= set(greedy_coreset(tokens, 20 + 32).tolist())


def test_it_lies_closer_to_all_tokens_than_a_random_draw():
    tokens = cloud()
    drawn = torch.randperm(2000, generator=torch.Generator().manual_seed(1))[:200]

    def farthest(chosen):
        return float(torch.cdist(tokens, tokens[chosen]).amin(1).max())

    assert farthest(greedy_coreset(tokens, 200)) < 0.9 * farthest(drawn)


def test_a_seed_always_chooses_the_same():
    tokens = cloud(channels=100).bfloat16()
    first, again, other = (greedy_coreset(tokens, 50, seed=seed).tolist() for seed in (3, 3, 4))
    assert first == again
    assert first != other


MEMORY_OF_A_CHOICE = """
import psutil, torch
from sam_inspector.anomaly.coreset import coreset_steps

for megabytes in (4, 8, 16, 30):
    # From now on the C library of Linux takes large pieces from its heap, as it does in a program that has run.
    piece = torch.ones(megabytes << 20, dtype=torch.uint8)
    del piece
tokens, process = torch.randn(60_000, 64).bfloat16(), psutil.Process()
before = most = process.memory_info().rss
for _ in coreset_steps(tokens, 12_000):
    most = max(most, process.memory_info().rss)
print(most - before)
"""


def test_memory_stays_bounded_however_many_are_chosen():
    """Small tensors kept between large freed ones once made rounds take new memory, up to gigabytes in all."""
    found = subprocess.run(
        [sys.executable, "-c", MEMORY_OF_A_CHOICE], capture_output=True, text=True, check=True, timeout=120
    )
    assert int(found.stdout) < 120e6
