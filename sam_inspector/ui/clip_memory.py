"""What the window remembers between runs of the choices for automatic prompts: the method, and all about CLIP."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from sam_inspector.core.errors import InputError
from sam_inspector.core.text_prompts import TextPrompts
from sam_inspector.models.clip_registry import get_clip_spec
from sam_inspector.ui.automatic_choice import AutomaticChoice
from sam_inspector.ui.settings import ClipSetting, SentencesSetting, Settings

logger = logging.getLogger(__name__)


class ClipMemory(QObject):
    """Takes the choices from the settings at the start, and keeps the settings as the choices are from then on."""

    def __init__(self, automatic: AutomaticChoice, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._automatic = automatic
        self._settings = settings
        self._recall()
        automatic.settings_changed.connect(self._keep)

    def _recall(self) -> None:
        automatic, settings, clip = self._automatic, self._settings, self._automatic.clip
        kept = settings.clip
        try:
            get_clip_spec(kept.model)
            clip.choose_model(kept.model)
        except InputError as error:
            logger.warning("The CLIP model of the settings is not used: %s", error)
        if kept.sentences is not None:
            try:
                clip.set_texts(kept.sentences.texts())
            except InputError as error:
                logger.warning("The sentences of the settings are not used: %s", error)
        for category, name in kept.names.items():
            clip.set_name(category, name)
        if kept.layers:
            clip.open_adapter(Path(kept.layers))  # where it can't, a line in the panel says why
        automatic.choose_method(settings.automatic_method)
        if settings.automatic_map is not None:
            automatic.choose_map(settings.automatic_map)

    @Slot()
    def _keep(self) -> None:
        automatic, clip = self._automatic, self._automatic.clip
        layers = str(clip.adapter.absolute()) if clip.adapter is not None else ""
        if clip.adapter is None and clip.adapter_error:
            layers = self._settings.clip.layers  # a file that is away for now, unless a person goes without it
        self._settings.automatic_method, self._settings.automatic_map = automatic.method, automatic.map_choice
        self._settings.clip = ClipSetting(
            names=dict(clip.names),
            model=clip.model,
            layers=layers,
            sentences=None if clip.is_bundled else _setting(clip.texts),
        )


def _setting(texts: TextPrompts) -> SentencesSetting:
    return SentencesSetting(normal=texts.normal, abnormal=texts.abnormal, templates=texts.templates)
