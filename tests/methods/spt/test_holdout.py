"""Telling the images to judge on from those to learn from."""

import pytest

from sam_inspector.core.errors import InputError
from sam_inspector.methods.spt.holdout import Holdout

ITEMS = [("nut", f"nut{number}") for number in range(10)] + [("grid", f"grid{number}") for number in range(4)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("none", Holdout("none")),
        ("0.25", Holdout("share", share=0.25)),
        ("2/5", Holdout("fold", fold=2, folds=5)),
        ("grid", Holdout("category", categories=("grid",))),
        ("grid, nut", Holdout("category", categories=("grid", "nut"))),
    ],
)
def test_what_is_typed(text, expected):
    assert Holdout.parse(text) == expected
    assert Holdout.parse(str(expected)) == expected


@pytest.mark.parametrize("text", ["0", "1", "1.5", "-0.1", "0/2", "3/2", "1/1", ",", ""])
def test_what_keeps_back_nothing_or_all_is_refused(text):
    with pytest.raises(InputError, match=r"ask for none, a share as 0\.25"):
        Holdout.parse(text)


def test_a_share_of_each_category():
    learnt, kept = Holdout("share", share=0.25).split(ITEMS)
    assert sum(name.startswith("nut") for name in kept) == 2
    assert sum(name.startswith("grid") for name in kept) == 1
    assert sorted(learnt + kept) == sorted(name for _, name in ITEMS)
    assert learnt == [name for _, name in ITEMS if name in learnt]
    assert Holdout("share", share=0.25, seed=1).split(ITEMS)[1] != kept


def test_folds_share_all_images_between_them():
    parts = [Holdout("fold", fold=fold, folds=3).split(ITEMS)[1] for fold in (1, 2, 3)]
    assert sorted(name for part in parts for name in part) == sorted(name for _, name in ITEMS)
    assert all(any(name.startswith("grid") for name in part) for part in parts)


def test_a_whole_category():
    learnt, kept = Holdout("category", categories=("grid",)).split(ITEMS)
    assert kept == [f"grid{number}" for number in range(4)]
    assert len(learnt) == 10
    with pytest.raises(InputError, match="no category “cable” to hold out: choose from grid, nut"):
        Holdout("category", categories=("cable",)).split(ITEMS)


def test_nothing_left_on_a_side_is_told():
    with pytest.raises(InputError, match="none is left to learn from"):
        Holdout("category", categories=("grid", "nut")).split(ITEMS)
    with pytest.raises(InputError, match="Of 1 images with a mask none is left to judge on"):
        Holdout("share").split([("nut", "one")])
    assert Holdout("none").split([("nut", "one")]) == (["one"], [])
