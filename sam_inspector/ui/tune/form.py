"""The left side of the Tune view: what is trained, how, and the buttons that start and stop it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QScrollArea, QSpinBox, QVBoxLayout, QWidget

from sam_inspector.anomaly.simplenet.recipe import FAITHFUL_BACKBONE
from sam_inspector.models.backbone_registry import BACKBONES, SAM_BACKBONE
from sam_inspector.ui.panels.labels import TonedLabel
from sam_inspector.ui.panels.look import GAP, MARGIN
from sam_inspector.ui.panels.panel_header import PanelHeader
from sam_inspector.ui.panels.parameter_row import ElidedCombo, ParameterRow
from sam_inspector.ui.tune.choices import TuneChoices
from sam_inspector.ui.tune.train_foot import TrainFoot, TrainState

PRESETS = (("recommended", "Recommended"), ("faithful", "Faithful"))
MOST_EPOCHS = 10_000
USUAL = TuneChoices()


class TuneForm(QWidget):
    """A form; `choices` gives what it holds, and `changed` tells that a person changed it."""

    changed = Signal()
    start_requested = Signal()
    anew_requested = Signal()
    cancel_requested = Signal()
    use_requested = Signal()
    """The network that is there, for maps in Inspect"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.category, self.backbone, self.preset = ElidedCombo(), ElidedCombo(), QComboBox()
        self.epochs, self.seed = QSpinBox(), QSpinBox()
        self.protocol = QCheckBox("Paper protocol")
        self.foot = TrainFoot(
            "Train",
            anew_tip="Train from the beginning; the network that is there gets another name",
            use_tip="Let this network make the anomaly maps in Inspect",
        )
        self.hint, self.start, self.go_on = self.foot.hint, self.foot.start, self.foot.go_on
        self.anew, self.use, self.cancel = self.foot.anew, self.foot.use, self.foot.cancel
        self._model = ""
        self._fill()
        self._lay_out()
        self._connect()
        self._show_dependent()

    # --- what it holds -------------------------------------------------------------------------------------------

    def choices(self) -> TuneChoices:
        """What is chosen."""
        return TuneChoices(
            category=self.category.currentData() or "",
            model=self._model,
            backbone=self.backbone.currentData(),
            preset=self.preset.currentData(),
            epochs=self.epochs.value(),
            seed=self.seed.value(),
            paper_protocol=self.protocol.isChecked(),
        )

    def set_categories(self, names: Sequence[str], chosen: str) -> None:
        """Offer the categories of a dataset; the one chosen before stays if it is among them."""
        wanted = chosen or self.category.currentData()
        with QSignalBlocker(self.category):
            self.category.clear()
            for name in names:
                self.category.addItem(name, name)
            self.category.setCurrentIndex(max(0, self.category.findData(wanted)) if names else -1)
        self.category.setEnabled(len(names) > 1)

    def set_model(self, name: str, title: str) -> None:
        """The SAM model in use, whose encoder is the first backbone."""
        self._model = name
        place = self.backbone.findData(SAM_BACKBONE)
        self.backbone.setItemText(place, f"{title}'s encoder" if title else BACKBONES[SAM_BACKBONE].title)

    def set_hint(self, sentence: str, *, is_problem: bool) -> None:
        """What stands above the button: what will be done, or why it can't be."""
        self.foot.set_hint(sentence, is_problem=is_problem)

    def set_state(
        self, state: TrainState, *, can_start: bool, has_earlier: bool, is_done: bool, epochs_done: int
    ) -> None:
        """Show the buttons for how it stands.

        Parameters
        ----------
        can_start
            Whether there is something that can be trained.
        has_earlier
            Whether an earlier training can be gone on with, or begun anew.
        is_done
            Whether that is as long as it is asked to be.
        epochs_done
            Of the network that is there; 0 where it can't be used.
        """
        self._fields.setEnabled(state not in ("running", "stopping"))
        self.foot.set_state(
            state, can_start=can_start, has_earlier=has_earlier, can_go_on=not is_done, can_use=epochs_done > 0
        )

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(232, 300)

    # --- building ------------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        for name, spec in BACKBONES.items():
            self.backbone.addItem(spec.title, name)
            self.backbone.setItemData(self.backbone.count() - 1, spec.note, Qt.ItemDataRole.ToolTipRole)
        for name, title in PRESETS:
            self.preset.addItem(title, name)
        self.epochs.setRange(1, MOST_EPOCHS)
        self.epochs.setValue(USUAL.epochs)
        self.epochs.setSingleStep(10)
        self.seed.setRange(0, 2**31 - 1)
        for spin in (self.epochs, self.seed):
            spin.setAlignment(Qt.AlignmentFlag.AlignRight)
            spin.setFixedWidth(92)
        self.protocol.setToolTip(
            "Keep the epoch that does best on the test images, as the published code does: figures on those images are "
            "too good then. Without it the last epoch counts."
        )

    def _lay_out(self) -> None:
        self._epochs_row = ParameterRow("Epochs", self.epochs, tip="Passes over the normal images")
        rows = (
            ParameterRow("Category", self.category, tip="SimpleNet learns what is normal for one category"),
            ParameterRow("Preset", self.preset, tip="Recommended, or faithful to the published system"),
            ParameterRow("Backbone", self.backbone, tip="The network whose features are learnt"),
            self._epochs_row,
            ParameterRow("Seed", self.seed, tip="Whatever is drawn by chance is drawn with it"),
        )
        about = TonedLabel(
            "Learns from the category's normal images what their features look like. A trained network makes anomaly "
            "maps without any reference image.",
            px=12,
            tone="muted",
            wrap=True,
        )
        self._fields = QWidget()
        fields = QVBoxLayout(self._fields)
        fields.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        fields.setSpacing(4)
        fields.addWidget(about)
        fields.addSpacing(GAP)
        for row in rows:
            row.mark(False, "")
            fields.addWidget(row)
        fields.addWidget(self.protocol)
        fields.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self._fields)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        header = PanelHeader("Train SimpleNet")
        header.setMinimumHeight(44)
        column.addWidget(header)
        column.addWidget(area, 1)
        column.addWidget(self.foot)

    def _connect(self) -> None:
        for combo in (self.category, self.backbone, self.preset):
            combo.currentIndexChanged.connect(self._on_changed)
        for spin in (self.epochs, self.seed):
            spin.valueChanged.connect(self._on_changed)
        self.protocol.toggled.connect(self._on_changed)
        self.foot.start_requested.connect(self.start_requested)
        self.foot.go_on_requested.connect(self.start_requested)
        self.foot.anew_requested.connect(self.anew_requested)
        self.foot.cancel_requested.connect(self.cancel_requested)
        self.foot.use_requested.connect(self.use_requested)

    @Slot()
    def _on_changed(self) -> None:
        if self.sender() is self.preset and self.preset.currentData() == "faithful":
            # That is the backbone which it was published with.
            with QSignalBlocker(self.backbone):
                self.backbone.setCurrentIndex(self.backbone.findData(FAITHFUL_BACKBONE))
        self._show_dependent()
        self.changed.emit()

    def _show_dependent(self) -> None:
        self._epochs_row.mark(self.epochs.value() != USUAL.epochs, str(USUAL.epochs), "usually")
