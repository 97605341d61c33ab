import pytest
import torch
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from sam_inspector.anomaly.memory_bank import nearest_distance
from sam_inspector.anomaly.token_clusters import TokenClusters

ROUNDING = 1 / 128


def rows(count, channels=32, seed=0):
    return functional.normalize(torch.randn(count, channels, generator=torch.Generator().manual_seed(seed)), dim=1)


def cloud(centres, each, spread, seed=0):
    """Tokens around some directions."""
    middles = rows(centres, seed=seed).repeat_interleave(each, 0)
    return functional.normalize(middles + spread * rows(len(middles), seed=seed + 1), dim=1)


def test_looking_into_every_group_is_a_whole_search():
    tokens, queries = rows(3000), rows(500, seed=3)
    found = TokenClusters(tokens, looked_into=10_000).nearest_distance(queries)
    torch.testing.assert_close(found, nearest_distance(queries, tokens), atol=ROUNDING, rtol=0)


@pytest.mark.parametrize("count", [1, 5, 191, 400, 3001])
def test_any_number_of_tokens(count):
    tokens = rows(count)
    found = TokenClusters(tokens, looked_into=4).nearest_distance(tokens)
    assert found.shape == (count,)
    assert found.dtype == torch.float32
    assert float(found.max()) <= ROUNDING


def test_equal_tokens_make_one_group():
    tokens = rows(1).repeat(2000, 1)
    found = TokenClusters(tokens, looked_into=4).nearest_distance(torch.cat([tokens[:3], -tokens[:2]]))
    torch.testing.assert_close(found, torch.tensor([0.0, 0.0, 0.0, 2.0, 2.0]), atol=ROUNDING, rtol=0)


def test_never_nearer_than_the_nearest_and_mostly_as_near():
    tokens, queries = cloud(40, 150, 0.5), cloud(40, 20, 0.5, seed=0)
    whole = nearest_distance(queries, tokens, exact=True)
    found = TokenClusters(tokens, looked_into=4).nearest_distance(queries)
    assert bool((found >= whole - ROUNDING).all())
    assert float((found <= whole + ROUNDING).float().mean()) > 0.9


def test_a_strange_query_stays_far_from_everything():
    tokens = cloud(40, 150, 0.1)
    strange = -tokens.mean(0, keepdim=True)
    whole = nearest_distance(functional.normalize(strange, dim=1), tokens, exact=True)
    found = TokenClusters(tokens, looked_into=2).nearest_distance(functional.normalize(strange, dim=1))
    assert float(found - whole) >= -ROUNDING


def test_tokens_that_do_not_count_are_passed_over():
    """Whole groups among them: no query is left without an answer."""
    tokens = cloud(40, 150, 0.1)
    among = torch.arange(len(tokens)) >= 3000
    clusters = TokenClusters(tokens, looked_into=3)
    found = clusters.nearest_distance(tokens[:3000], among)
    assert bool((found >= nearest_distance(tokens[:3000], tokens[among], exact=True) - ROUNDING).all())
    assert float(clusters.nearest_distance(tokens[3000:], among).max()) <= 2 * ROUNDING
    only = torch.zeros(len(tokens), dtype=torch.bool)
    only[17] = True
    expected = 1 - tokens @ tokens[17]
    torch.testing.assert_close(clusters.nearest_distance(tokens, only), expected, atol=2 * ROUNDING, rtol=0)


def test_the_same_tokens_give_the_same_groups():
    tokens, queries = rows(4000), rows(300, seed=9)
    one, other = (TokenClusters(tokens, looked_into=3, seed=4).nearest_distance(queries) for _ in range(2))
    assert torch.equal(one, other)


def test_tokens_of_half_precision():
    tokens = cloud(20, 100, 0.3)
    found = TokenClusters(tokens.bfloat16(), looked_into=4).nearest_distance(tokens)
    assert float(found.max()) <= 2 * ROUNDING


def test_a_search_multiplies_a_fraction_of_the_tokens():
    tokens, queries = cloud(64, 192, 0.3), cloud(64, 20, 0.3)
    clusters = TokenClusters(tokens, looked_into=4)
    with FlopCounterMode(display=False) as grouped:
        clusters.nearest_distance(queries)
    with FlopCounterMode(display=False) as whole:
        nearest_distance(queries, tokens)
    assert grouped.get_total_flops() < 0.15 * whole.get_total_flops()
