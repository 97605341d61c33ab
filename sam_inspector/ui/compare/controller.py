"""Session and threads for the Compare view: asks for what the panes lack, and shows what comes.

Nothing is computed while another workspace is on screen. What was answered is kept as long as nothing that it depends
on has changed: another pane costs one answer, not all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from sam_inspector.engine import requests as rq
from sam_inspector.engine.evaluate import EvaluateSettings
from sam_inspector.engine.modes import AUTOMATIC_MODES
from sam_inspector.models.registry import ModelSpec
from sam_inspector.ui.compare.answer import PaneAnswer, PaneStepped, seconds_of
from sam_inspector.ui.compare.layout import CompareLayout, PaneChoice
from sam_inspector.ui.compare.page import ComparePage
from sam_inspector.ui.compare.pane import PaneState
from sam_inspector.ui.compare.questions import Question, Questions, request_of
from sam_inspector.ui.compare.results import Results
from sam_inspector.ui.compare.summary import PaneKey, Sitting, best_of
from sam_inspector.ui.compute_thread import ComputeThread
from sam_inspector.ui.presenter import Presenter
from sam_inspector.ui.session import Session

COMPUTING = "Computing…"


class CompareController(QObject):
    """Keeps the panes answered while the workspace is on screen.

    Attributes
    ----------
    states
        What each pane shows.
    """

    shown = Signal()
    """The panes show something else"""
    pane_closed = Signal(int, object)
    """Its place, and the `CompareLayout` that had it"""

    def __init__(
        self,
        page: ComparePage,
        session: Session,
        presenter: Presenter,
        compute: ComputeThread,
        questions: Questions,
        layout: CompareLayout,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._page = page
        self._session = session
        self._presenter = presenter
        self._questions = questions
        self.layout = layout
        self.sitting = Sitting()
        self.states: list[PaneState] = []
        self._sitting_settings: dict[rq.ComparePane, EvaluateSettings] = {}
        self._results = Results()
        self._former: list[PaneAnswer | None] = [None] * len(layout.panes)
        self._asked: list[Question] = []
        self._doing: tuple[Question, str] | None = None
        self._job = 0
        self._is_active = False
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.refresh)
        compute.replied.connect(self._on_reply)
        session.image_changed.connect(self._leave_image)
        session.dataset_changed.connect(self._leave_dataset)
        for changed in (
            session.ground_truth_changed,
            session.work_changed,
            session.options_changed,
            session.source_changed,
            session.three_passes_changed,
            presenter.automatic.settings_changed,
            presenter.automatic.threshold_changed,
            presenter.model_failed,
        ):
            changed.connect(self._refresh_soon)
        self._show_layout()

    # --- what a person wants ------------------------------------------------------------------------------------------

    def set_active(self, is_active: bool) -> None:
        """The workspace came on screen, or left it: then nothing more is computed."""
        self._is_active = is_active
        self.refresh()

    @property
    def is_active(self) -> bool:
        """Whether the workspace is on screen."""
        return self._is_active

    def set_layout(self, layout: CompareLayout) -> None:
        """Show other panes."""
        self.layout = layout
        self._former += [None] * (len(layout.panes) - len(self._former))
        self._show_layout()
        self.refresh()

    @Slot()
    def add_pane(self) -> None:
        """One pane more."""
        self.set_layout(self.layout.added())

    @Slot(int)
    def close_pane(self, place: int) -> None:
        """One pane less."""
        if self.layout.can_close:
            del self._former[place]
            before = self.layout
            self.set_layout(before.closed(place))
            self.pane_closed.emit(place, before)

    def bring_back(self, place: int, before: CompareLayout) -> None:
        """Undo that a pane was closed, also where other panes have changed since."""
        layout = before if self.layout == before.closed(place) else self.layout.restored(place, before.panes[place])
        if layout != self.layout:
            self._former.insert(place, None)
            self.set_layout(layout)

    @Slot(int, str)
    def choose_mode(self, place: int, mode: str) -> None:
        """Let a pane show another mode."""
        self._change(place, replace(self.layout.panes[place], mode=mode))

    @Slot(int, str)
    def choose_model(self, place: int, model: str) -> None:
        """Let another model answer a pane."""
        self._change(place, replace(self.layout.panes[place], model=model))

    @Slot(int, int)
    def choose_side(self, side: int, place: int) -> None:
        """Compare another pane."""
        self.set_layout(self.layout.paired(side, place))

    def _change(self, place: int, pane: PaneChoice) -> None:
        if pane != self.layout.panes[place]:
            self.set_layout(self.layout.changed(place, pane))

    def model_of(self, place: int) -> str:
        """The model that answers a pane."""
        return self._questions.model_of(self.layout.panes[place])

    def keys(self) -> list[PaneKey]:
        """Mode and model of each pane."""
        return [(pane.mode, self.model_of(place)) for place, pane in enumerate(self.layout.panes)]

    def _show_layout(self) -> None:
        points = self._session.source.points
        questions = self._questions
        self._page.set_layout(self.layout, self.model_of, points, questions.models, questions.absent)

    def set_models(self, models: Sequence[ModelSpec], absent: Collection[str]) -> None:
        """Offer other models; panes whose model was tuned further are answered anew."""
        self._questions.models, self._questions.absent = tuple(models), set(absent)
        if self._presenter.loaded is not None:
            self._questions.note_ready(self._presenter.loaded.name)
        self._show_layout()
        self.refresh()

    # --- asking -------------------------------------------------------------------------------------------------------

    @Slot()
    def _refresh_soon(self, *_: Any) -> None:
        """Several changes that come together are one."""
        self._soon.start()

    @Slot()
    def _leave_image(self) -> None:
        self._stop()
        self._results.forget()
        self._former = [None] * len(self.layout.panes)
        self._soon.start()

    @Slot()
    def _leave_dataset(self) -> None:
        self.sitting.forget()
        self._sitting_settings = {}

    @Slot()
    def refresh(self) -> None:
        """Ask for what is lacking, and show what there is."""
        self._soon.stop()
        opened = self._session.opened
        if not self._is_active or opened is None:
            self._stop()
            if self._is_active:
                self._show([])
            return
        self._show_layout()
        questions = self._questions.of(self.layout.panes, opened)
        self._check_sitting(questions)
        self._results.keep_only(questions)
        lacking: list[Question] = []
        for question in sorted(questions, key=_takes_long):
            if self._results.of(question) is None and question not in lacking:
                lacking.append(question)
        # A job has one kind of settings; panes whose threshold was moved by hand have their own, and their own job.
        under_way = [question for question in lacking if question in self._asked]
        lacking = [question for question in lacking if question.settings == (under_way or lacking)[0].settings]
        if not all(question in self._asked for question in lacking):
            self._stop()
            self._asked = lacking
            self._job = self._presenter.jobs.show_side_by_side(request_of(lacking, questions, opened))
        elif not lacking:
            self._stop()  # what is still under way is not asked any more
        self._show(questions)

    def _check_sitting(self, questions: list[Question]) -> None:
        """Figures that were made in another way can't be compared; the name of the object is the category's."""
        same = {
            question.pane: replace(
                question.settings, clip=replace(question.settings.clip, object_name=""), map_method="clip"
            )
            for question in questions
        }
        known = self._sitting_settings
        if any(known.get(pane, settings) != settings for pane, settings in same.items()):
            self.sitting.forget()
            known = {}
        self._sitting_settings = {**known, **same}

    def _stop(self) -> None:
        if self._job:
            self._presenter.jobs.cancel(self._job)
        self._job, self._asked, self._doing = 0, [], None

    # --- answers ------------------------------------------------------------------------------------------------------

    @Slot(object)
    def _on_reply(self, reply: object) -> None:
        match reply:
            case PaneStepped(number=number) if number == self._job:
                self._take(reply)
            case rq.JobEnded(job=job) if job.number == self._job and isinstance(job.work, rq.CompareImage):
                self._end(reply)
            case rq.ModelReady(name=name):
                self._questions.note_ready(name)
                self._results.forget_failures()
                self._show_layout()
                self.refresh()

    def _take(self, step: PaneStepped) -> None:
        question = self._asked[step.pane]
        if step.answer is not None:
            self._results.note(question, step.answer)
        elif step.error:
            self._results.note(question, step.error)
        self._doing = (question, step.text) if step.text else None
        self.refresh()

    def _end(self, ended: rq.JobEnded) -> None:
        asked, self._asked, self._job, self._doing = self._asked, [], 0, None
        if ended.outcome == "failed":
            for question in asked:
                if self._results.of(question) is None:
                    self._results.note(question, ended.error or "Comparing stopped: show the image again.")
            self.refresh()

    def _show(self, questions: list[Question]) -> None:
        found = [self._results.of(question) for question in questions]
        answers = [one for one in found if isinstance(one, PaneAnswer)]
        best = best_of([one.scores.iou if isinstance(one, PaneAnswer) else None for one in found])
        states = []
        for place, one in enumerate(found):
            if isinstance(one, PaneAnswer):
                self._former[place] = one
                by_hand = questions[place].by_hand
                states.append(PaneState("ready", one, "", seconds_of(one, answers), place in best, by_hand=by_hand))
                self._note(place, one)
            elif isinstance(one, str):
                self._former[place] = None
                refused = bool(questions[place].refused)
                states.append(PaneState("failed", None, one, is_refused=refused))
            else:
                doing = self._doing
                words = doing[1] if doing is not None and doing[0] == questions[place] else COMPUTING
                states.append(PaneState("computing", self._former[place], words))
        if answers:
            self._page.linked.finish()
        self.states = states or [PaneState("empty")] * len(self.layout.panes)
        for pane, state in zip(self._page.panes, self.states, strict=True):
            pane.show_state(state)
        self.shown.emit()

    def _note(self, place: int, answer: PaneAnswer) -> None:
        opened = self._session.opened
        if opened is not None:
            self.sitting.note(self.keys()[place], opened.key, answer.scores)


def _takes_long(question: Question) -> bool:
    """What needs a map comes after what is quick."""
    return question.pane.mode in AUTOMATIC_MODES
