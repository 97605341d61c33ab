"""What the Evaluate view asks of the file thread: nothing of it is read on the window's own.

Trouble that belongs into the view comes back as a sentence in the answer, so that it is told there and nowhere else.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtGui import QImage

from sam_inspector.core.errors import InputError, SamInspectorError
from sam_inspector.data.datasets import Dataset, Sample, open_dataset
from sam_inspector.models.registry import MODELS, ModelSpec, get_model_spec
from sam_inspector.models.tuned.finding import tuned_models
from sam_inspector.models.weights import find_weights, require_weights
from sam_inspector.ui.evaluate.choices import EvaluateChoices, evaluate_settings
from sam_inspector.ui.evaluate.dataset_counts import CategoryCount as CategoryCount, ListedDataset, listed_dataset
from sam_inspector.ui.evaluate.earlier_runs import EarlierRows, finished_rows, holds_run, plans_of
from sam_inspector.ui.evaluate.error_picture import error_picture
from sam_inspector.ui.evaluate.running_table import CategoryPlan
from sam_inspector.ui.evaluate.sentences import for_the_window
from sam_inspector.ui.file_thread import LOW, OPEN, SAVE, FileState
from sam_inspector.ui.settings import Settings, save_settings

if TYPE_CHECKING:
    from sam_inspector.engine.evaluate import EvaluateSettings

Samples = Mapping[tuple[str, str], Sample]
"""By category and path: where an image and its ground truth lie."""


@dataclass(frozen=True, eq=False)
class ListDataset:
    """Count the images of a dataset that is open in the window, or of a folder."""

    priority: ClassVar[int] = OPEN
    newest_only: ClassVar[bool] = False
    source: Dataset | Path

    def run(self, state: FileState) -> ListedDataset:
        """Open it where it is not, and count."""
        try:
            dataset = self.source if isinstance(self.source, Dataset) else open_dataset(self.source)
        except SamInspectorError as error:
            return ListedDataset(problem=str(error))
        return listed_dataset(dataset)


@dataclass(frozen=True, eq=False)
class ListModels:
    """Which models have their weights here."""

    priority: ClassVar[int] = OPEN
    newest_only: ClassVar[bool] = True

    def run(self, state: FileState) -> tuple[ModelSpec, ...]:
        """Look for the files, tuned models last; a file that was not checked before is read once."""
        return tuple(spec for spec in (*MODELS.values(), *tuned_models()) if find_weights(spec) is not None)


@dataclass(frozen=True, eq=False, slots=True)
class Prepared:
    """A wish looked at: what will be evaluated, or why it can't be.

    Attributes
    ----------
    earlier
        By model, what an earlier sitting finished.
    listed
        Its datasets, of a run that begins.
    """

    choices: EvaluateChoices
    problem: str = ""
    settings: EvaluateSettings | None = None
    datasets: tuple[Dataset, ...] = ()
    plans: tuple[CategoryPlan, ...] = ()
    samples: Samples = field(default_factory=dict)
    earlier: Mapping[str, EarlierRows] = field(default_factory=dict)
    listed: tuple[ListedDataset, ...] = ()


@dataclass(frozen=True, eq=False)
class PrepareRun:
    """Look ahead whether a wish can be evaluated, as the run itself will.

    Attributes
    ----------
    known
        Datasets that are open already; other roots are opened.
    loaded
        Models that are in use, so that their weights need not be looked for.
    """

    priority: ClassVar[int] = OPEN
    newest_only: ClassVar[bool] = True
    choices: EvaluateChoices
    known: tuple[Dataset, ...]
    loaded: tuple[str, ...] = ()
    resume: bool = False

    def run(self, state: FileState) -> Prepared:
        """Raise nothing: trouble is in the answer."""
        try:
            return self._prepare()
        except SamInspectorError as error:
            return Prepared(self.choices, for_the_window(str(error)))

    def _prepare(self) -> Prepared:
        from sam_inspector.engine.backbone_weights import require_backbone_weights
        from sam_inspector.engine.evaluate import samples_to_evaluate
        from sam_inspector.engine.map_methods import map_works
        from sam_inspector.engine.run_header import check_outside

        choices = self.choices
        if choices.missing:
            return Prepared(choices, choices.missing)
        settings = evaluate_settings(choices)
        settings.check()
        known = {str(dataset.root): dataset for dataset in self.known}
        datasets = tuple(known.get(root) or open_dataset(root) for root in choices.roots)
        samples = samples_to_evaluate(datasets, settings)
        map_works(
            datasets, settings.categories, settings.map_methods, settings.few_shot, settings.clip, settings.learnt
        )
        if "few-shot" in settings.map_methods:
            require_backbone_weights(settings.few_shot.backbone)
        for model in choices.models:
            spec = get_model_spec(model)
            settings.check_tuned(model)
            if model not in self.loaded:
                require_weights(spec)
        earlier = {model: self._earlier(out) for model, out in choices.folders()} if choices.out else {}
        if choices.out:
            check_outside(Path(choices.out), datasets)
        index = {(sample.category, sample.relative_path): sample for sample in samples}
        return Prepared(choices, "", settings, datasets, plans_of(samples), index, earlier)

    def _earlier(self, out: Path) -> EarlierRows:
        from sam_inspector.engine.results import check_is_run_or_empty

        check_is_run_or_empty(out)
        if not holds_run(out):
            return EarlierRows()
        if not self.resume:
            raise InputError(f"There is a run in {out} already: choose another folder, or open it and go on with it.")
        return finished_rows(out)


class BeginRun(PrepareRun):
    """Prepare a run that begins now: a look ahead that is asked for later does not make it needless."""

    newest_only: ClassVar[bool] = False

    def _prepare(self) -> Prepared:
        prepared = super()._prepare()
        if not prepared.problem:
            for _, out in self.choices.folders():
                _check_writable(out)
        return replace(prepared, listed=tuple(map(listed_dataset, prepared.datasets)))


def _check_writable(out: Path) -> None:
    """Refuse a folder that nothing can be written to, before anything on screen gives way to the run."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=out):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"The folder {out} can't be written ({reason}): choose another folder.") from error


