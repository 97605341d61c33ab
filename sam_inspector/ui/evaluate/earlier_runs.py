"""What the Evaluate view reads of runs on disk: their rows and curves, and what they were to evaluate."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from sam_inspector.core.errors import InputError, SamInspectorError
from sam_inspector.data.datasets import Dataset, Sample, open_dataset
from sam_inspector.ui.evaluate.choices import EvaluateChoices, choices_of_run, evaluate_settings
from sam_inspector.ui.evaluate.dataset_counts import ListedDataset, listed_dataset
from sam_inspector.ui.evaluate.running_table import CategoryPlan
from sam_inspector.ui.file_thread import OPEN, FileState

if TYPE_CHECKING:
    from sam_inspector.engine.finished_run import FinishedRun
    from sam_inspector.engine.image_rows import ImageRow

CURVES_SCHEMA = "sam-inspector/curves/1"
CURVE_KINDS = ("roc", "pr", "pro")
Curve = tuple[tuple[float, ...], tuple[float, ...]]
"""Values along x, and along y."""
Curves = Mapping[tuple[str, str, str], Curve]
"""By category, mode and kind."""


def holds_run(out: Path) -> bool:
    """Whether there is a run in a folder, complete or not."""
    return (out / "results.json").is_file() or (out / ".progress").is_dir()


def is_complete(out: Path) -> bool:
    """Whether the run in a folder has nothing left to do: its log is gone."""
    return not (out / ".progress").is_dir()


@dataclass(frozen=True, eq=False, slots=True)
class EarlierRows:
    """What an earlier sitting finished of a run.

    Attributes
    ----------
    categories
        As in `results.json`; those of a run that was stopped may be of parts of a category.
    """

    rows: tuple[ImageRow, ...] = ()
    categories: tuple[Mapping[str, Any], ...] = ()
    complete: bool = False


def finished_rows(out: Path) -> EarlierRows:
    """What is finished of a run: by the log while there is one, for `results.json` may be older."""
    from sam_inspector.engine.finished_run import read_run
    from sam_inspector.engine.image_rows import ImageRow

    if is_complete(out):
        run = read_run(out)
        return EarlierRows(run.rows, run.categories, True)
    return EarlierRows(tuple(ImageRow.from_json(row) for line in log_lines(out) for row in line["rows"]))


def log_lines(out: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of a run's log; what a kill left behind them is passed over."""
    try:
        with (out / ".progress" / "images.jsonl").open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)
    except (OSError, ValueError):
        return


def plans_of(samples: Iterable[Sample]) -> tuple[CategoryPlan, ...]:
    """The categories of images that are to be evaluated."""
    images, anomalous = Counter[str](), Counter[str]()
    for sample in samples:
        images[sample.category] += 1
        anomalous[sample.category] += not sample.is_normal
    return tuple(CategoryPlan(name, number, anomalous[name]) for name, number in images.items())


@dataclass(frozen=True, eq=False, slots=True)
class EarlierRun:
    """A folder of results, and where its images lie now; or why it can't be shown.

    Attributes
    ----------
    runs
        Of one model each, with whether it is complete.
    choices
        The wish that it was made from.
    folders
        Its categories, each with its folder.
    listed
        The datasets that these are in, where they are still there.
    changed_at
        When it was last written, in seconds since 1970.
    """

    out: Path
    problem: str = ""
    runs: tuple[tuple[FinishedRun, bool], ...] = ()
    choices: EvaluateChoices = field(default_factory=EvaluateChoices)
    plans: tuple[CategoryPlan, ...] = ()
    samples: Mapping[tuple[str, str], Sample] = field(default_factory=dict)
    folders: Mapping[str, str] = field(default_factory=dict)
    listed: tuple[ListedDataset, ...] = ()
    changed_at: float = 0.0


@dataclass(frozen=True, eq=False)
class ReadEarlierRun:
    """Open the folder of an earlier run, or of several models' runs.

    Attributes
    ----------
    known
        Datasets that are open already; other folders are opened.
    """

    priority: ClassVar[int] = OPEN
    newest_only: ClassVar[bool] = True
    out: Path
    known: tuple[Dataset, ...] = ()

    def run(self, state: FileState) -> EarlierRun:
        """Read its results, and list the folders that it evaluated where they are still there."""
        try:
            places = _folders_of_runs(self.out)
            runs = tuple((_read(folder), is_complete(folder)) for folder in places)
        except SamInspectorError as error:
            return EarlierRun(self.out, str(error))
        folders: dict[str, str] = {}
        for run, _ in runs:
            folders |= run.header.get("folders", {})
        models = tuple(run.header["model"]["name"] for run, _ in runs)
        choices = choices_of_run(runs[0][0].header, models, self.out)
        listed = _listed(folders, self.known)
        samples = {
            (sample.category, sample.relative_path): sample
            for each in listed
            if each.dataset is not None
            for sample in each.dataset.samples
            if folders.get(sample.category) == str(sample.category_folder.absolute())
        }
        plans = _plans(choices, folders, samples, listed, [run for run, _ in runs])
        return EarlierRun(self.out, "", runs, choices, plans, samples, folders, listed, _changed_at(places))


