"""The left side of the view that tunes SAM: from which images, how, and the buttons that start and stop it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRegularExpression, QSize, Qt, Signal, Slot
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QFrame, QLineEdit, QScrollArea, QSpinBox, QVBoxLayout, QWidget

from sam_inspector.methods.spt.settings import DEFAULT_EPOCHS, VARIANTS, SptSettings
from sam_inspector.ui.panels.fold import Fold
from sam_inspector.ui.panels.labels import ElidedLabel, TonedLabel
from sam_inspector.ui.panels.look import GAP, MARGIN
from sam_inspector.ui.panels.panel_header import PanelHeader
from sam_inspector.ui.panels.parameter_row import ElidedCombo, ParameterRow
from sam_inspector.ui.tune.sam.category_list import CategoryList
from sam_inspector.ui.tune.sam.choices import LONGEST_NAME, SIGNS, SamChoices, safe_name
from sam_inspector.ui.tune.sam.holdout_rows import HoldoutRows
from sam_inspector.ui.tune.sam.parameters import SptParameters
from sam_inspector.ui.tune.train_foot import TrainFoot, TrainState

ABOUT = (
    "Learns from images whose defects are marked. From then on the same click or box gives a better mask, by hand as "
    "well as from automatic prompts."
)
IMAGES = (
    ("marked", "All marked images", "Those with ground truth, and those on which you accepted masks"),
    ("accepted", "Those with accepted masks", "Masks that you accepted in Inspect; ground truth is left aside"),
    ("selected", "Those selected in the list", "Marked images among the rows that are selected in Inspect"),
)
PROMPTS = (
    ("mixed", "Mixed", "A box, a point or several points, one of them at a time: for every use"),
    ("box", "Boxes", "A box around each defect, a little off"),
    ("point", "One point", "A point inside each defect"),
    ("points", "Several points", "Points inside each defect"),
)
MOST_EPOCHS = 10_000


class SamForm(QWidget):
    """A form; `choices` gives what it holds, and `changed` tells that a person changed it."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = QLineEdit()
        self.name.setMaxLength(LONGEST_NAME)
        allowed = QRegularExpression(rf"\w[\w{SIGNS.replace('-', '')}-]*")
        allowed.setPatternOptions(QRegularExpression.PatternOption.UseUnicodePropertiesOption)
        self.name.setValidator(QRegularExpressionValidator(allowed, self.name))
        self.model = ElidedLabel("–", tone="muted", mode=Qt.TextElideMode.ElideMiddle)
        self.images, self.variant, self.prompts = ElidedCombo(), ElidedCombo(), ElidedCombo()
        self.categories = CategoryList()
        self.holdout = HoldoutRows()
        self.epochs = QSpinBox()
        self.parameters = SptParameters()
        self.fold = Fold("Parameters", self.parameters)
        self.foot = TrainFoot(
            "Tune",
            anew_tip="Tune from the beginning; the tuned model that is there gets another name",
            use_tip="Make the tuned model the model in use, and go to Inspect",
        )
        self._fill()
        self._lay_out()
        self._connect()

    # --- what it holds -------------------------------------------------------------------------------------------

    def choices(self) -> SamChoices:
        """What is chosen."""
        seed = self.parameters.seed.value()
        settings = SptSettings(
            variant=self.variant.currentData(),
            prompts=self.prompts.currentData(),
            holdout=self.holdout.holdout(seed),
            epochs=self.epochs.value(),
        )
        return SamChoices(
            safe_name(self.name.text()),
            self.images.currentData(),
            self.categories.left_out(),
            self.parameters.apply(settings),
        )

    def set_dataset(self, name: str, categories: Sequence[str]) -> None:
        """Another dataset is open: the tuned model is named after it, and all of its categories are learnt from."""
        self.name.setText(safe_name(name))
        self.categories.set_categories(categories)
        self.holdout.set_categories(categories)

    def set_counts(self, counts: Mapping[str, int]) -> None:
        """Show how many images are marked, of each category."""
        self.categories.set_counts(counts)

    def set_model(self, title: str) -> None:
        """The model in use, which is the one to tune."""
        self.model.setText(title)

    def set_state(
        self, state: TrainState, *, can_start: bool, has_earlier: bool, can_go_on: bool, can_use: bool
    ) -> None:
        """As `TrainFoot.set_state`; while something goes on the form stands still."""
        self._fields.setEnabled(state not in ("running", "stopping"))
        self.foot.set_state(state, can_start=can_start, has_earlier=has_earlier, can_go_on=can_go_on, can_use=can_use)

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(232, 300)

    # --- building ------------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        variants = tuple((name, row.title, row.note) for name, row in VARIANTS.items())
        for combo, rows in ((self.images, IMAGES), (self.variant, variants), (self.prompts, PROMPTS)):
            for name, title, tip in rows:
                combo.addItem(title, name)
                combo.setItemData(combo.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.epochs.setRange(1, MOST_EPOCHS)
        self.epochs.setValue(DEFAULT_EPOCHS)
        self.epochs.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.epochs.setFixedWidth(92)

    def _lay_out(self) -> None:
        self._epochs_row = ParameterRow("Epochs", self.epochs, tip="Passes over the images")
        self._fields = QWidget()
        fields = QVBoxLayout(self._fields)
        fields.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        fields.setSpacing(4)
        fields.addWidget(TonedLabel(ABOUT, px=12, tone="muted", wrap=True))
        fields.addSpacing(GAP)
        for row in (
            ParameterRow("Name", self.name, tip="Of the tuned model, as the list of models has it"),
            ParameterRow("Model", self.model, tip="The model in the tool bar is tuned"),
            ParameterRow("Images", self.images, tip="Which images are learnt from and judged on"),
            self.categories,
            ParameterRow("Variant", self.variant, tip="What of SAM is tuned, and what is added to it"),
            ParameterRow("Prompts", self.prompts, tip="What SAM is given for each defect while it learns"),
            self.holdout,
            self._epochs_row,
            self.fold,
        ):
            if isinstance(row, ParameterRow):
                row.mark(False, "")
            fields.addWidget(row)
        fields.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self._fields)
        header = PanelHeader("Tune SAM")
        header.setMinimumHeight(44)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(header)
        column.addWidget(area, 1)
        column.addWidget(self.foot)

    def _connect(self) -> None:
        self.name.textEdited.connect(self._on_changed)
        for combo in (self.images, self.variant, self.prompts):
            combo.currentIndexChanged.connect(self._on_changed)
        self.epochs.valueChanged.connect(self._on_changed)
        self.categories.changed.connect(self._on_ticked)
        for part in (self.holdout, self.parameters):
            part.changed.connect(self._on_changed)

    @Slot()
    def _on_ticked(self) -> None:
        left_out = self.categories.left_out()
        self.holdout.set_categories([name for name in self.categories.names() if name not in left_out])
        self.changed.emit()

    @Slot()
    def _on_changed(self) -> None:
        self._epochs_row.mark(self.epochs.value() != DEFAULT_EPOCHS, str(DEFAULT_EPOCHS), "usually")
        number = self.parameters.changed_count()
        self.fold.set_remark(f"{number} changed" if number else "", stands_out=number > 0)
        self.changed.emit()
