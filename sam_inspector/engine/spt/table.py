"""The tables of SPT's ablation: mean IoU by box and by point of every variant, and how sure differences are."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sam_inspector.engine.report.tables import Cell, Table
from sam_inspector.models.tuned.manifest import HeldOutScores

RESAMPLES = 10_000
KINDS = ("box", "point")


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """What one tuned model scores on one held-out image.

    Attributes
    ----------
    images
        How many were learnt from at most; None: all that were not held out.
    """

    variant: str
    holdout: str
    images: int | None
    category: str
    name: str
    scores: HeldOutScores

    def as_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> JudgedRow:
        """From what `as_json` gave."""
        return cls(**{**values, "scores": HeldOutScores(**values["scores"])})


@dataclass(frozen=True, slots=True)
class Difference:
    """A mean difference of IoU between two variants over the same images, and its 95 % interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        """As in tables."""
        return f"{self.mean:+.3f} ({self.low:+.3f} to {self.high:+.3f})"


def mean_by_category(rows: Sequence[JudgedRow], kind: str) -> dict[str, float]:
    """The mean IoU of each category, by `box` or by `point`."""
    found: dict[str, list[float]] = {}
    for row in rows:
        found.setdefault(row.category, []).append(getattr(row.scores, kind))
    return {name: float(np.mean(values)) for name, values in found.items()}


def difference(one: Sequence[JudgedRow], other: Sequence[JudgedRow], kind: str, seed: int = 0) -> Difference:
    """Paired bootstrap: images are drawn anew within each category, and the means over categories compared.

    Parameters
    ----------
    one, other
        Rows of the same images.
    """
    others = {(row.holdout, row.category, row.name): getattr(row.scores, kind) for row in other}
    pairs: dict[str, list[float]] = {}
    for row in one:
        key = (row.holdout, row.category, row.name)
        if key in others:
            pairs.setdefault(row.category, []).append(getattr(row.scores, kind) - others[key])
    rng = np.random.default_rng(seed)
    drawn = np.zeros(RESAMPLES)
    for values in pairs.values():
        each = np.array(values)
        drawn += each[rng.integers(len(each), size=(RESAMPLES, len(each)))].mean(1)
    drawn /= len(pairs)
    mean = float(np.mean([np.mean(values) for values in pairs.values()]))
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Difference(mean, float(low), float(high))


def variants_table(rows: Sequence[JudgedRow], compared: str) -> Table:
    """A line a variant: IoU by box / by point of each category and their mean, and how far `compared` is above it."""
    variants = list(dict.fromkeys(row.variant for row in rows))
    categories = list(dict.fromkeys(row.category for row in rows))
    head = ("variant", *categories, "mean", f"{compared} − it, box", f"{compared} − it, point")
    lines = []
    best = [row for row in rows if row.variant == compared]
    for variant in variants:
        mine = [row for row in rows if row.variant == variant]
        means = {kind: mean_by_category(mine, kind) for kind in KINDS}
        cells = [" / ".join(f"{means[kind][name]:.3f}" for kind in KINDS) for name in categories]
        cells.append(" / ".join(f"{np.mean(list(means[kind].values())):.3f}" for kind in KINDS))
        for kind in KINDS:
            cells.append("–" if variant == compared or not best else str(difference(best, mine, kind)))
        lines.append((variant, tuple(Cell(cell) for cell in cells)))
    return Table("IoU by box / by point", head, tuple(lines))


def curve_table(rows: Sequence[JudgedRow], variant: str) -> Table:
    """A line for each number of images learnt from."""
    mine = [row for row in rows if row.variant == variant]
    numbers = list(dict.fromkeys(row.images for row in mine))
    lines = []
    for number in numbers:
        some = [row for row in mine if row.images == number]
        means = [float(np.mean(list(mean_by_category(some, kind).values()))) for kind in KINDS]
        lines.append(("all" if number is None else str(number), tuple(Cell(f"{mean:.3f}") for mean in means)))
    return Table(f"IoU after tuning ({variant})", ("images learnt from", "box", "point"), tuple(lines))


def rows_csv(rows: Sequence[JudgedRow]) -> str:
    """One line an image, fold and variant."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["variant", "held_out", "images", "category", "image", "iou_box", "iou_point", "draft_box", "draft_point"]
    )
    for row in rows:
        scores = (row.scores.box, row.scores.point, row.scores.draft_box, row.scores.draft_point)
        writer.writerow([row.variant, row.holdout, row.images, row.category, row.name, *scores])
    return text.getvalue()
