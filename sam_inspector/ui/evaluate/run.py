"""One evaluation of the window, model after model: its jobs, its table, and where its results lie."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from sam_inspector.engine import requests as rq
from sam_inspector.ui.evaluate.choices import EvaluateChoices, evaluate_settings
from sam_inspector.ui.evaluate.earlier_runs import EarlierRun
from sam_inspector.ui.evaluate.running_table import Column, RunningTable
from sam_inspector.ui.evaluate.tasks import Prepared, Samples
from sam_inspector.ui.evaluate.words import count, mode_title, step_words
from sam_inspector.ui.model_names import model_title

End = Literal["", "finished", "cancelled", "failed", "opened"]


@dataclass(eq=False)
class Run:
    """What is on screen: a run that goes on, was stopped, is done, or was opened.

    Attributes
    ----------
    choices
        With which it goes on.
    outs
        Folder of each model's results.
    waiting
        Models whose turn comes.
    model
        The one that is evaluated now.
    job
        Number of its job; None while there is none.
    end
        How it came to stand still; empty while it goes on.
    changed_at
        When an opened run was last written, in seconds since 1970.
    """

    choices: EvaluateChoices
    table: RunningTable
    outs: Mapping[str, Path]
    samples: Samples = field(default_factory=dict)
    prepared: Prepared | None = None
    waiting: list[str] = field(default_factory=list)
    model: str = ""
    job: int | None = None
    title: str = ""
    end: End = ""
    changed_at: float = 0.0
    text: str = ""
    done: int = 0
    total: int = 0
    _began: tuple[float, int] | None = None

    @classmethod
    def begin(cls, prepared: Prepared) -> Run:
        """A run that is to go on, with what an earlier sitting finished of it."""
        choices = prepared.choices
        columns = [Column(model, mode) for model in choices.models for mode in choices.modes]
        table = RunningTable(columns, prepared.plans, choices.points, choices.limit)
        outs = dict(choices.folders())
        run = cls(choices, table, outs, prepared.samples, prepared, title=_title(choices))
        for model, earlier in prepared.earlier.items():
            table.add(model, earlier.rows)
            if earlier.complete:
                table.set_done(model, len(prepared.samples))
                table.set_categories(model, earlier.categories)
        run.waiting = [model for model in choices.models if not _is_complete(prepared, model)]
        table.set_running(True)
        return run

    @classmethod
    def opened(cls, earlier: EarlierRun) -> Run:
        """A run that was read from its folder."""
        choices, models = earlier.choices, earlier.choices.models
        modes = dict.fromkeys(mode for run, _ in earlier.runs for mode in run.modes)
        columns = [Column(model, mode) for model in models for mode in modes]
        table = RunningTable(columns, earlier.plans, choices.points, choices.limit)
        for model, (run, complete) in zip(models, earlier.runs, strict=True):
            table.add(model, run.rows)
            whole = [row for row in run.categories if complete or _is_whole(table, model, row)]
            table.set_categories(model, whole, complete=True)
        outs = {model: run.out for model, (run, _) in zip(models, earlier.runs, strict=True)}
        made = cls(choices, table, outs, earlier.samples, title=_title(choices), end="opened")
        made.waiting = [model for model, (_, done) in zip(models, earlier.runs, strict=True) if not done]
        made.changed_at = earlier.changed_at
        made.total = sum(plan.images for plan in earlier.plans) * len(models)
        made.done = sum(len({(row.category, row.path) for row in run.rows}) for run, _ in earlier.runs)
        return made

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to do."""
        return not self.waiting and not self.model

    @property
    def has_rows(self) -> bool:
        """Whether any image of it is finished."""
        keys = ((name, column) for name in self.table.plans for column in self.table.columns)
        return any(self.table.cell(key).rows for key in keys)

    def work(self, device: str) -> rq.EvaluateImages:
        """What the job of the next model does; that model is at its turn then."""
        assert self.prepared is not None
        assert self.prepared.settings is not None
        self.model = self.waiting.pop(0)
        self.done, self.total, self._began = 0, len(self.prepared.samples), None
        return rq.EvaluateImages(
            self.prepared.datasets, self.prepared.settings, self.model, self.outs[self.model], device, resume=True
        )

    def step(self, progress: rq.EvaluateProgress) -> None:
        """Take in a step of the job."""
        self.done, self.total, self.text = progress.done, progress.total, progress.text
        if progress.rows:
            self.table.add(self.model, progress.rows)
            if self._began is None:
                # Images of an earlier sitting took no time, and the first one waited for the model.
                self._began = (time.monotonic(), progress.done)
        self.table.set_done(self.model, progress.done)
        if progress.categories:
            self.table.set_categories(self.model, progress.categories)

    def end_job(self, *, is_done: bool) -> None:
        """The job is over; the model has its turn again where it is not done."""
        if not is_done:
            self.waiting.insert(0, self.model)
        self.job, self.model = None, ""

    def forget_pace(self) -> None:
        """A pause is no measure of how long the rest will take."""
        self._began = None

    def seconds_left(self) -> float | None:
        """Of the model that is evaluated now; None until it can be told."""
        if self._began is None or self.done <= self._began[1]:
            return None
        pace = (time.monotonic() - self._began[0]) / (self.done - self._began[1])
        return pace * (self.total - self.done)

    def what(self) -> str:
        """What it is at, in the words of the table."""
        category, _, step = self.text.partition(": ")
        if not step:
            parts = [f"loading {model_title(self.model)}" if self.text.startswith("loading ") else category]
        else:
            is_mode = step in self.choices.modes
            methods = evaluate_settings(self.choices).map_methods
            words = mode_title(step, self.choices.points) if is_mode else step_words(step, methods) or step
            parts = [f"{category}, {words}"]
        if len(self.outs) > 1 and step:
            parts.insert(0, model_title(self.model))
        return ": ".join(part for part in parts if part)

    @property
    def folder(self) -> Path:
        """Where its results go; of several models the folder with all of theirs."""
        outs = list(self.outs.values())
        return outs[0] if len(outs) == 1 else outs[0].parent

    def how_it_stands(self) -> tuple[str, str]:
        """How it came to stand still in a word or two, and what there is of it."""
        where = f"results in {self.folder.name}"
        if self.end == "opened":
            written = datetime.fromtimestamp(self.changed_at)
            when = f"last written {written:%Y-%m-%d %H:%M}, " if self.changed_at else ""
            if self.is_complete:
                return "Earlier run", f"{when}{self.folder.name}"
            return (
                "Earlier run, not finished",
                f"{when}{self.done:,} of {count(self.total, 'image')}, {self.folder.name}",
            )
        if self.end == "finished":
            images = sum(plan.images for plan in self.table.plans.values())
            return "Finished", f"{count(images, 'image')}, {where}"
        words = "Failed" if self.end == "failed" else "Cancelled"
        return words, f"{self.done:,} of {count(self.total, 'image')} done, {where}"


