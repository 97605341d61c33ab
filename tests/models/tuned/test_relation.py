"""The relation matrix of the visual-relation-aware adapter."""

import pytest
import torch
from torch.testing import assert_close

from sam_inspector.models.tuned.relation import relate


def features_of(tokens, grid):
    """Tokens `(N, C)` laid out as an embedding."""
    return torch.tensor(tokens, dtype=torch.float32).T.reshape(1, -1, *grid)


@pytest.fixture
def embedding():
    return torch.randn(1, 16, 8, 8, generator=torch.Generator().manual_seed(0))


def test_hand_case():
    """T9 of the specification."""
    found = relate(features_of([[1, 0], [1, 0], [0, 1]], (3, 1))).weights
    expected = torch.tensor([[0, 0.7311, 0.2689], [0.7311, 0, 0.2689], [0.5, 0.5, 0]])
    assert_close(found, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("block", [1, 2, 4])
def test_rows_sum_to_one(embedding, block):
    found = relate(embedding, block=block)
    assert found.weights.shape == (64, 64 // block**2)
    assert_close(found.weights.sum(1), torch.ones(64))
    same = torch.full((2, 64, 16), 3.0)
    assert_close(found.gather(same), same)


def test_no_place_looks_at_itself(embedding):
    assert not relate(embedding).weights.diagonal().any()


def test_scale_of_a_place_does_not_matter(embedding):
    sizes = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(1)) + 0.5
    assert_close(relate(embedding * sizes).weights, relate(embedding).weights)


def test_permuting_places_permutes_the_matrix(embedding):
    order = torch.randperm(64, generator=torch.Generator().manual_seed(2))
    permuted = embedding.flatten(2)[:, :, order].reshape(embedding.shape)
    assert_close(relate(permuted).weights, relate(embedding).weights[order][:, order])


def test_blocks_come_near_to_single_places(embedding):
    """What the adapter adds differs little: the matrix is smooth."""
    smooth = torch.nn.functional.interpolate(embedding[:, :, ::4, ::4], size=(8, 8), mode="bilinear")
    tokens = smooth.flatten(2).transpose(1, 2)
    exact, quick = relate(smooth).gather(tokens), relate(smooth, block=2).gather(tokens)
    assert (exact - quick).norm() < 0.05 * exact.norm()


def test_sparse_rows_still_sum_to_one(embedding):
    dense, sparse = relate(embedding).weights, relate(embedding, sparse=1.0).weights
    assert (sparse == 0).sum() > (dense == 0).sum()
    assert_close(sparse.sum(1), torch.ones(64))
    assert (sparse[sparse > 0] >= dense[sparse > 0]).all()
