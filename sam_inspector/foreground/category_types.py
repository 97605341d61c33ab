"""Object or texture: what is known of categories, from the program's table and the user's own.

Source: Hak and Kim (Sam2Sim): the type of a category is known beforehand; objects lose their background, textures and
MVTec AD's transistor, whose background tells of a missing part, do not. The table names the categories of MVTec AD,
VisA, BTAD, MVTec LOCO, MVTec 3D-AD and of the bundled samples. The user's file has the same form and comes first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sam_inspector.core.errors import InputError
from sam_inspector.data.atomic import write_atomic
from sam_inspector.resources_path import resources_path

SCHEMA = "sam-inspector/category-types/1"
CategoryKind = Literal["object", "object_kept_whole", "texture", "unknown"]
_LISTS: dict[str, CategoryKind] = {
    "objects": "object",
    "objects_kept_whole": "object_kept_whole",
    "textures": "texture",
}


@dataclass(frozen=True, slots=True)
class CategoryType:
    """What is known of one category.

    Attributes
    ----------
    name
        As the dataset has it.
    kind
        `object`: its background is removed, or exchanged for a test. `object_kept_whole`: an object whose background
        must stay. `texture`: it fills the image. `unknown`: ask.
    question
        For an unknown one, a sentence that says how to make it known; else empty.
    """

    name: str
    kind: CategoryKind
    question: str = ""

    @property
    def has_background(self) -> bool:
        """Whether its background may be removed or exchanged."""
        return self.kind == "object"


class _TypesJson(BaseModel):
    # `schema` is a name that pydantic's base class has taken.
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    version: Literal["sam-inspector/category-types/1"] = Field("sam-inspector/category-types/1", alias="schema")
    objects: list[str] = []
    objects_kept_whole: list[str] = []
    textures: list[str] = []


@dataclass(frozen=True, slots=True)
class CategoryTypes:
    """The table.

    Attributes
    ----------
    kinds
        By the category's name as `category_key` writes it.
    """

    kinds: Mapping[str, CategoryKind]

    def type_of(self, category: str) -> CategoryType:
        """What is known of a category; an unknown one is an answer, for the caller to ask."""
        kind = self.kinds.get(category_key(category), "unknown")
        question = (
            f"Whether “{category}” shows objects on a background or a texture is not known: say so (in the shell by "
            f"--category-type), or add the name to “objects” or “textures” in {user_category_types_path()}."
            if kind == "unknown"
            else ""
        )
        return CategoryType(category, kind, question)


def category_key(category: str) -> str:
    """How categories are compared: small letters, underscores for blanks and hyphens."""
    return "_".join(category.lower().replace("-", " ").replace("_", " ").split())


def default_category_types_path() -> Path:
    """The table that comes with the program."""
    return resources_path() / "category_types" / "types.json"


def user_category_types_path() -> Path:
    """The user's own table, which need not exist; its rows come before those of the program."""
    return platformdirs.user_config_path("sam-inspector", appauthor=False) / "category_types.json"


def category_types() -> CategoryTypes:
    """The program's table with the user's rows over it.

    Raises
    ------
    InputError
        When one of the two files can't be read or is damaged.
    """
    user = user_category_types_path()
    own = read_category_types(user) if user.exists() else {}
    return CategoryTypes({**read_category_types(default_category_types_path()), **own})


def set_category_kind(category: str, kind: CategoryKind) -> None:
    """Write what the user says of a category into the user's table; `unknown` takes the user's row away.

    Raises
    ------
    InputError
        When the user's table is damaged, or the category has no name.
    StoreError
        If it can't be written; what was there before is untouched.
    """
    key = category_key(category)
    if not key:
        raise InputError("The category has no name: name it as its folder is named.")
    path = user_category_types_path()
    kinds = dict(read_category_types(path)) if path.exists() else {}
    kinds.pop(key, None)
    if kind != "unknown":
        kinds[key] = kind
    lists = {name: [each for each, its in kinds.items() if its == of] for name, of in _LISTS.items()}
    write_atomic(path, json.dumps({"schema": SCHEMA, **lists}, ensure_ascii=False, indent=2) + "\n")


def read_category_types(path: Path | str) -> dict[str, CategoryKind]:
    """Read and check one table.

    Returns
    -------
    Kinds by `category_key`.

    Raises
    ------
    InputError
        If the file can't be read, is not of this form, or has a category in two lists.
    """
    path = Path(path)
    try:
        raw: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"There is no table of category types {path}: check the path.") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"The table of category types {path} can't be read: {reason}.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"The table of category types {path} is not valid JSON ({error}): mend or remove it."
        ) from error
    try:
        valid = _TypesJson.model_validate(raw)
    except ValidationError as error:
        trouble = error.errors()[0]
        place = ".".join(str(part) for part in trouble["loc"]) or "the top"
        raise InputError(
            f"The table of category types {path} is wrong at “{place}” ({trouble['msg'].lower()}): mend or remove it."
        ) from error
    kinds: dict[str, CategoryKind] = {}
    for name, kind in _LISTS.items():
        for category in getattr(valid, name):
            key = category_key(category)
            if kinds.setdefault(key, kind) != kind:
                raise InputError(f"The table {path} has “{category}” in two lists: keep it in one.")
    return kinds
