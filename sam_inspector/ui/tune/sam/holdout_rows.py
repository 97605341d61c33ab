"""Which images are kept back from the training, to judge on."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QSpinBox, QVBoxLayout, QWidget

from sam_inspector.methods.spt.holdout import Holdout
from sam_inspector.ui.panels.parameter_row import ElidedCombo, ParameterRow

KINDS = (
    ("share", "A share of each category", "Some images of each category, drawn by the seed"),
    ("category", "One category", "All images of a category: how well does it do on what it never saw?"),
    ("fold", "One fold of several", "Images are drawn into parts, of which one is kept back: for cross-validation"),
    ("none", "None", "Learn from all of them; nothing is judged, and the last epoch is kept"),
)
USUAL = Holdout()


class HoldoutRows(QWidget):
    """A choice, and what it asks for beneath it."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind, self.category = ElidedCombo(), ElidedCombo()
        self.share, self.fold, self.folds = QSpinBox(), QSpinBox(), QSpinBox()
        for name, title, tip in KINDS:
            self.kind.addItem(title, name)
            self.kind.setItemData(self.kind.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        for spin, least, most, value in (
            (self.share, 1, 99, round(100 * USUAL.share)),
            (self.fold, 1, USUAL.folds, USUAL.fold),
            (self.folds, 2, 99, USUAL.folds),
        ):
            spin.setRange(least, most)
            spin.setValue(value)
            spin.setAlignment(Qt.AlignmentFlag.AlignRight)
            spin.setFixedWidth(92 if spin is self.share else 72)
            spin.valueChanged.connect(self._on_changed)
        self.share.setSuffix(" %")
        self.share.setSingleStep(5)
        self.folds.setPrefix("of ")
        for combo in (self.kind, self.category):
            combo.currentIndexChanged.connect(self._on_changed)
        self._rows = {
            "share": ParameterRow("Share", self.share, tip="Of each category's images, at least one"),
            "category": ParameterRow("Category", self.category, tip="Whose images are all held out"),
            "fold": ParameterRow("Fold", self.fold, self.folds, tip="Which part is held out, of how many"),
        }
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(ParameterRow("Held out", self.kind, tip="Which images are judged on, not learnt from"))
        for row in self._rows.values():
            row.mark(False, "")
            column.addWidget(row)
        self._show_dependent()

    def holdout(self, seed: int) -> Holdout:
        """What is chosen, drawn by a seed."""
        category = self.category.currentData()
        return Holdout(
            self.kind.currentData(),
            self.share.value() / 100,
            self.fold.value(),
            self.folds.value(),
            (category,) if category and self.kind.currentData() == "category" else (),
            seed,
        )

    def set_categories(self, names: Sequence[str]) -> None:
        """Offer those that are learnt from, of which one can be held out."""
        before = self.category.currentData()
        with QSignalBlocker(self.category):
            self.category.clear()
            for name in names:
                self.category.addItem(name, name)
            self.category.setCurrentIndex(max(0, self.category.findData(before)) if names else -1)

    @Slot()
    def _on_changed(self) -> None:
        with QSignalBlocker(self.fold):
            self.fold.setMaximum(self.folds.value())
        self._show_dependent()
        self.changed.emit()

    def _show_dependent(self) -> None:
        for kind, row in self._rows.items():
            row.setVisible(kind == self.kind.currentData())
        usual = round(100 * USUAL.share)
        self._rows["share"].mark(self.share.value() != usual, f"{usual} %", "usually")
