"""The sentences that CLIP reads: states of an object, normal and abnormal, and templates, one a line."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from sam_inspector.core.errors import InputError
from sam_inspector.core.text_prompts import TextPrompts
from sam_inspector.ui.panels.buttons import AccentButton, LinkButton, PlainButton
from sam_inspector.ui.panels.labels import ElidedLabel, TonedLabel
from sam_inspector.ui.panels.look import GAP

LISTS = (
    ("normal", "Normal states", "flawless {}"),
    ("abnormal", "Abnormal states", "{} with damage"),
    ("templates", "Templates", "a photo of a {}."),
)
INTRODUCTION = (
    "One line each. In a state {} stands for the object's name, in a template for the object in its state; every state "
    "is put into every template."
)


class SentencesDialog(QDialog):
    """Non-modal; what is typed holds once it is applied. It checks lines, reads no file and writes none."""

    applied = Signal(object)
    """`TextPrompts`, checked"""
    reset_requested = Signal()
    open_requested = Signal()
    save_requested = Signal(object)
    """`TextPrompts`, checked"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Sentences for CLIP")
        self.setModal(False)
        self.resize(880, 560)
        self._in_use: TextPrompts | None = None
        self.fields: dict[str, QPlainTextEdit] = {}
        self._counts: dict[str, ElidedLabel] = {}
        self.message = TonedLabel(wrap=True)
        self.reset_button = LinkButton("Reset to the bundled lists", tip="Put the lists that come with the program in")
        self.open_button = PlainButton("Open…", "open", tip="Put the lists of a JSON file in")
        self.save_button = PlainButton("Save…", "save", tip="Write the lists to a JSON file")
        self.apply_button = AccentButton("Use these", "accept", tip="Let CLIP read these sentences")
        self.close_button = PlainButton("Close")
        self._lay_out()
        self._connect()
        self._refresh()

    def set_in_use(self, texts: TextPrompts) -> None:
        """Say which lists hold."""
        self._in_use = texts
        self._refresh()

    def set_texts(self, texts: TextPrompts) -> None:
        """Put other lists into the fields."""
        for name, field in self.fields.items():
            field.setPlainText("\n".join(getattr(texts, name)))
        self._refresh()

    def texts(self) -> TextPrompts:
        """What the fields hold, unchecked; empty lines are left out."""
        normal, abnormal, templates = (
            tuple(line.strip() for line in self.fields[name].toPlainText().splitlines() if line.strip())
            for name, _, _ in LISTS
        )
        return TextPrompts(normal, abnormal, templates)

    def tell(self, words: str) -> None:
        """Say in one sentence why something could not be done; nothing typed is lost."""
        self.message.setText(words)
        self.message.set_tone("changed")

    # --- building -------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GAP, 2 * GAP, 2 * GAP, 2 * GAP)
        column.setSpacing(GAP)
        column.addWidget(TonedLabel(INTRODUCTION, tone="muted", wrap=True))
        lists = QHBoxLayout()
        lists.setSpacing(2 * GAP)
        for name, title, example in LISTS:
            field = QPlainTextEdit()
            field.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
            field.setTabChangesFocus(True)
            field.setPlaceholderText(example)
            field.setAccessibleName(title)
            self.fields[name] = field
            self._counts[name] = ElidedLabel(px=12, tone="muted")
            head = QHBoxLayout()
            head.addWidget(TonedLabel(title, bold=True))
            head.addStretch(1)
            head.addWidget(self._counts[name])
            part = QVBoxLayout()
            part.setSpacing(4)
            part.addLayout(head)
            part.addWidget(field, 1)
            lists.addLayout(part, 3 if name == "templates" else 2)
        column.addLayout(lists, 1)
        self.message.setMinimumHeight(2 * self.message.fontMetrics().height() + 4)
        column.addWidget(self.message)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        for button in (self.open_button, self.save_button, self.reset_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.apply_button)
        column.addLayout(buttons)

    def _connect(self) -> None:
        for field in self.fields.values():
            field.textChanged.connect(self._refresh)
        self.reset_button.clicked.connect(self.reset_requested)
        self.open_button.clicked.connect(self.open_requested)
        self.save_button.clicked.connect(self._on_save)
        self.apply_button.clicked.connect(self._on_apply)
        self.close_button.clicked.connect(self.close)
        for button in (self.open_button, self.save_button, self.close_button, self.apply_button, self.reset_button):
            button.setAutoDefault(False)  # Return in a field is a new line

    @Slot()
    def _refresh(self) -> None:
        texts = self.texts()
        for name, count in self._counts.items():
            count.setText(f"{len(getattr(texts, name)):,}")
        try:
            texts.check()
        except InputError as error:
            self.apply_button.setEnabled(False)
            self.save_button.setEnabled(False)
            self.tell(str(error))
            return
        self.save_button.setEnabled(True)
        self.apply_button.setEnabled(texts != self._in_use)
        normal, abnormal = (len(states) * len(texts.templates) for states in (texts.normal, texts.abnormal))
        in_use = "In use" if texts == self._in_use else "Not in use yet"
        self.message.setText(f"{in_use}: {normal:,} normal and {abnormal:,} abnormal sentences.")
        self.message.set_tone("muted")

    @Slot()
    def _on_apply(self) -> None:
        self.applied.emit(self.texts())

    @Slot()
    def _on_save(self) -> None:
        self.save_requested.emit(self.texts())
