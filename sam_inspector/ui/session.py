"""The one source of truth of the window: what is open, what is on screen, what was done. Views are told by signals.

Nothing here computes or reads files; the presenter asks the threads and brings the answers back.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoGroup, QUndoStack

from sam_inspector.core.prompts import Prompts
from sam_inspector.core.scores import MaskScores
from sam_inspector.core.segmentation import AnomalyMap, Segmentation
from sam_inspector.core.work import ImageWork, Verdict
from sam_inspector.data.datasets import Dataset, Sample
from sam_inspector.data.images import LoadedImage
from sam_inspector.engine.requests import SegmentOptions
from sam_inspector.ui.cascade_state import CascadeState
from sam_inspector.ui.commands import SetWork

MaskStatus = Literal["none", "computing", "ready", "failed"]
UNDO_STACKS_KEPT = 200
"""Images whose undo history is kept; an accepted mask in it takes memory."""


@dataclass(frozen=True, slots=True)
class PromptSource:
    """Where the prompts of a newly opened image come from.

    Attributes
    ----------
    kind
        `hand`: the person makes them; `gt`: a generator makes them from the ground truth; `auto`: from an anomaly map.
    mode
        Name of the generator.
    preset
        `recommended` or `faithful`.
    points
        Number of points of the mode `bps`.
    """

    kind: Literal["hand", "gt", "auto"] = "hand"
    mode: str = "b"
    preset: str = "recommended"
    points: int = 20


@dataclass(frozen=True, eq=False, slots=True)
class OpenImage:
    """The image on screen and what came with it.

    Attributes
    ----------
    key
        The sample's path in the dataset's root: its name everywhere in the window.
    ground_truth
        bool `(H, W)`, or None.
    ground_truth_problem
        Why there is none although there should be, or empty.
    exchanged
        Whether it was set before another background: an experiment, of which nothing is kept.
    """

    key: str
    sample: Sample
    image: LoadedImage
    ground_truth: NDArray[np.bool_] | None
    ground_truth_problem: str = ""
    exchanged: bool = False


@dataclass(frozen=True, slots=True)
class LayerState:
    """How one layer of the canvas is shown; opacity from 0 to 1."""

    visible: bool
    opacity: float


DEFAULT_LAYERS = {
    "prompts": LayerState(True, 1.0),
    "regions": LayerState(True, 1.0),
    "mask": LayerState(True, 0.4),
    "gt": LayerState(True, 1.0),
    "errors": LayerState(False, 0.6),
    "map": LayerState(True, 0.85),
    "image": LayerState(True, 1.0),
}


class Session(CascadeState):
    """State of the window; every change is announced once, after it happened."""

    dataset_changed = Signal()
    image_changed = Signal()
    """Another image, or none, is on screen."""
    image_failed = Signal(str)
    ground_truth_changed = Signal()
    work_changed = Signal()
    """The prompts, the accepted mask or the verdict of the image on screen."""
    mask_changed = Signal()
    """The mask on screen, or its status."""
    scores_changed = Signal()
    map_changed = Signal()
    source_changed = Signal()
    options_changed = Signal()
    layer_changed = Signal(str)
    tool_changed = Signal(str)
    active_prompt_changed = Signal()
    results_changed = Signal()
    """Scores of images done so far."""
    result_forgotten = Signal(str)
    """Key of an image that has no mask any more."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_group = QUndoGroup(self)
        self._stacks: OrderedDict[str, QUndoStack] = OrderedDict()
        self._works: dict[str, ImageWork] = {}
        self._as_stored: set[str] = set()
        self._samples: Mapping[str, Sample] = {}
        self.dataset: Dataset | None = None
        self.opened: OpenImage | None = None
        self.current_key: str | None = None
        self.source = PromptSource()
        self.options = SegmentOptions()
        self.sort_candidates = True
        self.tool = "positive"
        self.layers = dict(DEFAULT_LAYERS)
        self.mask_status: MaskStatus = "none"
        self.segmentation: Segmentation | None = None
        self.scores: MaskScores | None = None
        self.scores_are_current = False
        self.failure = ""
        self.anomaly_map: AnomalyMap | None = None
        self.active_prompt = 0
        self.results: dict[str, MaskScores] = {}

    # --- dataset and image ---------------------------------------------------------------------------------------

    def set_dataset(self, dataset: Dataset | None, samples: Mapping[str, Sample] | None = None) -> None:
        """Open another dataset, its samples by their key; the image of the old one leaves the screen."""
        self.dataset = dataset
        self._samples = samples or {}
        self.current_key = None
        self.opened = None
        self._works.clear()
        self._as_stored.clear()
        self.results.clear()
        for stack in self._stacks.values():
            self.undo_group.removeStack(stack)
            stack.deleteLater()
        self._stacks.clear()
        self._reset_mask()
        self.anomaly_map = None
        self._leave_cascade()
        self._forget_ways()
        self.dataset_changed.emit()
        self.image_changed.emit()
        self.map_changed.emit()
        self.work_changed.emit()
        self.results_changed.emit()

    def sample(self, key: str) -> Sample | None:
        """The sample of a key."""
        return self._samples.get(key)

    def set_current_key(self, key: str) -> None:
        """Another image was chosen; the old one stays on screen until the new one is read."""
        self.current_key = key

    def set_image(self, opened: OpenImage, work: ImageWork | None) -> None:
        """An image was read. Work in memory is newer than what the store knows."""
        image_id = opened.image.image_id
        self.opened = opened
        if image_id not in self._works:
            self._works[image_id] = work or ImageWork()
            self._as_stored.add(image_id)
        self._reset_mask()
        self.anomaly_map = None
        self._leave_cascade(image_id)
        self.active_prompt = 0
        self._activate_stack(image_id)
        self.image_changed.emit()
        self.ground_truth_changed.emit()
        self.map_changed.emit()
        self.work_changed.emit()

    def fail_image(self, message: str) -> None:
        """The image chosen can't be read; nothing of another image stays on screen."""
        self.opened = None
        self._reset_mask()
        self.anomaly_map = None
        self._leave_cascade()
        self.undo_group.setActiveStack(None)  # type: ignore[arg-type]  # Qt takes none, its stubs do not
        self.image_changed.emit()
        self.ground_truth_changed.emit()
        self.map_changed.emit()
        self.work_changed.emit()
        self.image_failed.emit(message)

    def set_ground_truth(self, ground_truth: NDArray[np.bool_] | None, problem: str = "") -> None:
        """Another mask to score the image on screen against."""
        if self.opened is None:
            return
        self.opened = replace(self.opened, ground_truth=ground_truth, ground_truth_problem=problem)
        self.ground_truth_changed.emit()

    def set_map(self, anomaly_map: AnomalyMap | None) -> None:
        """Lay an anomaly map over the image on screen."""
        self.anomaly_map = anomaly_map
        self.map_changed.emit()

    # --- work and undo ---------------------------------------------------------------------------------------------

    @property
    def work(self) -> ImageWork:
        """The work on the image on screen."""
        if self.opened is None:
            return ImageWork()
        return self._works[self.opened.image.image_id]

    def prompts_on_screen(self) -> Prompts:
        """The prompts being worked on."""
        return self.work.prompts

    def edit_prompts(self, prompts: Prompts, text: str, merge_key: object = None) -> None:
        """Replace the prompts being worked on."""
        self.edit_work(replace(self.work, prompts=prompts), text, merge_key)

    def set_verdict(self, verdict: Verdict | None) -> None:
        """Decide about the image on screen."""
        if verdict != self.work.verdict:
            self.edit_work(replace(self.work, verdict=verdict), f"verdict {verdict or 'none'}")

    def accept_region(self) -> bool:
        """Add the mask on screen to the accepted one and begin a new region; False when there is none to accept."""
        work = self.work
        if self.segmentation is None or self.mask_status != "ready" or not work.prompts.decodable:
            return False
        self.edit_work(
            replace(
                work,
                prompts=Prompts(),
                accepted=self.segmentation.mask,
                accepted_prompts=Prompts(work.accepted_prompts.items + work.prompts.items),
            ),
            "accept region",
        )
        return True

    def edit_work(self, work: ImageWork, text: str, merge_key: object = None) -> None:
        """Do an edit that can be undone."""
        if self.opened is None:
            return
        image_id = self.opened.image.image_id
        self._stacks[image_id].push(SetWork(self, image_id, self.work, work, text, merge_key))

    def apply_work(self, image_id: str, work: ImageWork) -> None:
        """Set the work on an image; for the undo commands only."""
        before = self._works.get(image_id)
        if before is None or work.prompts != before.prompts or work.accepted is not before.accepted:
            self._as_stored.discard(image_id)
        self._works[image_id] = work
        if self.opened is not None and self.opened.image.image_id == image_id:
            self.active_prompt = max(0, len(work.prompts) - 1)
            self.work_changed.emit()

    def take_prompts(self, image_id: str, prompts: Prompts) -> None:
        """Take over prompts that were loaded from a file; where the image was worked on, that can be undone."""
        before = self._works.get(image_id)
        if before is None:
            return  # the store has them; they come with the image
        self._stacks[image_id].push(
            SetWork(self, image_id, before, replace(before, prompts=prompts), "load prompt set")
        )

    def _activate_stack(self, image_id: str) -> None:
        stack = self._stacks.get(image_id)
        if stack is None:
            stack = QUndoStack(self)
            self._stacks[image_id] = stack
            self.undo_group.addStack(stack)
        self._stacks.move_to_end(image_id)
        self.undo_group.setActiveStack(stack)
        while len(self._stacks) > UNDO_STACKS_KEPT:
            forgotten_id, forgotten = self._stacks.popitem(last=False)
            self._works.pop(forgotten_id, None)
            self._as_stored.discard(forgotten_id)
            self._forget_way(forgotten_id)
            self.undo_group.removeStack(forgotten)
            forgotten.deleteLater()

    # --- the mask on screen ----------------------------------------------------------------------------------------

    def _reset_mask(self) -> None:
        self.segmentation = None
        self.scores = None
        self.scores_are_current = False
        self.mask_status = "none"
        self.failure = ""
        self.set_passes(())
        self.mask_changed.emit()
        self.scores_changed.emit()

    def clear_mask(self) -> None:
        """There is nothing to show a mask of."""
        self._reset_mask()

    def expect_mask(self) -> None:
        """A new mask was asked for: the old one stays in sight, greyed, and so do its numbers."""
        self.mask_status = "computing"
        self.scores_are_current = False
        self.mask_changed.emit()
        self.scores_changed.emit()

    def set_segmentation(self, segmentation: Segmentation) -> None:
        """The mask asked for has come."""
        self.segmentation = segmentation
        self.mask_status = "ready"
        self.failure = ""
        self.mask_changed.emit()

    def fail_mask(self, message: str) -> None:
        """The mask asked for won't come."""
        self.mask_status = "failed"
        self.failure = message
        self.scores_are_current = False
        self.mask_changed.emit()
        self.scores_changed.emit()

    @property
    def keeps_stored_scores(self) -> bool:
        """Whether the mask on screen lacks what the stored scores were made with; they are not overwritten."""
        opened = self.opened
        return opened is not None and (
            opened.exchanged or (self.lacks_map and opened.image.image_id in self._as_stored)
        )

    def set_scores(self, scores: MaskScores) -> None:
        """The scores of the mask on screen have come."""
        self.scores = scores
        self.scores_are_current = True
        self.scores_changed.emit()
        if self.opened is not None and scores.iou is not None and not self.keeps_stored_scores:
            self.results[self.opened.key] = scores
            self.results_changed.emit()

    def set_results(self, results: dict[str, MaskScores]) -> None:
        """What earlier sittings found."""
        self.results = {key: scores for key, scores in results.items() if key in self._samples}
        self.results_changed.emit()

    def forget_result(self) -> None:
        """The image on screen has no mask any more."""
        if self.opened is not None and not self.opened.exchanged:
            self.results.pop(self.opened.key, None)
            self.results_changed.emit()
            self.result_forgotten.emit(self.opened.key)

    # --- choices -----------------------------------------------------------------------------------------------------

    def set_source(self, source: PromptSource) -> None:
        """Choose where prompts come from."""
        if source != self.source:
            self.source = source
            self.source_changed.emit()

    def set_options(self, options: SegmentOptions) -> None:
        """Choose how prompts become masks."""
        if options != self.options:
            self.options = options
            self.options_changed.emit()

    def set_layer(self, name: str, state: LayerState) -> None:
        """Show, hide or fade a layer."""
        if self.layers[name] != state:
            self.layers[name] = state
            self.layer_changed.emit(name)

    def set_tool(self, name: str) -> None:
        """Choose what a click on the canvas does."""
        if name != self.tool:
            self.tool = name
            self.tool_changed.emit(name)

    def set_active_prompt(self, index: int) -> None:
        """Choose the prompt whose candidates are shown."""
        if index != self.active_prompt and index < len(self.work.prompts):
            self.active_prompt = index
            self.active_prompt_changed.emit()
