"""Session and views: what the session says is shown, what a view asks for is done.

Nothing is kept here but the last picture of the mask and what the images panel shows of each image.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QImage

from sam_inspector.core.prompts import PromptPart, Prompts, choose_candidate, remove_part
from sam_inspector.core.scores import MaskScores
from sam_inspector.core.segmentation import ALL_MASKS
from sam_inspector.prompting.from_ground_truth import GT_MODES
from sam_inspector.ui.candidate_cards import candidate_cards
from sam_inspector.ui.candidate_pictures import CandidatePicture
from sam_inspector.ui.compute_thread import SegmentedView
from sam_inspector.ui.file_tasks import OpenedDataset, ReadSample
from sam_inspector.ui.panels.image_rows import RowState
from sam_inspector.ui.panels.mode_rows import ModeRow
from sam_inspector.ui.presenter import Presenter
from sam_inspector.ui.session import LayerState, PromptSource, Session
from sam_inspector.ui.views import Views

NO_GROUND_TRUTH = "This image has no ground truth"


class Bindings(QObject):
    """Connects one session and its presenter to the canvas and the panels."""

    def __init__(self, session: Session, presenter: Presenter, views: Views, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._presenter = presenter
        self._views = views
        self._mask: SegmentedView | None = None
        self._rows: dict[str, RowState] = {}
        self._keys_of_path: Mapping[str, str] = {}
        self._keys: dict[int, int] = {}  # the mask that each key of the strip takes
        self._connect_session()
        self._connect_presenter()
        self._connect_views()
        views.prompts.set_modes([_mode_row(name) for name in GT_MODES])
        for name in session.layers:
            self._show_layer(name)
        self._show_source()
        self._show_options()
        self._show_image()
        views.canvas.set_tool(session.tool)

    # --- connections ---------------------------------------------------------------------------------------------

    def _connect_session(self) -> None:
        session = self._session
        session.image_changed.connect(self._show_image)
        session.image_failed.connect(self._mark_unreadable)
        session.ground_truth_changed.connect(self._show_ground_truth_state)
        session.work_changed.connect(self._show_work)
        session.mask_changed.connect(self._show_mask_state)
        session.scores_changed.connect(self._show_scores)
        session.results_changed.connect(self._show_results)
        session.result_forgotten.connect(self._forget_score)
        session.map_changed.connect(self._show_map_state)
        session.source_changed.connect(self._show_source)
        session.options_changed.connect(self._show_options)
        session.layer_changed.connect(self._show_layer)
        session.tool_changed.connect(self._views.canvas.set_tool)
        session.active_prompt_changed.connect(self._show_candidates)

    def _connect_presenter(self) -> None:
        presenter, views = self._presenter, self._views
        presenter.dataset_opened.connect(self._show_dataset)
        presenter.sample_read.connect(self._take_sample)
        presenter.thumbnail_ready.connect(views.images.set_thumbnail)
        presenter.thumbnail_failed.connect(self._mark_thumbnail)
        presenter.ground_truth_read.connect(views.canvas.set_ground_truth)
        presenter.map_read.connect(views.canvas.set_map)
        presenter.mask_painted.connect(self._take_mask)
        presenter.encoding_changed.connect(self._prefetch_next)

    def _connect_views(self) -> None:
        session, presenter, views = self._session, self._presenter, self._views
        views.canvas.edit_requested.connect(session.edit_prompts)
        views.canvas.activated_prompt.connect(self._activate)
        views.images.selected.connect(presenter.select)
        views.images.thumbnail_needed.connect(presenter.read_thumbnail)
        views.prompts.source_chosen.connect(self._choose_source)
        views.prompts.mode_chosen.connect(self._choose_mode)
        views.prompts.part_selected.connect(self._select_part)
        views.prompts.part_removed.connect(self._remove_part)
        views.prompts.clear_requested.connect(self.clear_prompts)
        views.prompts.accept_requested.connect(session.accept_region)
        views.layers.layer_changed.connect(self._choose_layer)
        views.candidates.candidate_chosen.connect(self.choose_candidate)
        views.candidates.refine_toggled.connect(self._choose_refine)
        views.candidates.sort_toggled.connect(self._choose_sort)

    # --- dataset and image ---------------------------------------------------------------------------------------

    @Slot(object)
    def _show_dataset(self, opened: OpenedDataset) -> None:
        self._views.images.set_dataset(opened.dataset.root.name, opened.listing)
        known = opened.listing.position
        self._rows = {}
        self._keys_of_path = opened.listing.keys_of_path
        for summary in opened.summaries:
            if summary.relative_path in known:
                has_work = summary.has_prompts or summary.has_accepted
                self._set_row(summary.relative_path, RowState(summary.verdict, summary.iou, None, has_work))

    @Slot(object)
    def _take_sample(self, read: ReadSample) -> None:
        canvas = self._views.canvas
        self._mask = None
        canvas.set_mask(None, False)
        canvas.set_errors(None)
        canvas.set_map(None)
        canvas.set_prompts(Prompts(), Prompts(), False)
        canvas.set_image(read.pyramid)
        canvas.set_ground_truth(read.ground_truth_overlay)

    @Slot()
    def _show_image(self) -> None:
        opened, views = self._session.opened, self._views
        views.images.set_current(self._session.current_key)
        views.prompts.set_enabled(opened is not None)
        if opened is None:
            for clear in (views.canvas.set_image, views.canvas.set_ground_truth, views.canvas.set_map):
                clear(None)
            views.header.set_image(self._session.current_key or "", "")
            return
        views.header.set_image(opened.key, opened.image.description)

    @Slot(str)
    def _mark_unreadable(self, message: str) -> None:
        key = self._session.current_key
        self._views.canvas.set_placeholder("This image can't be read.")
        if key is not None:
            self._set_row(key, replace(self._rows.get(key, RowState()), error=message))

    @Slot(object, str)
    def _mark_thumbnail(self, path: Path, message: str) -> None:
        self._views.images.set_thumbnail(path, QImage())
        key = self._keys_of_path.get(str(path))
        if key is not None:
            self._set_row(key, replace(self._rows.get(key, RowState()), error=message))

    @Slot()
    def _show_ground_truth_state(self) -> None:
        opened, views = self._session.opened, self._views
        has = opened is not None and opened.ground_truth is not None
        problem = opened.ground_truth_problem if opened is not None else ""
        if has and not opened.ground_truth.any():
            problem = "The ground truth of this image marks nothing: there is nothing to make prompts from."
        views.prompts.set_has_ground_truth(has and not problem, problem)
        for name in ("gt", "errors"):
            views.layers.set_available(name, has, problem or NO_GROUND_TRUTH)

    @Slot()
    def _show_map_state(self) -> None:
        available = self._session.anomaly_map is not None
        self._views.layers.set_available("map", available, "" if available else "No anomaly map is open")
        if not available:
            self._views.canvas.set_map(None)

    @Slot(str)
    def _prefetch_next(self, state: str) -> None:
        """Once the image on screen is encoded, the one that probably comes next is."""
        if state in ("ready", "cached"):
            key = self._views.images.next_key()
            sample = self._session.sample(key) if key is not None else None
            if sample is not None:
                self._presenter.jobs.prefetch(sample.path, self._session.options.preset)

    # --- prompts and masks -----------------------------------------------------------------------------------------

    @Slot()
    def _show_work(self) -> None:
        self._show_prompts()
        opened, work = self._session.opened, self._session.work
        if opened is not None and not opened.exchanged:
            state = self._rows.get(opened.key, RowState())
            has_work = bool(work.prompts) or work.accepted is not None
            self._set_row(opened.key, replace(state, verdict=work.verdict, has_work=has_work, error=None))

    def _show_prompts(self) -> None:
        work = self._session.work
        pending = self._session.mask_status == "computing"
        self._views.canvas.set_prompts(work.prompts, work.accepted_prompts, pending)
        self._views.prompts.set_prompts(work.prompts, self._views.canvas.selected_part)
        self._views.prompts.set_accepted(work.accepted is not None)

    @Slot(object)
    def _take_mask(self, mask: SegmentedView) -> None:
        self._mask = mask
        self._views.canvas.set_mask(mask.mask, False)
        self._views.canvas.set_errors(mask.errors)
        self._show_candidates()

    @Slot()
    def _show_mask_state(self) -> None:
        status, views = self._session.mask_status, self._views
        work = self._session.work
        views.canvas.set_prompts(work.prompts, work.accepted_prompts, status == "computing")
        if status == "none":
            self._mask = None
            views.canvas.set_mask(None, False)
            views.canvas.set_errors(None)
        elif self._mask is not None:
            views.canvas.set_mask(self._mask.mask, status != "ready")
        views.candidates.set_stale(status == "computing")
        self._show_candidates()

    @Slot()
    def _show_candidates(self) -> None:
        cards = candidate_cards(self._active_pictures(), sort=self._session.sort_candidates)
        self._keys = {int(card.key): card.index for card in cards}
        self._views.candidates.set_candidates(cards)
        self._views.candidates.set_can_sort(not cards or len(cards) == ALL_MASKS)

    def _active_pictures(self) -> list[CandidatePicture]:
        """The masks of the active prompt; only prompts with something to look for have any."""
        items, active = self._session.work.prompts.items, self._active_prompt()
        if self._mask is None or active is None:
            return []
        place = sum(item.can_segment for item in items[:active])
        candidates = self._mask.candidates
        return list(candidates[place]) if place < len(candidates) else []

    def _active_prompt(self) -> int | None:
        """The active prompt, or the last one with something to look for where that is only a negative point."""
        items, active = self._session.work.prompts.items, self._session.active_prompt
        able = [place for place, item in enumerate(items) if item.can_segment]
        if not able:
            return None
        return active if active in able else able[-1]

    @Slot(int)
    def choose_candidate(self, candidate: int) -> None:
        """Take another of SAM's masks for the active prompt."""
        session = self._session
        active = self._active_prompt()
        if active is None or not any(picture.candidate == candidate for picture in self._active_pictures()):
            return
        chosen = choose_candidate(session.work.prompts, active, candidate)
        if chosen != session.work.prompts:
            session.edit_prompts(chosen, "choose another mask")
            session.set_active_prompt(active)

    def choose_by_key(self, place: int) -> None:
        """Take the mask whose card has this key; of a cascade show that pass."""
        if self._session.passes:
            self._session.show_pass(place)
        elif place in self._keys:
            self.choose_candidate(self._keys[place])

    @Slot()
    def clear_prompts(self) -> None:
        """Remove the prompts being worked on."""
        if self._session.work.prompts:
            self._session.edit_prompts(Prompts(), "clear prompts")

    @Slot(int)
    def _activate(self, item: int) -> None:
        self._session.set_active_prompt(item)
        self._views.prompts.set_prompts(self._session.work.prompts, self._views.canvas.selected_part)

    @Slot(object)
    def _select_part(self, part: PromptPart) -> None:
        self._session.set_active_prompt(part.item)

    @Slot(object)
    def _remove_part(self, part: PromptPart) -> None:
        self._session.edit_prompts(remove_part(self._session.work.prompts, part), "remove prompt")

    # --- scores ------------------------------------------------------------------------------------------------------

    @Slot()
    def _show_scores(self) -> None:
        session = self._session
        status = session.mask_status
        if status == "ready" and not session.scores_are_current:
            status = "computing"
        self._views.results.set_scores(session.scores, status, session.failure)
        if session.opened is None or not session.scores_are_current or session.scores is None:
            return
        if session.opened.exchanged:
            return
        key = session.opened.key
        self._set_row(key, replace(self._rows.get(key, RowState()), iou=session.scores.iou))

    @Slot()
    def _show_results(self) -> None:
        done: list[MaskScores] = list(self._session.results.values())
        self._views.results.set_summary(done)

    @Slot(str)
    def _forget_score(self, key: str) -> None:
        self._set_row(key, replace(self._rows.get(key, RowState()), iou=None))

    def _set_row(self, key: str, state: RowState) -> None:
        if self._rows.get(key) != state:
            self._rows[key] = state
            self._views.images.set_row_state(key, state)

    # --- choices -----------------------------------------------------------------------------------------------------

    @Slot()
    def _show_source(self) -> None:
        source = self._session.source
        self._views.prompts.set_source(source.kind)
        self._views.prompts.set_mode(source.mode, source.preset, source.points)

    @Slot()
    def _show_options(self) -> None:
        self._views.candidates.set_refine(self._session.options.refine)
        self._views.candidates.set_sort(self._session.sort_candidates)

    @Slot(str)
    def _show_layer(self, name: str) -> None:
        state = self._session.layers[name]
        self._views.layers.set_layer(name, state.visible, state.opacity)
        self._views.canvas.set_layer(name, state.visible, state.opacity)

    @Slot(str)
    def _choose_source(self, kind: Literal["hand", "gt", "auto"]) -> None:
        self._session.set_source(replace(self._session.source, kind=kind))

    @Slot(str, str, int)
    def _choose_mode(self, mode: str, preset: str, points: int) -> None:
        source = PromptSource("gt", mode, preset, points)
        if source == self._session.source:
            self._presenter.generate_prompts()  # pressed again, for the prompts were cleared
        self._session.set_source(source)

    @Slot(str, bool, float)
    def _choose_layer(self, name: str, visible: bool, opacity: float) -> None:
        self._session.set_layer(name, LayerState(visible, opacity))

    @Slot(bool)
    def _choose_refine(self, refine: bool) -> None:
        self._session.set_options(replace(self._session.options, refine=refine))

    @Slot(bool)
    def _choose_sort(self, sort: bool) -> None:
        self._session.sort_candidates = sort
        self._show_candidates()


def _mode_row(name: str) -> ModeRow:
    mode = GT_MODES[name]
    title, _, description = mode.description.partition(": ")
    return ModeRow(name, title, description[:1].upper() + description[1:], 20 if name == "bps" else None)
