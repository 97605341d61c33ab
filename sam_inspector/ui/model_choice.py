"""The model and device in the tool bar: which there are, which is wanted, which is loaded."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QComboBox

from sam_inspector.engine.requests import ModelReady
from sam_inspector.models.registry import DEFAULT_MODEL, MODELS, ModelSpec
from sam_inspector.models.weights import find_weights
from sam_inspector.ui.model_names import is_there, model_title
from sam_inspector.ui.presenter import Presenter
from sam_inspector.ui.settings import Settings

DEVICES = (("auto", "Auto"), ("cpu", "CPU"), ("cuda", "GPU (CUDA)"), ("mps", "GPU (Metal)"))
WIDEST_PX = 280
"""A person gives tuned models their names; a long one must not push the device out of the tool bar."""


class ModelChoice(QObject):
    """Fills the two lists and loads what is chosen in them."""

    def __init__(
        self,
        model: QComboBox,
        device: QComboBox,
        presenter: Presenter,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._device = device
        self._presenter = presenter
        self._settings = settings
        self._tuned: tuple[ModelSpec, ...] = ()
        self._gone = ""  # what is not there any more, until somebody has been told
        model.setMaximumWidth(WIDEST_PX)
        for spec in MODELS.values():
            self._add(spec)
        for name, title in DEVICES:
            device.addItem(title, name)
        self.show_wanted()
        model.activated.connect(self.load)
        device.activated.connect(self.load)

    def set_tuned(self, specs: Sequence[ModelSpec]) -> None:
        """Offer other tuned models below those of the registry; one in use that is gone gives way to the usual one."""
        self._tuned = tuple(specs)
        wanted = self._model.currentData()
        self._offer_tuned()
        if wanted not in MODELS and not is_there(wanted):
            self._settings.model = wanted
            self.load_wanted()
        else:
            self._show(wanted)

    def show_wanted(self) -> None:
        """Show the model and device of the settings."""
        wanted = self._settings.model
        if is_there(wanted):
            self._show(wanted)
        else:
            self._model.setCurrentIndex(self._model.findData(DEFAULT_MODEL))
        self._device.setCurrentIndex(max(0, self._device.findData(self._settings.device)))

    def choose(self, name: str) -> None:
        """Load a model as if it was chosen in the list; also the one in use, whose file may be another by now."""
        self._show(name)
        self.load()

    def load_wanted(self) -> None:
        """Load the model of the settings, or the usual one where that is not there."""
        self.show_wanted()
        self.load()

    @Slot()
    def load(self) -> None:
        """Load what is chosen."""
        wanted = self._settings.model
        self._settings.model = self._model.currentData()
        self._settings.device = self._device.currentData()
        if not is_there(wanted) and self._settings.model == DEFAULT_MODEL:
            self._gone = wanted
        self._presenter.choose_model(self._settings.model, self._settings.device)

    def show_ready(self, ready: ModelReady) -> None:
        """A model is loaded: its name needs no size any more, and the device is known."""
        self._model.setItemText(self._model.findData(ready.name), ready.title)
        for place, (name, title) in enumerate(DEVICES):
            self._device.setItemText(place, ready.device_label if name == self._device.currentData() else title)
        self._device.setToolTip(f"Where it computes. {ready.device_reason[:1].upper()}{ready.device_reason[1:]}.")
        if self._gone:
            # Not before: opening a dataset, which a start does meanwhile, clears what was told.
            gone, self._gone = model_title(self._gone), ""
            self._presenter.trouble.emit("warning", f"The model {gone} is not there any more: {ready.title} is used.")

    def return_to(self, kept: ModelReady) -> None:
        """Another model could not be loaded: choose the one again that stays."""
        self._settings.model = kept.name
        self._show(kept.name)
        self.show_ready(kept)

    def _show(self, name: str) -> None:
        """Let the list show a model, which gets a line of its own until all tuned ones are listed."""
        if self._model.findData(name) < 0:
            if self._model.count() == len(MODELS):
                self._model.insertSeparator(len(MODELS))
            self._model.addItem(model_title(name), name)
        self._model.setCurrentIndex(self._model.findData(name))

    def _offer_tuned(self) -> None:
        while self._model.count() > len(MODELS):
            self._model.removeItem(len(MODELS))
        if self._tuned:
            self._model.insertSeparator(len(MODELS))
        for spec in self._tuned:
            self._add(spec)

    def _add(self, spec: ModelSpec) -> None:
        there = find_weights(spec) is not None
        words = spec.title if there else f"{spec.title}, {spec.size_bytes / 1e6:.0f} MB to fetch"
        self._model.addItem(words, spec.name)
        tip = f"{spec.note} Licence of the weights: {spec.licence}."
        self._model.setItemData(self._model.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
