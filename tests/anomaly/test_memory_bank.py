import threading
import time
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from sam_inspector.anomaly.memory_bank import nearest_distance

ROUNDING = 1 / 128
"""A step of bfloat16 at 1: what two cosines near 1 may differ by."""


def rows(count, channels=32, seed=0):
    return functional.normalize(torch.randn(count, channels, generator=torch.Generator().manual_seed(seed)), dim=1)


def test_a_query_in_memory_has_distance_zero():
    tokens = rows(3000)
    queries = tokens[[0, 1023, 1024, 2999]]
    torch.testing.assert_close(nearest_distance(queries, tokens, exact=True), torch.zeros(4), atol=1e-6, rtol=0)
    assert float(nearest_distance(queries, tokens).max()) <= ROUNDING


def test_known_angles():
    tokens = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    queries = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.6, 0.8], [-0.6, -0.8]])
    expected = torch.tensor([0.0, 1.0, 0.2, 1.6])
    torch.testing.assert_close(nearest_distance(queries, tokens, exact=True), expected)
    torch.testing.assert_close(nearest_distance(queries, tokens), expected, atol=ROUNDING, rtol=0)


def test_an_opposite_token_is_two_away():
    found = nearest_distance(torch.tensor([[-1.0, 0.0]]), torch.tensor([[1.0, 0.0]]))
    assert found.tolist() == [2.0]


@pytest.mark.parametrize("exact", [False, True])
def test_blocks_give_what_one_product_gives(exact):
    queries, tokens = rows(5000, seed=1), rows(2500, seed=2)
    found = nearest_distance(queries, tokens, exact=exact)
    assert found.dtype == torch.float32
    assert float(found.min()) >= 0
    assert float(found.max()) <= 2
    expected = 1 - (queries @ tokens.T).amax(1)
    torch.testing.assert_close(found, expected, atol=1e-5 if exact else ROUNDING, rtol=0)


def test_more_references_never_raise_a_distance():
    queries, tokens, further = rows(200), rows(1500, seed=1), rows(1500, seed=2)
    before = nearest_distance(queries, tokens)
    after = nearest_distance(queries, torch.cat([tokens, further]))
    assert bool((after <= before).all())
    assert bool((after < before).any())


def test_order_and_duplicates_change_nothing():
    queries, tokens = rows(200), rows(1500, seed=1)
    before = nearest_distance(queries, tokens, exact=True)
    shuffled = tokens[torch.randperm(1500, generator=torch.Generator().manual_seed(5))]
    for others in (shuffled, torch.cat([tokens, tokens[:700]])):
        torch.testing.assert_close(nearest_distance(queries, others, exact=True), before, atol=1e-6, rtol=0)


def resident_bytes():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the memory in use from Linux's /proc")
def test_more_than_a_million_tokens_need_bounded_memory():
    """All products at once would take 1,100,000 × 4,096 × 2 bytes, 9 GB; blocks of them stay below 100 MB."""
    tokens = rows(1_100_000, 8).bfloat16()
    queries = tokens[-4096:].clone()
    nearest_distance(queries[:8], tokens[:4096])  # what is loaded at the first product is not counted
    most, done = [0], threading.Event()

    def watch():
        while not done.is_set():
            most[0] = max(most[0], resident_bytes())
            time.sleep(0.005)

    before = resident_bytes()
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        found = nearest_distance(queries, tokens)
    finally:
        done.set()
        watcher.join()
    assert float(found.max()) <= ROUNDING
    assert most[0] - before < 100e6
