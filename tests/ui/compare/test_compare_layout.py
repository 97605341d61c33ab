"""Panes as a value: which there are, which two are compared, and how they share the room."""

import pytest

from sam_inspector.ui.compare.layout import FIRST_PANES, MODES, CompareLayout, PaneChoice, columns_for
from sam_inspector.ui.compare.mode_texts import MODE_TEXTS, pane_title


def layout(*modes, pair=(0, 1)):
    return CompareLayout(tuple(PaneChoice(mode) for mode in modes), pair)


def modes(made):
    return [pane.mode for pane in made.panes]


def test_there_are_two_to_six_panes_and_a_new_one_shows_another_mode():
    grown = layout("b", "bp")
    assert not grown.can_close
    assert grown.closed(0) == grown
    while grown.can_add:
        grown = grown.added()
    assert len(grown.panes) == len(set(modes(grown))) == 6
    assert grown.added() == grown


@pytest.mark.parametrize(
    ("pair", "closed", "left"),
    [((0, 2), 1, (0, 1)), ((0, 1), 0, (1, 0)), ((2, 0), 2, (1, 0)), ((1, 2), 2, (1, 0)), ((0, 1), 2, (0, 1))],
)
def test_the_difference_goes_on_when_a_pane_is_closed(pair, closed, left):
    before = layout("b", "bp", "bps", pair=pair)
    after = before.closed(closed)
    assert after.pair == left
    kept = [(side, place) for side, place in enumerate(pair) if place != closed]
    assert all(after.panes[after.pair[side]] == before.panes[place] for side, place in kept)


def test_the_difference_never_compares_a_pane_with_itself():
    assert layout("b", "bp", "bps").paired(1, 2).pair == (0, 2)
    assert layout("b", "bp", "bps").paired(0, 1).pair == (1, 0)
    assert layout("b", "bp", "bps").paired(1, 0).pair == (1, 0)


def test_what_is_remembered_is_checked():
    known = (PaneChoice("few-shot"), PaneChoice("b", "sam_vit_b"), PaneChoice("hand"))
    gone = (PaneChoice("no such"), PaneChoice("b", "no such model"))
    made = CompareLayout.checked((*known, *gone), (0, 2), difference=False, summary=True)
    assert (made.panes, made.pair, made.difference) == (known, (0, 2), False)
    assert CompareLayout.checked(gone, (4, 4), difference=True, summary=True) == CompareLayout()
    one = CompareLayout.checked([FIRST_PANES[0]], (0, 1), difference=True, summary=True)
    assert one.panes == FIRST_PANES
    many = CompareLayout.checked([PaneChoice("b")] * 9, (0, 8), difference=True, summary=True)
    assert (len(many.panes), many.pair) == (6, (0, 1))


@pytest.mark.parametrize(
    ("cells", "width", "height", "columns"),
    [(4, 1188, 760, 2), (5, 1188, 760, 3), (6, 1188, 760, 3), (8, 1188, 760, 4), (4, 770, 560, 2), (8, 770, 560, 3)],
)
def test_cells_are_as_large_as_the_window_lets_them(cells, width, height, columns):
    assert columns_for(cells, width, height) == columns


def test_every_mode_has_words():
    assert set(MODE_TEXTS) == set(MODES)
    assert len({text.title for text in MODE_TEXTS.values()}) == len(MODES)
    assert pane_title("bps", "mobile_sam", 20) == "Box + 20 points · MobileSAM"


def test_a_pane_that_was_closed_comes_back_in_its_place():
    layout = CompareLayout((PaneChoice("b"), PaneChoice("bp"), PaneChoice("naive")), (0, 2))
    back = layout.closed(1).restored(1, layout.panes[1])
    assert back == layout
    full = CompareLayout((PaneChoice("b"),) * 6)
    assert full.restored(1, PaneChoice("bp")) == full
