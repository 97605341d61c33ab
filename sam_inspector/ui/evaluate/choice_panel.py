"""The left side of the Evaluate view: what is evaluated, how, and the buttons that start and stop it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from sam_inspector.engine.modes import AUTOMATIC_MODES, EVALUATE_MODES
from sam_inspector.ui import icons
from sam_inspector.ui.evaluate.choices import EvaluateChoices
from sam_inspector.ui.evaluate.dataset_tree import DatasetTree
from sam_inspector.ui.evaluate.settings_form import SettingsForm, inset
from sam_inspector.ui.evaluate.words import mode_line, mode_title, short_name
from sam_inspector.ui.model_names import model_title
from sam_inspector.ui.panels.buttons import AccentButton, IconButton, PlainButton
from sam_inspector.ui.panels.empty_state import EmptyState
from sam_inspector.ui.panels.labels import TonedLabel
from sam_inspector.ui.panels.look import GAP, MARGIN
from sam_inspector.ui.panels.panel_header import PanelHeader

RunState = Literal["idle", "preparing", "running", "paused", "stopped"]
LEAST_PX = 212


class ChoicePanel(QWidget):
    """A form; what it holds is asked for with `choices`, and `changed` tells that a person changed it."""

    changed = Signal()
    add_requested = Signal()
    folder_requested = Signal()
    folder_typed = Signal(str)
    open_requested = Signal()
    """An earlier run"""
    start_requested = Signal()
    pause_requested = Signal()
    go_on_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tree = DatasetTree()
        self.no_data = EmptyState("No dataset is open.", "Add a folder…", icon="folder")
        self.add = IconButton(icons.icon("add"), "Add the folder of a dataset")
        self.modes = {mode: QCheckBox(mode_title(mode)) for mode in EVALUATE_MODES}
        self.models: dict[str, QCheckBox] = {}
        self.no_model = TonedLabel("Looking for weights…", px=12, tone="muted", wrap=True)
        self.settings = SettingsForm()
        self.points, self.limit = self.settings.points, self.settings.limit
        self.out = QLineEdit()
        self.choose_out = IconButton(icons.icon("folder"), "Choose another folder for the results")
        self.hint = TonedLabel(px=12, tone="muted", wrap=True)
        self.start = AccentButton("Start", "play")
        self.go_on = AccentButton("Go on", "play", tip="Go on where the run was stopped")
        self.anew = PlainButton("Start anew", tip="Begin another run with these choices, in a folder of its own")
        self.pause = PlainButton("Pause", "pause")
        self.cancel = PlainButton("Cancel", "cancel", tip="Stop; what is finished is kept, and the run can go on later")
        self.open_run = PlainButton("Open a run…", "folder", tip="Open the folder of an earlier run")
        self._form = QWidget()
        self._automatic = Path()
        self._state: RunState = "idle"
        self._can_go_on = False
        self._lay_out()
        self._connect()
        self.set_state("idle")
        self.set_choices(EvaluateChoices())

    # --- what it holds -------------------------------------------------------------------------------------------

    def choices(self) -> EvaluateChoices:
        """What is chosen."""
        roots, categories = self.tree.wish()
        return replace(
            self.settings.choices(),
            roots=roots,
            categories=categories,
            modes=tuple(mode for mode, box in self.modes.items() if box.isChecked()),
            models=tuple(model for model, box in self.models.items() if box.isChecked()),
            out=self.out.text().strip(),
        )

    def set_choices(self, choices: EvaluateChoices) -> None:
        """Show other choices; datasets and the folder of results stay."""
        for mode, box in self.modes.items():
            box.blockSignals(True)
            box.setChecked(mode in choices.modes)
            box.blockSignals(False)
        self.settings.set_choices(choices)
        self._show_dependent()

    def set_models(self, names: Sequence[str], ticked: Sequence[str], notes: Mapping[str, str]) -> None:
        """The models whose weights are here, and what helps to choose among them."""
        for name in [name for name in self.models if name not in names]:
            box = self.models.pop(name)
            self._models.removeWidget(box)
            box.deleteLater()
        for name in names:
            if name not in self.models:
                box = QCheckBox(short_name(model_title(name)))
                box.setChecked(name in ticked)
                box.toggled.connect(self._on_changed)
                self.models[name] = box
                self._models.addWidget(box)
        for name, box in self.models.items():
            box.setToolTip(f"{model_title(name)}: a run of its own. {notes.get(name, '')}".strip())
        self.no_model.setText("" if names else "No weights are here yet: choose a model in the tool bar to fetch it.")
        self.no_model.setVisible(not names)

    def tick_models(self, names: Sequence[str]) -> None:
        """Tick these of the models whose weights are here, and no other."""
        for name, box in self.models.items():
            box.blockSignals(True)
            box.setChecked(name in names)
            box.blockSignals(False)

    def set_out(self, folder: str) -> None:
        """The folder that a person chose; empty leaves it to the program."""
        if self.out.text() != folder:
            self.out.setText(folder)
        self._name_out()

    def set_automatic_out(self, folder: Path) -> None:
        """The folder that results go to when nobody chose one."""
        self._automatic = folder
        self.out.setPlaceholderText(folder.name)
        self._name_out()

    @Slot()
    def _name_out(self) -> None:
        text = self.out.text().strip()
        self.out.setToolTip(text or f"{self._automatic}\nNamed by itself; type another folder to choose one.")
        self._out_header.set_subtitle("" if text else "named by itself")

    def set_hint(self, sentence: str, *, is_problem: bool) -> None:
        """What stands above the button: what will be done, or why it can't be."""
        # A line may end within a path.
        self.hint.setText(sentence.replace("/", "/\u200b"))
        self.hint.setToolTip(sentence)
        self.hint.set_tone("changed" if is_problem else "muted")
        self.hint.setVisible(bool(sentence))

    def set_can_start(self, can: bool) -> None:
        """Whether the button answers."""
        self.start.setEnabled(can)
        self.anew.setEnabled(can)

    def set_can_go_on(self, can: bool) -> None:
        """Whether the form asks for what the run that was stopped does; else only another one can be started."""
        self._can_go_on = can
        self._show_buttons()

    def set_state(self, state: RunState) -> None:
        """Show the buttons for how it stands with the run."""
        self._state = state
        for widget in self._fields:
            widget.setEnabled(state in ("idle", "stopped"))
        self.start.setText("Starting…" if state == "preparing" else "Start")
        self._show_buttons()

    def _show_buttons(self) -> None:
        state, goes_on = self._state, self._state == "stopped" and self._can_go_on
        self.start.setVisible(state in ("idle", "preparing") or (state == "stopped" and not goes_on))
        self.pause.setVisible(state == "running")
        self.cancel.setVisible(state in ("running", "paused"))
        self.go_on.setVisible(state == "paused" or goes_on)
        self.anew.setVisible(goes_on)
        self.open_run.setVisible(state in ("idle", "stopped") and not goes_on)

    def show_datasets(self) -> None:
        """Show the tree, or that there is no dataset."""
        self._no_data.setVisible(not self.tree.datasets())
        self._tree.setVisible(bool(self.tree.datasets()))

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(256, 700)

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(max(LEAST_PX, self._area.minimumSizeHint().width()), 300)

    # --- building ------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        column = QVBoxLayout(self._form)
        column.setContentsMargins(0, 0, 0, GAP)
        column.setSpacing(0)
        self._data_header = PanelHeader("Data")
        self._data_header.add_button(self.add)
        column.addWidget(self._data_header)
        self._no_data = inset(self.no_data)
        self._tree = inset(self.tree)
        modes = inset(*self.modes.values())
        column.addWidget(self._no_data)
        column.addWidget(self._tree)
        column.addWidget(PanelHeader("Modes"))
        column.addWidget(modes)
        for mode, box in self.modes.items():
            box.setToolTip(f"{mode}: {mode_line(mode)}")
        column.addWidget(PanelHeader("Models"))
        models = inset(self.no_model)
        self._models = models.layout()
        column.addWidget(models)
        column.addWidget(PanelHeader("Settings"))
        settings = self.settings
        column.addWidget(settings)
        column.addStretch(1)
        self._out_header = PanelHeader("Results go to")
        self.out.setClearButtonEnabled(True)  # the way back to the name that is found by itself
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(MARGIN, GAP, GAP, 0)
        row.addWidget(self.out, 1)
        row.addWidget(self.choose_out)
        self._fields = (self.add, self._no_data, self._tree, modes, models, settings, line)
        self.show_datasets()
        self._area = _FormArea(self._form)
        foot = inset(self.hint)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        for button in (self.start, self.go_on, self.pause, self.anew, self.cancel, self.open_run):
            buttons.addWidget(button, 1)
        foot.layout().addLayout(buttons)
        foot.layout().setContentsMargins(MARGIN, GAP, MARGIN, MARGIN)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._area, 1)
        for part in (self._out_header, line, foot):
            outer.addWidget(part)

    def _connect(self) -> None:
        self.tree.changed.connect(self._on_changed)
        for box in self.modes.values():
            box.toggled.connect(self._on_changed)
        self.settings.changed.connect(self._on_changed)
        self.add.clicked.connect(self.add_requested)
        self.no_data.pressed.connect(self.add_requested)
        self.choose_out.clicked.connect(self.folder_requested)
        self.out.textChanged.connect(self._name_out)
        self.out.textChanged.connect(self.folder_typed)
        self.open_run.clicked.connect(self.open_requested)
        for button in (self.start, self.anew):
            button.clicked.connect(self.start_requested)
        self.pause.clicked.connect(self.pause_requested)
        self.go_on.clicked.connect(self.go_on_requested)
        self.cancel.clicked.connect(self.cancel_requested)

    @Slot()
    def _on_changed(self) -> None:
        self._show_dependent()
        self.changed.emit()

    def _show_dependent(self) -> None:
        """What no chosen mode asks for is not asked."""
        modes = [mode for mode, box in self.modes.items() if box.isChecked()]
        self.settings.show_for(modes)
        for mode, box in self.modes.items():
            box.setText(mode_title(mode, self.settings.points.value()))
        with_normal = any(mode in AUTOMATIC_MODES for mode in modes)
        self.tree.set_with_normal(with_normal)
        self._data_header.set_subtitle("test images" if with_normal else "anomalous images")


class _FormArea(QScrollArea):
    """Scrolls the form up and down, and is always wide enough for it and the scroll bar."""

    def __init__(self, form: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(form)

    def minimumSizeHint(self) -> QSize:
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(self.widget().minimumSizeHint().width() + bar, 120)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()
