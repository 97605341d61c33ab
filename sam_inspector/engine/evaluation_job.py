"""An evaluation as a job of the window: the same run as in the shell, in steps between which clicks are answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping
from typing import Any

from sam_inspector.engine.backbone_weights import require_backbone_weights
from sam_inspector.engine.evaluate import evaluate, samples_to_evaluate
from sam_inspector.engine.inspector import Inspector
from sam_inspector.engine.loco_scoring import spro_problems
from sam_inspector.engine.map_methods import map_works
from sam_inspector.engine.requests import EvaluateImages, EvaluateProgress
from sam_inspector.engine.run_header import begin_results, claim_results


def evaluation_steps(
    work: EvaluateImages, inspector: Inspector, cancelled: Callable[[], bool]
) -> Generator[EvaluateProgress]:
    """Evaluate, step by step; what is finished is in the folder whenever this is stopped.

    Raises
    ------
    SamInspectorError
        When it can't begin or go on: for settings, datasets, weights, or a folder that can't be written.
    """
    settings = work.settings
    settings.check()
    settings.check_tuned(work.model)
    samples = samples_to_evaluate(work.datasets, settings)
    works = map_works(
        work.datasets, settings.categories, settings.map_methods, settings.few_shot, settings.clip, settings.learnt
    )
    if "few-shot" in settings.map_methods:
        require_backbone_weights(settings.few_shot.backbone)
    folder = claim_results(
        work.out,
        settings,
        work.datasets,
        samples,
        work.model,
        command="in the window",
        resume=work.resume,
        replace=work.replace,
    )
    try:
        own = inspector.beside()
        if not own.has_model or own.segmenter.spec.name != work.model:
            yield EvaluateProgress(0, len(samples), f"loading {work.model}")
            own.load_model(work.model, device=work.device, cancelled=cancelled)
        begin_results(folder, own)
    except BaseException:
        folder.close()
        raise
    left = Counter(sample.category for sample in samples if not folder.has(sample))
    try:
        problems = {category: (problem,) for category, problem in spro_problems(samples).items()}
        for step in evaluate(samples, settings, own, folder, works, cancelled=cancelled):
            category = step.sample.category
            whole: tuple[Mapping[str, Any], ...] = ()
            if step.rows:
                left[category] -= 1
                if not left[category]:
                    whole = tuple(row for row in folder.categories() if row["category"] == category)
            remarks = (*problems.pop(category, ()), *step.remarks)
            text = f"{category}: {step.text}"
            yield EvaluateProgress(step.done, step.total, text, category, step.rows, whole, remarks)
        yield EvaluateProgress(len(samples), len(samples), categories=folder.categories())
    finally:
        folder.write()
        folder.close()
