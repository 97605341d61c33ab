"""What the view that tunes SAM asks of the file thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from sam_inspector.core.errors import InputError, SamInspectorError
from sam_inspector.data.atomic import write_failure
from sam_inspector.data.datasets import Dataset, Sample
from sam_inspector.data.review_store import ReviewStore
from sam_inspector.engine.requests import TrainSpt, TuneSample
from sam_inspector.engine.spt.checks import check_tunable, training_file
from sam_inspector.models.registry import ModelSpec, get_model_spec
from sam_inspector.models.tuned.manifest import TunedManifest, read_tuned_manifest
from sam_inspector.ui.file_thread import OPEN, SAVE, FileState
from sam_inspector.ui.tune.sam.choices import SamChoices

PREVIEWS = 6
NOTHING = {
    "marked": "No image is marked: put masks in ground_truth, or accept masks in Inspect.",
    "accepted": "You accepted no mask yet: make one in Inspect and press Enter, on several images.",
    "selected": "Select several images in the list of Inspect, marked ones among them.",
}
"""What is said where there is no image to learn from, for each of the choices."""


@dataclass(frozen=True, eq=False, slots=True)
class SamStanding:
    """What a wish comes to.

    Attributes
    ----------
    model
        The one to tune; None where it is not known yet, or none that can be tuned.
    problem
        Why it can't be tuned, as a sentence.
    counts
        Images to choose from, of each category.
    learnt, held_out
        How many images would be learnt from and kept back.
    earlier
        What the file of this name says, or what lies beside it; None where there is none.
    is_there
        Whether there is a tuned model of this name.
    can_go_on
        Whether its training was stopped before its end.
    is_damaged
        Whether what is there can't be read.
    """

    choices: SamChoices
    out: Path
    model: ModelSpec | None = None
    problem: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    learnt: int = 0
    held_out: int = 0
    earlier: TunedManifest | None = None
    is_there: bool = False
    can_go_on: bool = False
    is_damaged: bool = False


@dataclass(frozen=True, eq=False)
class LookAtTuning:
    """Look what a wish comes to: its images, and what an earlier sitting has tuned.

    Attributes
    ----------
    selected
        Keys of the images that are selected in the list.
    model
        Name of the model in use; empty while there is none.
    folder
        Where tuned models are kept.
    """

    priority: ClassVar[int] = OPEN
    newest_only: ClassVar[bool] = True
    choices: SamChoices
    dataset: Dataset
    selected: frozenset[str]
    model: str
    folder: Path

    def run(self, state: FileState) -> SamStanding:
        """Raise nothing: trouble is in the answer."""
        standing = self._of_file()
        try:
            marked = marked_samples(self.dataset, state.store, self.choices, self.selected)
            standing = replace(standing, counts=Counter(sample.category for sample, _ in marked))
            model = get_model_spec(self.model) if self.model else None
            if model is not None:
                check_tunable(model)
            learnt, held_out = self._split(wanted(marked, self.choices))
        except SamInspectorError as error:
            return replace(standing, problem=str(error))
        return replace(standing, model=model, learnt=learnt, held_out=held_out)

    def _of_file(self) -> SamStanding:
        out = self.choices.file(self.folder)
        standing = SamStanding(self.choices, out, is_there=out.exists())
        beside = training_file(out)
        goes_on = beside.exists()
        if not (standing.is_there or goes_on):
            return standing
        try:
            # Before an epoch was judged there is nothing to keep, and what tells of it lies beside only.
            earlier = read_tuned_manifest(beside if goes_on else out)
        except InputError:
            return replace(standing, is_damaged=True)
        return replace(standing, earlier=earlier, can_go_on=goes_on)

    def _split(self, marked: list[tuple[Sample, str]]) -> tuple[int, int]:
        choices = self.choices
        choices.settings.check()
        if not marked:
            raise InputError(NOTHING[choices.images])
        if len(marked) == 1 and choices.settings.holdout.kind != "none":
            raise InputError("Only one image is marked: mark another to judge on, or hold out none.")
        if not choices.name:
            raise InputError("Give the tuned model a name.")
        learnt, held_out = choices.settings.holdout.split([(sample.category, sample) for sample, _ in marked])
        return len(learnt), len(held_out)


def marked_samples(
    dataset: Dataset, store: ReviewStore | None, choices: SamChoices, selected: frozenset[str]
) -> list[tuple[Sample, str]]:
    """The images that a wish is about, of all categories; each with the hash under which its accepted mask is kept.

    The hash is empty where nothing was accepted and the ground truth counts.

    Raises
    ------
    StoreError
        When the store can't be read.
    """
    summaries = store.all_summaries() if store is not None else []
    accepted = {summary.relative_path: summary.image_id for summary in summaries if summary.has_accepted}
    found = []
    for sample in dataset.samples:
        key = dataset.path_in_root(sample)
        has_truth = sample.mask_path is not None and not sample.is_normal
        is_marked = key in accepted or (has_truth and choices.images != "accepted")
        if is_marked and (choices.images != "selected" or key in selected):
            found.append((sample, accepted.get(key, "")))
    return found


def wanted(marked: list[tuple[Sample, str]], choices: SamChoices) -> list[tuple[Sample, str]]:
    """Those of the categories that were not left out.

    Raises
    ------
    InputError
        When none is left.
    """
    kept = [(sample, image_id) for sample, image_id in marked if sample.category not in choices.left_out]
    if marked and not kept:
        raise InputError("Tick a category whose images are to be learnt from.")
    return kept


@dataclass(frozen=True, eq=False)
class GatherSamples:
    """Make the training of a wish, with the masks that the person accepted.

    Attributes
    ----------
    selected
        As of `LookAtTuning`.
    resume
        As of `TrainSpt`.
    """

    priority: ClassVar[int] = OPEN
    newest_only: ClassVar[bool] = True
    standing: SamStanding
    dataset: Dataset
    selected: frozenset[str]
    device: str
    resume: bool

    def run(self, state: FileState) -> TrainSpt:
        """Read the accepted masks.

        Raises
        ------
        SamInspectorError
            When they can't be read, or nothing is marked any more.
        """
        choices, model = self.standing.choices, self.standing.model
        assert model is not None
        marked = wanted(marked_samples(self.dataset, state.store, choices, self.selected), choices)
        return TrainSpt(
            tuple(_tune_sample(sample, image_id, state.store) for sample, image_id in marked),
            model.name,
            choices.settings,
            self.standing.out,
            datasets=(self.dataset.root.name,),
            resume=self.resume,
            device=self.device,
            previews=PREVIEWS,
        )


def _tune_sample(sample: Sample, image_id: str, store: ReviewStore | None) -> TuneSample:
    work = store.load_work(image_id) if store is not None and image_id else None
    return TuneSample(sample.path, sample.category, sample.mask_path, None if work is None else work.accepted)


@dataclass(frozen=True, eq=False)
class SetTuningAside:
    """Give a tuned model another name, so that its training can begin anew; nothing is deleted."""

    priority: ClassVar[int] = SAVE
    newest_only: ClassVar[bool] = False
    file: Path

    def run(self, state: FileState) -> None:
        """Rename it, with what lies beside it.

        Raises
        ------
        StoreError
            When it can't be renamed.
        """
        aside = self.file.with_name(f"{self.file.stem} until {datetime.now():%Y-%m-%d %H.%M.%S}{self.file.suffix}")
        for old, new in ((training_file(self.file), training_file(aside)), (self.file, aside)):
            try:
                if old.exists():
                    old.rename(new)
            except OSError as error:
                raise write_failure(old, error) from error
