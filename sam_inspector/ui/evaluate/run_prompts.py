"""The prompts that a run answered for one image, looked up in its folder."""

from __future__ import annotations

import json
import mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sam_inspector.core.errors import InputError
from sam_inspector.core.prompts import Prompts
from sam_inspector.data.prompt_json import prompts_from_json
from sam_inspector.ui.evaluate.earlier_runs import log_lines

if TYPE_CHECKING:
    from sam_inspector.engine.image_rows import ImageRow


def find_prompts(out: Path, row: ImageRow) -> Prompts:
    """The prompts of a row's image and mode.

    Raises
    ------
    InputError
        When they are not there, or damaged.
    """
    values = _in_prompt_set(out / "prompts.json", row)
    if values is None:
        values = _in_log(out, row)
    if values is None:
        raise InputError(f"The run in {out} has no prompts for {row.path}: it may not have been written yet.")
    try:
        return prompts_from_json(json.dumps(values))
    except ValueError as error:
        raise InputError(f"The prompts of {row.path} in {out} are damaged: evaluate it again.") from error


def _in_prompt_set(file: Path, row: ImageRow) -> list[Any] | None:
    """Look for one item without reading all, which may be of a hundred thousand images."""
    start = f'{{"path": {json.dumps(row.path)},'.encode()
    try:
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as text:
            place = text.find(start)
            while place >= 0:
                item = _object_at(text, place)
                if item.get("category", row.category) == row.category and item.get("mode", row.mode) == row.mode:
                    found: list[Any] = item["prompts"]
                    return found
                place = text.find(start, place + 1)
    except (OSError, ValueError, KeyError):
        return None
    return None


def _object_at(text: mmap.mmap, place: int) -> dict[str, Any]:
    """The JSON object that begins at a place; it is read further until it is whole."""
    size = 1 << 14
    while True:
        piece = text[place : place + size].decode("utf-8", "ignore")
        try:
            found: dict[str, Any] = json.JSONDecoder().raw_decode(piece)[0]
        except ValueError:
            if place + size >= len(text):
                raise
            size *= 4
        else:
            return found


def _in_log(out: Path, row: ImageRow) -> list[Any] | None:
    for line in log_lines(out):
        if line["sample"] == [row.category, row.path]:
            for found, prompts in zip(line["rows"], line["prompts"], strict=True):
                if found["mode"] == row.mode:
                    values: list[Any] = prompts
                    return values
    return None
