"""Automatic prompts and views: what the choices are is shown, what a view asks for is done."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Slot

from sam_inspector.anomaly.settings import FewShotSettings, ReferenceChoice
from sam_inspector.engine.requests import MapMethod
from sam_inspector.foreground.category_types import CategoryKind
from sam_inspector.models.backbone_registry import BACKBONES
from sam_inspector.prompting.automatic import AutomaticPrompts
from sam_inspector.prompting.cascade_settings import CascadedPrompting
from sam_inspector.ui.automatic_choice import AutomaticMethod
from sam_inspector.ui.automatic_prompting import AutomaticPrompting
from sam_inspector.ui.canvas.overlays import MapOverlay
from sam_inspector.ui.clip_bindings import ClipBindings
from sam_inspector.ui.panels.automatic import BackboneRow
from sam_inspector.ui.session import Session
from sam_inspector.ui.views import Views

MAP_TITLES: dict[MapMethod, str] = {
    "few-shot": "few-shot",
    "clip": "CLIP",
    "simplenet": "SimpleNet",
    "sam2sim": "Sam2Sim",
}
POLICY_LINKS = {
    "ref_calibrated": "From references",
    "fixed": "Fixed value",
    "quantile": "From quantile",
    "otsu": "From Otsu",
    "peak_share": "Share of the peak",
    "f1_adaptive": "Best F1 (oracle)",
}


class AutomaticBindings(QObject):
    """Connects automatic prompting to the prompts panel, the histogram and the canvas."""

    def __init__(
        self, session: Session, automatic: AutomaticPrompting, views: Views, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._automatic = automatic
        self._views = views
        section, histogram = views.prompts.automatic, views.layers.histogram
        section.set_backbones([_backbone_row(name) for name in BACKBONES])
        section.references_changed.connect(self._choose_references)
        section.settings_changed.connect(self._choose_few_shot)
        section.prompting_changed.connect(self._choose_prompting)
        section.pick_requested.connect(self._pick)
        section.method_chosen.connect(self._choose_method)
        section.map_chosen.connect(self._choose_map)
        section.kind_chosen.connect(self._choose_kind)
        section.preset_chosen.connect(self._choose_preset)
        section.cascade_changed.connect(self._choose_cascade)
        histogram.threshold_changed.connect(self._move_threshold)
        histogram.threshold_reset.connect(self._reset_threshold)
        histogram.per_image_changed.connect(automatic.set_per_image)
        views.images.selection_changed.connect(self._show_settings)
        automatic.settings_changed.connect(self._show_settings)
        automatic.state_changed.connect(section.set_state)
        automatic.map_changed.connect(self._show_map)
        automatic.threshold_changed.connect(self._show_threshold)
        session.source_changed.connect(self._show_histogram)
        for changed in (session.source_changed, session.work_changed, automatic.settings_changed):
            changed.connect(self._show_leftover)
        automatic.map_changed.connect(self._show_leftover)
        automatic.state_changed.connect(self._show_leftover)
        ClipBindings(session, automatic, views, self)
        self._show_settings()
        self._show_map()

    @Slot()
    def _show_settings(self) -> None:
        automatic, section = self._automatic, self._views.prompts.automatic
        section.set_available(automatic.normal_count, len(self._views.images.selected_keys()))
        section.set_method(automatic.method, automatic.map_method)
        section.set_settings(automatic.few_shot)
        section.set_prompting(automatic.prompting)
        section.set_cascade(automatic.cascaded, automatic.preset)
        section.set_threshold_by_hand(automatic.is_threshold_by_hand)
        if automatic.map_method == "sam2sim":
            section.set_kind(automatic.category_kind)

    @Slot()
    def _show_map(self) -> None:
        automatic, histogram, opened = self._automatic, self._views.layers.histogram, self._session.opened
        shown = automatic.anomaly_map
        self._show_histogram()
        if shown is None or opened is None:
            return
        references = automatic.calibration.values if automatic.calibration is not None else None
        low, high = float(shown.values.min()), float(shown.values.max())
        if automatic.per_image:
            histogram.set_values(shown.values, references, low, high)
        else:
            # The colours end where the dataset's scale does; a threshold may lie anywhere among the values.
            normal = float(np.min(references)) if references is not None else low
            histogram.set_values(shown.values, references, min(shown.low, low, normal), max(shown.high, high))
            low, high = shown.low, shown.high
        histogram.set_per_image(automatic.per_image)
        overlay = MapOverlay.from_map(replace(shown, low=low, high=high), opened.image.width, opened.image.height)
        self._views.canvas.set_map(overlay)

    @Slot()
    def _show_histogram(self) -> None:
        """Prompts made by other means have no threshold, and their panel needs the room."""
        self._views.layers.set_has_histogram(self._automatic.anomaly_map is not None and self._automatic.is_on)

    @Slot()
    def _show_leftover(self) -> None:
        """A mask made before is not taken for one of the method that was chosen since."""
        leftover, whose = self._automatic.leftover, MAP_TITLES[self._automatic.map_method]
        self._views.canvas.set_notice(f"This mask: {leftover}, not {whose}" if leftover else "")

    @Slot()
    def _show_threshold(self) -> None:
        automatic, opened = self._automatic, self._session.opened
        self._views.prompts.automatic.set_threshold_by_hand(automatic.is_threshold_by_hand)
        self._views.canvas.set_map_outline(None)
        if automatic.threshold is None or automatic.anomaly_map is None or opened is None:
            return
        policy = POLICY_LINKS[automatic.policy]
        self._views.layers.histogram.set_threshold(automatic.threshold, not automatic.is_threshold_by_hand, policy)
        size = (opened.image.width, opened.image.height)
        self._views.canvas.set_map_outline((automatic.anomaly_map.values, automatic.threshold, size))

    @Slot(str)
    def _choose_method(self, name: AutomaticMethod) -> None:
        self._automatic.choose_method(name)

    @Slot(str)
    def _choose_kind(self, kind: CategoryKind) -> None:
        self._automatic.choose_kind(kind)

    @Slot(str)
    def _choose_map(self, name: MapMethod) -> None:
        self._automatic.choose_map(name)

    @Slot(str)
    def _choose_preset(self, name: str) -> None:
        self._automatic.choose_preset(name)

    @Slot(object)
    def _choose_cascade(self, cascaded: CascadedPrompting) -> None:
        self._automatic.choose_cascade(cascaded)

    @Slot(object)
    def _choose_references(self, choice: ReferenceChoice) -> None:
        self._automatic.choose_references(choice)

    @Slot(object)
    def _choose_few_shot(self, settings: FewShotSettings) -> None:
        self._automatic.choose_few_shot(settings)

    @Slot(object)
    def _choose_prompting(self, prompting: AutomaticPrompts) -> None:
        self._automatic.choose_prompting(prompting)

    @Slot()
    def _pick(self) -> None:
        self._automatic.pick(self._views.images.selected_keys())

    @Slot(float)
    def _move_threshold(self, value: float) -> None:
        self._automatic.set_threshold(value)

    @Slot()
    def _reset_threshold(self) -> None:
        self._automatic.set_threshold(None)


def _backbone_row(name: str) -> BackboneRow:
    spec = BACKBONES[name]
    note = f"{spec.note} {spec.size_bytes / 1e6:.0f} MB, {spec.licence}." if spec.size_bytes else spec.note
    return BackboneRow(name, spec.title, note)
