"""Lists of states and templates as JSON files; the one that comes with the program is read like any other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sam_inspector.core.errors import InputError
from sam_inspector.core.text_prompts import TextPrompts
from sam_inspector.data.atomic import write_atomic
from sam_inspector.resources_path import resources_path

SCHEMA = "sam-inspector/text-prompts/1"


class _TextPromptsJson(BaseModel):
    # `schema` is a name that pydantic's base class has taken.
    model_config = ConfigDict(strict=True, frozen=True)

    version: Literal["sam-inspector/text-prompts/1"] = Field(alias="schema")
    normal: Annotated[list[str], Field(min_length=1)]
    abnormal: Annotated[list[str], Field(min_length=1)]
    templates: Annotated[list[str], Field(min_length=1)]


def default_text_prompts_path() -> Path:
    """The list that comes with the program."""
    return resources_path() / "text_prompts" / "anomaly.json"


def default_text_prompts() -> TextPrompts:
    """The states and templates that come with the program.

    Raises
    ------
    InputError
        When its file is missing or damaged.
    """
    return read_text_prompts(default_text_prompts_path())


def read_text_prompts(path: Path | str) -> TextPrompts:
    """Read and check a list of states and templates.

    Raises
    ------
    InputError
        If the file can't be read, is no JSON or not of this form, or holds a line that makes no sentence.
    """
    path = Path(path)
    try:
        raw: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"There is no list of text prompts {path}: check the path.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not a list of text prompts: it is not a text file.") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"The list of text prompts {path} can't be read: {reason}.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not a list of text prompts: it is not valid JSON ({error}).") from error
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
        found = raw.get("schema") if isinstance(raw, dict) else None
        what = "it has no “schema”" if found is None else f"its schema is {found!r}"
        raise InputError(f"{path} is not a list of text prompts of this version: {what}, where '{SCHEMA}' is expected.")
    try:
        valid = _TextPromptsJson.model_validate(raw)
    except ValidationError as error:
        trouble = error.errors()[0]
        place = ".".join(str(part) for part in trouble["loc"])
        raise InputError(f"The list of text prompts {path} is wrong at “{place}”: {trouble['msg'].lower()}.") from error
    prompts = TextPrompts(tuple(valid.normal), tuple(valid.abnormal), tuple(valid.templates))
    try:
        prompts.check()
    except InputError as error:
        raise InputError(f"{path} can't be used: {error}") from error
    return prompts


def write_text_prompts(path: Path | str, prompts: TextPrompts) -> None:
    """Write a list of states and templates, one line each; writing what was read gives the same bytes.

    Raises
    ------
    InputError
        For lists that make no sentences.
    StoreError
        If it can't be written; what was there before is untouched.
    """
    prompts.check()
    content = {
        "schema": SCHEMA,
        "normal": list(prompts.normal),
        "abnormal": list(prompts.abnormal),
        "templates": list(prompts.templates),
    }
    write_atomic(path, json.dumps(content, ensure_ascii=False, indent=2) + "\n")
