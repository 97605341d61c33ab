"""`sam-inspector segment`: one image, given prompts, a mask."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from sam_inspector import __version__
from sam_inspector.commands.console import Console
from sam_inspector.commands.loading import loaded_inspector
from sam_inspector.commands.outputs import check_out_file
from sam_inspector.core.errors import InputError
from sam_inspector.core.geometry import check_prompts
from sam_inspector.core.prompts import NEGATIVE, POSITIVE, Prompts, add_box, add_point
from sam_inspector.data.export import export_mask
from sam_inspector.data.images import read_image
from sam_inspector.data.masks import read_mask
from sam_inspector.data.prompt_json import prompts_to_json
from sam_inspector.models.registry import get_model_spec


def numbers(text: str, count: int, form: str) -> tuple[float, ...]:
    """Read `X,Y` or `X0,Y0,X1,Y1`."""
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if len(values) != count or any(value != value or abs(value) == float("inf") for value in values):
        raise InputError(f"“{text}” is not of the form {form}: give numbers in pixels, with commas and without spaces.")
    return values


def prompts_from_options(points: list[str], excluded: list[str], boxes: list[str]) -> Prompts:
    """The prompts of the command line: a box is a region, a point belongs to the smallest box around it.

    Raises
    ------
    InputError
        When a number can't be read, or there is nothing to look for.
    """
    prompts = Prompts()
    for text in boxes:
        x0, y0, x1, y1 = numbers(text, 4, "X0,Y0,X1,Y1")
        if x1 <= x0 or y1 <= y0:
            raise InputError(
                f"The box {text} has no area: its second corner must lie to the right of and below the first."
            )
        prompts = add_box(prompts, (x0, y0, x1, y1))
    for texts, label in ((points, POSITIVE), (excluded, NEGATIVE)):
        for text in texts:
            x, y = numbers(text, 2, "X,Y")
            prompts = add_point(prompts, (x, y), label)
    if not prompts.decodable:
        raise InputError("There is nothing to look for: give at least one --point X,Y or --box X0,Y0,X1,Y1.")
    return prompts


def run(
    console: Console,
    image_path: Path,
    prompts: Prompts,
    *,
    out: Path,
    ground_truth: Path | None,
    model: str,
    device: str,
    seed: int,
) -> None:
    """Segment one image and write its mask."""
    get_model_spec(model)
    check_out_file(out, f"{image_path.stem}_mask.png")
    if out.suffix.lower() != ".png":
        out = out.with_name(f"{out.name}.png")
    image = read_image(image_path)
    check_prompts(prompts, image.width, image.height)
    truth = read_mask(ground_truth, width=image.width, height=image.height) if ground_truth is not None else None
    for given in (image_path, ground_truth):
        if given is not None and out.exists() and out.samefile(given):
            raise InputError(f"The mask would be written over {given}: give another --out.")

    from sam_inspector.engine.inspector import score
    from sam_inspector.engine.requests import SegmentOptions

    inspector = loaded_inspector(console, model, device)
    embedded = inspector.embed(image)
    segmentation, seconds = inspector.segment(embedded, prompts, SegmentOptions())
    written = export_mask(out, segmentation.mask)
    scores = score(segmentation, truth)
    segmenter = inspector.segmenter
    lines = [
        f"{written}: {scores.mask_area} of {scores.image_area} pixels, predicted IoU {scores.predicted_iou:.3f}",
        f"encode {embedded.seconds or 0:.3f} s, decode {seconds:.3f} s, {segmenter.device.label}",
    ]
    if scores.iou is not None:
        lines.insert(1, f"IoU {scores.iou:.3f}, Dice {scores.dice:.3f}, boundary IoU {scores.boundary_iou:.3f}")
    elif truth is not None:
        lines.insert(1, "The ground truth marks no pixel, so there is nothing to score against.")
    console.result(
        "\n".join(lines),
        {
            "version": __version__,
            "mask": str(written),
            "image_id": image.image_id,
            "size": [image.width, image.height],
            "model": {"name": segmenter.spec.name, "sha256": segmenter.spec.sha256},
            "device": segmenter.device.device,
            "dtype": segmenter.device.precision,
            "seed": seed,
            "prompts": prompts_to_json(prompts),
            "scores": asdict(scores),
            "seconds": {"encode": embedded.seconds, "decode": seconds},
        },
    )
