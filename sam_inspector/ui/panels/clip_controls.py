"""What maps by sentences are made from: the object's name, sentences, the CLIP model and trained layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from sam_inspector.ui.panels.buttons import LinkButton, PlainButton
from sam_inspector.ui.panels.labels import ElidedLabel, Tone, TonedLabel
from sam_inspector.ui.panels.look import GAP
from sam_inspector.ui.panels.parameter_row import ElidedCombo, ParameterRow

NAME_TIP = "What the image shows, in English: it takes the place of {} in every sentence"
LAYERS_TIP = "Linear layers trained on images with masks, which bring the model's tokens closer to the sentences"
SCORE_TIP = (
    "How much closer the whole image is to the abnormal sentences than to the normal ones, from 0 to 1; the map has no "
    "part in it"
)


@dataclass(frozen=True, slots=True)
class ClipModelRow:
    """A CLIP model: its name, its words in the list, and what is to know before choosing it."""

    name: str
    title: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class WeightsView:
    """Weights that are missing.

    Attributes
    ----------
    words
        What is missing.
    by_hand
        How else they can be had.
    fetch
        Words of the button; empty where nothing can be fetched.
    progress
        How far fetching is; empty while nobody fetches.
    """

    words: str
    by_hand: str
    fetch: str
    progress: str = ""


@dataclass(frozen=True, slots=True)
class ClipView:
    """What is shown.

    Attributes
    ----------
    name, name_error, name_note
        The object's name, why it can't be used, what is odd about it.
    sentences, sentences_tip
        A few words about the lists, and more of them.
    layers, layers_path
        Name and place of the file of trained layers; empty without one.
    layers_note, layers_warning, layers_error
        What they were trained on, that it was this very category, why a file can't be used.
    weights
        None when they are there.
    """

    name: str = ""
    name_error: str = ""
    name_note: str = ""
    sentences: str = ""
    sentences_tip: str = ""
    model: str = ""
    layers: str = ""
    layers_path: str = ""
    layers_note: str = ""
    layers_warning: str = ""
    layers_error: str = ""
    weights: WeightsView | None = None


class ClipControls(QWidget):
    """Shows what a map is made from, and asks for something else."""

    name_chosen = Signal(str)
    sentences_requested = Signal()
    model_chosen = Signal(str)
    layers_requested = Signal()
    layers_dropped = Signal()
    fetch_requested = Signal()
    fetch_cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = ClipView()
        self.name = QLineEdit()
        self.name.setPlaceholderText("metal nut")
        self.name.setMinimumWidth(80)
        self.name.setToolTip(NAME_TIP)
        self.name.setAccessibleName("Object")
        self.name_line = TonedLabel(px=12, wrap=True)
        self.sentences = ElidedLabel(tone="muted")
        self.edit_sentences = LinkButton("Sentences…", tip="Edit the states and templates that make the sentences")
        self.model = ElidedCombo()
        self.layers = ElidedLabel(px=12, mode=Qt.TextElideMode.ElideMiddle)
        self._no_layers = ElidedLabel("none", tone="muted")
        self.open_layers = LinkButton("Open…", tip=LAYERS_TIP)
        self.drop_layers = LinkButton("Remove", tip="Go without trained layers")
        self.layers_line = TonedLabel(px=12, wrap=True)
        self.weights_words = TonedLabel(wrap=True, tone="changed")
        self.fetch = PlainButton("", "download")
        self.cancel = LinkButton("Cancel", tip="Give up fetching; what has come is kept for the next attempt")
        self.progress = ElidedLabel(px=12, tone="muted")
        self.by_hand = TonedLabel(px=12, tone="muted", wrap=True)
        self.score = TonedLabel()
        self.score.setToolTip(SCORE_TIP)
        self._titles = [TonedLabel(words) for words in ("Object", "Texts", "Layers")]
        self._lay_out()
        self._connect()
        self.set_score(None)
        self.set_view(self._view)

    # --- setters --------------------------------------------------------------------------------------------------

    def set_models(self, rows: Sequence[ClipModelRow]) -> None:
        """The models to choose from."""
        with QSignalBlocker(self.model):
            self.model.clear()
            for row in rows:
                self.model.addItem(row.title, row.name)
                self.model.setItemData(self.model.count() - 1, row.note, Qt.ItemDataRole.ToolTipRole)
        self.set_view(self._view)

    def set_view(self, view: ClipView) -> None:
        """Show other choices; what a person is typing stays."""
        before, self._view = self._view, view
        if not (self.name.hasFocus() and self.name.isModified() and before.name == view.name):
            with QSignalBlocker(self.name):
                self.name.setText(view.name)
            if not self.name.hasFocus():
                self.name.setCursorPosition(0)  # the beginning of a long name says more than its end
        self.name.setToolTip(f"{view.name}\n{NAME_TIP}" if view.name else NAME_TIP)
        _say(self.name_line, view.name_error or view.name_note, "changed" if view.name_error else "muted")
        self.sentences.setText(view.sentences)
        self.sentences.setToolTip(view.sentences_tip)
        with QSignalBlocker(self.model):
            self.model.setCurrentIndex(self.model.findData(view.model))
        note = self.model.currentData(Qt.ItemDataRole.ToolTipRole)
        self.model.setToolTip(f"{self.model.currentText()}: {note}" if note else self.model.currentText())
        self.layers.setText(view.layers)
        self.layers.setToolTip(view.layers_path)
        self.layers.setVisible(bool(view.layers))
        self._no_layers.setText("" if view.layers else "none")
        # A file that the settings name and that is gone can be forgotten too.
        self.drop_layers.setVisible(bool(view.layers or view.layers_error))
        remark = view.layers_error or view.layers_warning
        _say(
            self.layers_line,
            " ".join(part for part in (view.layers_note, remark) if part),
            "changed" if remark else "muted",
        )
        self._show_weights(view.weights)

    def set_score(self, score: float | None) -> None:
        """Show what the sentences say of the whole image, from 0 to 1."""
        self.score.setText("" if score is None else f"Defect by text {score:.2f}")
        self.score.setVisible(score is not None)

    # --- building -------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        model = ParameterRow("Model", self.model, tip="The CLIP model that compares image and sentences")
        titles = [*self._titles, model.label]
        for title in titles:
            title.setFixedWidth(max(other.sizeHint().width() for other in titles))
        self._titles[2].setToolTip(LAYERS_TIP)
        self._weights = QWidget()
        inner = QVBoxLayout(self._weights)
        inner.setContentsMargins(0, 4, 0, 4)
        inner.setSpacing(4)
        inner.addWidget(self.weights_words)
        inner.addWidget(self.fetch, 0, Qt.AlignmentFlag.AlignLeft)
        inner.addLayout(_line((self.progress, 1), (self.cancel, 0)))
        inner.addWidget(self.by_hand)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._weights)  # first, for nothing else helps without them
        column.addWidget(self.score)
        column.addSpacing(2)
        column.addLayout(_line((self._titles[0], 0), (self.name, 1)))
        column.addWidget(self.name_line)
        column.addLayout(_line((self._titles[1], 0), (self.sentences, 1), (self.edit_sentences, 0)))
        column.addWidget(model)
        column.addLayout(
            _line((self._titles[2], 0), (self._no_layers, 1), (self.drop_layers, 0), (self.open_layers, 0))
        )
        column.addWidget(self.layers)
        column.addWidget(self.layers_line)

    def _connect(self) -> None:
        self.name.editingFinished.connect(self._on_name_edited)
        self.edit_sentences.clicked.connect(self.sentences_requested)
        self.model.activated.connect(self._on_model_chosen)
        self.open_layers.clicked.connect(self.layers_requested)
        self.drop_layers.clicked.connect(self.layers_dropped)
        self.fetch.clicked.connect(self.fetch_requested)
        self.cancel.clicked.connect(self.fetch_cancelled)

    def _show_weights(self, weights: WeightsView | None) -> None:
        self._weights.setVisible(weights is not None)
        if weights is None:
            return
        self.weights_words.setText(weights.words)
        self.fetch.setText(weights.fetch)
        self.fetch.updateGeometry()
        self.fetch.setVisible(bool(weights.fetch) and not weights.progress)
        self.by_hand.setText(weights.by_hand)
        self.by_hand.setVisible(bool(weights.by_hand) and not weights.progress)
        self.progress.setText(weights.progress)
        for widget in (self.progress, self.cancel):
            widget.setVisible(bool(weights.progress))

    # --- what a person does ---------------------------------------------------------------------------------------

    @Slot()
    def _on_name_edited(self) -> None:
        if self.name.text() != self._view.name:
            self.name_chosen.emit(self.name.text())

    @Slot()
    def _on_model_chosen(self) -> None:
        if self.model.currentData() != self._view.model:
            self.model_chosen.emit(self.model.currentData())


def _line(*widgets: tuple[QWidget, int]) -> QHBoxLayout:
    line = QHBoxLayout()
    line.setSpacing(GAP // 2)
    for widget, stretch in widgets:
        line.addWidget(widget, stretch)
    return line


def _say(label: TonedLabel, words: str, tone: Tone) -> None:
    """A line that takes no room while it says nothing."""
    label.setText(words)
    label.set_tone(tone)
    label.setVisible(bool(words))
