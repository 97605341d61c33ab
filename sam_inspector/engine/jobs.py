"""Long jobs as generators: a step an item, so that a click waits for one item at most."""

from __future__ import annotations

from collections.abc import Callable, Generator

from sam_inspector.core.errors import ImageReadError
from sam_inspector.data.images import read_image
from sam_inspector.engine.clip_mapper import ClipMapper
from sam_inspector.engine.comparing import Comparer
from sam_inspector.engine.evaluation_job import evaluation_steps
from sam_inspector.engine.exchanging import exchange_steps
from sam_inspector.engine.few_shot import FewShotMapper
from sam_inspector.engine.finding_foregrounds import ask_foreground, find_foregrounds
from sam_inspector.engine.foreground_works import AskForeground, FindForegrounds
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.learnt_simplenet import LearntSimpleNetMapper
from sam_inspector.engine.requests import (
    BuildClip,
    BuildReferences,
    ClearCache,
    CompareImage,
    EncodeImages,
    EvaluateImages,
    ExchangeImage,
    JobProgress,
    JobWork,
    LearnSimpleNet,
    TrainSimpleNet,
    TrainSpt,
)
from sam_inspector.engine.spt.train import train_spt
from sam_inspector.engine.train_simplenet import train_simplenet


def steps(
    work: JobWork,
    inspector: Inspector,
    few_shot: FewShotMapper,
    clip: ClipMapper,
    learnt: LearntSimpleNetMapper,
    comparer: Comparer,
    cancelled: Callable[[], bool],
) -> Generator[JobProgress]:
    """Do a job, step by step."""
    if isinstance(work, BuildReferences):
        yield from few_shot.build(work, cancelled=cancelled)
        return
    if isinstance(work, BuildClip):
        yield from clip.build(work, cancelled=cancelled)
        return
    if isinstance(work, LearnSimpleNet):
        yield from learnt.build(work, cancelled=cancelled)
        return
    if isinstance(work, EvaluateImages):
        yield from evaluation_steps(work, inspector, cancelled)
        return
    if isinstance(work, CompareImage):
        yield from comparer.steps(work, cancelled)
        return
    if isinstance(work, ExchangeImage):
        yield from exchange_steps(work, inspector, cancelled)
        return
    if isinstance(work, TrainSimpleNet):
        yield from train_simplenet(work, inspector.beside(), cancelled=cancelled)
        return
    if isinstance(work, TrainSpt):
        yield from train_spt(work, inspector.beside(), cancelled=cancelled)
        return
    if isinstance(work, FindForegrounds):
        yield from find_foregrounds(work, inspector.beside(), cancelled=cancelled)
        return
    if isinstance(work, AskForeground):
        yield from ask_foreground(work, inspector, cancelled=cancelled)
        return
    if isinstance(work, ClearCache):
        inspector.clear_cache()
        yield JobProgress(1, 1)
        return
    yield from _encode(work, inspector, cancelled)


def _encode(work: EncodeImages, inspector: Inspector, cancelled: Callable[[], bool]) -> Generator[JobProgress]:
    for number, path in enumerate(work.paths, start=1):
        try:
            image = read_image(path)
        except ImageReadError:
            yield JobProgress(number, len(work.paths), path.name)
            continue
        if not inspector.is_embedded(image, work.preset):
            inspector.embed(image, preset=work.preset, cancelled=cancelled)
        yield JobProgress(number, len(work.paths), path.name)
