"""Which images are kept back from tuning, to judge on: frozen values, free of torch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal, TypeVar

import numpy as np

from sam_inspector.core.errors import InputError

T = TypeVar("T")
HoldoutKind = Literal["none", "share", "fold", "category"]


@dataclass(frozen=True, slots=True)
class Holdout:
    """How images are told apart.

    Attributes
    ----------
    kind
        `share`: so many of each category's images, drawn by `seed`; `fold`: each category's images are drawn into
        `folds` parts, of which part number `fold`, counted from 1, is kept back; `category`: all images of
        `categories`; `none`: nothing is kept back, and nothing is judged.
    """

    kind: HoldoutKind = "share"
    share: float = 0.25
    fold: int = 1
    folds: int = 2
    categories: tuple[str, ...] = ()
    seed: int = 0

    @classmethod
    def parse(cls, text: str, seed: int = 0) -> Holdout:
        """From what a person types: `none`, a share as `0.25`, a fold as `1/5`, or names of categories with commas.

        Raises
        ------
        InputError
            For a share or a fold that there is not.
        """
        words = text.strip()
        if words == "none":
            return cls("none", seed=seed)
        number, slash, of = words.partition("/")
        if slash and number.isdigit() and of.isdigit():
            found = cls("fold", fold=int(number), folds=int(of), seed=seed)
        else:
            try:
                found = cls("share", share=float(words), seed=seed)
            except ValueError:
                names = tuple(name.strip() for name in words.split(",") if name.strip())
                found = cls("category", categories=names, seed=seed)
        found.check()
        return found

    def check(self) -> None:
        """Refuse what keeps back nothing, or everything.

        Raises
        ------
        InputError
            For a share, a fold or a list of categories that does not.
        """
        how = "ask for none, a share as 0.25, a fold as 1/5, or a category."
        if self.kind == "share" and not 0 < self.share < 1:
            raise InputError(f"A share of {self.share:g} can't be held out: {how}")
        if self.kind == "fold" and not (self.folds >= 2 and 1 <= self.fold <= self.folds):
            raise InputError(f"There is no fold {self.fold}/{self.folds}: {how}")
        if self.kind == "category" and not self.categories:
            raise InputError(f"Nothing was named to be held out: {how}")

    def split(self, items: Sequence[tuple[str, T]]) -> tuple[list[T], list[T]]:
        """Tell images apart.

        Parameters
        ----------
        items
            Each with its category.

        Returns
        -------
        learnt, kept_back
            In the order of `items`.

        Raises
        ------
        InputError
            When nothing is left on one side, or a category is not there.
        """
        self.check()
        back = self._kept_back([category for category, _ in items])
        learnt = [item for place, (_, item) in enumerate(items) if place not in back]
        kept = [item for place, (_, item) in enumerate(items) if place in back]
        if not learnt:
            raise InputError(
                f"All {len(items)} images with a mask are held out and none is left to learn from: hold out less."
            )
        if not kept and self.kind != "none":
            raise InputError(
                f"Of {len(items)} images with a mask none is left to judge on: mark more defects, or hold out none."
            )
        return learnt, kept

    def _kept_back(self, categories: Sequence[str]) -> set[int]:
        if self.kind == "none":
            return set()
        if self.kind == "category":
            unknown = [name for name in self.categories if name not in categories]
            if unknown:
                known = ", ".join(sorted(set(categories)))
                raise InputError(f"There is no category “{unknown[0]}” to hold out: choose from {known}.")
            return {place for place, name in enumerate(categories) if name in self.categories}
        places: dict[str, list[int]] = defaultdict(list)
        for place, name in enumerate(categories):
            places[name].append(place)
        rng = np.random.default_rng(self.seed)
        back: set[int] = set()
        for name in sorted(places):
            drawn = rng.permutation(places[name])
            if self.kind == "fold":
                back |= {int(place) for place in drawn[self.fold - 1 :: self.folds]}
            else:
                # Never all of a category, and one at least where there are several.
                count = min(len(drawn) - 1, max(1, round(self.share * len(drawn))))
                back |= {int(place) for place in drawn[:count]}
        return back

    def __str__(self) -> str:
        """As `parse` takes it."""
        if self.kind == "fold":
            return f"{self.fold}/{self.folds}"
        if self.kind == "category":
            return ",".join(self.categories)
        return "none" if self.kind == "none" else f"{self.share:g}"


def in_turn(items: Sequence[tuple[str, T]], most: int | None, seed: int) -> list[T]:
    """At most so many images, drawn from their categories in turn; with a larger number the same and more.

    Parameters
    ----------
    items
        Each with its category; their order is kept.
    """
    if most is None or most >= len(items):
        return [item for _, item in items]
    rng = np.random.default_rng((seed, len(items)))
    queues: dict[str, list[int]] = defaultdict(list)
    for place in rng.permutation(len(items)):
        queues[items[int(place)][0]].append(int(place))
    rounds = zip_longest(*(queues[name] for name in sorted(queues)))
    drawn = [place for one_of_each in rounds for place in one_of_each if place is not None][:most]
    return [items[place][1] for place in sorted(drawn)]
