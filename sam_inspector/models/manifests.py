"""Manifests: what a safetensors file of trained weights says of itself, read without its tensors and without torch."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError, safe_open

from sam_inspector.core.errors import InputError

METADATA_KEY = "manifest"
M = TypeVar("M")


@dataclass(frozen=True)
class ManifestForm(Generic[M]):
    """One kind of manifest, and the words for a file that has it.

    Attributes
    ----------
    kind
        A frozen dataclass with a field `version`.
    version
        The one that can be read.
    noun
        What such a file is, as `SimpleNet`.
    command
        What writes it, as `train simplenet`.
    """

    kind: type[M]
    version: str
    noun: str
    command: str

    def read(self, path: Path) -> M:
        """What a file says of itself.

        Raises
        ------
        InputError
            When there is no such file, it is damaged, or of another kind.
        """
        if not path.is_file():
            raise InputError(f"There is no {self.noun} {path}: check the path, or make one with “{self.command}”.")
        try:
            with safe_open(str(path), framework="numpy") as file:
                metadata: dict[str, str] = file.metadata() or {}
        except (SafetensorError, OSError, ValueError) as error:
            raise InputError(
                f"The {self.noun} {path} is damaged or none at all: train it again, or choose another."
            ) from error
        return self.parse(path, metadata.get(METADATA_KEY, ""))

    def parse(self, path: Path, text: str) -> M:
        """A manifest from the text in a file.

        Raises
        ------
        InputError
            When it is none, or of another version.
        """
        try:
            raw: Any = json.loads(text)
            version = raw.get("version") if isinstance(raw, dict) else None
        except (ValueError, RecursionError):
            version = None
        kind: Any = self.kind
        # All forms are named alike, up to their number.
        if not isinstance(version, str) or version.rpartition("/")[0] != self.version.rpartition("/")[0]:
            raise InputError(f"{path} is no {self.noun}: choose a file that “{self.command}” wrote.")
        if version != self.version:
            raise InputError(
                f"The {self.noun} {path} is of another version ({version}, not {self.version}): train it again."
            )
        try:
            # JSON knows no tuples, hence not strict.
            adapter: TypeAdapter[M] = TypeAdapter(kind)
            return adapter.validate_python({field.name: raw.get(field.name) for field in fields(kind)})
        except ValidationError as error:
            place = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise InputError(
                f"The {self.noun} {path} is damaged (at “{place}”): train it again, or choose another."
            ) from error
