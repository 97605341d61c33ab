"""The table of an evaluation while it goes on: sums that grow with every image, so that no row is looked at twice."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sam_inspector.engine.image_rows import ImageRow
from sam_inspector.prompting.from_ground_truth import DEFAULT_POINTS, GT_MODES
from sam_inspector.ui.evaluate.words import metric_named

CellState = Literal["queued", "running", "done", "stopped"]
RUNNING_FIELDS = {"iou": "iou", "dice": "dice", "p_auroc_per_image": "p_auroc", "boundary_iou": "boundary_iou"}
"""Metrics that are means over anomalous images, and the field of an image's row that they are the mean of."""


@dataclass(frozen=True, slots=True)
class Column:
    """One mode of one model."""

    model: str
    mode: str


@dataclass(frozen=True, slots=True)
class CategoryPlan:
    """A category that is evaluated: its images, and how many of them have a defect.

    Attributes
    ----------
    is_known
        False for a category that is gone: then these are the images that were finished.
    """

    name: str
    images: int
    anomalous: int
    is_known: bool = True


CellKey = tuple[str, Column]
"""Category and column."""


@dataclass(slots=True)
class Cell:
    """What is known of one category under one mode.

    Attributes
    ----------
    rows
        One an image, as they came.
    ious
        The IoU of each row, NaN where it has none.
    areas
        Share of the image that is defect, of each row, NaN where it is not known.
    badness
        By which the worst images are found, the lowest first: the IoU; of a normal image 2 less the share of it that is
        marked; NaN of one that failed.
    places
        Where in `rows` each path is.
    pooled
        Its row of `categories`, once the category is complete.
    """

    rows: list[ImageRow] = field(default_factory=list)
    ious: array[float] = field(default_factory=lambda: array("d"))
    areas: array[float] = field(default_factory=lambda: array("d"))
    badness: array[float] = field(default_factory=lambda: array("d"))
    places: dict[str, int] = field(default_factory=dict)
    failed: int = 0
    sums: dict[str, tuple[float, int]] = field(default_factory=dict)
    hit: int = 0
    union: int = 0
    false_alarms: tuple[float, int] = (0.0, 0)
    pooled: Mapping[str, Any] | None = None

    def add(self, row: ImageRow) -> bool:
        """Take one image in; False when it is there already."""
        if row.path in self.places:
            return False
        self.places[row.path] = len(self.rows)
        self.rows.append(row)
        is_normal = row.gt_area == 0
        pixels = row.size[0] * row.size[1] if row.size is not None else 0
        self.ious.append(math.nan if row.iou is None or is_normal else row.iou)
        self.areas.append(row.gt_area / pixels if pixels and row.gt_area is not None else math.nan)
        marked = (row.mask_area or 0) / pixels if pixels else 0.0
        worse = row.iou if row.iou is not None else 2.0 - marked
        self.badness.append(math.nan if row.error is not None else worse)
        if row.error is not None:
            self.failed += 1
            return True
        for name, source in RUNNING_FIELDS.items():
            value = getattr(row, source)
            if value is not None and not is_normal:
                total, number = self.sums.get(name, (0.0, 0))
                self.sums[name] = (total + value, number + 1)
        self.hit += row.intersection or 0
        self.union += (row.mask_area or 0) + (row.gt_area or 0) - (row.intersection or 0)
        if is_normal and pixels:
            total, number = self.false_alarms
            self.false_alarms = (total + marked, number + 1)
        return True

    def value(self, metric: str) -> float | None:
        """A metric over the images so far; None where it is not defined, or not yet."""
        if self.pooled is not None and metric in self.pooled:
            found = self.pooled[metric]
            return None if found is None else float(found)
        if metric == "iou_pooled":
            return self.hit / self.union if self.union else None
        total, number = self.false_alarms if metric == "false_alarm_area" else self.sums.get(metric, (0.0, 0))
        return total / number if number else None


