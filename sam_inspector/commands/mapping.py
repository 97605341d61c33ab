"""`sam-inspector map`: anomaly maps of one image or of a category's test images, by whatever method."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from sam_inspector import __version__
from sam_inspector.commands.console import Console
from sam_inspector.commands.map_clip import CLIP_ROW
from sam_inspector.commands.map_few_shot import FEW_SHOT_ROW
from sam_inspector.commands.map_images import find_map_images, map_files, map_places, shortage
from sam_inspector.commands.map_making import MapOptions, MapRow
from sam_inspector.commands.map_simplenet import SAM2SIM_ROW, SIMPLENET_ROW
from sam_inspector.commands.outputs import check_out_folder, check_out_places
from sam_inspector.core.errors import DatasetError, InputError, SamInspectorError, StoreError
from sam_inspector.data.datasets import Sample
from sam_inspector.data.images import LoadedImage, read_image
from sam_inspector.data.map_pictures import write_map_picture
from sam_inspector.data.maps import write_map
from sam_inspector.prompting.automatic import AutomaticPrompts
from sam_inspector.prompting.from_anomaly_map import map_threshold, policy_in_use, prompts_from_map

if TYPE_CHECKING:
    # What can't be mapped is refused without waiting for torch.
    from sam_inspector.engine.map_methods import Mapper

METHODS: dict[str, MapRow] = {row.name: row for row in (FEW_SHOT_ROW, CLIP_ROW, SIMPLENET_ROW, SAM2SIM_ROW)}
ANNOUNCED = ("sam-lad",)
ONE_COLOUR = "This image has one colour all over, so its map tells nothing."


def run(console: Console, path: Path, method: str, options: MapOptions, *, layout: str | None, out: Path) -> None:
    """Map and write; of a folder, an image that can't be mapped is told and left out."""
    row = _method(method, options)
    making = row.make(options)
    check_out_folder(out)
    images = find_map_images(path, options.reference, making.references, layout)
    places = map_places(images, out, row.name)
    check_out_places([file for place in places for file in map_files(place)])
    making.check(images)
    remarks = []
    few = shortage(images, making.references.count) if making.references is not None else None
    if few is not None:
        remarks.append(few)
        console.say(few)
    ready = making.ready(console, images)
    for remark in ready.remarks:
        console.say(remark)
    remarks += ready.remarks
    automatic = AutomaticPrompts()
    rows = []
    with console.progress("Mapping") as report:
        for number, (sample, place) in enumerate(zip(images.samples, places, strict=True), start=1):
            found = _row(console, sample, place, ready.mapper, automatic, keep_going=not images.is_single)
            for remark in found["remarks"]:
                if remark not in remarks:  # else it was told of all of them
                    console.say(f"{sample.path}: {remark}")
            rows.append(found)
            report(number / len(images.samples), sample.relative_path)
    if all(found["error"] for found in rows):
        raise DatasetError(f"No image of {path} could be mapped; the first: {rows[0]['error']}")
    of_all = "of each image its own" if ready.threshold is None else f"{ready.threshold:.4f}"
    console.result(
        f"{_table(rows, ready.threshold)}\nThreshold {of_all}, {ready.summary}. Maps in {out}",
        {
            "schema": "sam-inspector/maps/1",
            "version": __version__,
            "method": row.name,
            **ready.facts,
            "threshold": ready.threshold,
            "remarks": remarks,
            "images": rows,
            "out": str(out),
        },
    )


def _method(name: str, options: MapOptions) -> MapRow:
    """The method of a name, unless an option was given that it does not have."""
    if name in ANNOUNCED:
        raise InputError(f"The map “{name}” is not there yet: choose one of {', '.join(METHODS)}.")
    if name not in METHODS:
        raise InputError(f"There is no map “{name}”: choose one of {', '.join(METHODS)}.")
    for other in METHODS.values():
        foreign = sorted(options.given & other.own_options - METHODS[name].own_options)
        if foreign:
            raise InputError(f"{foreign[0]} belongs to --method {other.name}, not to {name}: leave it out.")
    return METHODS[name]


def _row(
    console: Console, sample: Sample, place: Path, mapper: Mapper, automatic: AutomaticPrompts, *, keep_going: bool
) -> dict[str, Any]:
    """Map one image and write it."""
    row: dict[str, Any] = {
        "category": sample.category,
        "defect": sample.defect,
        "path": sample.relative_path,
        "image_id": None,
        "size": None,
        "image_score": None,
        "text_score": None,
        "highest": None,
        "threshold": None,
        "exceeds": None,
        "boxes": None,
        "map": None,
        "picture": None,
        "seconds": None,
        "remarks": [],
        "error": None,
    }
    try:
        row.update(_mapped(read_image(sample.path), place, mapper, automatic))
    except StoreError:
        raise
    except SamInspectorError as error:
        if not keep_going:
            raise
        row["error"] = str(error)
        console.say(f"No map for {sample.category}/{sample.relative_path}: {error}")
    return row


def _mapped(image: LoadedImage, place: Path, mapper: Mapper, automatic: AutomaticPrompts) -> dict[str, Any]:
    began = time.perf_counter()
    outcome = mapper.map(image)
    seconds = time.perf_counter() - began
    found = outcome.anomaly_map
    threshold = map_threshold(found, automatic, outcome.calibration)
    is_own_peak = policy_in_use(automatic, outcome.calibration) == "peak_share"
    prompts = prompts_from_map(found, threshold, (image.height, image.width), automatic)
    tiff, picture = map_files(place)
    full = cv2.resize(found.values, (image.width, image.height), interpolation=cv2.INTER_LINEAR)
    write_map(tiff, full.astype(np.float32, copy=False).reshape(image.height, image.width))
    write_map_picture(picture, image.pixels, found)
    highest = float(found.values.max())
    remarks = [outcome.remark] if outcome.remark else []
    if bool((image.pixels == image.pixels[0, 0]).all()):
        remarks.append(ONE_COLOUR)
    return {
        "image_id": image.image_id,
        "size": [image.width, image.height],
        "image_score": outcome.image_score,
        "text_score": outcome.text_score,
        "highest": highest,
        "threshold": threshold,
        # A share of the image's own peak is always exceeded.
        "exceeds": None if is_own_peak else highest > threshold,
        "boxes": len(prompts),
        "map": str(tiff),
        "picture": str(picture),
        "seconds": {"encode": seconds - outcome.seconds, "map": outcome.seconds},
        "remarks": remarks,
    }


def _table(rows: list[dict[str, Any]], threshold: float | None) -> str:
    """An image a line; what would be the same in every line, or as another column, is left out."""
    has_text = any(row["text_score"] not in (None, row["image_score"]) for row in rows)
    columns = ["image", "score", *(["text"] if has_text else []), "highest"]
    columns += [*(["threshold"] if threshold is None else []), "above the threshold", "boxes", "seconds"]
    lines = [columns]
    for row in rows:
        if row["error"]:
            lines.append([row["path"], *"–" * (len(columns) - 1)])
            continue
        cells = {
            "image": row["path"],
            "score": f"{row['image_score']:.4f}",
            "text": f"{row['text_score']:.4f}" if has_text else "",
            "highest": f"{row['highest']:.4f}",
            "threshold": f"{row['threshold']:.4f}",
            "above the threshold": {None: "–", True: "yes", False: "no"}[row["exceeds"]],
            "boxes": str(row["boxes"]),
            "seconds": f"{row['seconds']['encode'] + row['seconds']['map']:.2f}",
        }
        lines.append([cells[column] for column in columns])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
