"""Maps by sentences and views: the fields of the prompts panel, the window of sentences, and fetching weights."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from sam_inspector.core.errors import InputError, StoreError
from sam_inspector.core.text_prompts import TextPrompts
from sam_inspector.data.text_prompts import default_text_prompts, read_text_prompts, write_text_prompts
from sam_inspector.models.clip_registry import CLIP_MODELS, get_clip_spec
from sam_inspector.models.weights import weights_path
from sam_inspector.ui.automatic_prompting import AutomaticPrompting
from sam_inspector.ui.dialogs.sentences import SentencesDialog
from sam_inspector.ui.map_sources import count_text
from sam_inspector.ui.panels.clip_controls import ClipModelRow, ClipView, WeightsView
from sam_inspector.ui.panels.jobs import JobRow
from sam_inspector.ui.session import Session
from sam_inspector.ui.views import Views

FETCH_JOB = -1
"""Number of the row that stands for fetching weights; jobs of the compute thread count from 1."""
LAYERS_FILTER = "Trained layers (*.safetensors);;All files (*)"
SENTENCES_FILTER = "Sentences (*.json);;All files (*)"
NAMED_CATEGORIES = 4


class ClipBindings(QObject):
    """Connects the choices of maps by sentences to the prompts panel and the jobs strip."""

    def __init__(
        self, session: Session, automatic: AutomaticPrompting, views: Views, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._automatic = automatic
        self._choice = automatic.clip
        self._weights = automatic.weights
        self._views = views
        self._dialog: SentencesDialog | None = None
        self._began = 0.0
        controls = views.prompts.automatic.clip
        self._offered: tuple[str, ...] = ()
        self._offer_models()
        controls.name_chosen.connect(self._name)
        controls.sentences_requested.connect(self.show_sentences)
        controls.model_chosen.connect(self._choose_model)
        controls.layers_requested.connect(self._open_layers)
        controls.layers_dropped.connect(self._choice.drop_adapter)
        controls.fetch_requested.connect(self._fetch)
        controls.fetch_cancelled.connect(self._weights.cancel)
        views.status.jobs.cancel_requested.connect(self._cancel_job)
        automatic.settings_changed.connect(self._show)
        automatic.map_changed.connect(self._show)
        session.work_changed.connect(self._show)
        self._weights.changed.connect(self._show_job)
        self._show()

    @Slot()
    def _show(self) -> None:
        automatic, choice, controls = self._automatic, self._choice, self._views.prompts.automatic.clip
        if choice.model not in self._offered:
            self._offer_models()
        category, manifest = automatic.category, choice.manifest
        texts = choice.texts
        states = len(texts.normal) + len(texts.abnormal)
        own = "bundled" if choice.is_bundled else "of your own"
        tip = f"{states:,} states of the object in {count_text(len(texts.templates), 'template')}, {own}"
        note = f"Trained on {_names(manifest.categories)}." if manifest is not None else ""
        warning = f"“{category}” was among them: scores of it say nothing about new parts."
        controls.set_view(
            ClipView(
                name=choice.name_of(category),
                name_error=choice.name_error(category) if category else "",
                name_note=choice.name_note(category),
                sentences=f"{choice.sentence_count:,} {own}",
                sentences_tip=tip,
                model=choice.model,
                layers=choice.adapter.name if choice.adapter is not None else "",
                layers_path=str(choice.adapter or ""),
                layers_note=note,
                layers_warning=warning if choice.has_seen(category) else "",
                layers_error=choice.adapter_error,
                weights=self._weights_view(),
            )
        )
        controls.set_score(automatic.text_score)
        if self._dialog is not None:
            self._dialog.set_in_use(texts)

    def _offer_models(self) -> None:
        """Those of the registry, and the file of the user's own that was last chosen."""
        chosen = self._choice.model
        self._offered = tuple(CLIP_MODELS) if chosen in CLIP_MODELS else (*CLIP_MODELS, chosen)
        self._views.prompts.automatic.clip.set_models([_model_row(name) for name in self._offered])

    def _weights_view(self) -> WeightsView | None:
        name = self._choice.model
        lost = self._weights.lost_file(name)
        if lost is not None:
            words = f"There is no file {lost} any more: choose another model, or put the weights back."
            return WeightsView(words + self._so_far(), "", "")
        if not self._weights.is_missing(name):
            return None
        spec = get_clip_spec(name)
        size = f"{spec.size_bytes / 1e6:,.0f} MB"
        path = weights_path(spec)
        return WeightsView(
            f"{spec.title} needs weights that are not here yet: {size}, licence {spec.licence}.{self._so_far()}",
            f"Or run “sam-inspector models get {name}”, or put the file {path.name} into the folder of weights "
            "(Tools, Show weights folder).",
            f"Fetch ({size}, {spec.licence})…",
            f"Fetching, {100 * self._weights.fraction:.0f} %" if self._weights.fetching == name else "",
        )

    def _so_far(self) -> str:
        leftover = self._automatic.leftover
        return f" Until then the mask shown is the one made before: {leftover}." if leftover else ""

    # --- the fields ------------------------------------------------------------------------------------------------

    @Slot(str)
    def _name(self, name: str) -> None:
        self._choice.set_name(self._automatic.category, name)

    @Slot(str)
    def _choose_model(self, name: str) -> None:
        self._choice.choose_model(name)

    @Slot()
    def _open_layers(self) -> None:
        start = str(self._choice.adapter.parent) if self._choice.adapter is not None else ""
        chosen, _ = QFileDialog.getOpenFileName(self._views.prompts, "Open trained layers", start, LAYERS_FILTER)
        if chosen:
            self._choice.open_adapter(Path(chosen))

    # --- weights ---------------------------------------------------------------------------------------------------

    @Slot()
    def _fetch(self) -> None:
        self._began = time.monotonic()
        self._weights.fetch(self._choice.model)

    @Slot(int)
    def _cancel_job(self, number: int) -> None:
        if number == FETCH_JOB:
            self._weights.cancel()

    @Slot()
    def _show_job(self) -> None:
        weights, jobs = self._weights, self._views.status.jobs
        if not weights.fetching:
            jobs.remove_job(FETCH_JOB)
            return
        done = weights.fraction
        left = (time.monotonic() - self._began) * (1 - done) / done if done > 0 else None
        title = f"Fetch {get_clip_spec(weights.fetching).title}"
        jobs.set_job(JobRow(FETCH_JOB, title, done, f"{100 * done:.0f} %", left))

    # --- sentences -------------------------------------------------------------------------------------------------

    @Slot()
    def show_sentences(self) -> None:
        """Show the window of sentences; what was typed into it before and not used is still there."""
        dialog = self._dialog
        if dialog is None:
            dialog = self._dialog = SentencesDialog(self._views.prompts.window())
            dialog.applied.connect(self._use)
            dialog.reset_requested.connect(self._reset)
            dialog.open_requested.connect(self._open_sentences)
            dialog.save_requested.connect(self._save_sentences)
            dialog.set_texts(self._choice.texts)
            dialog.set_in_use(self._choice.texts)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    @Slot(object)
    def _use(self, texts: TextPrompts) -> None:
        self._choice.set_texts(texts)

    @Slot()
    def _reset(self) -> None:
        assert self._dialog is not None
        self._dialog.set_texts(default_text_prompts())

    @Slot()
    def _open_sentences(self) -> None:
        assert self._dialog is not None
        chosen, _ = QFileDialog.getOpenFileName(self._dialog, "Open sentences", "", SENTENCES_FILTER)
        if not chosen:
            return
        try:
            texts = read_text_prompts(Path(chosen))
        except InputError as error:
            self._dialog.tell(str(error))
            return
        self._dialog.set_texts(texts)

    @Slot(object)
    def _save_sentences(self, texts: TextPrompts) -> None:
        assert self._dialog is not None
        chosen, _ = QFileDialog.getSaveFileName(self._dialog, "Save sentences", "sentences.json", SENTENCES_FILTER)
        if not chosen:
            return
        try:
            write_text_prompts(Path(chosen), texts)
        except (InputError, StoreError) as error:
            self._dialog.tell(str(error))


def _model_row(name: str) -> ClipModelRow:
    spec = get_clip_spec(name)
    note = f"{spec.note} {spec.size_bytes / 1e6:,.0f} MB, {spec.licence}." if spec.file is None else str(spec.file)
    return ClipModelRow(name, spec.title, note)


def _names(categories: tuple[str, ...]) -> str:
    if len(categories) <= NAMED_CATEGORIES:
        return ", ".join(categories)
    return f"{', '.join(categories[:NAMED_CATEGORIES])} and {count_text(len(categories) - NAMED_CATEGORIES, 'other')}"
