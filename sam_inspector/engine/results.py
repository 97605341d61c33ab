"""What an evaluation writes: `results.json`, `results.csv`, `prompts.json` and masks, and how it goes on later.

The formats are those of `sam-inspector/results/1`. While a run is under way its `Journal` holds what is finished.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath
from statistics import fmean
from typing import Any

from sam_inspector import __version__
from sam_inspector.core.errors import ImageReadError, InputError
from sam_inspector.core.metrics.pixel_tally import PixelTally
from sam_inspector.core.metrics.ranking import image_auroc
from sam_inspector.data.atomic import write_atomic
from sam_inspector.data.datasets import Sample
from sam_inspector.data.export import exported_mask_path
from sam_inspector.data.images import image_id_of
from sam_inspector.data.prompt_files import SCHEMA as PROMPTS_SCHEMA
from sam_inspector.engine.image_rows import ImageRow, ModeResult, rows_as_csv
from sam_inspector.engine.journal import FinishedImage, Journal, Key, read_json_object

SCHEMA = "sam-inspector/results/1"
WRITE_EVERY_S = 5.0
"""A large run would spend its time writing results.json after every image."""

SUMMARY_METRICS = (
    "iou",
    "dice",
    "iou_pooled",
    "p_auroc_per_image",
    "p_auroc",
    "ap",
    "f1_max",
    "aupro",
    "i_auroc",
    "false_alarm_area",
)
MUST_AGREE = ("version", "model", "device", "dtype", "preset", "seed", "settings")
"""Parts of the header without which results do not belong into one run."""


class ResultsFolder:
    """The folder of one run: `open` it, then `add` image after image, and `finish`.

    Parameters
    ----------
    out
        The folder.
    header
        What results.json begins with; `settings` names the modes.
    layout
        The dataset's layout, for prompts.json.
    samples
        All images of the run, in the order of the results.
    """

    def __init__(self, out: Path, header: Mapping[str, Any], layout: str, samples: Sequence[Sample]) -> None:
        self._out = out
        self._header: dict[str, Any] = {"schema": SCHEMA, "version": __version__, **header}
        self._layout = layout
        self._samples = {_key(sample): sample for sample in samples}
        self._mask_places = _mask_places(samples)
        self._journal = Journal(out)
        self._finished: dict[Key, FinishedImage] = {}
        self._tallies: dict[tuple[str, str], PixelTally] = {}
        self._written_at = 0.0
        self._complete: dict[str, Any] | None = None

    @classmethod
    def open(
        cls, out: Path, *, header: Mapping[str, Any], samples: Sequence[Sample], layout: str, resume: bool
    ) -> ResultsFolder:
        """Begin a run, or go on with the one that is there.

        Raises
        ------
        InputError
            When the folder holds something else, or a run to go on with that has other settings or images.
        StoreError
            When it can't be written.
        """
        check_is_run_or_empty(out)
        folder = cls(out, header, layout, samples)
        found = _found_header(out)
        if resume and found is not None:
            folder._go_on(found)
        else:
            folder._begin()
        return folder

    def mask_path(self, sample: Sample, mode: str) -> Path:
        """Where the mask of an image goes."""
        return self._out / "masks" / mode / self._mask_places[_key(sample)]

    def map_path(self, sample: Sample, mode: str) -> Path:
        """Where the map of an image goes."""
        return (self._out / "maps" / mode / self._mask_places[_key(sample)]).with_suffix(".tiff")

    def has(self, sample: Sample) -> bool:
        """Whether the image is finished."""
        return self._complete is not None or _key(sample) in self._finished

    def add(self, sample: Sample, results: Sequence[ModeResult]) -> None:
        """Keep what all modes gave for one image, on disk before this returns.

        Raises
        ------
        StoreError
            When it can't be written.
        """
        finished = FinishedImage(_key(sample), tuple(results))
        self._journal.append(finished)
        self._take(finished)
        if time.monotonic() - self._written_at > WRITE_EVERY_S:
            self.write()

    def finish(self) -> None:
        """The run is complete: write everything and clean up."""
        if self._complete is None:
            self.write()
            self._complete = self.as_json()
            self._journal.remove()
            for left in self._out.rglob(".*.part"):  # half-written files of a run that was killed
                left.unlink(missing_ok=True)

    def write(self) -> None:
        """Write the result files as they stand; a stopped run calls it too."""
        if self._complete is not None:
            return
        write_atomic(self._out / "results.json", json.dumps(self.as_json(), indent=1, allow_nan=False) + "\n")
        write_atomic(self._out / "results.csv", rows_as_csv(result.row for result in self._results()))
        write_atomic(self._out / "prompts.json", json.dumps(self._prompts_json(), allow_nan=False) + "\n")
        self._written_at = time.monotonic()

    def as_json(self) -> dict[str, Any]:
        """The content of `results.json`."""
        if self._complete is not None:
            return self._complete
        rows = [result.row for result in self._results()]
        categories = self._categories(rows)
        return {
            **self._header,
            "images": [asdict(row) for row in rows],
            "categories": categories,
            "summary": _summary(categories, self._header["settings"]["modes"]),
        }

    def _results(self) -> list[ModeResult]:
        """All results, by image and mode, in the order of the run."""
        return [result for key in self._samples if key in self._finished for result in self._finished[key].results]

    def _categories(self, rows: Sequence[ImageRow]) -> list[dict[str, Any]]:
        groups: dict[tuple[str, str], list[ImageRow]] = {}
        for row in rows:
            groups.setdefault((row.category, row.mode), []).append(row)
        return [_category(*group, rows, self._tallies.get(group)) for group, rows in groups.items()]

    def _prompts_json(self) -> dict[str, Any]:
        """One prompt set for all; where it holds several modes or categories, each item names its own."""
        good = [result for result in self._results() if result.row.error is None]
        settings = self._header["settings"]
        return {
            "schema": PROMPTS_SCHEMA,
            "dataset": {
                "layout": self._layout,
                "category": ",".join(dict.fromkeys(result.row.category for result in good)),
            },
            "mode": ",".join(settings["modes"]),
            "preset": self._header["preset"],
            "parameters": {"points": settings["points"]},
            "seed": self._header["seed"],
            "items": [
                {
                    "path": result.row.path,
                    "image_id": result.row.image_id,
                    "size": list(result.row.size or ()),
                    "category": result.row.category,
                    "mode": result.row.mode,
                    "prompts": result.prompts,
                }
                for result in good
            ],
        }

    def _take(self, finished: FinishedImage) -> None:
        for result in finished.results:
            if result.tally is not None:
                group = (finished.key[0], result.row.mode)
                known = self._tallies.get(group)
                self._tallies[group] = result.tally if known is None else known + result.tally
        # The counts of one image may take megabytes, and only their sum is needed from here on.
        lighter = [replace(result, tally=None) for result in finished.results]
        self._finished[finished.key] = FinishedImage(finished.key, lighter)

    def _begin(self) -> None:
        self._journal.begin(self._header)
        # Results of an earlier run would not belong to the masks of this one.
        for name in ("masks", "maps"):
            shutil.rmtree(self._out / name, ignore_errors=True)
        for name in ("results.json", "results.csv", "prompts.json"):
            with suppress(OSError):
                (self._out / name).unlink(missing_ok=True)

    def _go_on(self, found: dict[str, Any]) -> None:
        differing = [name for name in MUST_AGREE if found.get(name) != self._header.get(name)]
        if differing:
            raise InputError(
                f"The run in {self._out} was made with other settings ({', '.join(differing)}): give another --out, or "
                "leave --resume away to begin anew."
            )
        # The files of a run do not depend on whether it was stopped on the way, so its first command stays.
        self._header = {name: found.get(name, value) for name, value in self._header.items()}
        if self._journal:
            for finished in self._journal.read():
                # An image that was changed or removed since is not the one that was evaluated.
                if finished.key in self._samples and self._is_same(finished.key, finished.image_id):
                    self._take(finished)
        else:
            self._go_on_complete(found)

    def _go_on_complete(self, results: dict[str, Any]) -> None:
        """Nothing is left to do, for nothing but the results was kept; so they must be those of these very images."""
        seen = {(row["category"], row["path"]): row["image_id"] for row in results.get("images", ())}
        for key, sample in self._samples.items():
            if key not in seen or not (seen[key] is None or self._is_same(key, seen[key])):
                raise InputError(
                    f"The run in {self._out} is complete, but did not see {sample.path} as it is now: give another "
                    "--out, or leave --resume away to begin anew."
                )
        self._complete = results

    def _is_same(self, key: Key, image_id: str | None) -> bool:
        try:
            return image_id_of(self._samples[key].path) == image_id
        except ImageReadError:
            return image_id is None


def check_is_run_or_empty(out: Path) -> None:
    """Refuse a folder with files of other kinds, which a run would mix with its own.

    Raises
    ------
    InputError
        When there are such files.
    """
    try:
        strange = _found_header(out) is None and out.is_dir() and any(out.iterdir())
    except OSError as error:
        raise InputError(f"The folder {out} can't be read ({error.strerror or error}): give another --out.") from error
    if strange:
        raise InputError(f"{out} holds other files: give a new or empty folder to --out.")


def _found_header(out: Path) -> dict[str, Any] | None:
    """The header of the run in a folder: that of a run under way, or the results of a complete one."""
    for found in (Journal(out).header(), read_json_object(out / "results.json")):
        if found is not None and found.get("schema") == SCHEMA:
            return found
    return None


def _key(sample: Sample) -> Key:
    return sample.category, sample.relative_path


def _mask_places(samples: Iterable[Sample]) -> dict[Key, PurePosixPath]:
    """Where each image's mask goes; of two images `a.jpg` and `a.png` the second's becomes `a.png.png`."""
    places: dict[Key, PurePosixPath] = {}
    taken: set[PurePosixPath] = set()
    for sample in samples:
        place = exported_mask_path(sample)
        if place in taken:
            place = place.with_name(sample.path.name + ".png")
        taken.add(place)
        places[_key(sample)] = place
    return places


def _category(category: str, mode: str, rows: Sequence[ImageRow], tally: PixelTally | None) -> dict[str, Any]:
    """One row of `categories`."""
    good = [row for row in rows if row.error is None]
    pooled = asdict(tally.metrics()) if tally is not None else {}
    normal = [row for row in good if row.gt_area == 0]
    scored = [row for row in good if row.image_score is not None and row.gt_area is not None]
    hit = sum(row.intersection or 0 for row in good)
    union = sum((row.mask_area or 0) + (row.gt_area or 0) - (row.intersection or 0) for row in good)
    return {
        "category": category,
        "mode": mode,
        "images": len(rows),
        "anomalous": len(rows) - len(normal),
        "normal": len(normal),
        "iou": _mean(row.iou for row in good),
        "dice": _mean(row.dice for row in good),
        "iou_pooled": hit / union if union else None,
        "p_auroc_per_image": _mean(row.p_auroc for row in good),
        "p_auroc": pooled.get("p_auroc"),
        "ap": pooled.get("ap"),
        "f1_max": pooled.get("f1_max"),
        "aupro": pooled.get("aupro"),
        "i_auroc": image_auroc([row.image_score or 0.0 for row in scored], [bool(row.gt_area) for row in scored])
        if scored
        else None,
        "false_alarm_area": _mean((row.mask_area or 0) / (row.size[0] * row.size[1]) for row in normal if row.size),
        "spro": None,
        "failed": len(rows) - len(good),
    }


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _summary(categories: Sequence[Mapping[str, Any]], modes: Sequence[str]) -> list[dict[str, Any]]:
    summary = []
    for mode in modes:
        rows = [row for row in categories if row["mode"] == mode]
        means = {name: _mean(row[name] for row in rows) for name in SUMMARY_METRICS}
        failed = sum(row["failed"] for row in rows)
        summary.append({"mode": mode, "categories": len(rows), **means, "failed": failed})
    return summary
