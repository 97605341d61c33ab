"""Prompt sets: the prompts of a category's images as one JSON file, `sam-inspector/prompts/1`.

An item is checked against its image before it is used: prompts made for other pixels would be shifted, and nobody would
see it.
"""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from sam_inspector.core.errors import PromptFileError
from sam_inspector.core.prompts import Prompts, PromptSet, PromptSetItem
from sam_inspector.data.atomic import write_atomic
from sam_inspector.data.datasets import Dataset, Sample
from sam_inspector.data.images import LoadedImage
from sam_inspector.data.prompt_json import PromptJson, prompts_to_json

SCHEMA = "sam-inspector/prompts/1"


def _inside(path: str) -> str:
    if not path or path.startswith("/") or "\\" in path or ".." in PurePosixPath(path).parts:
        raise ValueError("must be a path inside the category, with forward slashes")
    return path


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class _DatasetJson(_Strict):
    layout: str
    category: str


class _ItemJson(_Strict):
    path: Annotated[str, AfterValidator(_inside)]
    image_id: str
    size: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=2, max_length=2)]
    prompts: list[PromptJson]


class _PromptSetJson(_Strict):
    # `schema` is a name that pydantic's base class has taken.
    version: Literal["sam-inspector/prompts/1"] = Field(alias="schema")
    dataset: _DatasetJson
    mode: str
    preset: Literal["recommended", "faithful"] | None = None
    parameters: dict[str, Any] = {}
    seed: int = 0
    items: list[_ItemJson]


def read_prompt_set(path: Path | str) -> PromptSet:
    """Read and check a prompt set.

    Raises
    ------
    PromptFileError
        If the file can't be read, is no JSON or not of this form; the message names the file, the item and the field.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PromptFileError(f"There is no prompt set {path}: check the path.") from None
    except UnicodeDecodeError:
        raise PromptFileError(f"{path} is not a prompt set: it is not a text file.") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise PromptFileError(f"The prompt set {path} can't be read: {reason}.") from error
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PromptFileError(f"{path} is not a prompt set: it is not valid JSON ({error}).") from error
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
        found = raw.get("schema") if isinstance(raw, dict) else None
        raise PromptFileError(f"{path} is not a prompt set of this version: its schema is {found!r}, not '{SCHEMA}'.")
    try:
        valid = _PromptSetJson.model_validate(raw)
    except ValidationError as error:
        raise PromptFileError(_first_trouble(path, raw, error)) from error
    return PromptSet(
        layout=valid.dataset.layout,
        category=valid.dataset.category,
        mode=valid.mode,
        preset=valid.preset,
        parameters=tuple((name, _frozen(value)) for name, value in valid.parameters.items()),
        seed=valid.seed,
        items=tuple(
            PromptSetItem(
                item.path,
                item.image_id,
                (item.size[0], item.size[1]),
                Prompts(tuple(prompt.to_prompt() for prompt in item.prompts)),
            )
            for item in valid.items
        ),
    )


def write_prompt_set(path: Path | str, prompt_set: PromptSet) -> None:
    """Write a prompt set, one line an image; writing what was read gives the same bytes.

    Raises
    ------
    StoreError
        If it can't be written; a file that was there stays as it was.
    """
    head = {
        "schema": SCHEMA,
        "dataset": {"layout": prompt_set.layout, "category": prompt_set.category},
        "mode": prompt_set.mode,
        "preset": prompt_set.preset,
        "parameters": dict(prompt_set.parameters),
        "seed": prompt_set.seed,
    }
    lines = [
        _json(
            {
                "path": item.path,
                "image_id": item.image_id,
                "size": list(item.size),
                "prompts": prompts_to_json(item.prompts),
            }
        )
        for item in prompt_set.items
    ]
    start = ",\n ".join(f"{_json(key)}: {_json(value)}" for key, value in head.items())
    items = "[\n  " + ",\n  ".join(lines) + "\n ]" if lines else "[]"
    write_atomic(path, f'{{{start},\n "items": {items}}}\n')


def check_prompt_set_item(item: PromptSetItem, image: LoadedImage) -> None:
    """Refuse prompts that were made for other pixels.

    Raises
    ------
    PromptFileError
        If the image lies elsewhere, has another size or another hash; the message names it.
    """
    if not image.path.absolute().as_posix().endswith("/" + item.path):
        raise PromptFileError(
            f"The prompts of {item.path} are for an image at that place in the dataset, not for {image.path}: open the "
            "dataset the set was made on."
        )
    if (image.width, image.height) != item.size:
        raise PromptFileError(
            f"The prompts of {item.path} are for an image of {item.size[0]} × {item.size[1]} pixels, this one has "
            f"{image.width} × {image.height}: use the image the set was made on, or make the prompts anew."
        )
    if image.image_id != item.image_id:
        raise PromptFileError(
            f"The prompts of {item.path} are for a file with other content (its hash differs): use the image the set "
            "was made on, or make the prompts anew."
        )


def match_prompt_set(prompt_set: PromptSet, dataset: Dataset) -> list[tuple[PromptSetItem, Sample]]:
    """Each item with the image of a dataset that it names, by path; `check_prompt_set_item` then compares the pixels.

    Raises
    ------
    PromptFileError
        If the dataset lacks an image; the message names it.
    """
    by_path = {
        sample.relative_path: sample
        for sample in dataset.samples
        if len(dataset.categories) == 1 or sample.category == prompt_set.category
    }
    missing = [item.path for item in prompt_set.items if item.path not in by_path]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise PromptFileError(
            f"The prompt set names {missing[0]}{more}, which {dataset.root} does not have: open the dataset that the "
            f"set was made on ({prompt_set.category})."
        )
    return [(item, by_path[item.path]) for item in prompt_set.items]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _frozen(value: Any) -> object:
    """Lists as tuples, so that a prompt set stays hashable."""
    return tuple(_frozen(part) for part in value) if isinstance(value, list) else value


def _first_trouble(path: Path, raw: dict[str, Any], error: ValidationError) -> str:
    first = error.errors()[0]
    location = list(first["loc"])
    place = ""
    if len(location) >= 2 and location[0] == "items" and isinstance(location[1], int):
        item = raw["items"][location[1]]
        name = item.get("path") if isinstance(item, dict) else None
        place = f"item {location[1] + 1}" + (f" ({name})" if isinstance(name, str) else "") + ", "
        location = location[2:]
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    message = first["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    return f"The prompt set {path} is damaged: {place}field {field or 'itself'}: {message}."
