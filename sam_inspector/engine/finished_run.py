"""A folder of results, read back: for the window's tables and pictures, and for the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from sam_inspector.core.errors import InputError
from sam_inspector.engine.image_rows import ImageRow
from sam_inspector.engine.results_file import RESULTS_FILE, SCHEMA, read_results


@dataclass(frozen=True, eq=False, slots=True)
class FinishedRun:
    """What a run wrote, complete or not.

    Attributes
    ----------
    header
        All of `results.json` but its rows: model, preset, seed, settings, device, versions.
    categories, summary
        As in `results.json`.
    """

    out: Path
    header: Mapping[str, Any]
    rows: tuple[ImageRow, ...]
    categories: tuple[Mapping[str, Any], ...]
    summary: tuple[Mapping[str, Any], ...]

    @property
    def modes(self) -> tuple[str, ...]:
        """In the order of the run."""
        return tuple(self.header["settings"]["modes"])

    def image_path(self, row: ImageRow) -> Path | None:
        """Where the image lay when it was evaluated; None for a run that did not write it down."""
        folder = self.header.get("folders", {}).get(row.category)
        return None if folder is None else Path(folder) / PurePosixPath(row.path)

    def ground_truth_path(self, row: ImageRow) -> Path | None:
        """Where its ground truth lay; None for a good image."""
        folder = self.header.get("folders", {}).get(row.category)
        return None if folder is None or row.ground_truth is None else Path(folder) / PurePosixPath(row.ground_truth)

    def mask_path(self, row: ImageRow) -> Path | None:
        """The mask's file; None where there is none."""
        return None if row.mask is None else self.out / PurePosixPath(row.mask)


def read_run(out: Path) -> FinishedRun:
    """Read a folder of results.

    Raises
    ------
    InputError
        When it holds none, or of another schema.
    """
    found = read_results(out / RESULTS_FILE)
    if found is None and (out / RESULTS_FILE).exists():
        raise InputError(f"{RESULTS_FILE} in {out} is damaged, or can't be read: evaluate again.")
    if found is None:
        raise InputError(f"There are no results in {out}: choose the folder that an evaluation wrote to.")
    if found.get("schema") != SCHEMA:
        raise InputError(f"The results in {out} are of another kind ({found.get('schema')}); {SCHEMA} can be read.")
    try:
        rows = tuple(ImageRow.from_json(row) for row in found["images"])
        categories, summary = tuple(found["categories"]), tuple(found["summary"])
        _ = found["settings"]["modes"], found["model"]["name"]
    except (KeyError, TypeError) as error:
        raise InputError(f"The results in {out} are damaged ({error}): evaluate again.") from error
    header = {name: value for name, value in found.items() if name not in ("images", "categories", "summary")}
    return FinishedRun(out, header, rows, categories, summary)
