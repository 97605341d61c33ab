"""VisA's table of images: a CSV file with the columns object, split, label, image and mask."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from sam_inspector.core.errors import DatasetError
from sam_inspector.data.datasets.dataset import GOOD, Skipped

COLUMNS = ("object", "split", "label", "image", "mask")

_REMEDY = "put VisA's own file there again, or remove it and the folders alone are read"
_SPLITS = {"train": "train", "test": "test", "val": "validation", "validation": "validation"}
_NORMAL_LABELS = frozenset({"normal", GOOD})
_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class SplitRow:
    """One image as the table has it.

    Attributes
    ----------
    image, mask
        Paths from the folder of the objects, with forward slashes; an image without a mask has an empty one.
    split
        `train`, `test` or `validation`.
    defect
        `good` for the label `normal`, else the label.
    """

    image: str
    mask: str
    split: str
    defect: str


def read_split(path: Path, skipped: list[Skipped]) -> dict[str, list[SplitRow]]:
    """Read the table: its rows by object, in their order.

    UTF-8 is read, and UTF-16 as a spreadsheet writes it; commas, semicolons or tabs between the columns. A row that
    makes no sense is told in `skipped`.

    Raises
    ------
    DatasetError
        If it can't be read, is no such text, or lacks a column.
    """
    rows: dict[str, list[SplitRow]] = {}
    lines = _lines(path)
    try:
        head = [name.strip().casefold() for name in next(lines, [])]
        missing = [name for name in COLUMNS if name not in head]
        if missing:
            raise DatasetError(f"{path} lacks the column {', '.join(missing)}: {_REMEDY}.")
        at = [head.index(name) for name in COLUMNS]
        for number, line in enumerate(lines, start=2):
            if not "".join(line).strip():
                continue
            line += [""] * (len(head) - len(line))
            name, split, label, image, mask = [line[column].strip() for column in at]
            split, label = split.casefold(), label.casefold()
            image, mask = _place(image), _place(mask)
            if split in _SPLITS and name and label and image:
                defect = GOOD if label in _NORMAL_LABELS else label
                rows.setdefault(name, []).append(SplitRow(image, mask, _SPLITS[split], defect))
            else:
                skipped.append(Skipped(path, f"row {number} has no known split, or lacks object, label or image"))
    except csv.Error as error:
        raise DatasetError(f"{path} is no table of images ({error}): {_REMEDY}.") from error
    return rows


def _place(text: str) -> str:
    return text.replace("\\", "/").removeprefix("./")


def _lines(path: Path) -> Iterator[list[str]]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"{path} can't be read: {(error.strerror or str(error)).lower()}.") from error
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is not UTF-8 text: save it as UTF-8, or {_REMEDY}.") from error
    head = text.partition("\n")[0]
    # The first of those that are equally many: a head without any is told as lacking columns.
    delimiter = max(_DELIMITERS, key=head.count)
    return csv.reader(StringIO(text, newline=""), delimiter=delimiter)
