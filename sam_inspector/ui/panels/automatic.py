"""What the prompts panel shows while prompts are made from an anomaly map: what makes the map, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sam_inspector.anomaly.settings import FewShotSettings, ReferenceChoice
from sam_inspector.prompting.automatic import AutomaticPrompts
from sam_inspector.ui.panels.automatic_parameters import AutomaticParameters, BackboneRow
from sam_inspector.ui.panels.empty_state import EmptyState
from sam_inspector.ui.panels.fold import CARET, Fold
from sam_inspector.ui.panels.labels import Tone, TonedLabel
from sam_inspector.ui.panels.look import GAP, font_px
from sam_inspector.ui.panels.mode_rows import ModeList, ModeRow
from sam_inspector.ui.panels.reference_picker import ReferencePicker

__all__ = ["AutomaticSection", "BackboneRow"]

METHODS = (ModeRow("few-shot", "Few-shot", "Box and peak of every map region"),)
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
    pick_requested = Signal()
    """Compare with the images selected in the images panel; where none are, let a person choose some"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._normal_count = self._picked_count = 0
        self._settings = FewShotSettings()
        self.methods = ModeList()
        self.empty = EmptyState(NO_REFERENCES, CHOOSE, icon="image")
        self.references = ReferencePicker()
        self.parameters = AutomaticParameters()
        self.fold = Fold("Parameters", self.parameters)
        self.state = TonedLabel(wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        for widget in (self.methods, self.state, self.empty, self.references, self.fold):
            column.addWidget(widget)
        column.addStretch(1)
        self.methods.chosen.connect(self.method_chosen)
        self.empty.pressed.connect(self.pick_requested)
        self.references.pick_requested.connect(self.pick_requested)
        self.references.changed.connect(self._on_references_changed)
        self.parameters.settings_changed.connect(self._on_settings_changed)
        self.parameters.prompting_changed.connect(self._on_prompting_changed)
        self.set_methods(METHODS)
        self.set_state("", "muted")
        self._refresh()

    # --- setters --------------------------------------------------------------------------------------------------

    def set_methods(self, rows: Sequence[ModeRow]) -> None:
        """The ways to a map."""
        self.methods.set_modes(rows)

    def set_method(self, name: str) -> None:
        """Show which way holds."""
        self.methods.set_mode(name)

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
        has_references = self._normal_count > 0 or bool(self._settings.references.picked)
        self.empty.setVisible(not has_references)
        self.empty.button.setText(f"Take the {self._picked_count} selected" if self._picked_count else CHOOSE)
        for widget in (self.references, self.fold):
            widget.setVisible(has_references)
        self.state.setVisible(has_references and bool(self.state.text()))
        self._refresh_remark()

    def _refresh_remark(self) -> None:
        changed = len(self.parameters.changed_rows())
        words = f"{changed} changed from recommended" if changed else "as recommended"
        line = QFontMetrics(font_px(13)).horizontalAdvance(self.fold.line.text()) + CARET + 2 * GAP
        if changed and line + QFontMetrics(font_px(12)).horizontalAdvance(words) > self.width():
            words = f"{changed} changed"
        self.fold.set_remark(words, stands_out=changed > 0)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._refresh_remark()

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