@dataclass(frozen=True, eq=False)
class DrawErrors:
    """Draw an image small, with what its mask has right, too much and missed."""

    priority: ClassVar[int] = LOW
    newest_only: ClassVar[bool] = False
    key: object
    image: Path
    mask: Path | None
    ground_truth: Path | None

    def run(self, state: FileState) -> QImage:
        """An empty picture where the image can't be read any more."""
        try:
            return error_picture(self.image, self.mask, self.ground_truth)
        except SamInspectorError:
            return QImage()


@dataclass(frozen=True, eq=False)
class WriteReport:
    """Write the report of a run."""

    priority: ClassVar[int] = SAVE
    newest_only: ClassVar[bool] = False
    out: Path
    write: Callable[[Path], Path]

    def run(self, state: FileState) -> Path | str:
        """The file, or why there is none."""
        try:
            return self.write(self.out)
        except SamInspectorError as error:
            return str(error)


@dataclass(frozen=True, eq=False)
class KeepSettings:
    """Write the settings while the window is open, so that a run can be found again after a crash."""

    priority: ClassVar[int] = SAVE
    newest_only: ClassVar[bool] = True
    settings: Settings

    def run(self, state: FileState) -> None:
        """Write them."""
        save_settings(self.settings)


@dataclass(frozen=True, eq=False)
class LoadCharts:
    """Import what draws charts: half a second for which the window need not stand still."""

    priority: ClassVar[int] = OPEN
    newest_only: ClassVar[bool] = True

    def run(self, state: FileState) -> None:
        """Import it; the window's thread finds it there."""
        importlib.import_module("pyqtgraph")
