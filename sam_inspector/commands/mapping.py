"""`sam-inspector map`: anomaly maps of one image or of a category's test images."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from sam_inspector import __version__
from sam_inspector.anomaly.recipes import recipe_for
from sam_inspector.anomaly.settings import FewShotSettings
from sam_inspector.commands.console import Console
from sam_inspector.commands.loading import loaded_inspector
from sam_inspector.commands.map_images import MapImages, find_map_images, map_files, map_places, names, shortage
from sam_inspector.commands.outputs import check_out_folder
from sam_inspector.core.errors import DatasetError, InputError, SamInspectorError, StoreError
from sam_inspector.data.datasets import Sample
from sam_inspector.data.images import LoadedImage, read_image
from sam_inspector.data.map_pictures import write_map_picture
from sam_inspector.data.maps import write_map
from sam_inspector.models.backbone_registry import get_backbone_spec
from sam_inspector.models.registry import get_model_spec
from sam_inspector.prompting.automatic import AutomaticPrompts
from sam_inspector.prompting.from_anomaly_map import map_threshold, prompts_from_map

if TYPE_CHECKING:
    # What can't be mapped is refused without waiting for torch.
    from sam_inspector.engine.few_shot import FewShotMapper
    from sam_inspector.engine.inspector import Inspector

FEW_SHOT = "few-shot"
METHODS = (FEW_SHOT,)
ANNOUNCED = ("clip", "simplenet", "sam-lad")
ONE_COLOUR = "This image has one colour all over, so its map tells nothing."


@dataclass(frozen=True, slots=True)
class MapRun:
    """How the maps are made."""

    settings: FewShotSettings
    automatic: AutomaticPrompts
    method: str
    layout: str | None
    model: str
    device: str


def run(console: Console, path: Path, reference: Path | None, how: MapRun, *, out: Path) -> None:
    """Map and write; of a folder, an image that can't be mapped is told and left out."""
    _check(how)
    check_out_folder(out)
    images = find_map_images(path, reference, how.settings.references, how.layout)
    places = map_places(images, out, how.method)
    remarks = []
    few = shortage(images, how.settings.references.count)
    if few is not None:
        remarks.append(few)
        console.say(few)
    inspector = loaded_inspector(console, how.model, how.device)
    mapper, references = _described(console, inspector, images, how.settings)
    remarks += references["remarks"]
    rows = []
    with console.progress("Mapping") as report:
        for number, (sample, place) in enumerate(zip(images.samples, places, strict=True), start=1):
            rows.append(_row(console, sample, place, mapper, how, keep_going=not images.is_single))
            report(number / len(images.samples), sample.relative_path)
    if all(row["error"] for row in rows):
        raise DatasetError(f"No image of {path} could be mapped; the first: {rows[0]['error']}")
    segmenter = inspector.segmenter
    threshold = references["threshold"]
    console.result(
        f"{_table(rows)}\nThreshold {threshold:.4f}, normal images: {references['used']}. Maps in {out}",
        {
            "schema": "sam-inspector/maps/1",
            "version": __version__,
            "method": how.method,
            "backbone": how.settings.backbone,
            "preset": how.settings.preset,
            "model": {"name": segmenter.spec.name, "sha256": segmenter.spec.sha256},
            "device": segmenter.device.device,
            "dtype": segmenter.device.precision,
            "seed": how.settings.references.seed,
            "references": references,
            "threshold": threshold,
            "remarks": remarks,
            "images": rows,
            "out": str(out),
        },
    )


def _check(how: MapRun) -> None:
    if how.method in ANNOUNCED:
        raise InputError(f"The map “{how.method}” is not there yet: choose {', '.join(METHODS)}.")
    if how.method not in METHODS:
        raise InputError(f"There is no map “{how.method}”: choose {', '.join(METHODS)}.")
    if how.settings.references.count < 1:
        raise InputError(f"{how.settings.references.count} normal images were asked for; ask for at least 1.")
    get_backbone_spec(how.settings.backbone)
    recipe_for(how.settings, how.settings.references.count)
    get_model_spec(how.model)


def _described(
    console: Console, inspector: Inspector, images: MapImages, settings: FewShotSettings
) -> tuple[FewShotMapper, dict[str, Any]]:
    """Describe the references, and what there is to tell of them."""
    from sam_inspector.engine.few_shot import FewShotMapper
    from sam_inspector.engine.requests import BuildReferences

    mapper = FewShotMapper(inspector)
    work = BuildReferences(tuple(sample.path for sample in images.references), settings)
    began = time.perf_counter()
    with console.progress("Describing normal images") as report:
        for step in mapper.build(work):
            report(step.done / step.total, step.text)
    ready = mapper.ready(work)
    for remark in ready.remarks:
        console.say(remark)
    low, high = ready.calibration.display_range
    return mapper, {
        "paths": names(images.references),
        "used": ready.references,
        "bank_tokens": ready.bank_tokens,
        "threshold": ready.calibration.threshold,
        "display_range": [low, high],
        "remarks": list(ready.remarks),
        "seconds": time.perf_counter() - began,
    }


def _row(
    console: Console, sample: Sample, place: Path, mapper: FewShotMapper, how: MapRun, *, keep_going: bool
) -> dict[str, Any]:
    """Map one image and write it."""
    row: dict[str, Any] = {
        "category": sample.category,
        "defect": sample.defect,
        "path": sample.relative_path,
        "image_id": None,
        "size": None,
        "image_score": None,
        "highest": None,
        "exceeds": None,
        "boxes": None,
        "map": None,
        "picture": None,
        "seconds": None,
        "remarks": [],
        "error": None,
    }
    try:
        row.update(_mapped(read_image(sample.path), place, mapper, how))
    except StoreError:
        raise
    except SamInspectorError as error:
        if not keep_going:
            raise
        row["error"] = str(error)
        console.say(f"No map for {sample.category}/{sample.relative_path}: {error}")
    for remark in row["remarks"]:
        console.say(f"{sample.path}: {remark}")
    return row


def _mapped(image: LoadedImage, place: Path, mapper: FewShotMapper, how: MapRun) -> dict[str, Any]:
    began = time.perf_counter()
    outcome = mapper.map(image)
    seconds = time.perf_counter() - began
    found = outcome.anomaly_map
    threshold = map_threshold(found, how.automatic, outcome.calibration)
    prompts = prompts_from_map(found, threshold, (image.height, image.width), how.automatic)
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
        "highest": highest,
        "exceeds": highest > threshold,
        "boxes": len(prompts),
        "map": str(tiff),
        "picture": str(picture),
        "seconds": {"encode": seconds - outcome.seconds, "map": outcome.seconds},
        "remarks": remarks,
    }


def _table(rows: list[dict[str, Any]]) -> str:
    """An image a line."""
    lines = [["image", "score", "highest", "above the threshold", "boxes", "seconds"]]
    for row in rows:
        if row["error"]:
            lines.append([row["path"], *"–––––"])
            continue
        seconds = row["seconds"]["encode"] + row["seconds"]["map"]
        above = "yes" if row["exceeds"] else "no"
        numbers = [f"{row['image_score']:.4f}", f"{row['highest']:.4f}", above, str(row["boxes"]), f"{seconds:.2f}"]
        lines.append([row["path"], *numbers])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
