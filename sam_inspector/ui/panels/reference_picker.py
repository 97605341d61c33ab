"""Which normal images a map compares with: the first, some drawn at random, or those selected in the images panel."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from sam_inspector.anomaly.settings import ReferenceChoice
from sam_inspector.ui.panels.buttons import LinkButton
from sam_inspector.ui.panels.labels import ElidedLabel, TonedLabel
from sam_inspector.ui.panels.look import GAP, font_px

KINDS = (
    ("first", "First", "The first of the normal images, by name"),
    ("random", "Random", "Drawn from the normal images; the same seed draws the same ones"),
    ("picked", "Selected", "The images selected in the images panel"),
)
MAX_SEED = 999_999


class ReferencePicker(QWidget):
    """How many normal images, and which."""

    changed = Signal(object)
    """`ReferenceChoice`, of kind `first` or `random`"""
    pick_requested = Signal()
    """Take the images selected in the images panel; this widget does not know them"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choice = ReferenceChoice()
        self._normal_count = self._picked_count = 0
        self.kind = QComboBox()
        self.kind.setAccessibleName("Which normal images")
        for name, title, tip in KINDS:
            self.kind.addItem(title, name)
            self.kind.setItemData(self.kind.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.count = QSpinBox(minimum=1, maximum=1)
        self.count.setToolTip("Number of normal images")
        self.seed = QSpinBox(minimum=0, maximum=MAX_SEED)
        self.seed.setToolTip("The same seed draws the same images")
        for spin in (self.count, self.seed):
            spin.setKeyboardTracking(False)
            spin.setFixedWidth(QFontMetrics(font_px(13)).horizontalAdvance("000000") + 30)
        self.words = ElidedLabel(px=12, tone="muted")
        self.take = LinkButton("", tip="Compare with the images selected in the images panel")
        self._title = ElidedLabel("References")
        self._seed_row = QWidget()
        self._lay_out()
        self.kind.activated.connect(self._on_kind_chosen)
        self.count.valueChanged.connect(self._on_number_changed)
        self.seed.valueChanged.connect(self._on_number_changed)
        self.take.clicked.connect(self.pick_requested)
        self._refresh()

    def set_available(self, normal_count: int, picked_count: int) -> None:
        """How many normal images there are, and how many images are selected in the images panel."""
        self._normal_count, self._picked_count = normal_count, picked_count
        self._refresh()

    def set_choice(self, choice: ReferenceChoice) -> None:
        """Show another choice."""
        self._choice = choice
        self._refresh()

    def choice(self) -> ReferenceChoice:
        """The choice shown."""
        return self._choice

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(GAP)
        first.addWidget(self._title, 1)
        first.addWidget(self.kind)
        first.addWidget(self.count)
        second = QHBoxLayout(self._seed_row)
        second.setContentsMargins(0, 0, 0, 0)
        second.addWidget(TonedLabel("Seed"), 1)
        second.addWidget(self.seed)
        third = QHBoxLayout()
        third.setSpacing(GAP)
        third.addWidget(self.words, 1)
        third.addWidget(self.take)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(first)
        column.addWidget(self._seed_row)
        column.addLayout(third)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        # In a narrow dock the line beneath says well enough what the number is of.
        room = self.width() - self.kind.sizeHint().width() - self.count.width() - 2 * GAP
        self._title.setVisible(room >= self._title.sizeHint().width())

    def _refresh(self) -> None:
        choice = self._choice
        with QSignalBlocker(self.kind), QSignalBlocker(self.count), QSignalBlocker(self.seed):
            self.kind.setCurrentIndex(self.kind.findData(choice.kind))
            self.count.setMaximum(max(1, self._normal_count))
            self.count.setValue(choice.count)
            self.seed.setValue(choice.seed)
        self.count.setVisible(choice.kind != "picked")
        self.count.setEnabled(self._normal_count > 1)
        self._seed_row.setVisible(choice.kind == "random")
        self.words.setText(reference_words(choice, self._normal_count))
        self.take.setText(f"Take the {self._picked_count} selected" if self._picked_count else "Select others…")
        self.take.updateGeometry()
        self.take.setVisible(choice.kind == "picked")

    @Slot()
    def _on_kind_chosen(self) -> None:
        kind = self.kind.currentData()
        if kind == self._choice.kind:
            return
        if kind == "picked":
            # Whoever knows the selection answers with another choice; until then the old one holds.
            self._refresh()
            self.pick_requested.emit()
            return
        self._tell(replace(self._choice, kind=kind, picked=()))

    @Slot()
    def _on_number_changed(self) -> None:
        # The box shows fewer than were asked for where fewer are available; that alone is no other choice.
        count = self.count.value() if self.count is self.sender() else self._choice.count
        self._tell(replace(self._choice, count=count, seed=self.seed.value()))

    def _tell(self, choice: ReferenceChoice) -> None:
        self._choice = choice
        self._refresh()
        self.changed.emit(choice)


def reference_words(choice: ReferenceChoice, available: int) -> str:
    """A choice in words, with what comes of it where fewer images are available."""
    if choice.kind == "picked":
        return _images(len(choice.picked), "picked")
    if available == 0:
        return "No normal images"
    if choice.count >= available:
        asked = f", {choice.count:,} were asked for" if choice.count > available else ""
        return (f"All {available:,} normal images" if available > 1 else "The only normal image") + asked
    drawn = "First" if choice.kind == "first" else "Random"
    return f"{drawn} {choice.count:,} of {available:,} normal images"


def _images(count: int, kind: str) -> str:
    return f"{count:,} {kind} image{'' if count == 1 else 's'}"
