"""What a run needs to go on after it was stopped or killed: the folder `.progress` beside its results.

It holds the run's header, one line for each finished image, and the pixel counts that pooled metrics are made of, a
file an image. An image counts as finished once its line is whole.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from sam_inspector.core.errors import StoreError
from sam_inspector.core.metrics.pixel_tally import PixelTally
from sam_inspector.data.atomic import is_disk_full, write_atomic
from sam_inspector.engine.image_rows import ImageRow, ModeResult
from sam_inspector.engine.loco_scoring import SproKind, SproTally
from sam_inspector.engine.run_places import Key

_DAMAGE = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile)


@dataclass(frozen=True, eq=False, slots=True)
class FinishedImage:
    """One image under all modes of the run.

    Attributes
    ----------
    remarks
        Sentences on what the maps of its category are made from, with the first image that was mapped with them.
    """

    key: Key
    results: Sequence[ModeResult]
    remarks: tuple[str, ...] = ()

    @property
    def image_id(self) -> str | None:
        """Hash of the image that was evaluated; None when it could not be read."""
        return self.results[0].row.image_id


class Journal:
    """The log of one run.

    Parameters
    ----------
    out
        The folder of results.
    """

    FOLDER = ".progress"

    def __init__(self, out: Path) -> None:
        self._folder = out / self.FOLDER
        self._count = 0

    def __bool__(self) -> bool:
        """Whether there is a log: there is none before a run, and none after a complete one."""
        return self._folder.is_dir()

    def header(self) -> dict[str, Any] | None:
        """The header of the run, None where it can't be read."""
        return read_json_object(self._folder / "header.json")

    def images_done(self) -> int:
        """How many images have a result under some mode; of a damaged log those that can be read."""
        images = set()
        with suppress(OSError, ValueError, KeyError, TypeError), self._lines.open(encoding="utf-8") as file:
            for line in file:
                entry = json.loads(line)
                if any(row["error"] is None for row in entry["rows"]):
                    images.add(tuple(entry["sample"]))
        return len(images)

    def changed_at(self) -> float:
        """When it was written last, in seconds since 1970."""
        return max((path.stat().st_mtime for path in (self._lines, self._folder) if path.exists()), default=0.0)

    def begin(self, header: Mapping[str, Any]) -> None:
        """Forget any earlier run and write the header.

        Raises
        ------
        StoreError
            When it can't be written.
        """
        # In this order the folder can be told for a run's at any moment.
        with suppress(OSError):
            self._lines.unlink(missing_ok=True)
        write_atomic(self._folder / "header.json", json.dumps(header))

    def append(self, finished: FinishedImage) -> None:
        """Log one image.

        Raises
        ------
        StoreError
            When it can't be written.
        """
        name = f"{self._count:06d}.npz"
        line = {
            "sample": finished.key,
            "tallies": name,
            "rows": [asdict(result.row) for result in finished.results],
            "prompts": [result.prompts for result in finished.results],
            "kinds": [None if result.spro is None else result.spro.kind for result in finished.results],
            "spro_problems": [None if result.spro is None else result.spro.problem for result in finished.results],
            "remarks": finished.remarks,
        }
        try:
            np.savez_compressed(self._folder / name, **_arrays(finished))
            with self._lines.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as error:
            reason = "the disk is full" if is_disk_full(error) else (error.strerror or str(error)).lower()
            raise StoreError(
                f"The results can't be written to {self._folder.parent} ({reason}): mend that, then go on with "
                "--resume; nothing that was finished is lost."
            ) from error
        self._count += 1

    def read(self) -> Iterator[FinishedImage]:
        """The images logged so far, one at a time: thousands of tallies would not fit.

        After the last, what a kill or a crash left behind it is cut off.
        """
        whole: list[str] = []
        try:
            for line in self._lines.read_text(encoding="utf-8").splitlines(keepends=True):
                if not line.endswith("\n"):
                    break
                found = self._read_line(line)
                whole.append(line)
                yield found
        except _DAMAGE:
            pass  # what follows is computed again
        write_atomic(self._lines, "".join(whole))
        self._count = len(whole)

    def remove(self) -> None:
        """Delete the log."""
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _lines(self) -> Path:
        return self._folder / "images.jsonl"

    def _read_line(self, line: str) -> FinishedImage:
        entry = json.loads(line)
        tallies: dict[str, PixelTally] = {}
        with np.load(self._folder / entry["tallies"], allow_pickle=False) as arrays:
            for name in dict.fromkeys(name.rpartition(".")[0] for name in arrays.files):
                tallies[name] = PixelTally(*(arrays[f"{name}.{item.name}"] for item in fields(PixelTally)))
        category, path = entry["sample"]
        rows = [ImageRow.from_json(row) for row in entry["rows"]]
        problems = entry.get("spro_problems", [None] * len(rows))
        return FinishedImage(
            (category, path),
            [
                ModeResult(row, prompts, tallies.get(row.mode), _spro_tally(kind, problem, tallies, row.mode))
                for row, prompts, kind, problem in zip(rows, entry["prompts"], entry["kinds"], problems, strict=True)
            ],
            tuple(entry.get("remarks", ())),
        )


def read_json_object(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file, None where there is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _spro_tally(
    kind: SproKind | None, problem: str | None, tallies: Mapping[str, PixelTally], mode: str
) -> SproTally | None:
    if kind is None:
        return None
    return SproTally(kind, None, problem) if problem else SproTally(kind, tallies[f"{mode}.spro"])


def _arrays(finished: FinishedImage) -> dict[str, Any]:
    tallies = {result.row.mode: result.tally for result in finished.results}
    tallies |= {f"{result.row.mode}.spro": result.spro.pixels for result in finished.results if result.spro is not None}
    return {
        f"{name}.{item.name}": getattr(tally, item.name)
        for name, tally in tallies.items()
        if tally is not None
        for item in fields(PixelTally)
    }
