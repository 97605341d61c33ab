"""The parameters of the cascade, one row each, with a mark on those that are not as the preset has them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QSpinBox, QVBoxLayout, QWidget

from sam_inspector.prompting.cascade_settings import CASCADE_PRESETS, CascadedPrompting
from sam_inspector.ui.panels.buttons import LinkButton
from sam_inspector.ui.panels.look import GAP, font_px
from sam_inspector.ui.panels.parameter_row import ElidedCombo, ParameterRow

CHOICES = {
    "rule": (
        ("threshold", "Threshold", "What lies above the threshold of the map, as with other automatic prompts"),
        ("peak_share", "Share of the peak", "What lies above a share of this image's highest value"),
        ("quantile", "Quantile", "The highest share of this image: a normal image gets points too"),
    ),
    "scope": (
        ("component", "Each region", "Every connected region gets points and a mask of its own"),
        ("image", "Whole image", "One set of points for the whole image, as published"),
    ),
    "spacing": (
        ("rank_stride", "Every n-th by rank", "Pixels are sorted, best first, and every n-th is taken"),
        ("min_distance", "Minimum distance", "The next best pixel that is far enough from those taken"),
    ),
    "kernel_shape": (
        ("ellipse", "Ellipse", "Published as the best shape"),
        ("rectangle", "Rectangle", ""),
        ("cross", "Cross", ""),
    ),
    "prototype": (
        ("weighted_mean", "Weighted mean", "Compare with the mean feature of the region, weighted by the map"),
        ("max_pairwise", "Most similar", "Compare with the most similar pixel of the region"),
    ),
    "score": (
        ("average", "Map and mask", "Half the map and half the probability of the mask"),
        ("product", "Map times mask", "The map times the probability of the mask"),
        ("mask", "Mask alone", "The logits of the mask"),
    ),
}
"""Name, words in the list and tooltip of each choice of each row."""
OF_RULE = {"peak_share": "peak_share", "quantile": "quantile"}
OF_SPACING = {"stride": "rank_stride", "distance_px": "min_distance"}
NUMBER_PX = 26
"""A spin box is wider than its words by this."""


class CascadeParameters(QWidget):
    """Shows how points are found and passed on, and asks for something else."""

    changed = Signal(object)
    """`CascadedPrompting`"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preset = "recommended"
        self._shown = CASCADE_PRESETS[self._preset]
        self.combos: dict[str, QComboBox] = {name: _combo(name) for name in CHOICES}
        self.peak_share = QDoubleSpinBox(minimum=1.0, maximum=99.0, decimals=1, singleStep=1.0, suffix=" %")
        self.quantile = QDoubleSpinBox(minimum=1.0, maximum=99.99, decimals=2, singleStep=0.1, suffix=" %")
        self.positives = QSpinBox(minimum=1, maximum=50)
        self.negatives = QSpinBox(minimum=0, maximum=50)
        self.stride = QSpinBox(minimum=1, maximum=9999, prefix="n = ")
        self.distance = QDoubleSpinBox(minimum=1.0, maximum=500.0, decimals=0, singleStep=5.0, suffix=" px")
        self.kernel = QSpinBox(minimum=3, maximum=151, singleStep=2, suffix=" px")
        self.map_input = QCheckBox()
        self.reset = LinkButton("Back to the preset", tip="Set all parameters to those of the preset")
        # Each with its field, and the factor between it and what is shown.
        self._spins: dict[str, tuple[QSpinBox | QDoubleSpinBox, float]] = {
            "peak_share": (self.peak_share, 100),
            "quantile": (self.quantile, 100),
            "positive_points": (self.positives, 1),
            "negative_points": (self.negatives, 1),
            "stride": (self.stride, 1),
            "distance_px": (self.distance, 1),
            "kernel_px": (self.kernel, 1),
        }
        frame = f"of an image brought to {self._shown.points.frame} px"
        self._rows = {
            "rule": self._row("rule", "Extreme", "What is extreme: positive points lie in it, negative ones around it"),
            "peak_share": ParameterRow("Share of peak", self.peak_share, tip="What lies above it is extreme"),
            "quantile": ParameterRow("Share below", self.quantile, tip="This share of each image is not extreme"),
            "scope": self._row("scope", "Prompts for", "What a set of points, and a mask, is made for"),
            "positive_points": ParameterRow(
                "Positive points", self.positives, tip="Where the map is highest; fewer where there is no room"
            ),
            "negative_points": ParameterRow(
                "Negative points",
                self.negatives,
                tip="In the ring around, where the image is least like the region; fewer where there is no room",
            ),
            "spacing": self._row("spacing", "Spacing", "How points keep apart"),
            "stride": ParameterRow("Every", self.stride, tip=f"Every n-th pixel by rank, {frame}"),
            "distance_px": ParameterRow("Distance", self.distance, tip=f"In pixels {frame}"),
            "kernel_shape": self._row("kernel_shape", "Kernel", "What widens the extreme region; it adds the ring"),
            "kernel_px": ParameterRow("Kernel size", self.kernel, tip=f"In pixels {frame}; half of it is the ring"),
            "prototype": self._row("prototype", "Compare with", "What the pixels of the ring are compared with"),
            "map_input": ParameterRow(
                "Map to first pass", self.map_input, tip="SAM also gets the map itself in the first pass"
            ),
            "score": self._row("score", "Pixel scores", "What ranks the pixels for AUROC, AP and the best F1"),
        }
        labels = [self._rows[name].label for name in CHOICES]
        for label in labels:
            label.setMinimumWidth(max(other.sizeHint().width() for other in labels))
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, 0, 0, 4)
        column.setSpacing(4)
        for row in self._rows.values():
            column.addWidget(row)
        column.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignRight)
        self._connect()
        self._refresh()

    def set_cascade(self, cascaded: CascadedPrompting, preset: str) -> None:
        """Show how the cascade works, and which preset its marks are about."""
        self._shown, self._preset = cascaded, preset
        self._refresh()

    @property
    def takes_threshold(self) -> bool:
        """Whether what is extreme is told by the threshold of the map."""
        return self._shown.points.rule == "threshold"

    def changed_rows(self) -> tuple[str, ...]:
        """The parameters that are not as the preset has them."""
        return tuple(name for name in self._rows if self._is_changed(name))

    def row(self, name: str) -> ParameterRow:
        """The row of a parameter."""
        return self._rows[name]

    def _row(self, name: str, title: str, tip: str) -> ParameterRow:
        return ParameterRow(title, self.combos[name], tip=tip)

    def _connect(self) -> None:
        for combo in self.combos.values():
            combo.activated.connect(self._on_edited)
        for spin, _ in self._spins.values():
            spin.setKeyboardTracking(False)
            spin.setFixedWidth(QFontMetrics(font_px(13)).horizontalAdvance("00000 px") + NUMBER_PX)
            spin.valueChanged.connect(self._on_edited)
        self.map_input.toggled.connect(self._on_edited)
        self.reset.clicked.connect(self._on_reset)

    # --- showing --------------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        shown = self._shown
        for name, combo in self.combos.items():
            with QSignalBlocker(combo):
                combo.setCurrentIndex(combo.findData(_value(shown, name)))
            note = combo.currentData(Qt.ItemDataRole.ToolTipRole)
            combo.setToolTip(f"{combo.currentText()}: {note}" if note else combo.currentText())
        for name, (spin, factor) in self._spins.items():
            with QSignalBlocker(spin):
                value = factor * _value(shown, name)
                spin.setValue(value if isinstance(spin, QDoubleSpinBox) else round(value))
        with QSignalBlocker(self.map_input):
            self.map_input.setChecked(shown.map_input)
        for name, row in self._rows.items():
            row.setVisible(self._is_used(name))
            row.mark(self._is_changed(name), self._usual_text(name), self._preset)
        self.reset.setVisible(bool(self.changed_rows()))

    def _is_used(self, name: str) -> bool:
        points = self._shown.points
        rule, spacing = OF_RULE.get(name, points.rule), OF_SPACING.get(name, points.spacing)
        return (rule, spacing) == (points.rule, points.spacing)

    def _is_changed(self, name: str) -> bool:
        usual = CASCADE_PRESETS[self._preset]
        return self._is_used(name) and bool(_value(self._shown, name) != _value(usual, name))

    def _usual_text(self, name: str) -> str:
        value = _value(CASCADE_PRESETS[self._preset], name)
        if name in self._spins:
            return f"{self._spins[name][1] * value:g}"
        return ("on" if value else "off") if name == "map_input" else ""

    # --- what a person does ---------------------------------------------------------------------------------------

    @Slot()
    def _on_edited(self) -> None:
        sender = self.sender()
        for name, combo in self.combos.items():
            if combo is sender:
                self._tell(_with(self._shown, name, combo.currentData()))
        for name, (spin, factor) in self._spins.items():
            if spin is sender:
                is_count = isinstance(spin, QSpinBox)
                self._tell(_with(self._shown, name, spin.value() if is_count else spin.value() / factor))
        if self.map_input is sender:
            self._tell(replace(self._shown, map_input=self.map_input.isChecked()))

    @Slot()
    def _on_reset(self) -> None:
        self._tell(CASCADE_PRESETS[self._preset])

    def _tell(self, cascaded: CascadedPrompting) -> None:
        is_new = cascaded != self._shown
        self._shown = cascaded
        self._refresh()
        if is_new:
            self.changed.emit(cascaded)


def _combo(name: str) -> QComboBox:
    combo = ElidedCombo()
    for value, words, tip in CHOICES[name]:
        combo.addItem(words, value)
        combo.setItemData(combo.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
    return combo


def _value(cascaded: CascadedPrompting, name: str) -> Any:
    return getattr(cascaded if name in ("map_input", "score") else cascaded.points, name)


def _with(cascaded: CascadedPrompting, name: str, value: Any) -> CascadedPrompting:
    if name in ("map_input", "score"):
        return replace(cascaded, **{name: value})
    return replace(cascaded, points=replace(cascaded.points, **{name: value}))
