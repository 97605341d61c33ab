"""The parameters of a tuning that are seldom changed, folded away beneath the form."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QSpinBox, QVBoxLayout, QWidget

from sam_inspector.methods.prompt_modes import FAITHFUL, RECOMMENDED
from sam_inspector.methods.spt.settings import SptSettings
from sam_inspector.ui.panels.parameter_row import ElidedCombo, ParameterRow

PRESETS = ((RECOMMENDED, "Recommended"), (FAITHFUL, "Faithful"))
ENCODERS = ((None, "As the preset says"), (False, "Left as it is"), (True, "Low-rank products"))
USUAL = SptSettings()


class SptParameters(QWidget):
    """Rows of parameters; `apply` puts them into settings."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.preset, self.encoder = QComboBox(), ElidedCombo()
        self.rate, self.sparse, self.seed = QDoubleSpinBox(), QDoubleSpinBox(), QSpinBox()
        self.detach = QCheckBox("Draft learns from its own loss only")
        self.sigmoid = QCheckBox("Refine from the draft's probabilities")
        for name, title in PRESETS:
            self.preset.addItem(title, name)
        for wanted, title in ENCODERS:
            self.encoder.addItem(title, wanted)
        self.rate.setDecimals(5)
        self.rate.setRange(0.0, 1.0)
        self.rate.setSingleStep(0.0001)
        self.rate.setSpecialValueText("preset")
        self.sparse.setRange(0.0, 0.99)
        self.sparse.setSingleStep(0.1)
        self.seed.setRange(0, 2**31 - 1)
        self.detach.setChecked(USUAL.draft_detach)
        self.detach.setToolTip("The gradients of the refined mask end at the draft")
        self.sigmoid.setToolTip("The refining decoder gets probabilities from 0 to 1 instead of logits")
        self._lay_out()
        for combo in (self.preset, self.encoder):
            combo.currentIndexChanged.connect(self._on_changed)
        for spin in (self.rate, self.sparse, self.seed):
            spin.valueChanged.connect(self._on_changed)
        for box in (self.detach, self.sigmoid):
            box.toggled.connect(self._on_changed)

    def _lay_out(self) -> None:
        for spin in (self.rate, self.sparse, self.seed):
            spin.setAlignment(Qt.AlignmentFlag.AlignRight)
            spin.setFixedWidth(92)
        self._rate_row = ParameterRow(
            "Learning rate", self.rate, tip="What the preset says for the variant, or another"
        )
        self._sparse_row = ParameterRow(
            "Sparse relations", self.sparse, tip="The adapter forgets relations of places weaker than this, from 0 to 1"
        )
        self._seed_row = ParameterRow("Seed", self.seed, tip="Whatever is drawn by chance is drawn with it")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for row in (
            ParameterRow("Preset", self.preset, tip="Recommended, or faithful to the published system"),
            self._rate_row,
            self._seed_row,
            ParameterRow(
                "Encoder",
                self.encoder,
                tip="Low-rank products in the image encoder too: images are encoded in every step, for a GPU",
            ),
            self._sparse_row,
        ):
            row.mark(False, "")
            column.addWidget(row)
        column.addWidget(self.detach)
        column.addWidget(self.sigmoid)

    def apply(self, settings: SptSettings) -> SptSettings:
        """Settings with these parameters."""
        return SptSettings(
            settings.variant,
            self.preset.currentData(),
            settings.prompts,
            settings.holdout,
            settings.epochs,
            self.rate.value() or None,
            self.seed.value(),
            self.encoder.currentData(),
            self.detach.isChecked(),
            self.sigmoid.isChecked(),
            round(self.sparse.value(), 2),
        )

    def changed_count(self) -> int:
        """How many are not as usual."""
        mine, usual = self.apply(USUAL), USUAL
        names = ("preset", "rate", "seed", "encoder_lora", "draft_detach", "draft_sigmoid", "relation_sparse")
        return sum(getattr(mine, name) != getattr(usual, name) for name in names)

    @Slot()
    def _on_changed(self) -> None:
        self._rate_row.mark(self.rate.value() > 0, "preset", "usually")
        self._seed_row.mark(self.seed.value() != USUAL.seed, str(USUAL.seed), "usually")
        self._sparse_row.mark(self.sparse.value() > 0, "0", "usually")
        self.changed.emit()
