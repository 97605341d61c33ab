"""The prompts panel: the prompts of the image on screen, and what makes them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QHBoxLayout, QScrollArea, QSpinBox, QVBoxLayout, QWidget

from sam_inspector.core.prompts import MAP_SOURCES, PromptPart, Prompts
from sam_inspector.ui.panels.automatic import AutomaticSection
from sam_inspector.ui.panels.buttons import AccentButton, PlainButton
from sam_inspector.ui.panels.empty_state import EmptyState
from sam_inspector.ui.panels.fold import Fold
from sam_inspector.ui.panels.labels import ElidedLabel, TonedLabel
from sam_inspector.ui.panels.look import GAP, MARGIN, font_px
from sam_inspector.ui.panels.mode_rows import ModeList, ModeRow
from sam_inspector.ui.panels.panel_header import PanelHeader
from sam_inspector.ui.panels.prompt_list import PromptListView
from sam_inspector.ui.panels.segmented import SegmentedControl
from sam_inspector.ui.prompt_origin import is_by_hand, is_edited, origin_of

__all__ = ["ModeRow", "PromptsPanel"]

SOURCES = (
    ("hand", "By hand", "Make prompts yourself"),
    ("gt", "From GT", "Make prompts from the mask of this image"),
    ("auto", "Automatic", "Make prompts from an anomaly map (T)"),
)
PRESETS = (
    ("recommended", "Recommended", "What works best"),
    ("faithful", "Faithful", "As in the published system"),
)
NO_PROMPTS = "No prompts yet. Click the defect, right-click what is not part of it, or drag a box around it."
NO_GROUND_TRUTH = "No ground truth for this image. Put masks in ground_truth/…, or open them with Ctrl+G."
MAX_POINTS = 500
THREE_PASSES_TIP = (
    "SAM answers three times: first to the prompts, then also to its own first mask, then also to a box around its "
    "second mask. The strip under the image shows all three masks."
)
MADE_FROM_MAP = "These prompts were made from a map; under Automatic you choose how they are refined."
LACKS_MAP = (
    "Made with a map that is not loaded: the mask is shown without it, and the score stored before stays until the "
    "prompts change. Choose Automatic to make them again."
)


class PromptsPanel(QWidget):
    """Shows prompts and asks for others; it makes none."""

    source_chosen = Signal(str)
    """`hand`, `gt` or `auto`"""
    mode_chosen = Signal(str, str, int)
    """Mode, preset, number of points a region"""
    three_passes_chosen = Signal(bool)
    part_selected = Signal(object)
    """`PromptPart`"""
    part_removed = Signal(object)
    """`PromptPart`"""
    clear_requested = Signal()
    accept_requested = Signal()
    open_ground_truth_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = PanelHeader("Prompts")
        self.sources = SegmentedControl(SOURCES)
        self.list = PromptListView()
        self._empty = EmptyState(NO_PROMPTS)
        self.modes = ModeList()
        self.automatic = AutomaticSection()
        self.preset = QComboBox()
        for name, title, tip in PRESETS:
            self.preset.addItem(title, name)
            self.preset.setItemData(self.preset.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.points = QSpinBox(minimum=1, maximum=MAX_POINTS, value=20)
        self.points.setKeyboardTracking(False)
        self.points.setToolTip("Points put into every region of the ground truth")
        self._points_default = ElidedLabel(px=12, tone="muted")
        self._points_label = ElidedLabel("Points")
        self.lacks_map = TonedLabel(LACKS_MAP, tone="changed", wrap=True)
        self.kept = TonedLabel(tone="muted", wrap=True)
        self._made = ElidedLabel(px=12, tone="muted")
        self.three_passes = QCheckBox("Refine in three passes")
        self.three_passes.setFont(font_px(13))
        self.three_passes.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.no_ground_truth = EmptyState(NO_GROUND_TRUTH, "Open ground truth…", icon="open")
        self.clear_button = PlainButton("Clear", "clear", tip="Remove the prompts being worked on (Esc)")
        self.accept_button = AccentButton("Accept region", "accept", tip="Keep this mask, go on with the next (Enter)")
        self._prompts = Prompts()
        self._source = "hand"
        self._in_passes = self._lacks_map = self._has_accepted = False
        self._has_ground_truth = False
        self._lay_out()
        self._connect()
        self._refresh()

    # --- setters --------------------------------------------------------------------------------------------------

    def set_prompts(self, prompts: Prompts, selected: PromptPart | None = None) -> None:
        """Show the prompts of the image on screen, one part of them chosen."""
        self._prompts = prompts
        self.list.set_prompts(prompts, selected)
        self._refresh()

    def set_accepted(self, has_accepted: bool) -> None:
        """Whether a mask is accepted, to which no prompts are added unasked."""
        if has_accepted != self._has_accepted:
            self._has_accepted = has_accepted
            self._refresh()

    def set_source(self, source: str) -> None:
        """Show what makes the prompts: `hand`, `gt` or `auto`."""
        self._source = source
        self.sources.set_choice(source)
        self._refresh()

    def set_modes(self, rows: Sequence[ModeRow]) -> None:
        """The modes that make prompts from the ground truth."""
        self.modes.set_modes(rows)
        self._refresh()

    def set_mode(self, name: str, preset: str, points: int) -> None:
        """Show which mode holds, with its preset and number of points a region."""
        self.modes.set_mode(name)
        for widget in (self.preset, self.points):
            widget.blockSignals(True)
        self.preset.setCurrentIndex(max(0, self.preset.findData(preset)))
        self.points.setValue(points)
        for widget in (self.preset, self.points):
            widget.blockSignals(False)
        self._refresh()

    def set_three_passes(self, three_passes: bool) -> None:
        """Show whether prompts made by hand or from the ground truth are answered in three passes."""
        self.three_passes.setChecked(three_passes)

    def set_way(self, in_passes: bool, lacks_map: bool) -> None:
        """Show whether the prompts are answered in passes, and whether the map they were made from is not there."""
        if (in_passes, lacks_map) != (self._in_passes, self._lacks_map):
            self._in_passes, self._lacks_map = in_passes, lacks_map
            self._refresh()

    def set_has_ground_truth(self, has: bool, problem: str = "") -> None:
        """Whether the image on screen has a ground truth; `problem` says why not, where more is known."""
        self._has_ground_truth = has
        self.no_ground_truth.set_text(problem or NO_GROUND_TRUTH)
        self._refresh()

    def set_enabled(self, enabled: bool) -> None:
        """Whether there is an image to make prompts for."""
        self._body.setEnabled(enabled)
        self._buttons.setEnabled(enabled)
        self._refresh()

    # --- building -------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._parameters = Fold("Parameters", self._row(self._points_label, self._points_default, self.points))
        preset_label = TonedLabel("Preset")
        self._generator = QWidget()
        made = QVBoxLayout(self._generator)
        made.setContentsMargins(0, 0, 0, 0)
        made.setSpacing(GAP)
        for widget in (self.modes, self._row(preset_label, self.preset), self._parameters):
            made.addWidget(widget)
        self._body = QWidget()
        body = QVBoxLayout(self._body)
        body.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        body.setSpacing(GAP)
        body.addWidget(self.sources)
        body.addWidget(self.list, 1)
        for widget in (
            self._empty,
            self.lacks_map,
            self.kept,
            self._generator,
            self.three_passes,
            self._made,
            self.automatic,
            self.no_ground_truth,
        ):
            body.addWidget(widget)
        self._rest = QWidget()
        body.addWidget(self._rest, 1)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # a click in it leaves the keys to the canvas
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self._body)
        self._buttons = self._row(self.clear_button, None, self.accept_button)
        self._buttons.layout().setContentsMargins(MARGIN, 4, MARGIN, MARGIN)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(scroll, 1)
        column.addWidget(self._buttons)
        self.setMinimumWidth(220)

    def _row(self, *widgets: QWidget | None) -> QWidget:
        """Widgets side by side; None takes what room is left, else the first one does."""
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        for number, widget in enumerate(widgets):
            if widget is None:
                row.addStretch(1)
            else:
                row.addWidget(widget, 1 if number == 0 and None not in widgets else 0)
        return made

    def _connect(self) -> None:
        self.sources.chosen.connect(self.source_chosen)
        self.list.part_selected.connect(self.part_selected)
        self.list.part_removed.connect(self.part_removed)
        self.modes.chosen.connect(self._on_mode_changed)
        self.preset.activated.connect(self._on_mode_changed)
        self.points.valueChanged.connect(self._on_mode_changed)
        self.three_passes.clicked.connect(self.three_passes_chosen)
        self.no_ground_truth.pressed.connect(self.open_ground_truth_requested)
        self.clear_button.clicked.connect(self.clear_requested)
        self.accept_button.clicked.connect(self.accept_requested)

    @Slot()
    def _on_mode_changed(self) -> None:
        self._refresh()
        mode = self.modes.mode()
        if mode is not None:
            self.mode_chosen.emit(mode.name, self.preset.currentData(), self.points.value())

    # --- showing --------------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        from_gt = self._source == "gt"
        by_hand = self._source == "hand"
        self.list.setVisible(by_hand and bool(self._prompts))
        self._empty.setVisible(by_hand and not self._prompts)
        self.automatic.setVisible(self._source == "auto")
        from_map = any(item.source in MAP_SOURCES for item in self._prompts.items)
        self.lacks_map.setVisible(self._lacks_map and self._source != "auto")
        self.three_passes.setEnabled(not from_map)
        self.three_passes.setToolTip(MADE_FROM_MAP if from_map else THREE_PASSES_TIP)
        self.three_passes.setVisible(by_hand or (from_gt and self._has_ground_truth))
        for widget in (self._generator, self._made):
            widget.setVisible(from_gt and self._has_ground_truth)
        self.no_ground_truth.setVisible(from_gt and not self._has_ground_truth)
        self._rest.setVisible(self.list.isHidden())
        self.clear_button.setEnabled(bool(self._prompts))
        self.accept_button.setEnabled(bool(self._prompts.decodable))
        self.kept.setText(self._why_kept() if from_gt and self._has_ground_truth else "")
        self.kept.setVisible(bool(self.kept.text()))
        self._refresh_parameters()
        self._refresh_words()

    def _why_kept(self) -> str:
        """Why the prompts on screen are not those of the mode that holds, and how to have those; else empty."""
        mode = self.modes.mode()
        title = mode.title if mode is not None else "a mode"
        if is_by_hand(self._prompts):
            return f"Edited by hand: clear the prompts (Esc) and choose {title} to have them made again."
        if self._prompts:
            return ""
        return "A mask is accepted." if self._has_accepted else f"Choose {title} to have the prompts made again."

    def _refresh_parameters(self) -> None:
        mode = self.modes.mode()
        usual = mode.default_points if mode is not None else None
        self._parameters.setVisible(usual is not None)
        if usual is None:
            return
        preset = self.preset.currentData()
        is_changed = self.points.value() != usual
        self._points_default.setText(f"{preset} {usual}" if is_changed else "")
        self._points_label.set_tone("changed" if is_changed else "text")
        remark = f"1 changed from {preset}" if is_changed else f"as {preset}"
        self._parameters.set_remark(remark, stands_out=is_changed)

    def _refresh_words(self) -> None:
        edited = ", edited" if is_edited(self._prompts) else ""
        origin = origin_of(self._prompts)
        if self._in_passes and any(item.source in MAP_SOURCES for item in self._prompts.items):
            origin = "Cascade"
        self.header.set_subtitle(origin + edited if self._prompts else "")
        counts = [
            _count(self._prompts.box_count, "box", "boxes"),
            _count(self._prompts.point_count, "point", "points"),
        ]
        made = ", ".join(words for words in counts if words)
        self._made.setText(f"{made} on this image{edited}" if made else "No prompts on this image")


def _count(number: int, one: str, many: str) -> str:
    return "" if number == 0 else f"{number:,} {one if number == 1 else many}"
