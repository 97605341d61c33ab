"""What can be chosen in the Evaluate view and what was: datasets, models, the folder of results, and a look ahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import platformdirs
from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QFileDialog

from sam_inspector.engine.requests import ModelReady
from sam_inspector.models.registry import ModelSpec
from sam_inspector.ui.evaluate import tasks
from sam_inspector.ui.evaluate.choice_panel import ChoicePanel
from sam_inspector.ui.evaluate.choices import EvaluateChoices, proposed_folder
from sam_inspector.ui.evaluate.dataset_counts import ListedDataset
from sam_inspector.ui.evaluate.run import summary_of
from sam_inspector.ui.file_thread import FileThread
from sam_inspector.ui.presenter import Presenter
from sam_inspector.ui.session import Session
from sam_inspector.ui.settings import Settings

LOOK_AHEAD_MS = 250


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the form held when it was filled with a run, the run's folder, and whether all of it is here."""

    choices: EvaluateChoices
    out: str
    is_here: bool


class Wishes(QObject):
    """Fills the form, remembers it, and has it looked at on the file thread."""

    prepared = Signal(object)
    """`Prepared` of a run that is to begin"""
    fits_changed = Signal(bool)
    """Whether the form asks for what the run on screen was asked for"""
    trouble = Signal(str, str)

    def __init__(
        self,
        panel: ChoicePanel,
        session: Session,
        presenter: Presenter,
        files: FileThread,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._panel = panel
        self._session = session
        self._files = files
        self._settings = settings
        self._has_begun = False
        self._here: tuple[ModelSpec, ...] = ()
        self._loaded = presenter.loaded.name if presenter.loaded is not None else ""
        self._window_root = ""
        self._is_settled = False
        self._shown: _Shown | None = None
        self._looked: tasks.PrepareRun | None = None
        self._look = QTimer(self, singleShot=True, interval=LOOK_AHEAD_MS)
        self._look.timeout.connect(self._look_ahead)
        files.done.connect(self._on_file_done)
        session.dataset_changed.connect(self._list_open_dataset)
        presenter.model_ready.connect(self._note_model)
        panel.changed.connect(self._on_changed)
        panel.add_requested.connect(self.ask_for_folder)
        panel.folder_requested.connect(self._ask_for_out)
        panel.folder_typed.connect(self._on_changed)
        panel.tree.changed.connect(self._on_ticked)
        panel.tree.remove_requested.connect(self._remove)
        panel.set_choices(settings.evaluate.choices)

    def begin(self) -> None:
        """The view is looked at for the first time: look for datasets and models now."""
        self._has_begun = True
        self._list_open_dataset()
        for root in self._settings.evaluate.roots:
            self._files.submit(tasks.ListDataset(Path(root)))
        self._files.submit(tasks.ListModels())
        self._on_changed()

    def prepare(self, *, resume: bool, choices: EvaluateChoices | None = None) -> None:
        """Have a run prepared: of these choices, or of those on screen."""
        self._look.stop()
        self._looked = None
        self._is_settled = True
        wish = choices or self._panel.choices()
        if not wish.out:
            wish = replace(wish, out=str(self._automatic()))
        known = self._panel.tree.datasets()
        self._files.submit(tasks.BeginRun(wish, known, (self._loaded,), resume=resume))

    def show_run(self, choices: EvaluateChoices, folders: Mapping[str, str], listed: Sequence[ListedDataset]) -> bool:
        """Fill the form with what a run was asked for.

        Parameters
        ----------
        folders
            Its categories, each with its folder.
        listed
            The datasets that these are in; those that the form lacks are added to it.

        Returns
        -------
        bool
            Whether all of it is here: its models and its images.
        """
        tree = self._panel.tree
        if self._panel.choices().asks_the_same(choices):
            self._shown = _Shown(self._panel.choices(), choices.out, True)
            self._on_changed()
            return True
        missing = dict(folders)
        ticks: dict[str, list[str]] = {}
        for each in (None, *listed):
            if each is not None and each.dataset is not None:
                if not any(missing.get(row.name) == row.folder for row in each.categories):
                    continue
                tree.add_dataset(each, ticked=())
            for dataset in tree.datasets():
                root = str(dataset.root)
                for name, folder in tree.folders(root).items():
                    if missing.get(name) == folder:
                        ticks.setdefault(root, []).append(name)
                        del missing[name]
        self._is_settled = True
        tree.set_ticks(ticks)
        self._panel.show_datasets()
        self._panel.set_choices(choices)
        self._panel.tick_models(choices.models)
        is_here = not missing and set(choices.models) <= set(self._panel.models)
        self._shown = _Shown(self._panel.choices(), choices.out, is_here)
        if self._panel.out.text().strip() != choices.out:
            self._panel.set_out("")
        self._on_changed()
        return is_here

    def forget_run(self, *, is_complete: bool) -> None:
        """No run is to be gone on with: the next one gets a folder of its own."""
        self._shown = None
        if is_complete:
            self._panel.set_out("")
        self._on_changed()

    def remember(self) -> None:
        """Keep the choices for the next time; datasets and folders of results have places of their own."""
        choices = self._panel.choices()
        self._settings.evaluate.choices = replace(choices, roots=(), categories=(), out="")

    def parent_folder(self) -> Path:
        """Where new folders of results are proposed."""
        chosen = self._settings.evaluate.out_parent
        return Path(chosen) if chosen else platformdirs.user_documents_path() / "SAM Inspector"

    def _automatic(self) -> Path:
        """A new folder for the results; while the form asks for what the run on screen does, the folder of that."""
        if self._fits():
            assert self._shown is not None
            return Path(self._shown.out)
        roots, categories = self._panel.tree.wish()
        names = categories or tuple(Path(root).name for root in roots)
        return proposed_folder(self.parent_folder(), names, datetime.now())

    def _fits(self) -> bool:
        """Whether the form asks for what the run on screen was asked for, in its folder."""
        shown, now = self._shown, self._panel.choices()
        return shown is not None and shown.is_here and now.asks_the_same(shown.choices) and now.out in ("", shown.out)

    # --- datasets ------------------------------------------------------------------------------------------------

    @Slot()
    def ask_for_folder(self) -> None:
        """Ask for the folder of a dataset and add it."""
        roots = self._settings.evaluate.roots or tuple(self._settings.recent[:1])
        start = str(Path(roots[-1]).parent) if roots else ""
        chosen = QFileDialog.getExistingDirectory(self._panel, "Add a dataset or one of its categories", start)
        if chosen:
            self.add_folder(Path(chosen))

    def add_folder(self, folder: Path) -> None:
        """Add a dataset; it is opened on the file thread."""
        self._files.submit(tasks.ListDataset(folder))

    @Slot()
    def _list_open_dataset(self) -> None:
        dataset = self._session.dataset
        if self._has_begun and dataset is not None:
            self._files.submit(tasks.ListDataset(dataset))

    @Slot(str)
    def _remove(self, root: str) -> None:
        self._is_settled = True
        self._panel.tree.remove_dataset(root)
        kept = self._settings.evaluate.roots
        self._settings.evaluate.roots = tuple(other for other in kept if other != root)
        self._panel.show_datasets()
        self._on_changed()

    def _show_listed(self, task: tasks.ListDataset, listed: ListedDataset) -> None:
        kept = self._settings.evaluate
        if listed.dataset is None:
            self.trouble.emit("error", listed.problem)
            kept.roots = tuple(root for root in kept.roots if root != str(task.source))
            return
        root = str(listed.dataset.root)
        is_open = task.source is self._session.dataset
        if is_open:
            is_other = root not in {str(dataset.root) for dataset in self._panel.tree.datasets()}
            if is_other and self._is_listed(listed):
                return
            # Until a person has chosen something the list follows the window; what was chosen stays.
            if self._window_root and not self._is_settled and self._window_root not in kept.roots:
                self._panel.tree.remove_dataset(self._window_root)
            self._window_root = root
        elif isinstance(task.source, Path):
            if root not in kept.roots:
                kept.roots = (*kept.roots, root)
        else:
            return  # another dataset was opened in the window meanwhile
        has_ticks = bool(self._panel.tree.wish()[0])
        ticked = () if is_open and self._is_settled and has_ticks else None
        self._panel.tree.add_dataset(listed, first=is_open, ticked=ticked)
        self._panel.show_datasets()
        self._on_changed()

    def _is_listed(self, listed: ListedDataset) -> bool:
        """Whether all categories of a dataset stand in the list, maybe as parts of another one."""
        tree = self._panel.tree
        there = {folder for dataset in tree.datasets() for folder in tree.folders(str(dataset.root)).values()}
        return bool(listed.categories) and all(row.folder and row.folder in there for row in listed.categories)

    # --- models and the folder of results ------------------------------------------------------------------------

    @Slot(object)
    def _note_model(self, ready: ModelReady) -> None:
        self._loaded = ready.name
        self._show_models()

    def _show_models(self) -> None:
        names = tuple(dict.fromkeys((*(spec.name for spec in self._here), *((self._loaded,) if self._loaded else ()))))
        wanted = self._settings.evaluate.choices.models or (self._loaded or self._settings.model,)
        ticked = wanted if set(wanted) & set(names) else names[:1]
        if self._has_begun:
            self._panel.settings.set_tuned([spec for spec in self._here if spec.tuned_sha256])
            self._panel.set_models(names, ticked, {spec.name: spec.note for spec in self._here})
            self._on_changed()

    @Slot()
    def _ask_for_out(self) -> None:
        start = str(self.parent_folder())
        chosen = QFileDialog.getExistingDirectory(
            self._panel, "Folder in which results get a folder of their own", start
        )
        if chosen:
            self._settings.evaluate.out_parent = chosen
            self._panel.set_out("")
            self._on_changed()

    # --- the look ahead ------------------------------------------------------------------------------------------

    @Slot()
    def _on_ticked(self) -> None:
        self._is_settled = True

    @Slot()
    def _on_changed(self) -> None:
        self._looked = None  # an answer under way is of another wish
        self._panel.set_automatic_out(self._automatic())
        self.fits_changed.emit(self._fits())
        self._look.start()

    @Slot()
    def look_again(self) -> None:
        """Something elsewhere may have changed: weights may be there now, or images gone."""
        if self._has_begun:
            self._files.submit(tasks.ListModels())
            self._look.start()

    @Slot()
    def _look_ahead(self) -> None:
        wish = self._panel.choices()
        if wish.missing:
            self._panel.set_can_start(False)
            self._panel.set_hint(wish.missing, is_problem=False)
        elif self._has_begun:
            if self._fits():
                wish = replace(wish, out="")  # its folder holds what is gone on with
            self._looked = tasks.PrepareRun(wish, self._panel.tree.datasets(), (self._loaded,))
            self._files.submit(self._looked)

    @Slot(object, object)
    def _on_file_done(self, task: object, result: Any) -> None:
        match task:
            case tasks.ListDataset():
                self._show_listed(task, result)
            case tasks.ListModels():
                self._here = result
                self._show_models()
            case tasks.BeginRun():
                self.prepared.emit(result)
            case tasks.PrepareRun() if task is self._looked:
                self._panel.set_can_start(not result.problem)
                self._panel.set_hint(result.problem or summary_of(result), is_problem=bool(result.problem))
