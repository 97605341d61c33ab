"""What each part of SPT adds: every variant is tuned on the same images and judged on the same others, not learnt from.

The last epoch counts, so nothing is chosen on the images that are judged. Each tuned model is kept in the folder, and
with it what it scored, so that a run that was stopped goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sam_inspector.core.errors import Cancelled
from sam_inspector.data.atomic import write_atomic
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.spt.images import read_sample
from sam_inspector.engine.spt.table import JudgedRow
from sam_inspector.engine.spt.train import train_spt
from sam_inspector.engine.spt.works import SptProgress, TrainSpt, TuneSample
from sam_inspector.methods.spt.holdout import Holdout
from sam_inspector.methods.spt.judging import judge
from sam_inspector.methods.spt.settings import FROZEN, SptSettings
from sam_inspector.models.backbone import never
from sam_inspector.models.sam import SamSegmenter
from sam_inspector.models.tuned.manifest import read_tuned_manifest


@dataclass(frozen=True, eq=False, slots=True)
class SptAblation:
    """What is compared.

    Attributes
    ----------
    variants
        Names of `VARIANTS`, or `FROZEN`.
    holdouts
        The ways in which images are told apart, one after the other: the folds, or a category each.
    images
        How many images are learnt from, one number after the other; None: all.
    """

    samples: tuple[TuneSample, ...]
    datasets: tuple[str, ...]
    model: str
    settings: SptSettings
    variants: tuple[str, ...]
    holdouts: tuple[Holdout, ...]
    images: tuple[int | None, ...]
    out: Path
    device: str = "auto"


@dataclass(frozen=True, slots=True)
class AblationStep:
    """How far it is: the tuning at hand, of all, and its own step; or the rows of one that is done."""

    number: int
    total: int
    title: str
    progress: SptProgress | None = None
    rows: tuple[JudgedRow, ...] = ()


def ablate_spt(
    wanted: SptAblation, inspector: Inspector, *, cancelled: Callable[[], bool] = never
) -> Generator[AblationStep]:
    """Tune and judge, one variant after the other.

    Raises
    ------
    SamInspectorError
        As `train_spt`.
    """
    frozen = [(FROZEN, holdout, None) for holdout in wanted.holdouts if FROZEN in wanted.variants]
    plan = frozen + [
        (variant, holdout, images)
        for images in wanted.images
        for holdout in wanted.holdouts
        for variant in wanted.variants
        if variant != FROZEN
    ]
    for number, (variant, holdout, images) in enumerate(plan, start=1):
        title = f"{variant}, held out {holdout}" + ("" if images is None else f", {images} images")
        name = f"{variant} {str(holdout).replace('/', ' of ')}" + ("" if images is None else f" from {images}")
        step = AblationStep(number, len(plan), title)
        kept = wanted.out / "judged" / f"{name}.json"
        if kept.is_file():
            rows = _read_rows(kept)
        else:
            settings = replace(wanted.settings, holdout=holdout, images=images, keeps_last=True)
            segmenter = inspector.segmenter
            if variant != FROZEN:
                file = wanted.out / "models" / f"{name}.safetensors"
                work = TrainSpt(
                    wanted.samples, wanted.model, replace(settings, variant=variant), file, wanted.datasets, True,
                    wanted.device,
                )  # fmt: skip
                for progress in train_spt(work, inspector, cancelled=cancelled):
                    yield replace(step, progress=progress)
                segmenter = inspector.tuned(str(file)).segmenter
            assert isinstance(segmenter, SamSegmenter)
            _, held_out = settings.split([(sample.category, sample) for sample in wanted.samples])
            learnt = () if variant == FROZEN else read_tuned_manifest(file).images
            rows = []
            for row in _judge(held_out, learnt, segmenter, inspector, variant, holdout, images, cancelled):
                rows.append(row)
                yield step
            write_atomic(kept, json.dumps([row.as_json() for row in rows], indent=1) + "\n")
        yield replace(step, rows=tuple(rows))


def _judge(
    held_out: Sequence[TuneSample],
    learnt: Sequence[str],
    segmenter: SamSegmenter,
    inspector: Inspector,
    variant: str,
    holdout: Holdout,
    images: int | None,
    cancelled: Callable[[], bool],
) -> Generator[JudgedRow]:
    for sample in held_out:
        if cancelled():
            raise Cancelled("The ablation was given up; it goes on where it was with --resume.")
        image, mask = read_sample(sample)
        if image.image_id in learnt:
            continue
        embedding = inspector.embed(image, cancelled=cancelled).embedding
        scores = judge(segmenter, embedding, mask).scores
        yield JudgedRow(variant, str(holdout), images, sample.category, sample.path.name, scores)


def _read_rows(file: Path) -> list[JudgedRow]:
    return [JudgedRow.from_json(row) for row in json.loads(file.read_text(encoding="utf-8"))]
