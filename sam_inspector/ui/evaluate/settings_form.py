"""How a run is made: its preset and numbers, as far as the chosen modes ask for them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QSpinBox, QVBoxLayout, QWidget

from sam_inspector.anomaly.simplenet.settings import DEFAULT_EPOCHS
from sam_inspector.engine.modes import AUTOMATIC_MODES, TUNED_MODE
from sam_inspector.models.registry import ModelSpec
from sam_inspector.prompting.from_ground_truth import DEFAULT_POINTS
from sam_inspector.ui.evaluate.choices import EvaluateChoices
from sam_inspector.ui.model_names import model_title
from sam_inspector.ui.panels.look import GAP, MARGIN
from sam_inspector.ui.panels.parameter_row import ElidedCombo, ParameterRow

PRESETS = (("recommended", "Recommended"), ("faithful", "Faithful"))
MAPS = (("few-shot", "Few-shot map"), ("clip", "CLIP map"))
BACKGROUNDS = (
    ("", "As taken"),
    ("mixed", "Others, mixed"),
    ("flat", "Others, flat"),
    ("gradient", "Others, graded"),
    ("perlin", "Others, clouds"),
)
ASKED_WITH = (("box", "Boxes"), ("point", "One point"), ("points", "Several points"))
MANY_POINTS = "bps"
"""The mode with many points a region."""


class SettingsForm(QWidget):
    """A part of the form; what it holds is asked for with `choices`."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.preset, self.map, self.background = QComboBox(), ElidedCombo(), ElidedCombo()
        self.tuned, self.asked_with = ElidedCombo(), ElidedCombo()
        self.epochs = QSpinBox()
        self.points, self.shots, self.seed, self.limit = QSpinBox(), QSpinBox(), QSpinBox(), QSpinBox()
        self._combos = (self.preset, self.map, self.background, self.tuned, self.asked_with)
        self._spins = (self.epochs, self.points, self.shots, self.seed, self.limit)
        for name, title in PRESETS:
            self.preset.addItem(title, name)
        for name, title in MAPS:
            self.map.addItem(title, name)
        for kind, title in BACKGROUNDS:
            self.background.addItem(title, kind)
        for kind, title in ASKED_WITH:
            self.asked_with.addItem(title, kind)
        self.set_tuned(())
        self.epochs.setRange(1, 10_000)
        self.points.setRange(1, 999)
        self.shots.setRange(1, 999)
        self.seed.setRange(0, 2**31 - 1)
        self.limit.setRange(0, 99_999)
        self.limit.setSpecialValueText("all")
        for spin in self._spins:
            spin.setAlignment(Qt.AlignmentFlag.AlignRight)
            spin.setFixedWidth(92)
            spin.valueChanged.connect(self.changed)
        for combo in self._combos:
            combo.currentIndexChanged.connect(self.changed)
        self._lay_out()

    def _lay_out(self) -> None:
        self._map_row = ParameterRow("Cascade's map", self.map, tip="Where the cascade's map comes from")
        self._shots_row = ParameterRow(
            "References", self.shots, tip="Normal images that few-shot maps are compared with, a category"
        )
        self._epochs_row = ParameterRow(
            "Epochs", self.epochs, tip="Of SimpleNet, where it was not trained before: some minutes a category"
        )
        self._tuned_row = ParameterRow(
            "Tuned model", self.tuned, tip="What answers “Tuned SAM”; it has to be made from the model that is ticked"
        )
        self._asked_row = ParameterRow(
            "Asked with", self.asked_with, tip="What the tuned model is given for each region of the ground truth"
        )
        self._points_row = ParameterRow(
            "Points", self.points, tip="Points over each region, where there are more than one"
        )
        self._limit_row = ParameterRow(
            "Image limit", self.limit, tip="At most so many images a category, for a quick look; all by default"
        )
        rows = (
            ParameterRow(
                "Preset", self.preset, tip="Recommended, or faithful to the published systems with their quirks"
            ),
            self._tuned_row,
            self._asked_row,
            self._points_row,
            self._map_row,
            self._shots_row,
            self._epochs_row,
            ParameterRow(
                "Background",
                self.background,
                tip="Set test images of objects before other backgrounds, to see how each mode bears it; textures stay",
            ),
            ParameterRow("Seed", self.seed, tip="Whatever is drawn by chance is drawn with it"),
            self._limit_row,
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        column.setSpacing(4)
        for row in rows:
            row.mark(False, "")
            column.addWidget(row)

    def choices(self) -> EvaluateChoices:
        """What is chosen here; all else as usual."""
        return EvaluateChoices(
            preset=self.preset.currentData(),
            points=self.points.value(),
            shots=self.shots.value(),
            seed=self.seed.value(),
            limit=self.limit.value() or None,
            map_method=self.map.currentData(),
            epochs=self.epochs.value(),
            background=self.background.currentData(),
            tuned=self.tuned.currentData(),
            spt_prompts=self.asked_with.currentData(),
        )

    def set_tuned(self, specs: Sequence[ModelSpec]) -> None:
        """Offer the tuned models that there are; the one that is chosen stays."""
        chosen = self.tuned.currentData() or ""
        with QSignalBlocker(self.tuned):
            self.tuned.clear()
            self.tuned.addItem("The ticked model", "")
            for spec in specs:
                self.tuned.addItem(spec.title, spec.name)
                self.tuned.setItemData(self.tuned.count() - 1, spec.note, Qt.ItemDataRole.ToolTipRole)
            self._show_tuned(chosen)

    def _show_tuned(self, name: str) -> None:
        """Show a tuned model, also before all are listed; one that is gone is told when the run is looked at."""
        if self.tuned.findData(name) < 0:
            self.tuned.addItem(model_title(name), name)
        self.tuned.setCurrentIndex(self.tuned.findData(name))

    def set_choices(self, choices: EvaluateChoices) -> None:
        """Show other choices."""
        self.blockSignals(True)
        self.preset.setCurrentIndex(max(0, self.preset.findData(choices.preset)))
        self.map.setCurrentIndex(max(0, self.map.findData(choices.map_method)))
        self.background.setCurrentIndex(max(0, self.background.findData(choices.background)))
        self._show_tuned(choices.tuned)
        self.asked_with.setCurrentIndex(max(0, self.asked_with.findData(choices.spt_prompts)))
        self.epochs.setValue(choices.epochs)
        self.points.setValue(choices.points)
        self.shots.setValue(choices.shots)
        self.seed.setValue(choices.seed)
        self.limit.setValue(choices.limit or 0)
        self.blockSignals(False)

    def show_for(self, modes: Sequence[str]) -> None:
        """Ask for what these modes need only, and mark what is not as usual."""
        rows = [AUTOMATIC_MODES[mode] for mode in modes if mode in AUTOMATIC_MODES]
        self._map_row.setVisible(any(row.map is None for row in rows))
        self._shots_row.setVisible("few-shot" in [row.map or self.map.currentData() for row in rows])
        self._epochs_row.setVisible(any(row.learns for row in rows))
        self._epochs_row.mark(self.epochs.value() != DEFAULT_EPOCHS, str(DEFAULT_EPOCHS), "usually")
        self._tuned_row.setVisible(TUNED_MODE in modes)
        self._asked_row.setVisible(TUNED_MODE in modes)
        is_asked_with_points = TUNED_MODE in modes and self.asked_with.currentData() == "points"
        self._points_row.setVisible(MANY_POINTS in modes or is_asked_with_points)
        self._points_row.mark(self.points.value() != DEFAULT_POINTS, str(DEFAULT_POINTS))
        self._limit_row.mark(self.limit.value() > 0, "all", "usually")


def inset(*widgets: QWidget) -> QWidget:
    """Widgets one below the other, with room around them."""
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
    column.setSpacing(4)
    for widget in widgets:
        column.addWidget(widget)
    return box