def _is_whole(table: RunningTable, model: str, row: Mapping[str, Any]) -> bool:
    """Whether a row of `categories` of a run that was stopped is of all images that the category has."""
    key = (row["category"], Column(model, row["mode"]))
    if key[0] not in table.plans or not table.plans[key[0]].is_known:
        return False
    return bool(row.get("images") == len(table.cell(key).rows) == table.total(key))


def _is_complete(prepared: Prepared, model: str) -> bool:
    earlier = prepared.earlier.get(model)
    return earlier is not None and earlier.complete


def _title(choices: EvaluateChoices) -> str:
    models = ", ".join(model_title(model) for model in choices.models)
    limit = f", at most {count(choices.limit, 'image')} a category" if choices.limit else ""
    return f"{models}, {choices.preset} preset, seed {choices.seed}{limit}"


def summary_of(prepared: Prepared) -> str:
    """What a run would do, in one line."""
    choices = prepared.choices
    images = sum(plan.images for plan in prepared.plans)
    parts = [
        f"{count(images, 'image')} in {count(len(prepared.plans), 'category', 'categories')}",
        count(len(choices.modes), "mode"),
    ]
    if len(choices.models) > 1:
        parts.append(count(len(choices.models), "model"))
    if choices.limit:
        parts.append(f"at most {count(choices.limit, 'image')} a category")
    return ", ".join(parts) + "."
