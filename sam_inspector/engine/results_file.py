"""The tables of a run as files, written and read row by row.

Of a hundred thousand rows at once Python would let no other thread, and so not the window's, come in between for
seconds; and the memory for their text would be needed all at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from sam_inspector.core.errors import InputError
from sam_inspector.data.prompt_files import SCHEMA as PROMPTS_SCHEMA
from sam_inspector.engine.image_rows import ImageRow, ModeResult

SCHEMA = "sam-inspector/results/1"
RESULTS_FILE = "results.json"
ROWS = '"images": ['
"""Where the rows of images begin; a quotation mark within a value would stand behind a backslash."""
CSV_ROWS = 1000
_NAMES = tuple(item.name for item in fields(ImageRow))
_BETWEEN = re.compile(r"[\s,]*")
_PIECE_BYTES = 1 << 16
_END_BYTES = 64


def results_text(
    header: Mapping[str, Any], rows: Iterable[ImageRow], categories: Sequence[Any], summary: Sequence[Any]
) -> Iterator[str]:
    """`results.json` in pieces: the bytes of `json.dumps` of all of it with an indent of 1, and a line's end."""
    yield f"{json.dumps(header, indent=1, allow_nan=False)[:-2]},\n {ROWS}"
    between, end = "\n  ", "]"
    for row in rows:
        yield between + _indented({name: getattr(row, name) for name in _NAMES}, 2)
        between, end = ",\n  ", "\n ]"
    rest = json.dumps({"categories": categories, "summary": summary}, indent=1, allow_nan=False)
    yield f"{end},{rest[1:]}\n"


def prompts_text(header: Mapping[str, Any], layout: str, results: Iterable[ModeResult]) -> Iterator[str]:
    """`prompts.json` in pieces: one prompt set for all; each item names its mode and category.

    Parameters
    ----------
    header
        That of `results.json`.
    layout
        The dataset's.
    """
    good = [result for result in results if result.row.error is None]
    head = {
        "schema": PROMPTS_SCHEMA,
        "dataset": {"layout": layout, "category": ",".join(dict.fromkeys(result.row.category for result in good))},
        "mode": ",".join(header["settings"]["modes"]),
        "preset": header["preset"],
        "parameters": {"points": header["settings"]["points"]},
        "seed": header["seed"],
        "items": [],
    }
    yield json.dumps(head, allow_nan=False)[:-2]
    for number, result in enumerate(good):
        row = result.row
        item = {
            "path": row.path,
            "image_id": row.image_id,
            "size": list(row.size or ()),
            "category": row.category,
            "mode": row.mode,
            "prompts": result.prompts,
        }
        yield (", " if number else "") + json.dumps(item, allow_nan=False)
    yield "]}\n"


def csv_text(rows: Sequence[ImageRow], table: Callable[[Iterable[ImageRow]], str]) -> Iterator[str]:
    """A table in pieces: the bytes of `table` of all rows."""
    yield table(())
    waiting = iter(rows)
    while some := tuple(islice(waiting, CSV_ROWS)):
        yield table(some).partition("\n")[2]


def read_results(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file, None where there is none."""
    try:
        text = path.read_text(encoding="utf-8")
        start = text.find(ROWS)
        if start < 0:
            found = json.loads(text)
        else:
            rows, end = _read_rows(text, start + len(ROWS))
            found = json.loads(f"{text[:start]}{ROWS}]{text[end:]}") | {"images": rows}
    except (OSError, ValueError, TypeError):
        return None
    return found if isinstance(found, dict) else None


def read_results_header(path: Path) -> dict[str, Any] | None:
    """What stands before the rows of images; None where the file is none, or breaks off before its end.

    Raises
    ------
    InputError
        When there is a file that can't be read.
    """
    marker = ROWS.encode()
    try:
        with path.open("rb") as file:
            head = bytearray()
            while marker not in head[-_PIECE_BYTES - len(marker) :] and (piece := file.read(_PIECE_BYTES)):
                head += piece
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _END_BYTES))
            is_whole = b"".join(file.read().split()).endswith(b"]}")  # the end of the summary, not of a row
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InputError(f"{path} can't be read ({error.strerror or error}): give another --out.") from error
    before, found_marker, _ = head.partition(marker)
    try:
        found = json.loads(before + marker + b"]}" if found_marker and is_whole else head)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _indented(values: Mapping[str, Any], depth: int) -> str:
    """What `json.dumps` makes of an object with an indent of 1, at some depth; five times as fast on plain values."""
    end = "\n" + " " * depth
    encode = _encoder(f",{end} ").encode
    parts: list[str] = []
    plain: dict[str, Any] = {}
    for name, value in values.items():
        if not isinstance(value, Mapping | list | tuple):
            plain[name] = value
            continue
        if plain:
            parts.append(encode(plain)[1:-1])
            plain = {}
        # Newlines within a string stand escaped.
        parts.append(f"{json.dumps(name)}: " + json.dumps(value, indent=1, allow_nan=False).replace("\n", f"{end} "))
    if plain:
        parts.append(encode(plain)[1:-1])
    return f"{{{end} " + f",{end} ".join(parts) + f"{end}}}"


@cache
def _encoder(between: str) -> json.JSONEncoder:
    return json.JSONEncoder(allow_nan=False, separators=(between, ": "))


def _read_rows(text: str, place: int) -> tuple[list[Any], int]:
    """The elements of the array whose first one begins after a place, and where the array ends."""
    rows: list[Any] = []
    decoder = json.JSONDecoder()
    while True:
        place = _BETWEEN.match(text, place).end()  # type: ignore[union-attr]  # it matches nothing, too
        if text[place : place + 1] == "]":
            return rows, place + 1
        row, place = decoder.raw_decode(text, place)
        rows.append(row)
