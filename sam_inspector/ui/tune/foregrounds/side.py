"""The left side of the view of foregrounds: whose, what they show, and the button that looks for them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sam_inspector.ui.panels.automatic import KINDS
from sam_inspector.ui.panels.buttons import AccentButton, PlainButton
from sam_inspector.ui.panels.labels import TonedLabel
from sam_inspector.ui.panels.look import GAP, MARGIN
from sam_inspector.ui.panels.panel_header import PanelHeader
from sam_inspector.ui.panels.parameter_row import ElidedCombo, ParameterRow

ABOUT = (
    "Sam2Sim keeps an object and removes what lies behind it. Look at what it keeps, and correct what is wrong: a "
    "defect that is cut away can't be found."
)


class ForegroundsSide(QWidget):
    """A form; it tells what a person wants."""

    category_chosen = Signal(str)
    kind_chosen = Signal(str)
    find_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.category, self.kind = ElidedCombo(), ElidedCombo()
        self.kind.setPlaceholderText("Choose…")
        for name, title, tip in KINDS:
            self.kind.addItem(title, name)
            self.kind.setItemData(self.kind.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.kind.setCurrentIndex(-1)
        self.hint = TonedLabel(px=12, tone="muted", wrap=True)
        self.find_button = AccentButton("Find foregrounds", "play")
        self.cancel = PlainButton("Cancel", "cancel", tip="Stop; what was found is kept")
        about = TonedLabel(ABOUT, px=12, tone="muted", wrap=True)
        header = PanelHeader("Find foregrounds")
        header.setMinimumHeight(44)
        fields = QVBoxLayout()
        fields.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        fields.setSpacing(4)
        fields.addWidget(about)
        fields.addSpacing(GAP)
        fields.addWidget(ParameterRow("Category", self.category, tip="Whose images are looked at"))
        fields.addWidget(ParameterRow("Category type", self.kind, tip="Only objects have a background to remove"))
        foot = QVBoxLayout()
        foot.setContentsMargins(MARGIN, GAP, MARGIN, MARGIN)
        foot.setSpacing(GAP)
        foot.addWidget(self.hint)
        buttons = QHBoxLayout()
        buttons.addWidget(self.find_button, 1)
        buttons.addWidget(self.cancel, 1)
        foot.addLayout(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(header)
        column.addLayout(fields)
        column.addStretch(1)
        column.addLayout(foot)
        self.category.currentIndexChanged.connect(self._on_category)
        self.kind.activated.connect(self._on_kind)
        self.find_button.clicked.connect(self.find_requested)
        self.cancel.clicked.connect(self.cancel_requested)
        self.set_state(running=False, stopping=False, can_find=False)

    def set_categories(self, names: Sequence[str], chosen: str) -> None:
        """Offer the categories of a dataset; the one chosen before stays if it is among them."""
        wanted = chosen or self.category.currentData()
        with QSignalBlocker(self.category):
            self.category.clear()
            for name in names:
                self.category.addItem(name, name)
            self.category.setCurrentIndex(max(0, self.category.findData(wanted)) if names else -1)

    def chosen(self) -> str:
        """The category; empty where there is none."""
        return self.category.currentData() or ""

    def set_kind(self, kind: str) -> None:
        """Show what the category is known to show; an unknown kind asks for it."""
        with QSignalBlocker(self.kind):
            self.kind.setCurrentIndex(self.kind.findData(kind))

    def set_hint(self, words: str) -> None:
        """What stands above the button."""
        self.hint.setText(words)
        self.hint.setVisible(bool(words))

    def set_state(self, *, running: bool, stopping: bool, can_find: bool) -> None:
        """Show the button for how it stands."""
        self.category.setEnabled(not running and self.category.count() > 1)
        self.kind.setEnabled(not running and self.category.count() > 0)
        self.find_button.setVisible(not running)
        self.find_button.setEnabled(can_find)
        self.cancel.setVisible(running)
        self.cancel.setEnabled(running and not stopping)
        self.cancel.setText("Cancelling…" if stopping else "Cancel")

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(232, 300)

    @Slot()
    def _on_category(self) -> None:
        self.category_chosen.emit(self.chosen())

    @Slot()
    def _on_kind(self) -> None:
        self.kind_chosen.emit(self.kind.currentData())
