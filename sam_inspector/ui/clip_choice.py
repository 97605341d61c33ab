"""What a person chose for maps by sentences: a name for each category, sentences, the model, trained layers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from sam_inspector.anomaly.clip_manifest import AdapterManifest, read_adapter_manifest
from sam_inspector.anomaly.clip_settings import DEFAULT_IMAGE_SIZE, ClipSettings
from sam_inspector.core.errors import InputError
from sam_inspector.core.text_prompts import TextPrompts, checked_object_name, name_remark, object_name_of
from sam_inspector.data.text_prompts import default_text_prompts
from sam_inspector.models.clip_registry import DEFAULT_CLIP


class ClipChoice(QObject):
    """Choices only; nothing is computed here, and of trained layers only what they say of themselves is read."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._names: dict[str, str] = {}
        self.model = DEFAULT_CLIP
        self._bundled = self.texts = default_text_prompts()
        self.adapter: Path | None = None
        self.manifest: AdapterManifest | None = None
        self.adapter_error = ""

    # --- the name ------------------------------------------------------------------------------------------------

    def name_of(self, category: str) -> str:
        """What was typed for a category; before that, its own name."""
        return self._names.get(category, object_name_of(category))

    @property
    def names(self) -> Mapping[str, str]:
        """What was typed, by category."""
        return self._names

    def set_name(self, category: str, name: str) -> None:
        """Call the objects of a category by another name; one that can't be used is kept too, and told."""
        if name != self.name_of(category):
            self._names[category] = name
            self.changed.emit()

    def name_error(self, category: str) -> str:
        """One sentence when the name of a category can't be used, else nothing."""
        try:
            checked_object_name(self.name_of(category))
        except InputError as error:
            return str(error)
        return ""

    def name_note(self, category: str) -> str:
        """A sentence for a name that CLIP hardly knows, else nothing."""
        return name_remark(self.name_of(category))

    # --- sentences, model, layers --------------------------------------------------------------------------------

    @property
    def sentence_count(self) -> int:
        """How many sentences CLIP reads."""
        return (len(self.texts.normal) + len(self.texts.abnormal)) * len(self.texts.templates)

    @property
    def is_bundled(self) -> bool:
        """Whether the sentences are those that come with the program."""
        return self.texts == self._bundled

    def set_texts(self, texts: TextPrompts) -> None:
        """Read other sentences.

        Raises
        ------
        InputError
            For lists that make no sentences; those before hold.
        """
        texts.check()
        if texts != self.texts:
            self.texts = texts
            self.changed.emit()

    def choose_model(self, name: str) -> None:
        """Take another CLIP model."""
        if name != self.model:
            self.model = name
            self.changed.emit()

    def open_adapter(self, path: Path) -> None:
        """Take the trained layers of a file; where they can't be used, those before hold and the reason is told."""
        try:
            manifest = read_adapter_manifest(path)
        except InputError as error:
            self.adapter_error = str(error)
            self.changed.emit()
            return
        self.adapter, self.manifest, self.adapter_error = path, manifest, ""
        self.changed.emit()

    def drop_adapter(self) -> None:
        """Go without trained layers."""
        self.adapter = self.manifest = None
        self.adapter_error = ""
        self.changed.emit()

    def has_seen(self, category: str) -> bool:
        """Whether the layers were trained on a category, by its own name or by the one typed."""
        manifest = self.manifest
        return manifest is not None and (manifest.has_seen(category) or manifest.has_seen(self.name_of(category)))

    def settings(self, category: str) -> ClipSettings:
        """How images of a category are mapped; trained layers are shown images of the size they were trained on.

        Raises
        ------
        InputError
            When the name can't be used.
        """
        size = self.manifest.image_size if self.manifest is not None else DEFAULT_IMAGE_SIZE
        name = checked_object_name(self.name_of(category))
        return ClipSettings(name, self.model, self.texts, self.adapter, size)
