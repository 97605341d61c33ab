"""What each action does: menu entries, tool buttons and keys, connected to session, presenter and views."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import get_args

from PySide6.QtCore import QObject, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QFileDialog

from sam_inspector.core.prompts import Prompts, remove_last
from sam_inspector.core.work import Verdict
from sam_inspector.models.weights import weights_folder
from sam_inspector.resources_path import resources_path
from sam_inspector.ui.actions import ACTIONS, BareKeys, shortcut_rows
from sam_inspector.ui.bindings import Bindings
from sam_inspector.ui.clip_memory import ClipMemory
from sam_inspector.ui.dialogs.about import AboutDialog
from sam_inspector.ui.dialogs.shortcuts import ShortcutsDialog
from sam_inspector.ui.main_window import MainWindow
from sam_inspector.ui.model_choice import ModelChoice
from sam_inspector.ui.presenter import Presenter
from sam_inspector.ui.session import LayerState, Session
from sam_inspector.ui.settings import Settings
from sam_inspector.ui.theme import SchemeChoice, apply_theme

OPACITY_STEP = 0.1
FADING_LAYERS = ("mask", "map", "errors")
EDITING_MENUS = ("Edit", "Prompt")
OF_INSPECT = ("show_map", "open_map")
"""What shows nothing elsewhere, beside all that edits."""
LOOKING = ("fit", "actual_size", "zoom_in", "zoom_out")
OF_IMAGE = ("open_ground_truth", "open_map", "verdict_defect", "verdict_good", "verdict_unsure")
OF_DATASET = ("load_prompts", "export_prompts", "export_masks", "next", "previous", "encode_all")
IMAGE_FILTER = "Images (*.png *.jpg *.jpeg *.bmp *.tif *.tiff *.webp *.gif);;All files (*)"
MAP_FILTER = "Maps (*.tif *.tiff *.npy *.png);;All files (*)"


class Controls(QObject):
    """Connects the actions of a window."""

    overlays_held = Signal(bool)
    """Whether the key that hides all overlays is held"""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        presenter: Presenter,
        bindings: Bindings,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._session = session
        self._presenter = presenter
        self._bindings = bindings
        self._settings = settings
        self._dialogs: dict[str, ShortcutsDialog | AboutDialog] = {}
        self._connect_actions()
        self._connect_undo()
        self._connect_views()
        self.model = ModelChoice(window.model, window.device, presenter, settings, self)
        ClipMemory(presenter.automatic, settings, self)
        self.overlays_held.connect(window.views.canvas.set_overlays_hidden)
        self._keys = BareKeys(window, window.actions_by_name, self.overlays_held.emit)
        session.image_changed.connect(self._enable)
        session.work_changed.connect(self._enable)
        session.mask_changed.connect(self._enable)
        session.dataset_changed.connect(self._enable)
        window.workspace_changed.connect(self._enable)
        session.layer_changed.connect(self._check_layers)
        session.tool_changed.connect(self._check_tool)
        session.source_changed.connect(self._check_source)
        session.options_changed.connect(self._check_source)
        self._check_layers()
        self._check_tool()
        self._check_source()
        self._enable()
        window.action(f"theme_{settings.theme}").setChecked(True)

    # --- connections -----------------------------------------------------------------------------------------------

    def _connect_actions(self) -> None:
        window, session, canvas = self._window, self._session, self._window.views.canvas
        does: dict[str, Callable[[], object]] = {
            "open_folder": self.open_folder,
            "open_image": self._open_image,
            "open_samples": self.open_samples,
            "open_ground_truth": self.open_ground_truth,
            "open_map": self.open_map,
            "load_prompts": self._load_prompts,
            "export_prompts": self._export_prompts,
            "export_masks": self._export_masks,
            "quit": window.close,
            "remove_last": self._remove_last,
            "delete_selected": canvas.delete_selected,
            "clear": self._clear,
            "fit": partial(self._look, canvas.fit),
            "actual_size": partial(self._look, self._zoom_to_actual_size),
            "zoom_in": partial(self._look, canvas.zoom_in),
            "zoom_out": partial(self._look, canvas.zoom_out),
            "show_gt": lambda: self._toggle_layer("gt"),
            "show_errors": lambda: self._toggle_layer("errors"),
            "show_map": lambda: self._toggle_layer("map"),
            "show_mask": lambda: self._toggle_layer("mask"),
            "less_opaque": lambda: self._fade(-OPACITY_STEP),
            "more_opaque": lambda: self._fade(OPACITY_STEP),
            "reset_layout": window.reset_layout,
            "refine": self._toggle_refine,
            "accept": self._accept,
            "discard_accepted": self._discard_accepted,
            "next": lambda: self.step(1),
            "previous": lambda: self.step(-1),
            "encode_all": self._encode_all,
            "clear_cache": self._presenter.jobs.clear_cache,
            "show_weights_folder": self._show_weights_folder,
            "shortcuts": self._show_shortcuts,
            "about": self._show_about,
            "verdict_none": lambda: session.set_verdict(None),
            "source_hand": lambda: session.set_source(replace(session.source, kind="hand")),
            "source_gt": lambda: session.set_source(replace(session.source, kind="gt")),
            "source_auto": lambda: session.set_source(replace(session.source, kind="auto")),
            "toggle_auto": self._toggle_automatic,
        }
        for verdict in get_args(Verdict):
            does[f"verdict_{verdict}"] = partial(self._decide, verdict)
        for tool in ("pan", "positive", "negative", "box"):
            does[f"tool_{tool}"] = partial(session.set_tool, tool)
        for place in range(4):
            does[f"candidate_{place}"] = partial(self._bindings.choose_by_key, place)
        for theme in get_args(SchemeChoice):
            does[f"theme_{theme}"] = partial(self._choose_theme, theme)
        for name, function in does.items():
            # triggered carries a bool that none of these wants
            window.action(name).triggered.connect(lambda _checked=False, function=function: function())

    def _connect_undo(self) -> None:
        group, undo, redo = self._session.undo_group, self._window.action("undo"), self._window.action("redo")
        undo.triggered.connect(group.undo)
        redo.triggered.connect(group.redo)
        group.canUndoChanged.connect(self._enable)
        group.canRedoChanged.connect(self._enable)
        group.undoTextChanged.connect(self._name_undo)
        group.redoTextChanged.connect(self._name_redo)

    @Slot(str)
    def _name_undo(self, what: str) -> None:
        self._window.action("undo").setText(f"Undo {what}".strip())

    @Slot(str)
    def _name_redo(self, what: str) -> None:
        self._window.action("redo").setText(f"Redo {what}".strip())

    def _connect_views(self) -> None:
        views = self._window.views
        views.images.open_requested.connect(self.open_folder)
        views.images.reveal_requested.connect(_reveal)
        views.prompts.open_ground_truth_requested.connect(self.open_ground_truth)
        views.results.open_ground_truth_requested.connect(self.open_ground_truth)
        views.layers.open_map_requested.connect(self.open_map)
        views.canvas.files_dropped.connect(self._open_dropped)
        views.canvas.zoom_changed.connect(views.header.set_zoom)
        views.welcome.open_requested.connect(self.open_folder)
        views.welcome.samples_requested.connect(self.open_samples)
        views.welcome.recent_chosen.connect(self._presenter.open_path)
        views.welcome.set_recent([Path(path) for path in self._settings.recent])
        self._window.files_dropped.connect(self._open_dropped)
        self._window.recent.aboutToShow.connect(self._fill_recent)

    # --- what is possible now --------------------------------------------------------------------------------------

    @Slot()
    def _enable(self) -> None:
        session, window = self._session, self._window
        has_image, has_dataset = session.opened is not None, session.dataset is not None
        work = session.work
        can_accept = session.mask_status == "ready" and bool(work.prompts.decodable)
        able = {
            "undo": session.undo_group.canUndo(),
            "redo": session.undo_group.canRedo(),
            "remove_last": bool(work.prompts),
            "delete_selected": bool(work.prompts),
            "clear": has_image,
            "accept": can_accept,
            "discard_accepted": work.accepted is not None,
            "verdict_none": work.verdict is not None,
            **dict.fromkeys(LOOKING, has_image and not window.shows_no_image),
            **dict.fromkeys(OF_DATASET, has_dataset),
            **dict.fromkeys(OF_IMAGE, has_image),
            **{f"candidate_{place}": can_accept for place in range(4)},
        }
        for row in ACTIONS:
            is_hidden = not window.can_edit and (row.menu in EDITING_MENUS or row.name in OF_INSPECT)
            if row.name in able or row.menu in EDITING_MENUS or row.name in OF_INSPECT:
                window.action(row.name).setEnabled(able.get(row.name, True) and not is_hidden)
        window.views.prompts.accept_button.setEnabled(can_accept)

    @Slot()
    def _check_layers(self) -> None:
        for name in ("gt", "errors", "map", "mask"):
            self._window.action(f"show_{name}").setChecked(self._session.layers[name].visible)

    @Slot()
    def _check_tool(self) -> None:
        self._window.action(f"tool_{self._session.tool}").setChecked(True)

    @Slot()
    def _check_source(self) -> None:
        self._window.action(f"source_{self._session.source.kind}").setChecked(True)
        self._window.make_room_for(self._session.source.kind)
        self._window.action("refine").setChecked(self._session.options.refine)

    # --- opening -----------------------------------------------------------------------------------------------------

    @Slot()
    def open_folder(self) -> None:
        """Ask for a folder and open it."""
        start = self._settings.recent[0] if self._settings.recent else ""
        chosen = QFileDialog.getExistingDirectory(self._window, "Open a folder of images or a dataset", start)
        if chosen:
            self._presenter.open_path(Path(chosen))

    def _open_image(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self._window, "Open an image", self._folder(), IMAGE_FILTER)
        if chosen:
            self._presenter.open_path(Path(chosen))

    @Slot()
    def open_samples(self) -> None:
        """Open the images that come with the program."""
        self._presenter.open_path(resources_path() / "samples")

    @Slot()
    def open_ground_truth(self) -> None:
        """Ask for a mask to score the image on screen against."""
        chosen, _ = QFileDialog.getOpenFileName(self._window, "Open a ground-truth mask", self._folder(), IMAGE_FILTER)
        if chosen:
            self._presenter.read_ground_truth(Path(chosen))

    @Slot()
    def open_map(self) -> None:
        """Ask for a map to lay over the image on screen."""
        chosen, _ = QFileDialog.getOpenFileName(self._window, "Open an anomaly map", self._folder(), MAP_FILTER)
        if chosen:
            self._presenter.read_map(Path(chosen))

    @Slot(list)
    def _open_dropped(self, paths: list[Path]) -> None:
        if paths:
            self._presenter.open_path(Path(paths[0]))

    @Slot()
    def _fill_recent(self) -> None:
        self._window.recent.clear()
        for path in self._settings.recent:
            self._window.recent.addAction(path, partial(self._presenter.open_path, Path(path)))
        if not self._settings.recent:
            self._window.recent.addAction("No folder was opened yet").setEnabled(False)

    def _folder(self) -> str:
        opened = self._session.opened
        return str(opened.sample.path.parent) if opened is not None else ""

    def _load_prompts(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self._window, "Load a prompt set", self._root(), "Prompt sets (*.json)")
        if chosen:
            self._presenter.load_prompts(Path(chosen))

    def _export_prompts(self) -> None:
        start = str(Path(self._root()) / "prompts.json")
        chosen, _ = QFileDialog.getSaveFileName(self._window, "Export prompts", start, "Prompt sets (*.json)")
        if chosen:
            self._presenter.export_prompts(Path(chosen).with_suffix(".json"))

    def _export_masks(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self._window, "Folder for the accepted masks", self._root())
        if chosen:
            self._presenter.export_masks(Path(chosen))

    def _root(self) -> str:
        dataset = self._session.dataset
        is_bundled = dataset is None or dataset.root.is_relative_to(resources_path())
        return str(Path.home()) if is_bundled else str(dataset.root)

    # --- working -----------------------------------------------------------------------------------------------------

    def step(self, by: int) -> None:
        """Go to the next or previous image of the list."""
        images = self._window.views.images
        # Not from the image on screen: one that was chosen may still be read, and the next key goes on from there.
        here = self._session.current_key
        key = images.next_key(here) if by > 0 else images.previous_key(here)
        if key is not None:
            self._presenter.select(key)

    def _decide(self, verdict: Verdict) -> None:
        self._session.set_verdict(verdict)
        self.step(1)

    def _accept(self) -> None:
        self._session.accept_region()

    def _discard_accepted(self) -> None:
        work = replace(self._session.work, accepted=None, accepted_prompts=Prompts())
        self._session.edit_work(work, "discard accepted mask")

    def _remove_last(self) -> None:
        prompts = self._session.work.prompts
        if prompts:
            self._session.edit_prompts(remove_last(prompts), "remove last prompt")

    def _clear(self) -> None:
        if not self._window.views.canvas.cancel_drag():
            self._bindings.clear_prompts()

    def _toggle_automatic(self) -> None:
        source = self._session.source
        self._session.set_source(replace(source, kind="hand" if source.kind == "auto" else "auto"))

    def _toggle_refine(self) -> None:
        options = self._session.options
        self._session.set_options(replace(options, refine=not options.refine))

    # --- looking -----------------------------------------------------------------------------------------------------

    def _look(self, does: Callable[[], object]) -> None:
        """Zoom the canvas; in another workspace it stays where it was left."""
        if self._window.can_edit:
            does()

    def _zoom_to_actual_size(self) -> None:
        canvas, opened = self._window.views.canvas, self._session.opened
        canvas.zoom_to(1.0)
        view = canvas.viewport()
        if opened is not None and opened.image.width <= view.width() and opened.image.height <= view.height():
            canvas.center_on(opened.image.width / 2, opened.image.height / 2)

    def _toggle_layer(self, name: str) -> None:
        state = self._session.layers[name]
        self._session.set_layer(name, LayerState(not state.visible, state.opacity))

    def _fade(self, by: float) -> None:
        for name in FADING_LAYERS:
            state = self._session.layers[name]
            opacity = round(min(1.0, max(0.1, state.opacity + by)), 2)
            self._session.set_layer(name, LayerState(state.visible, opacity))

    def _choose_theme(self, theme: SchemeChoice) -> None:
        self._settings.theme = theme
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply_theme(app, theme)

    def _encode_all(self) -> None:
        samples = (self._session.sample(key) for key in self._window.views.images.visible_keys())
        paths = tuple(sample.path for sample in samples if sample is not None)
        self._presenter.jobs.encode(paths, self._session.options.preset)

    # --- model and help ----------------------------------------------------------------------------------------------

    def _show_weights_folder(self) -> None:
        folder = weights_folder()
        folder.mkdir(parents=True, exist_ok=True)
        _reveal(folder)

    def _show_shortcuts(self) -> None:
        self._show_dialog("shortcuts", lambda: ShortcutsDialog(shortcut_rows(), self._window))

    def _show_about(self) -> None:
        self._show_dialog("about", lambda: AboutDialog(self._window))

    def _show_dialog(self, name: str, make: Callable[[], ShortcutsDialog | AboutDialog]) -> None:
        dialog = self._dialogs.get(name) or self._dialogs.setdefault(name, make())
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()


@Slot(object)
def _reveal(path: Path) -> None:
    folder = path if path.is_dir() else path.parent
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
