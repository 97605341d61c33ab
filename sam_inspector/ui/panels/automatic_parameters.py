"""The parameters of automatic prompts, one row each, with a mark on those that are not as recommended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QSpinBox, QVBoxLayout, QWidget

from sam_inspector.anomaly.settings import FewShotSettings
from sam_inspector.prompting.automatic import AutomaticPrompts
from sam_inspector.ui.panels.buttons import LinkButton
from sam_inspector.ui.panels.look import GAP, font_px
from sam_inspector.ui.panels.parameter_row import ElidedCombo, ParameterRow

POLICIES = (
    ("ref_calibrated", "From references", "Just above what the maps of the normal images themselves reach"),
    ("fixed", "Fixed value", "One raw score for every image"),
    ("quantile", "Quantile of this image", "A share of every image lies below: a normal image gets prompts too"),
    ("otsu", "Otsu", "The split of this image's values that parts them best: a normal image gets prompts too"),
    (
        "peak_share",
        "Share of the peak",
        "A share of this image's highest value, from a least score on; a map made without normal images begins with it",
    ),
    (
        "f1_adaptive",
        "Best F1 (oracle)",
        "The value with the best F1 over the images with ground truth: an oracle, which no real use has",
    ),
)
RECOMMENDED = AutomaticPrompts()
RECOMMENDED_MAP = FewShotSettings()
ONE_OF_TWO = "A region needs a box or a point"
NO_REFERENCES = "This map is made without normal images: their maps can't tell where its threshold lies"
THRESHOLD_ROWS = ("policy", "threshold", "quantile", "peak_share")
PROMPT_ROWS = ("min_area_px", "max_components", "box", "box_margin", "point", "negative_points")
ROWS = ("backbone", *THRESHOLD_ROWS, *PROMPT_ROWS)


@dataclass(frozen=True, slots=True)
class BackboneRow:
    """A network that makes the features.

    Attributes
    ----------
    name
        As the shell calls it.
    title
        Its name in the list.
    note
        What is to know before choosing it: size, licence, whether it must be downloaded.
    """

    name: str
    title: str
    note: str = ""


class AutomaticParameters(QWidget):
    """Shows how maps and prompts are made, and asks for something else."""

    settings_changed = Signal(object)
    """`FewShotSettings`"""
    prompting_changed = Signal(object)
    """`AutomaticPrompts`"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings, self._prompting = RECOMMENDED_MAP, RECOMMENDED
        self.backbone, self.policy = ElidedCombo(), ElidedCombo()
        for name, title, tip in POLICIES:
            self.policy.addItem(title, name)
            self.policy.setItemData(self.policy.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.fixed = QDoubleSpinBox(minimum=-1e6, maximum=1e6, decimals=4, singleStep=0.01)
        self.quantile = QDoubleSpinBox(minimum=1.0, maximum=99.99, decimals=2, singleStep=0.1, suffix=" %")
        self.peak_share = QDoubleSpinBox(minimum=1.0, maximum=99.0, decimals=1, singleStep=1.0, suffix=" %")
        self.min_area = QSpinBox(minimum=1, maximum=99_999, suffix=" px")
        self.most = QSpinBox(minimum=1, maximum=100)
        self.box, self.point = QCheckBox(), QCheckBox()
        self.margin = QSpinBox(minimum=0, maximum=100, suffix=" %")
        self.negatives = QSpinBox(minimum=0, maximum=20)
        self.reset = LinkButton("Back to recommended", tip="Set all parameters to what works best")
        area = f"{100 * RECOMMENDED.min_area_fraction:.2g} % of the image"
        self._rows = {
            "backbone": ParameterRow("Backbone", self.backbone, tip="The network whose features are compared"),
            "policy": ParameterRow("Threshold", self.policy, tip="Where the threshold comes from"),
            "threshold": ParameterRow("Value", self.fixed, tip="Raw score; what lies above is a region"),
            "quantile": ParameterRow("Share below", self.quantile, tip="This share of each image's pixels lies below"),
            "peak_share": ParameterRow(
                "Share of peak",
                self.peak_share,
                tip="What lies above this share of the image's highest value is a region",
            ),
            "min_area_px": ParameterRow(
                "Smallest region", self.min_area, tip=f"Smaller regions, and those below {area}, get no prompt"
            ),
            "max_components": ParameterRow("Regions at most", self.most, tip="Those of the highest peaks are kept"),
            "box": ParameterRow("Box", self.box, tip="A box around each region"),
            "box_margin": ParameterRow("Box margin", self.margin, tip="Widening on each side, in percent of that side"),
            "point": ParameterRow("Peak point", self.point, tip="A point where the map of a region is highest"),
            "negative_points": ParameterRow(
                "Negative points", self.negatives, tip="Points around each region, where the map is lowest"
            ),
        }
        self._shown: tuple[str, ...] = ROWS
        self._has_references = True
        combos = [self._rows[name].label for name in ("backbone", "policy")]
        for label in combos:
            label.setMinimumWidth(max(other.sizeHint().width() for other in combos))
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, 0, 0, 4)
        column.setSpacing(4)
        for row in self._rows.values():
            column.addWidget(row)
        column.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignRight)
        self._connect()
        self.set_backbones((BackboneRow(RECOMMENDED_MAP.backbone, "SAM encoder"),))

    def set_backbones(self, rows: Sequence[BackboneRow]) -> None:
        """The networks to choose from."""
        with QSignalBlocker(self.backbone):
            self.backbone.clear()
            for row in rows:
                self.backbone.addItem(row.title, row.name)
                self.backbone.setItemData(self.backbone.count() - 1, row.note, Qt.ItemDataRole.ToolTipRole)
        self._refresh()

    def set_settings(self, settings: FewShotSettings) -> None:
        """Show how the map is made; the references are shown elsewhere, and kept."""
        self._settings = settings
        self._refresh()

    def set_prompting(self, prompting: AutomaticPrompts) -> None:
        """Show how prompts are made from the map."""
        self._prompting = prompting
        self._refresh()

    def set_shown(self, rows: Sequence[str]) -> None:
        """Show some of `ROWS` only, those that the method has."""
        self._shown = tuple(rows)
        self._refresh()

    def set_has_references(self, has: bool) -> None:
        """Whether the map is compared with normal images, so that a threshold can be taken from theirs."""
        self._has_references = has
        self._refresh()

    def changed_rows(self) -> tuple[str, ...]:
        """The parameters shown that are not as recommended."""
        return tuple(name for name in self._rows if name in self._shown and self._is_changed(name))

    def row(self, name: str) -> ParameterRow:
        """The row of a parameter."""
        return self._rows[name]

    def _connect(self) -> None:
        self.backbone.activated.connect(self._on_backbone_chosen)
        self.policy.activated.connect(self._on_edited)
        for spin in (self.fixed, self.quantile, self.peak_share, self.min_area, self.most, self.margin, self.negatives):
            spin.setKeyboardTracking(False)
            spin.setFixedWidth(QFontMetrics(font_px(13)).horizontalAdvance("00000 px") + 26)
            spin.valueChanged.connect(self._on_edited)
        for check in (self.box, self.point):
            check.toggled.connect(self._on_edited)
        self.reset.clicked.connect(self._on_reset)

    # --- showing --------------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        shown = self._prompting
        controls = (
            *(self.backbone, self.policy, self.fixed, self.quantile, self.peak_share, self.min_area, self.most),
            *(self.margin, self.negatives, self.box, self.point),
        )
        blockers = [QSignalBlocker(control) for control in controls]
        self.backbone.setCurrentIndex(self.backbone.findData(self._settings.backbone))
        policy = self._policy()
        self.policy.setCurrentIndex(self.policy.findData(policy))
        self._offer_references()
        self.fixed.setValue(shown.threshold)
        self.quantile.setValue(100 * shown.quantile)
        self.peak_share.setValue(100 * shown.peak_share)
        self.min_area.setValue(shown.min_area_px)
        self.most.setValue(shown.max_components)
        self.margin.setValue(round(100 * shown.box_margin))
        self.negatives.setValue(shown.negative_points)
        self.box.setChecked(shown.box)
        self.point.setChecked(shown.point)
        for blocker in blockers:
            blocker.unblock()
        for combo in (self.backbone, self.policy):
            note = combo.currentData(Qt.ItemDataRole.ToolTipRole)
            combo.setToolTip(f"{combo.currentText()}: {note}" if note else combo.currentText())
        belongs = {"threshold": "fixed", "quantile": "quantile", "peak_share": "peak_share"}
        for name, row in self._rows.items():
            row.setVisible(name in self._shown and belongs.get(name, policy) == policy)
        self.margin.setEnabled(shown.box)
        # Without either there would be nothing to prompt with.
        for check, other in ((self.box, shown.point), (self.point, shown.box)):
            check.setEnabled(other or not check.isChecked())
            check.setToolTip(check.parentWidget().label.toolTip() if check.isEnabled() else ONE_OF_TWO)
        for name, row in self._rows.items():
            row.mark(self._is_changed(name), self._recommended(name))
        self.reset.setVisible(bool(self.changed_rows()))

    def _policy(self) -> str:
        """Where the threshold comes from: without references nothing can be taken from them."""
        falls_back = self._prompting.policy == "ref_calibrated" and not self._has_references
        return "peak_share" if falls_back else self._prompting.policy

    def _offer_references(self) -> None:
        model, place = self.policy.model(), self.policy.findData("ref_calibrated")
        tip = POLICIES[0][2] if self._has_references else NO_REFERENCES
        model.item(place).setEnabled(self._has_references)
        self.policy.setItemData(place, tip, Qt.ItemDataRole.ToolTipRole)

    def _is_changed(self, name: str) -> bool:
        if name == "policy":
            return self._policy() != ("ref_calibrated" if self._has_references else "peak_share")
        if name in ("quantile", "peak_share") and self._policy() != name:
            return False
        if name == "backbone":
            return self._settings.backbone != RECOMMENDED_MAP.backbone
        # A raw score means another thing for every backbone: none can be recommended.
        if name == "threshold":
            return False
        return bool(getattr(self._prompting, name) != getattr(RECOMMENDED, name))

    def _recommended(self, name: str) -> str:
        numbers = {
            "quantile": f"{100 * RECOMMENDED.quantile:g}",
            "peak_share": f"{100 * RECOMMENDED.peak_share:g}",
            "min_area_px": f"{RECOMMENDED.min_area_px}",
            "max_components": f"{RECOMMENDED.max_components}",
            "box_margin": f"{100 * RECOMMENDED.box_margin:g}",
            "negative_points": f"{RECOMMENDED.negative_points}",
            "box": "on" if RECOMMENDED.box else "off",
            "point": "on" if RECOMMENDED.point else "off",
        }
        return numbers.get(name, "")

    # --- what a person does ---------------------------------------------------------------------------------------

    @Slot()
    def _on_backbone_chosen(self) -> None:
        name = self.backbone.currentData()
        if name != self._settings.backbone:
            self._settings = replace(self._settings, backbone=name)
            self._refresh()
            self.settings_changed.emit(self._settings)

    @Slot()
    def _on_edited(self) -> None:
        shown = self._prompting
        edited = replace(
            shown,
            policy=self.policy.currentData() if self.policy is self.sender() else shown.policy,
            threshold=self.fixed.value() if self.fixed is self.sender() else shown.threshold,
            quantile=self.quantile.value() / 100 if self.quantile is self.sender() else shown.quantile,
            peak_share=self.peak_share.value() / 100 if self.peak_share is self.sender() else shown.peak_share,
            min_area_px=self.min_area.value(),
            max_components=self.most.value(),
            box=self.box.isChecked(),
            point=self.point.isChecked(),
            box_margin=self.margin.value() / 100 if self.margin is self.sender() else shown.box_margin,
            negative_points=self.negatives.value(),
        )
        self._tell(edited)

    @Slot()
    def _on_reset(self) -> None:
        rows = self.changed_rows()
        settings = replace(self._settings, backbone=RECOMMENDED_MAP.backbone) if "backbone" in rows else self._settings
        changed = [name for name in rows if name != "backbone"]
        if settings != self._settings:
            self._settings = settings
            self.settings_changed.emit(settings)
        self._tell(replace(self._prompting, **{name: getattr(RECOMMENDED, name) for name in changed}))

    def _tell(self, prompting: AutomaticPrompts) -> None:
        is_new = prompting != self._prompting
        self._prompting = prompting
        self._refresh()
        if is_new:
            self.prompting_changed.emit(prompting)