class RunningTable:
    """Categories by columns; cells change, and `take_changed` tells which did.

    Attributes
    ----------
    points
        Of the mode with many points a region.
    limit
        At most so many images a category were asked for; None means all.
    """

    def __init__(
        self,
        columns: Sequence[Column] = (),
        plans: Sequence[CategoryPlan] = (),
        points: int = DEFAULT_POINTS,
        limit: int | None = None,
    ) -> None:
        self.columns = tuple(columns)
        self.points, self.limit = points, limit
        self.plans = {plan.name: plan for plan in plans}
        self.is_running = False
        self._cells: dict[CellKey, Cell] = {}
        self._finished: dict[str, int] = {}
        self._complete: set[CellKey] = set()
        self._changed: set[CellKey] = set()
        self._pooled_names: dict[str, None] = {}

    @property
    def categories(self) -> tuple[str, ...]:
        """In the order of the run."""
        return tuple(self.plans)

    @property
    def pooled_names(self) -> tuple[str, ...]:
        """Keys of the rows `categories` that have a number somewhere."""
        return tuple(self._pooled_names)

    def cell(self, key: CellKey) -> Cell:
        """What is known of a cell; an empty one where nothing has come."""
        return self._cells.get(key) or Cell()

    def add(self, model: str, rows: Iterable[ImageRow]) -> None:
        """Take in what all modes gave for an image."""
        for row in rows:
            key = (row.category, Column(model, row.mode))
            if self._cells.setdefault(key, Cell()).add(row):
                self._changed.add(key)

    def set_done(self, model: str, done: int) -> None:
        """So many images of the run of a model are finished, in the order of its categories."""
        before = self._finished.get(model, 0)
        self._finished[model] = done
        start = 0
        for plan in self.plans.values():
            end = start + plan.images
            if start <= done and before <= end:  # its progress may have changed
                keys = [(plan.name, column) for column in self.columns if column.model == model]
                if done >= end:
                    self._complete.update(keys)
                self._changed.update(keys)
            start = end

    def set_categories(self, model: str, rows: Iterable[Mapping[str, Any]], *, complete: bool = False) -> None:
        """The rows `categories` of a model's run; `complete` says that they are of whole categories."""
        for row in rows:
            key = (row["category"], Column(model, row["mode"]))
            if complete:
                self._complete.add(key)
            if key in self._complete:
                self._cells.setdefault(key, Cell()).pooled = row
                self._pooled_names.update((name, None) for name, value in row.items() if isinstance(value, float))
                self._changed.add(key)

    def set_running(self, running: bool) -> None:
        """Whether more is to come."""
        self.is_running = running
        self._changed.update((category, column) for category in self.plans for column in self.columns)

    def take_changed(self) -> set[CellKey]:
        """Cells that are not as they were when this was last asked."""
        changed, self._changed = self._changed, set()
        return changed

    # --- what the table shows -----------------------------------------------------------------------------------

    def total(self, key: CellKey) -> int:
        """Images that the cell's mode visits: those that start from the ground truth leave good images out."""
        plan = self.plans[key[0]]
        return plan.anomalous if key[1].mode in GT_MODES else plan.images

    def state(self, key: CellKey) -> CellState:
        """How it stands with a cell."""
        if key in self._complete:
            return "done"
        if not self.is_running:
            return "stopped"
        return "running" if self._is_at(key) else "queued"

    def _is_at(self, key: CellKey) -> bool:
        """Whether the run of the column's model is in this category."""
        model = key[1].model
        if model not in self._finished:
            return False
        start = 0
        for plan in self.plans.values():
            if plan.name == key[0]:
                return start <= self._finished[model] < start + plan.images
            start += plan.images
        return False

    def value(self, key: CellKey, metric: str) -> float | None:
        """A metric of a cell; one over all pixels only once the category is complete."""
        if metric_named(metric).waits and key not in self._complete:
            return None
        cell = self._cells.get(key)
        return None if cell is None else cell.value(metric)

    def has_values(self, metric: str) -> bool:
        """Whether a metric has a number in any cell."""
        return any(self.value((name, column), metric) is not None for name in self.plans for column in self.columns)

    def why_undefined(self, key: CellKey, metric: str) -> str:
        """Why a metric of a complete cell is not defined, in the engine's words; empty where it did not say."""
        pooled = self.cell(key).pooled or {}
        found: str = (pooled.get("undefined") or {}).get(metric, "")
        has_normal = self.plans[key[0]].images > self.plans[key[0]].anomalous
        is_by_limit = self.limit is not None and key[1].mode not in GT_MODES and not has_normal
        if is_by_limit and re.search("no (good|normal) ", found, re.IGNORECASE):
            return f"The image limit of {self.limit} left no normal image in this category."
        return found

    def best(self, category: str, metric: str) -> frozenset[Column]:
        """The columns with the best value of a row, to the three digits that are shown; none of a single column."""
        found = {column: self.value((category, column), metric) for column in self.columns}
        values = {column: round(value, 3) for column, value in found.items() if value is not None}
        if len(values) < 2:
            return frozenset()
        best = max(values.values()) if metric_named(metric).higher_is_better else min(values.values())
        return frozenset(column for column, value in values.items() if value == best)

    def done_count(self, column: Column) -> int:
        """Categories of a column that are complete."""
        return sum((category, column) in self._complete for category in self.plans)

    def mean(self, column: Column, metric: str) -> float | None:
        """The plain mean over the categories that are complete and have a value."""
        values = [
            value
            for category in self.plans
            if (category, column) in self._complete and (value := self.value((category, column), metric)) is not None
        ]
        return sum(values) / len(values) if values else None

    def failures(self) -> list[tuple[str, ImageRow]]:
        """Rows that tell an error, with their model."""
        return [
            (column.model, row)
            for (_, column), cell in self._cells.items()
            if cell.failed
            for row in cell.rows
            if row.error is not None
        ]

    def failed_count(self) -> int:
        """How many those are."""
        return sum(cell.failed for cell in self._cells.values())