def _read(out: Path) -> FinishedRun:
    """A run; one that was stopped by its log, for it may have been killed before its results were written."""
    from sam_inspector.engine.finished_run import FinishedRun, read_run
    from sam_inspector.engine.journal import Journal

    header = Journal(out).header()
    if is_complete(out) or header is None or not isinstance(header.get("settings"), dict):
        return read_run(out)
    try:
        written = read_run(out).categories
    except InputError:
        written = ()
    return FinishedRun(out, header, finished_rows(out).rows, written, ())


def _changed_at(places: Iterable[Path]) -> float:
    files = (folder / name for folder in places for name in ("results.json", ".progress/images.jsonl"))
    return max((file.stat().st_mtime for file in files if file.is_file()), default=0.0)


def _folders_of_runs(out: Path) -> list[Path]:
    """The folder itself, or the folders of several models in it."""
    if holds_run(out):
        return [out]
    try:
        inner = sorted(path for path in out.iterdir() if path.is_dir() and holds_run(path))
    except OSError:
        inner = []
    return inner or [out]  # which then tells that there is nothing


def _listed(folders: Mapping[str, str], known: Iterable[Dataset]) -> tuple[ListedDataset, ...]:
    """Datasets that have the categories in these folders; a folder that is gone costs only the pictures."""
    found: list[ListedDataset] = []
    missing = dict(folders)

    def take(listed: ListedDataset) -> None:
        there = [row.name for row in listed.categories if missing.get(row.name) == row.folder]
        if there:
            found.append(listed)
        for name in there:
            del missing[name]

    for dataset in known:
        take(listed_dataset(dataset))
    parents = [str(Path(folder).parent) for folder in missing.values()]
    shared = [parent for parent in dict.fromkeys(parents) if parents.count(parent) > 1]
    for folder in (*shared, *tuple(missing.values())):
        if folder in shared or folder in missing.values():
            try:
                take(listed_dataset(open_dataset(folder)))
            except SamInspectorError:
                continue
    return tuple(found)


def _plans(
    choices: EvaluateChoices,
    folders: Mapping[str, str],
    samples: Mapping[tuple[str, str], Sample],
    listed: Iterable[ListedDataset],
    runs: Iterable[FinishedRun],
) -> tuple[CategoryPlan, ...]:
    """What the run was to evaluate, by its datasets; of a category that is gone, what is finished of it."""
    from sam_inspector.engine.evaluate import samples_to_evaluate

    wanted = replace(choices, categories=tuple(dict.fromkeys(name for name, _ in samples)))
    datasets = [each.dataset for each in listed if each.dataset is not None]
    try:
        chosen = samples_to_evaluate(datasets, evaluate_settings(wanted)) if samples else []
    except SamInspectorError:
        chosen = []
    planned = {plan.name: plan for plan in plans_of(chosen)}
    seen: dict[str, dict[str, bool]] = {name: {} for name in folders}
    for run in runs:
        for row in run.rows:
            seen.setdefault(row.category, {})[row.path] = row.gt_area == 0
    plans = []
    for name, rows in seen.items():
        plan = planned.get(name)
        if plan is None or plan.images < len(rows):
            plan = CategoryPlan(name, len(rows), len(rows) - sum(rows.values()), is_known=False)
        plans.append(plan)
    return tuple(plans)


@dataclass(frozen=True, eq=False)
class ReadCurves:
    """Read the curves of a run."""

    priority: ClassVar[int] = OPEN
    newest_only: ClassVar[bool] = False
    out: Path

    def run(self, state: FileState) -> Curves:
        """Those that are there; none where they were not written, or in another form."""
        return read_curves(self.out)


def read_curves(out: Path) -> Curves:
    """The curves in a run's folder; what is not of the known form is left out."""
    try:
        found = json.loads((out / "curves.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict) or found.get("schema") != CURVES_SCHEMA:
        return {}
    curves: dict[tuple[str, str, str], Curve] = {}
    for entry in found.get("curves", ()):
        for kind in CURVE_KINDS:
            values = entry.get(kind) if isinstance(entry, dict) else None
            if isinstance(values, dict) and values.get("x") and len(values["x"]) == len(values.get("y", ())):
                curves[entry["category"], entry["mode"], kind] = (tuple(values["x"]), tuple(values["y"]))
    return curves
