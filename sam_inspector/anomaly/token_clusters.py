"""Nearest neighbours among clustered reference tokens: a twelfth of the products of a whole search.

Source: Sivic & Zisserman 2003, Jégou et al. 2011 (inverted files). Tokens are grouped around a few centres by spherical
k-means; each query looks only into the groups whose centres it is closest to. What that costs, pixel AP pooled over the
test images of three categories, MobileSAM, four references, 12,288 tokens of 448 channels, two cores without bfloat16:

================================ ======== ======= ===== =======
groups, looked into              hazelnut leather grid  search
================================ ======== ======= ===== =======
all tokens                       0.882    0.828   0.740 267 ms
64, 2                            0.882    0.824   0.744 30 ms
64, 3 (chosen)                   0.882    0.826   0.743 36 ms
64, 4                            0.882    0.827   0.742 45 ms
64, 8                            0.882    0.828   0.739 69 ms
128, 4                           0.881    0.826   0.740 44 ms
128, 8                           0.882    0.827   0.740 63 ms
256, 4                           0.881    0.828   0.739 60 ms
================================ ======== ======= ===== =======
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from sam_inspector.anomaly.memory_bank import search_dtype

TOKENS_A_GROUP = 192
MOST_GROUPS = 256
SAMPLE = 16384
"""Tokens that the centres are fitted on, and that are sorted into groups at a time."""
ROUNDS = 5


class TokenClusters:
    """Reference tokens, grouped. Built once; any number of searches.

    Parameters
    ----------
    tokens
        `(N, C)`, N at least 1, rows of length 1.
    looked_into
        How many groups each query is compared with.
    seed
        Draws the first centres.
    """

    def __init__(self, tokens: Tensor, *, looked_into: int, seed: int = 0) -> None:
        groups = min(MOST_GROUPS, max(1, round(len(tokens) / TOKENS_A_GROUP)))
        self._looked_into = looked_into
        self._centres, member_of = _spherical_k_means(tokens, groups, seed)
        self._order = member_of.argsort(stable=True)
        sizes = torch.bincount(member_of).tolist()
        self._groups = torch.split(tokens[self._order].to(search_dtype(tokens.device)), sizes)

    def nearest_distance(self, queries: Tensor, among: Tensor | None = None) -> Tensor:
        """Cosine distance of each query to the nearest token of the groups that it looks into.

        Never below the distance to the nearest of all tokens, by more than the rounding that `memory_bank` states.

        Parameters
        ----------
        queries
            `(Q, C)`, rows of length 1.
        among
            bool `(N,)`: the tokens that count, at least one; None for all.

        Returns
        -------
        Tensor
            float32 `(Q,)`: 1 - cosine, in [0, 2].
        """
        centres, groups = (self._centres, self._groups) if among is None else self._part(among)
        looked_into = min(self._looked_into, len(groups))
        chosen = (queries.float() @ centres.T).topk(looked_into, dim=1, sorted=False).indices.flatten()
        order = chosen.argsort(stable=True)
        rows = order // looked_into
        visits = torch.bincount(chosen, minlength=len(groups)).tolist()
        queries = queries.to(search_dtype(queries.device))
        found = [
            1 - (queries[asking] @ group.T).amax(1).float()
            for asking, group in zip(torch.split(rows, visits), groups, strict=True)
            if len(asking)
        ]
        distance = torch.empty(len(chosen), device=queries.device)
        distance[order] = torch.cat(found)
        return distance.view(-1, looked_into).amin(1).clamp_(0, 2)

    def _part(self, among: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Centres and groups without the tokens that don't count, and without the groups that this leaves empty."""
        counted = torch.split(among[self._order], [len(group) for group in self._groups])
        kept = torch.tensor([bool(members.any()) for members in counted])
        groups = tuple(group[members] for group, members in zip(self._groups, counted, strict=True) if members.any())
        return self._centres[kept], groups


def _spherical_k_means(tokens: Tensor, groups: int, seed: int) -> tuple[Tensor, Tensor]:
    """Centres `(G, C)` of length 1, G at most `groups`, and the number of the one nearest to each token."""
    order = torch.randperm(len(tokens), generator=torch.Generator().manual_seed(seed)).to(tokens.device)
    sample = tokens[order[:SAMPLE]].float()
    centres = sample[:groups]
    for _ in range(ROUNDS):
        members = functional.one_hot(_nearest(sample, centres), len(centres)).to(sample.dtype)
        centres = functional.normalize(members.T @ sample, dim=1)
    used, member_of = torch.unique(_nearest(tokens, centres), return_inverse=True)
    return centres[used], member_of


def _nearest(tokens: Tensor, centres: Tensor) -> Tensor:
    return torch.cat([(block.float() @ centres.T).argmax(1) for block in torch.split(tokens, SAMPLE)])
