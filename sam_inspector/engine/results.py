"""What an evaluation writes: `results.json`, `results.csv`, `prompts.json`, masks; and what it needs to go on later.

The formats are those of `sam-inspector/results/1`. While a run is under way the folder `.progress` in it holds one
line an image and the pixel counts that pooled metrics are made of; it goes when the run is complete.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from sam_inspector import __version__
from sam_inspector.core.errors import InputError, StoreError
from sam_inspector.core.metrics.pixel_tally import PixelTally
from sam_inspector.core.prompts import Prompts
from sam_inspector.core.scores import MaskScores
from sam_inspector.data.atomic import write_atomic
from sam_inspector.data.datasets import Sample
from sam_inspector.data.export import exported_mask_path
from sam_inspector.data.images import LoadedImage
from sam_inspector.data.prompt_files import SCHEMA as PROMPTS_SCHEMA
from sam_inspector.data.prompt_json import prompts_to_json

SCHEMA = "sam-inspector/results/1"
WRITE_EVERY_S = 5.0
"""A large run would spend its time writing results.json after every image."""

SUMMARY_METRICS = ("iou", "dice", "iou_pooled", "p_auroc_per_image", "p_auroc", "ap", "f1_max", "aupro")


@dataclass(frozen=True, slots=True)
class ImageRow:
    """One image under one mode; a metric that is not defined is None. Seconds are of this machine and run."""

    category: str
    defect: str
    path: str
    image_id: str | None
    mode: str
    iou: float | None = None
    dice: float | None = None
    precision: float | None = None
    recall: float | None = None
    boundary_iou: float | None = None
    p_auroc: float | None = None
    ap: float | None = None
    f1_max: float | None = None
    image_score: float | None = None
    predicted_iou: float | None = None
    mask_area: int | None = None
    gt_area: int | None = None
    intersection: int | None = None
    prompts: int = 0
    size: tuple[int, int] | None = None
    seconds: Mapping[str, float | None] = field(default_factory=dict)
    error: str | None = None

    @classmethod
    def failed(cls, sample: Sample, mode: str, image: LoadedImage | None, error: str) -> ImageRow:
        """A row that says why there is no result."""
        return cls(
            sample.category, sample.defect, sample.relative_path, image.image_id if image else None, mode, error=error
        )

    @classmethod
    def scored(
        cls,
        sample: Sample,
        mode: str,
        image: LoadedImage,
        scores: MaskScores,
        *,
        prompts: int,
        encode_seconds: float | None,
        decode_seconds: float,
        score_seconds: float,
    ) -> ImageRow:
        """A row of scores."""
        recall, gt_area = scores.recall, scores.gt_area
        return cls(
            category=sample.category,
            defect=sample.defect,
            path=sample.relative_path,
            image_id=image.image_id,
            mode=mode,
            iou=scores.iou,
            dice=scores.dice,
            precision=scores.precision,
            recall=recall,
            boundary_iou=scores.boundary_iou,
            p_auroc=scores.p_auroc,
            ap=scores.ap,
            f1_max=scores.f1_max,
            predicted_iou=scores.predicted_iou,
            mask_area=scores.mask_area,
            gt_area=gt_area,
            intersection=None if recall is None or gt_area is None else round(recall * gt_area),
            prompts=prompts,
            size=(image.width, image.height),
            seconds={"encode": encode_seconds, "decode": decode_seconds, "map": None, "score": score_seconds},
        )


def _from_json(row: Mapping[str, Any]) -> ImageRow:
    values = {item.name: row[item.name] for item in fields(ImageRow) if item.name in row}
    if values.get("size") is not None:
        values["size"] = tuple(values["size"])
    return ImageRow(**values)


class ResultsFolder:
    """The folder of one run. Use `open`; then `add` rows, `finish_image` after each image, `finish` at the end."""

    def __init__(self, out: Path, header: Mapping[str, Any], layout: str, order: Sequence[Sample]) -> None:
        self._out = out
        self._header = header
        self._layout = layout
        self._order = {_key(sample): place for place, sample in enumerate(order)}
        self._rows: list[ImageRow] = []
        self._prompts: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
        self._tallies: dict[tuple[str, str], PixelTally] = {}
        self._finished: set[tuple[str, str]] = set()
        self._pending: list[tuple[ImageRow, PixelTally | None, Prompts]] = []
        self._written_at = 0.0
        self._complete = False
        self._loaded: dict[str, Any] | None = None

    @classmethod
    def open(
        cls,
        out: Path,
        *,
        header: Mapping[str, Any],
        samples: Sequence[Sample],
        modes: Sequence[str],
        layout: str,
        resume: bool,
    ) -> ResultsFolder:
        """Begin a run, or go on with the one that is there.

        Raises
        ------
        InputError
            When the folder holds a run with other settings, or something else.
        StoreError
            When it can't be written.
        """
        folder = cls(out, header, layout, samples)
        found = folder._found_header()
        if resume and found is not None:
            differing = [
                key for key in ("model", "preset", "seed", "settings", "dtype") if found.get(key) != header.get(key)
            ]
            if differing:
                raise InputError(
                    f"The run in {out} was made with other settings ({', '.join(differing)}): give another --out, or "
                    "leave --resume away to begin anew."
                )
            folder._load()
        elif found is None and out.is_dir() and any(out.iterdir()):
            raise InputError(f"{out} holds other files: give a new or empty folder to --out.")
        else:
            folder._begin()
        return folder

    def mask_path(self, sample: Sample, mode: str) -> Path:
        """Where the mask of an image goes."""
        return self._out / "masks" / mode / exported_mask_path(sample)

    def has(self, sample: Sample) -> bool:
        """Whether the image is finished."""
        return _key(sample) in self._finished

    def add(self, sample: Sample, row: ImageRow, tally: PixelTally | None, prompts: Prompts) -> None:
        """Take the result of one mode; it counts once the image is finished."""
        self._pending.append((row, tally, prompts))

    def finish_image(self, sample: Sample) -> None:
        """Write what was added, so that the image need not be computed again."""
        number = len(self._finished)
        tallies = {row.mode: tally for row, tally, _ in self._pending if tally is not None}
        try:
            np.savez_compressed(
                self._progress / f"{number:06d}.npz",
                **{f"{mode}.{name}": value for mode, tally in tallies.items() for name, value in _arrays(tally)},
            )
            line = {
                "sample": _key(sample),
                "tallies": f"{number:06d}.npz",
                "rows": [asdict(row) for row, _, _ in self._pending],
                "prompts": [prompts_to_json(prompts) for _, _, prompts in self._pending],
            }
            with (self._progress / "images.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as error:
            raise StoreError(f"The results can't be written to {self._out} ({error.strerror or error}).") from error
        self._take(_key(sample), [(row, prompts_to_json(prompts)) for row, _, prompts in self._pending], tallies)
        self._pending.clear()
        if time.monotonic() - self._written_at > WRITE_EVERY_S:
            self.write()

    def finish(self) -> None:
        """The run is complete: write everything and clean up."""
        if not self._complete:
            self.write()
            shutil.rmtree(self._progress, ignore_errors=True)
            self._complete = True

    def write(self) -> None:
        """Write the result files as they stand; a stopped run calls it too."""
        if self._complete:
            return
        self._rows.sort(key=lambda row: (self._order.get((row.category, row.path), 0), _place(row.mode, self._header)))
        write_atomic(self._out / "results.json", json.dumps(self.as_json(), indent=1, allow_nan=False) + "\n")
        write_atomic(self._out / "results.csv", self._as_csv())
        write_atomic(self._out / "prompts.json", json.dumps(self._prompts_json(), allow_nan=False) + "\n")
        self._written_at = time.monotonic()

    def as_json(self) -> dict[str, Any]:
        """The content of `results.json`."""
        if self._loaded is not None:
            return self._loaded
        categories = self.categories()
        return {
            "schema": SCHEMA,
            "version": __version__,
            **self._header,
            "images": [asdict(row) for row in self._rows],
            "categories": categories,
            "summary": _summary(categories, self._header["settings"]["modes"]),
        }

    def categories(self) -> list[dict[str, Any]]:
        """One row for each category and mode."""
        groups: dict[tuple[str, str], list[ImageRow]] = {}
        for row in self._rows:
            groups.setdefault((row.category, row.mode), []).append(row)
        return [self._category(*group, rows) for group, rows in groups.items()]

    def _category(self, category: str, mode: str, rows: list[ImageRow]) -> dict[str, Any]:
        good = [row for row in rows if row.error is None]
        tally = self._tallies.get((category, mode))
        pooled = asdict(tally.metrics()) if tally is not None else {}
        hit = sum(row.intersection or 0 for row in good)
        union = sum((row.mask_area or 0) + (row.gt_area or 0) - (row.intersection or 0) for row in good)
        return {
            "category": category,
            "mode": mode,
            "images": len(rows),
            "anomalous": len(rows),
            "normal": 0,
            "iou": _mean(row.iou for row in good),
            "dice": _mean(row.dice for row in good),
            "iou_pooled": hit / union if union else None,
            "p_auroc_per_image": _mean(row.p_auroc for row in good),
            "p_auroc": pooled.get("p_auroc"),
            "ap": pooled.get("ap"),
            "f1_max": pooled.get("f1_max"),
            "aupro": pooled.get("aupro"),
            "i_auroc": None,
            "spro": None,
            "failed": len(rows) - len(good),
        }

    @property
    def _progress(self) -> Path:
        return self._out / ".progress"

    def _found_header(self) -> dict[str, Any] | None:
        for file in (self._progress / "header.json", self._out / "results.json"):
            try:
                found = json.loads(file.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
            if isinstance(found, dict) and found.get("schema") == SCHEMA:
                return found
        return None

    def _begin(self) -> None:
        try:
            for name in ("masks", ".progress"):
                shutil.rmtree(self._out / name, ignore_errors=True)
            self._progress.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"The folder {self._out} can't be made ({error.strerror or error}).") from error
        write_atomic(self._progress / "header.json", json.dumps({"schema": SCHEMA, **self._header}))

    def _load(self) -> None:
        if not self._progress.is_dir():
            self._load_complete()
            return
        try:
            lines = (self._progress / "images.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        except OSError:
            return
        for line in lines:
            if not line.endswith("\n"):
                break  # the run was killed in the middle of it
            entry = json.loads(line)
            with np.load(self._progress / entry["tallies"], allow_pickle=False) as arrays:
                modes = {name.partition(".")[0] for name in arrays.files}
                tallies = {
                    mode: PixelTally(*(arrays[f"{mode}.{item.name}"] for item in fields(PixelTally))) for mode in modes
                }
            rows = [_from_json(row) for row in entry["rows"]]
            self._take(tuple(entry["sample"]), list(zip(rows, entry["prompts"], strict=True)), tallies)
        # What a kill left behind the last whole line would otherwise be glued to the next one.
        write_atomic(self._progress / "images.jsonl", "".join(line for line in lines if line.endswith("\n")))

    def _load_complete(self) -> None:
        results = json.loads((self._out / "results.json").read_text(encoding="utf-8"))
        self._finished = {(row["category"], row["path"]) for row in results["images"]}
        if not set(self._order) <= self._finished:
            raise InputError(
                f"The run in {self._out} is complete, but the dataset has images it did not see: leave --resume away "
                "to begin anew."
            )
        self._loaded = results
        self._complete = True

    def _take(
        self,
        key: tuple[str, str],
        results: list[tuple[ImageRow, list[dict[str, Any]]]],
        tallies: Mapping[str, PixelTally],
    ) -> None:
        for row, prompts in results:
            self._rows.append(row)
            if row.error is None:
                self._prompts[row.category, row.path, row.mode] = prompts
        for mode, tally in tallies.items():
            group = (key[0], mode)
            known = self._tallies.get(group)
            self._tallies[group] = tally if known is None else known + tally
        self._finished.add(key)

    def _as_csv(self) -> str:
        names = [item.name for item in fields(ImageRow) if item.name not in ("seconds", "size")]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([*names, "width", "height", "encode_s", "decode_s"])
        for row in self._rows:
            width, height = row.size or (None, None)
            values = [getattr(row, name) for name in names]
            writer.writerow([*values, width, height, row.seconds.get("encode"), row.seconds.get("decode")])
        return text.getvalue()

    def _prompts_json(self) -> dict[str, Any]:
        """One prompt set for all; where it holds several modes or categories, each item names its own."""
        rows = [row for row in self._rows if row.error is None]
        settings = self._header["settings"]
        return {
            "schema": PROMPTS_SCHEMA,
            "dataset": {"layout": self._layout, "category": ",".join(dict.fromkeys(row.category for row in rows))},
            "mode": ",".join(settings["modes"]),
            "preset": self._header["preset"],
            "parameters": {"points": settings["points"]},
            "seed": self._header["seed"],
            "items": [
                {
                    "path": row.path,
                    "image_id": row.image_id,
                    "size": list(row.size or ()),
                    "category": row.category,
                    "mode": row.mode,
                    "prompts": self._prompts[row.category, row.path, row.mode],
                }
                for row in rows
            ],
        }


def _key(sample: Sample) -> tuple[str, str]:
    return sample.category, sample.relative_path


def _place(mode: str, header: Mapping[str, Any]) -> int:
    modes: list[str] = header["settings"]["modes"]
    return modes.index(mode)


def _arrays(tally: PixelTally) -> list[tuple[str, Any]]:
    return [(item.name, getattr(tally, item.name)) for item in fields(PixelTally)]


def _mean(values: Any) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _summary(categories: list[dict[str, Any]], modes: Sequence[str]) -> list[dict[str, Any]]:
    summary = []
    for mode in modes:
        rows = [row for row in categories if row["mode"] == mode]
        means = {name: _mean(row[name] for row in rows) for name in SUMMARY_METRICS}
        failed = sum(row["failed"] for row in rows)
        summary.append({"mode": mode, "categories": len(rows), **means, "failed": failed})
    return summary
