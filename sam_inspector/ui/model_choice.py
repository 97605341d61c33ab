"""The model and device in the tool bar: which there are, which is wanted, which is loaded."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QComboBox

from sam_inspector.engine.requests import ModelReady
from sam_inspector.models.registry import MODELS
from sam_inspector.models.weights import find_weights
from sam_inspector.ui.presenter import Presenter
from sam_inspector.ui.settings import Settings

DEVICES = (("auto", "Auto"), ("cpu", "CPU"), ("cuda", "GPU (CUDA)"), ("mps", "GPU (Metal)"))


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
        for spec in MODELS.values():
            there = find_weights(spec) is not None
            model.addItem(spec.title if there else f"{spec.title}, {spec.size_bytes / 1e6:.0f} MB to fetch", spec.name)
            tip = f"{spec.note} Licence of the weights: {spec.licence}."
            model.setItemData(model.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        for name, title in DEVICES:
            device.addItem(title, name)
        self.show_wanted()
        model.activated.connect(self.load)
        device.activated.connect(self.load)

    def show_wanted(self) -> None:
        """Show the model and device of the settings."""
        self._model.setCurrentIndex(max(0, self._model.findData(self._settings.model)))
        self._device.setCurrentIndex(max(0, self._device.findData(self._settings.device)))

    @Slot()
    def load(self) -> None:
        """Load what is chosen."""
        self._settings.model = self._model.currentData()
        self._settings.device = self._device.currentData()
        self._presenter.choose_model(self._settings.model, self._settings.device)

    def show_ready(self, ready: ModelReady) -> None:
        """A model is loaded: its name needs no size any more, and the device is known."""
        self._model.setItemText(self._model.findData(ready.name), ready.title)
        for place, (name, title) in enumerate(DEVICES):
            self._device.setItemText(place, ready.device_label if name == self._device.currentData() else title)
        self._device.setToolTip(f"Where it computes. {ready.device_reason[:1].upper()}{ready.device_reason[1:]}.")

    def return_to(self, kept: ModelReady) -> None:
        """Another model could not be loaded: choose the one again that stays."""
        self._settings.model = kept.name
        self.show_wanted()
        self.show_ready(kept)
