"""Where two masks disagree: every combination of pixel, exact shares, and the patterns."""

import itertools

import numpy as np
import pytest
from PySide6.QtGui import QColor

from sam_inspector.ui.canvas.overlays import MaskOverlay
from sam_inspector.ui.compare.difference import (
    BOTH,
    NEITHER,
    ONLY_FIRST,
    ONLY_SECOND,
    DifferenceOverlay,
    difference_classes,
)
from sam_inspector.ui.compare.difference_item import PERIOD_PX, class_names, colour_table, hatched


def test_every_combination_has_its_class():
    first, second, truth = np.array(list(itertools.product((False, True), repeat=3))).T
    against = dict(
        zip(
            zip(first, second, truth, strict=True),
            difference_classes(first[None], second[None], truth[None])[0],
            strict=True,
        )
    )
    assert against == {
        (0, 0, 0): 0,
        (0, 0, 1): NEITHER,
        (0, 1, 0): ONLY_FIRST,
        (0, 1, 1): ONLY_SECOND,
        (1, 0, 0): ONLY_SECOND,
        (1, 0, 1): ONLY_FIRST,
        (1, 1, 0): NEITHER,
        (1, 1, 1): BOTH,
    }
    without = difference_classes(first[None], second[None])[0]
    assert without.tolist() == [0, 0, ONLY_SECOND, ONLY_SECOND, ONLY_FIRST, ONLY_FIRST, BOTH, BOTH]


def masks(seed, shape=(40, 60)):
    rng = np.random.default_rng(seed)
    return tuple(rng.random(shape) < share for share in (0.3, 0.35, 0.25))


def overlays(*found):
    return tuple(MaskOverlay.from_mask(mask, outlined=False) for mask in found)


def test_shares_are_of_the_whole_image():
    first, second, truth = masks(0)
    made = DifferenceOverlay.between(*overlays(first, second, truth), (60, 40))
    right, other = first == truth, second == truth
    marked = first | second | truth
    counts = [right & other & marked, right & ~other, ~right & other, ~right & ~other]
    assert made.shares == pytest.approx([np.count_nonzero(count) / 2400 for count in counts], abs=1e-12)
    assert made.overlap == pytest.approx(np.count_nonzero(first & second) / np.count_nonzero(first | second))


@pytest.mark.parametrize("box", [(slice(3, 9), slice(5, 20)), (slice(39, 40), slice(59, 60))])
def test_small_marks_are_found_in_their_place(box):
    nothing, something = np.zeros((40, 60), bool), np.zeros((40, 60), bool)
    something[box] = True
    made = DifferenceOverlay.between(*overlays(nothing, something, nothing), (60, 40))
    rows, columns = (part.stop - part.start for part in box)
    assert made.raster.rect == (box[1].start, box[0].start, columns, rows)
    assert (made.raster.levels[0] == ONLY_FIRST).all()
    assert made.shares[1] == rows * columns / 2400


def test_without_any_mark_there_is_nothing_to_overlap():
    nothing = MaskOverlay.from_mask(np.zeros((4, 4), bool))
    made = DifferenceOverlay.between(nothing, nothing, None, (4, 4))
    assert (made.raster, made.overlap, made.against_truth) == (None, None, False)


def test_without_ground_truth_nobody_is_right():
    first, second, _ = masks(1)
    made = DifferenceOverlay.between(*overlays(first, second), None, (60, 40))
    assert made.shares == pytest.approx(
        [np.mean(first & second), np.mean(first & ~second), np.mean(~first & second), 0], abs=1e-12
    )
    assert [name for _, name in class_names(("B", "D"), against_truth=False)] == ["Both", "Only B", "Only D"]


def test_smaller_levels_lose_no_disagreement():
    first = np.ones((600, 600), bool)
    second = first.copy()
    second[300, 300] = False
    levels = DifferenceOverlay.between(*overlays(first, second), None, (600, 600)).raster.levels
    assert len(levels) > 1
    assert all(np.count_nonzero(level == ONLY_FIRST) == 1 for level in levels)


def test_each_class_is_hatched_in_a_way_of_its_own():
    table = np.array(colour_table(1.0), np.uint32)
    alpha = {}
    for kind in (BOTH, ONLY_FIRST, ONLY_SECOND, NEITHER):
        found = table[hatched(np.full((16, 16), kind, np.uint8), PERIOD_PX)] >> 24
        alpha[kind] = found
    assert len(np.unique(alpha[BOTH])) == 1
    assert (alpha[ONLY_FIRST][1:, :-1] == alpha[ONLY_FIRST][:-1, 1:]).all(), "rising"
    assert (alpha[ONLY_SECOND][1:, 1:] == alpha[ONLY_SECOND][:-1, :-1]).all(), "falling"
    assert (alpha[NEITHER][1:] == alpha[NEITHER][:-1]).all(), "standing"
    assert all(len(np.unique(alpha[kind])) == 3 for kind in (ONLY_FIRST, ONLY_SECOND, NEITHER))
    assert QColor.fromRgba(int(table[0])).alpha() == 0
