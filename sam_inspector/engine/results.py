"""What an evaluation writes: tables of results and times, prompts and masks, and how it goes on later.

The formats are those of `sam-inspector/results/1`. While a run is under way its `Journal` holds what is finished.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sam_inspector import __version__
from sam_inspector.core.errors import ImageReadError, InputError
from sam_inspector.data.atomic import write_atomic
from sam_inspector.data.datasets import Sample
from sam_inspector.data.images import image_id_of
from sam_inspector.engine.category_rows import summary_rows
from sam_inspector.engine.held_run import (
    ANEW,
    RUN_FILES,
    RUN_FOLDERS,
    HeldRun,
    check_is_run_or_empty as check_is_run_or_empty,
    check_nothing_is_lost,
    check_same_run,
    damaged_run,
    held_run,
)
from sam_inspector.engine.image_rows import ImageRow, ModeResult, rows_as_csv, times_as_csv
from sam_inspector.engine.journal import FinishedImage, Journal
from sam_inspector.engine.results_file import RESULTS_FILE, SCHEMA, csv_text, prompts_text, read_results, results_text
from sam_inspector.engine.run_lock import RunLock
from sam_inspector.engine.run_places import Key, RunPlaces, has_map_file, key_of
from sam_inspector.engine.run_tally import RunTally

WRITE_EVERY_S = 5.0
PAUSES_A_WRITE = 20
"""A large run would spend its time writing results.json; what is finished is in the journal anyhow."""

CURVES_SCHEMA = "sam-inspector/curves/1"


class ResultsFolder:
    """The folder of one run: `claim` and `begin` it, then `add` image after image, and `finish`.

    Parameters
    ----------
    out
        The folder.
    header
        What results.json begins with; `settings` names the modes. What is None is known when the run begins.
    layout
        The dataset's layout, for prompts.json.
    samples
        All images of the run, in the order of the results.

    Attributes
    ----------
    lost
        How many images were finished before whose masks are gone: they are computed again.
    """

    def __init__(self, out: Path, header: Mapping[str, Any], layout: str, samples: Sequence[Sample]) -> None:
        self._out = out
        self._header: dict[str, Any] = {"schema": SCHEMA, "version": __version__, **header}
        self._layout = layout
        self._samples = {key_of(sample): sample for sample in samples}
        self.places = RunPlaces(out, samples)
        self.lost = 0
        self._journal = Journal(out)
        self._tally = RunTally(self._samples)
        self._write_next = 0.0
        self._held: HeldRun | None = None
        self._complete: dict[str, Any] | None = None
        self._missing: set[Key] = set()
        self._is_written = False
        self._lock: RunLock | None = None

    @classmethod
    def claim(
        cls,
        out: Path,
        *,
        header: Mapping[str, Any],
        samples: Sequence[Sample],
        layout: str,
        resume: bool,
        replace: bool = False,
    ) -> ResultsFolder:
        """Take a folder for a run; until `close` nobody else can. What lies there stays until the run begins.

        Parameters
        ----------
        resume
            Go on with the run that is there; where there is none, one begins.
        replace
            Let another run take its place.

        Raises
        ------
        InputError
            When the folder holds something else; when it holds a run and neither was asked for; when another run
            writes into it; and when the run to go on with has other settings or images.
        StoreError
            When it can't be written.
        """
        held_run(out, replace=replace)
        folder = cls(out, header, layout, samples)
        folder._lock = RunLock(out)
        try:
            held = held_run(out, replace=replace)
            if held is not None and not replace:
                if resume:
                    folder._take_over(held)
                else:
                    check_nothing_is_lost(held)
        except BaseException:
            folder.close()
            raise
        return folder

    def begin(self, **known: Any) -> None:
        """Begin the run, or go on with it, once the model is there; an earlier run gives way now.

        Parameters
        ----------
        known
            What the header lacked.

        Raises
        ------
        InputError
            When the run to go on with differs in it.
        StoreError
            When the folder can't be written.
        """
        self._header |= known
        if self._held is None:
            self._clear()
            return
        check_same_run(self._held, self._header)
        # The files of a run do not depend on whether it was stopped on the way, so its first command stays.
        self._header["command"] = self._held.header.get("command", self._header.get("command"))
        if self._complete is None:
            self._read_journal()

    def close(self) -> None:
        """Let go of the folder, so that others may go on with the run. Safe to call twice."""
        if self._lock is not None:
            self._lock.release()

    @property
    def out(self) -> Path:
        """The folder."""
        return self._out

    def has(self, sample: Sample) -> bool:
        """Whether the image is finished."""
        key = key_of(sample)
        return key not in self._missing if self._complete is not None else key in self._tally

    def add(self, sample: Sample, results: Sequence[ModeResult], remarks: Iterable[str] = ()) -> None:
        """Keep what all modes gave for one image, on disk before this returns.

        Of a complete run whose masks were lost only those come back: its results stay as they are.

        Parameters
        ----------
        remarks
            Sentences on what the maps of its category are made from.

        Raises
        ------
        StoreError
            When it can't be written.
        """
        if self._complete is not None:
            self._missing.discard(key_of(sample))
            return
        finished = FinishedImage(key_of(sample), tuple(results), tuple(remarks))
        self._journal.append(finished)
        self._tally.take(finished)
        if time.monotonic() > self._write_next:
            self.write()

    def finish(self) -> None:
        """The run is complete: write everything and clean up."""
        if self._complete is None and not self._is_written:
            self.write()
            self._is_written = True
            self._journal.remove()
            for left in self._out.rglob(".*.part"):  # half-written files of a run that was killed
                left.unlink(missing_ok=True)
        self.close()

    def write(self) -> None:
        """Write the result files as they stand; a stopped run calls it too."""
        if self._complete is not None or self._is_written:
            return
        started = time.monotonic()
        rows = [result.row for result in self._tally.results()]
        categories = self._tally.categories(rows)
        write_atomic(self._out / RESULTS_FILE, results_text(self._header, rows, categories, self._summary(categories)))
        write_atomic(
            self._out / "curves.json",
            json.dumps({"schema": CURVES_SCHEMA, "curves": self._tally.curves()}, allow_nan=False) + "\n",
        )
        write_atomic(self._out / "results.csv", csv_text(rows, rows_as_csv))
        write_atomic(self._out / "times.csv", csv_text(rows, times_as_csv))
        write_atomic(self._out / "prompts.json", prompts_text(self._header, self._layout, self._tally.results()))
        self._write_next = time.monotonic() + max(WRITE_EVERY_S, PAUSES_A_WRITE * (time.monotonic() - started))

    def as_json(self) -> dict[str, Any]:
        """The content of `results.json`."""
        if self._complete is not None:
            return self._complete
        rows = [result.row for result in self._tally.results()]
        categories = self._tally.categories(rows)
        return {
            **self._header,
            "images": [asdict(row) for row in rows],
            "categories": categories,
            "summary": self._summary(categories),
        }

    def categories(self) -> tuple[dict[str, Any], ...]:
        """The rows `categories` of `results.json`, of the images finished so far."""
        if self._complete is not None:
            return tuple(self._complete["categories"])
        return tuple(self._tally.categories([result.row for result in self._tally.results()]))

    def _summary(self, categories: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return summary_rows(categories, self._header["settings"]["modes"])

    def _clear(self) -> None:
        self._journal.begin(self._header)
        # Results of an earlier run would not belong to the masks of this one.
        for name in RUN_FOLDERS:
            shutil.rmtree(self._out / name, ignore_errors=True)
        for name in RUN_FILES:
            with suppress(OSError):
                (self._out / name).unlink(missing_ok=True)

    def _take_over(self, held: HeldRun) -> None:
        """Look whether the run that is there is the one that was asked for."""
        check_same_run(held, self._header)
        self._held = held
        if not held.is_complete:
            return
        # Nothing but the results was kept, so they must be those of these very images.
        results = read_results(self._out / RESULTS_FILE)
        try:
            rows = [ImageRow.from_json(row) for row in (results or {})["images"]]
        except (KeyError, TypeError):
            raise damaged_run(self._out) from None
        seen = {(row.category, row.path): row.image_id for row in rows}
        for key, sample in self._samples.items():
            if key not in seen or not (seen[key] is None or self._is_same(key, seen[key])):
                raise InputError(
                    f"The run in {self._out} is complete, but did not see {sample.path} as it is now: {ANEW}."
                )
        self._complete = results
        self._missing = {
            key for row in rows if (key := (row.category, row.path)) in self._samples and not self._has_files(key, row)
        }
        self.lost = len(self._missing)

    def _read_journal(self) -> None:
        for finished in self._journal.read():
            key = finished.key
            # An image that was changed or removed since is not the one that was evaluated; and of one that was
            # computed twice, as its mask was lost, one is enough.
            if key not in self._samples or key in self._tally or not self._is_same(key, finished.image_id):
                continue
            if all(self._has_files(key, result.row) for result in finished.results):
                self._tally.take(finished)
                self._missing.discard(key)
            else:
                self._missing.add(key)
        self.lost = len(self._missing)

    def _has_files(self, key: Key, row: ImageRow) -> bool:
        """Whether the mask of a row is still there, and its map where maps are kept."""
        if row.error is not None or row.mask is None:
            return True
        if not (self._out / row.mask).is_file():
            return False
        has_map = self._header["settings"].get("save_maps") and has_map_file(row.mode)
        return not has_map or self.places.map_path(self._samples[key], row.mode).is_file()

    def _is_same(self, key: Key, image_id: str | None) -> bool:
        try:
            return image_id_of(self._samples[key].path) == image_id
        except ImageReadError:
            return image_id is None
