"""Long jobs as generators: a step an item, so that a click waits for one item at most."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sam_inspector.core.errors import ImageReadError
from sam_inspector.data.images import read_image
from sam_inspector.engine.clip_mapper import ClipMapper
from sam_inspector.engine.few_shot import FewShotMapper
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.requests import BuildClip, BuildReferences, ClearCache, EncodeImages, JobProgress, JobWork


def steps(
    work: JobWork,
    inspector: Inspector,
    few_shot: FewShotMapper,
    clip: ClipMapper,
    cancelled: Callable[[], bool],
) -> Iterator[JobProgress]:
    """Do a job, step by step."""
    if isinstance(work, BuildReferences):
        yield from few_shot.build(work, cancelled=cancelled)
        return
    if isinstance(work, BuildClip):
        yield from clip.build(work, cancelled=cancelled)
        return
    if isinstance(work, ClearCache):
        inspector.clear_cache()
        yield JobProgress(1, 1)
        return
    yield from _encode(work, inspector, cancelled)


def _encode(work: EncodeImages, inspector: Inspector, cancelled: Callable[[], bool]) -> Iterator[JobProgress]:
    for number, path in enumerate(work.paths, start=1):
        try:
            image = read_image(path)
        except ImageReadError:
            yield JobProgress(number, len(work.paths), path.name)
            continue
        if not inspector.is_embedded(image, work.preset):
            inspector.embed(image, preset=work.preset, cancelled=cancelled)
        yield JobProgress(number, len(work.paths), path.name)
