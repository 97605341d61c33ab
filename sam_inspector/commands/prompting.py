"""`sam-inspector prompts`: prompts from the ground truth of a category, as a file."""

from __future__ import annotations

from pathlib import Path

from sam_inspector.commands.console import Console
from sam_inspector.commands.outputs import check_out_file
from sam_inspector.core.errors import DatasetError, SamInspectorError
from sam_inspector.core.prompts import PromptSet, PromptSetItem
from sam_inspector.data.datasets import open_dataset
from sam_inspector.data.images import read_image
from sam_inspector.data.masks import read_mask
from sam_inspector.data.prompt_files import write_prompt_set
from sam_inspector.prompting.from_ground_truth import prompts_from_ground_truth


def run(
    console: Console,
    category: Path,
    mode: str,
    *,
    preset: str,
    points: int,
    seed: int,
    layout: str | None,
    out: Path,
) -> None:
    """Make and write the set; images that can't be used are told and left out."""
    check_out_file(out, "prompts.json")
    dataset = open_dataset(category, layout)
    if len(dataset.categories) > 1:
        raise DatasetError(
            f"{category} holds {len(dataset.categories)} categories, and a prompt set belongs to one: give the folder "
            f"of one of them ({', '.join(dataset.categories[:5])})."
        )
    items: list[PromptSetItem] = []
    left_out = [{"path": str(skipped.path), "reason": skipped.reason} for skipped in dataset.skipped]
    samples = [sample for sample in dataset.samples if sample.mask_path is not None and not sample.is_normal]
    if not samples:
        raise DatasetError(
            f"No image in {category} has a ground-truth mask: put masks in ground_truth/<defect>/<name>_mask.png."
        )
    with console.progress("Making prompts") as report:
        for number, sample in enumerate(samples, start=1):
            assert sample.mask_path is not None
            try:
                image = read_image(sample.path)
                truth = read_mask(sample.mask_path, width=image.width, height=image.height)
            except SamInspectorError as error:
                left_out.append({"path": sample.relative_path, "reason": str(error)})
                continue
            if not truth.any():
                left_out.append({"path": sample.relative_path, "reason": "its ground truth marks no pixel"})
                continue
            prompts = prompts_from_ground_truth(truth, mode, preset=preset, points=points)
            items.append(PromptSetItem(sample.relative_path, image.image_id, (image.width, image.height), prompts))
            report(number / len(samples), sample.relative_path)
    for entry in left_out:
        console.say(f"Left out {entry['path']}: {entry['reason']}")
    if not items:
        raise DatasetError(f"No image in {category} could be used; the lines above say why.")
    parameters: tuple[tuple[str, object], ...] = (("points", points),) if mode == "bps" else ()
    prompt_set = PromptSet(dataset.layout, dataset.categories[0], mode, preset, parameters, seed, tuple(items))
    write_prompt_set(out, prompt_set)
    regions = sum(len(item.prompts) for item in items)
    console.result(
        f"{out}: {regions} prompts for {len(items)} images",
        {"prompts": str(out), "images": len(items), "regions": regions, "left_out": left_out},
    )
