"""Which scores count as one where they are too many to be told apart: bins that lie where scores lie.

A score is a float32, and a bin is all scores that agree but for the lowest bits of their fraction. As many bits are
dropped as it takes to have no more than 2^17 bins with anything in them: none where no more scores differ, and never so
many that fewer than 2^16 are left, as one bit less would leave too many. So a bin is as wide as a share of its score,
from a millionth (scores within a tenth of one another) over a four-thousandth (logits) to a thousandth (scores over
forty powers of two), and scores that gather close to 0 stay apart. So do those close to 1, where a sigmoid or softmax
puts defects: from 0.5 to 1 it is the distance to 1 whose lowest bits are dropped.

Dropping more bits of what has lost some gives what dropping them at once does (of the fraction, that is; its 23 bits
suffice, as without them some 530 bins are left). Hence the bins of a set of scores do not depend on the order in which
its parts came together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_BINS = 1 << 17
SMALLEST = np.finfo(np.float32).smallest_normal
"""What is closer to 0 counts as 0."""
_BEHIND_1 = np.nextafter(np.float32(1), np.float32(2))
_APART = np.uint32(0xFFFFFFFF)


@dataclass(frozen=True, eq=False, slots=True)
class BinnedScores:
    """The bins of ascending scores.

    Attributes
    ----------
    bins
        float32 `(n,)`, ascending: one score of each bin, the one that all its scores become.
    first
        int64 `(n,)`: where the scores of each bin begin.
    dropped_bits
        How many bits were dropped.
    """

    bins: NDArray[np.float32]
    first: NDArray[np.intp]
    dropped_bits: int


def bin_scores(ordered: NDArray[np.float32], dropped_bits: int = 0) -> BinnedScores:
    """Find the bins of scores.

    Parameters
    ----------
    ordered
        float32 `(n,)`, n at least 1, ascending, without NaN; infinity is a large number.
    dropped_bits
        No fewer are dropped: what one of the parts has lost already.
    """
    ordered = ordered.copy()
    small = np.searchsorted(ordered, -SMALLEST, side="right"), np.searchsorted(ordered, SMALLEST)
    ordered[slice(*small)] = 0  # −0 among them
    mirrored = slice(*np.searchsorted(ordered, (np.float32(0.5), _BEHIND_1)))
    bits = _mirror(ordered, mirrored).view(np.uint32)
    # Above 1 all moves down by one: bins begin behind a power of two there, so that 1 is alone in its own.
    bits[mirrored.stop :] -= np.uint32(1)
    # Neighbours share a bin when they differ in nothing but dropped bits.
    differing = bits[1:] ^ bits[:-1]
    for border in (mirrored.start, mirrored.stop):
        if 0 < border < ordered.size:
            differing[border - 1] = _APART
    while np.count_nonzero(differing >= np.uint32(1 << dropped_bits)) >= MAX_BINS:
        dropped_bits += 1
    first = np.append(0, np.flatnonzero(differing >= np.uint32(1 << dropped_bits)) + 1)
    mirrored = slice(*np.searchsorted(first, (mirrored.start, mirrored.stop)))
    kept = bits[first] & (_APART << np.uint32(dropped_bits))
    kept[mirrored.stop :] += np.uint32(1)
    return BinnedScores(_mirror(kept.view(np.float32), mirrored), first, dropped_bits)


def _mirror(scores: NDArray[np.float32], part: slice) -> NDArray[np.float32]:
    """The scores with a part of them replaced by their distance to 1, which float32 holds exactly from 0.5 to 1."""
    turned: NDArray[np.float32] = scores.copy()
    turned[part] = 1 - scores[part]
    return turned


def holds_one_score(bins: NDArray[np.float32], dropped_bits: int) -> NDArray[np.bool_]:
    """Whether all that is in each bin, float32 `(n,)`, is truly tied; bool `(n,)`."""
    if dropped_bits == 0:
        return np.ones(bins.size, np.bool_)
    # Float32 below 1 are multiples of 2^-24, so the lowest bits of a small enough distance to 1 are zeros anyway.
    one: NDArray[np.bool_] = (bins == 0) | ((bins <= 1) & (1 - bins < 2.0**-dropped_bits))
    return one
