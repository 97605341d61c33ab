"""What the prompts panel shows while prompts are made from an anomaly map: what makes the map, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from sam_inspector.anomaly.settings import FewShotSettings, ReferenceChoice
from sam_inspector.prompting.automatic import AutomaticPrompts
from sam_inspector.prompting.cascade_settings import CascadedPrompting
from sam_inspector.ui.panels.automatic_parameters import ROWS, THRESHOLD_ROWS, AutomaticParameters, BackboneRow
from sam_inspector.ui.panels.cascade_parameters import CascadeParameters
from sam_inspector.ui.panels.clip_controls import ClipControls
from sam_inspector.ui.panels.empty_state import EmptyState
from sam_inspector.ui.panels.fold import CARET, Fold
from sam_inspector.ui.panels.labels import Tone, TonedLabel
from sam_inspector.ui.panels.look import GAP, font_px
from sam_inspector.ui.panels.method_list import MethodList
from sam_inspector.ui.panels.mode_rows import ModeRow
from sam_inspector.ui.panels.parameter_row import ElidedCombo, ParameterRow
from sam_inspector.ui.panels.reference_picker import ReferencePicker
from sam_inspector.ui.panels.segmented import SegmentedControl

__all__ = ["AutomaticSection", "BackboneRow"]

METHODS = (
    ModeRow("few-shot", "Few-shot", "Box and peak of every map region"),
    ModeRow("clip", "CLIP", "Box and peak where sentences fit"),
    ModeRow("simplenet", "SimpleNet", "Trained on the normal images"),
    ModeRow("sam2sim", "Sam2Sim", "SimpleNet without the background"),
    ModeRow("cascade", "Cascade", "Points, refined in three passes"),
)
METHOD_TIPS = {
    "few-shot": "Box and peak of every region where the image is unlike normal images",
    "clip": "Box and peak where sentences find a defect",
    "simplenet": "Box and peak of every region that a network trained on the normal images does not know",
    "sam2sim": "SimpleNet on what is left of an object's image once its background is removed",
    "cascade": "Points where map and image differ, then three passes",
}
MAPS = (
    ("few-shot", "Few-shot map", "Look for points where the image is unlike normal images"),
    ("clip", "CLIP map", "Look for points where sentences find a defect"),
)
PRESETS = (
    ("recommended", "Recommended", "What works best: points for each region above the threshold, and the map for SAM"),
    ("faithful", "Faithful", "As published: one set of points for the image, above a share of its peak"),
)
TRAINED = ("simplenet", "sam2sim")
"""Methods that learn from all normal images of the category"""
KINDS = (
    ("object", "Object", "An object before a background, which is removed"),
    ("object_kept_whole", "Object, kept whole", "An object whose background belongs to it, as MVTec AD's transistor"),
    ("texture", "Texture", "The image is all surface: nothing is removed"),
)
NO_REFERENCES = "Choose normal images to see an anomaly map."
CHOOSE = "Choose normal images…"


class AutomaticSection(QWidget):
    """Shows how automatic prompts are made, and asks for something else; it makes none."""

    method_chosen = Signal(str)
    """Name of a row of the list; also when the one that holds is pressed again"""
    references_changed = Signal(object)
    """`ReferenceChoice`, of kind `first` or `random`"""
    settings_changed = Signal(object)
    """`FewShotSettings`, with the references shown"""
    prompting_changed = Signal(object)
    """`AutomaticPrompts`"""
    cascade_changed = Signal(object)
    """`CascadedPrompting`"""
    preset_chosen = Signal(str)
    map_chosen = Signal(str)
    """Whose map the cascade takes: `few-shot` or `clip`"""
    kind_chosen = Signal(str)
    """What the category shows: a name of `KINDS`"""
    pick_requested = Signal()
    """Compare with the images selected in the images panel; where none are, let a person choose some"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._normal_count = self._picked_count = 0
        self._settings = FewShotSettings()
        self._method = self._map = "few-shot"
        self._threshold_by_hand = False
        self.methods = MethodList()
        self.maps = SegmentedControl(MAPS)
        self.preset = QComboBox()
        for name, title, tip in PRESETS:
            self.preset.addItem(title, name)
            self.preset.setItemData(self.preset.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self._preset_row = ParameterRow("Preset", self.preset, tip="What the parameters begin with")
        self.kind = ElidedCombo()
        self.kind.setPlaceholderText("Choose…")
        for name, title, tip in KINDS:
            self.kind.addItem(title, name)
            self.kind.setItemData(self.kind.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self._kind_row = ParameterRow("Category type", self.kind, tip="Only objects have a background to remove")
        self.empty = EmptyState(NO_REFERENCES, CHOOSE, icon="image")
        self.references = ReferencePicker()
        self.clip = ClipControls()
        self.parameters = AutomaticParameters()
        self.fold = Fold("Parameters", self.parameters)
        self.cascade = CascadeParameters()
        self.cascade_fold = Fold("Points and passes", self.cascade)
        self.state = TonedLabel(wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        parts = (self.maps, self._kind_row, self.state, self.empty, self.references, self.clip, self._preset_row)
        for widget in (self.methods, *parts, self.fold, self.cascade_fold):
            column.addWidget(widget)
        column.addStretch(1)
        self.methods.chosen.connect(self.method_chosen)
        self.empty.pressed.connect(self.pick_requested)
        self.references.pick_requested.connect(self.pick_requested)
        self.references.changed.connect(self._on_references_changed)
        self.parameters.settings_changed.connect(self._on_settings_changed)
        self.parameters.prompting_changed.connect(self._on_prompting_changed)
        self.maps.chosen.connect(self.map_chosen)
        self.preset.activated.connect(self._on_preset_chosen)
        self.kind.activated.connect(self._on_kind_chosen)
        self.cascade.changed.connect(self._on_cascade_changed)
        self.set_methods(METHODS)
        self.set_state("", "muted")
        self._refresh()

    # --- setters --------------------------------------------------------------------------------------------------

    def set_methods(self, rows: Sequence[ModeRow]) -> None:
        """The ways to a map."""
        self.methods.set_modes(rows)
        for row in rows:
            self.methods.button(row.name).setToolTip(METHOD_TIPS.get(row.name, row.description))

    def set_method(self, name: str, map_method: str = "few-shot") -> None:
        """Show which way holds, and whose map it takes."""
        self._method, self._map = name, map_method
        self.methods.set_mode(name)
        if map_method in dict.fromkeys(row[0] for row in MAPS):
            self.maps.set_choice(map_method)
        self._refresh()

    def set_kind(self, kind: str) -> None:
        """Show what the category is known to show; an unknown kind asks for it."""
        with QSignalBlocker(self.kind):
            self.kind.setCurrentIndex(self.kind.findData(kind))

    def set_cascade(self, cascaded: CascadedPrompting, preset: str) -> None:
        """Show how the cascade works, and which preset this began with."""
        with QSignalBlocker(self.preset):
            self.preset.setCurrentIndex(self.preset.findData(preset))
        self.preset.setToolTip(self.preset.currentData(Qt.ItemDataRole.ToolTipRole))
        self.cascade.set_cascade(cascaded, preset)
        self._refresh()

    def set_available(self, normal_count: int, picked_count: int) -> None:
        """How many normal images the dataset has, and how many images are selected in the images panel now."""
        self._normal_count, self._picked_count = normal_count, picked_count
        self.references.set_available(normal_count, picked_count)
        self._refresh()

    def set_choice(self, choice: ReferenceChoice) -> None:
        """Show which normal images are compared with."""
        self.set_settings(replace(self._settings, references=choice))

    def set_settings(self, settings: FewShotSettings) -> None:
        """Show how the map is made, its references among it."""
        self._settings = settings
        self.references.set_choice(settings.references)
        self.parameters.set_settings(settings)
        self._refresh()

    def set_prompting(self, prompting: AutomaticPrompts) -> None:
        """Show how prompts are made from the map."""
        self.parameters.set_prompting(prompting)
        self._refresh()

    def set_threshold_by_hand(self, by_hand: bool) -> None:
        """Show whether a person moved the threshold, so that no rule gives it."""
        if by_hand != self._threshold_by_hand:
            self._threshold_by_hand = by_hand
            self._refresh_remarks()

    def set_backbones(self, rows: Sequence[BackboneRow]) -> None:
        """The networks to choose from."""
        self.parameters.set_backbones(rows)

    def set_state(self, text: str, tone: Tone = "text") -> None:
        """Say what is being done, or what came of it; an empty text says nothing."""
        self.state.setText(text)
        self.state.set_tone(tone)
        self._refresh()

    # --- showing --------------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        by_text, in_passes = self._map == "clip", self._method == "cascade"
        trained = self._map in TRAINED
        has_references = self._normal_count > 0 or bool(self._settings.references.picked)
        has_map = by_text or trained or has_references
        self.maps.setVisible(in_passes)
        self._kind_row.setVisible(self._map == "sam2sim")
        self.empty.setVisible(not has_map)
        self.empty.button.setText(f"Take the {self._picked_count} selected" if self._picked_count else CHOOSE)
        self.references.setVisible(has_references and not by_text and not trained)
        self.clip.setVisible(by_text)
        rows = self._rows()
        self.parameters.set_shown(rows)
        self.parameters.set_has_references(not by_text)
        title = "Map and threshold" if self.cascade.takes_threshold else "Map"
        self.fold.line.setText(title if in_passes else "Parameters")
        self.fold.setVisible(has_map and bool(rows))
        for widget in (self._preset_row, self.cascade_fold):
            widget.setVisible(has_map and in_passes)
        self.state.setVisible(has_map and bool(self.state.text()))
        self._refresh_remarks()

    def _rows(self) -> tuple[str, ...]:
        """A backbone makes few-shot maps only; what the cascade does with regions it says itself."""
        rows = ROWS if self._map == "few-shot" else tuple(name for name in ROWS if name != "backbone")
        if self._method == "cascade":
            kept = ("backbone", *THRESHOLD_ROWS) if self.cascade.takes_threshold else ("backbone",)
            rows = tuple(name for name in rows if name in kept)
        return rows

    def _refresh_remarks(self) -> None:
        changed = len(self.parameters.changed_rows())
        if self._threshold_by_hand and any(name in THRESHOLD_ROWS for name in self._rows()):
            words = f"{changed} changed, threshold by hand" if changed else "threshold by hand"
            self.fold.set_remark(words, stands_out=True)
        else:
            self._remark(self.fold, changed, "recommended")
        self._remark(self.cascade_fold, len(self.cascade.changed_rows()), self.preset.currentData())

    def _remark(self, fold: Fold, changed: int, preset: str) -> None:
        words = f"{changed} changed from {preset}" if changed else f"as {preset}"
        line = QFontMetrics(font_px(13)).horizontalAdvance(fold.line.text()) + CARET + 2 * GAP
        if changed and line + QFontMetrics(font_px(12)).horizontalAdvance(words) > self.width():
            words = f"{changed} changed"
        fold.set_remark(words, stands_out=changed > 0)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._refresh_remarks()

    # --- what a person does ---------------------------------------------------------------------------------------

    @Slot(object)
    def _on_references_changed(self, choice: ReferenceChoice) -> None:
        self._settings = replace(self._settings, references=choice)
        self.parameters.set_settings(self._settings)
        self.references_changed.emit(choice)

    @Slot(object)
    def _on_settings_changed(self, settings: FewShotSettings) -> None:
        self._settings = settings
        self._refresh()
        self.settings_changed.emit(settings)

    @Slot(object)
    def _on_prompting_changed(self, prompting: AutomaticPrompts) -> None:
        self._refresh()
        self.prompting_changed.emit(prompting)

    @Slot()
    def _on_preset_chosen(self) -> None:
        self.preset_chosen.emit(self.preset.currentData())

    @Slot()
    def _on_kind_chosen(self) -> None:
        self.kind_chosen.emit(self.kind.currentData())

    @Slot(object)
    def _on_cascade_changed(self, cascaded: CascadedPrompting) -> None:
        self._refresh()
        self.cascade_changed.emit(cascaded)
