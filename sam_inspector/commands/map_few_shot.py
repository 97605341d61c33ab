"""`sam-inspector map --method few-shot`: maps that compare with a few normal images."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sam_inspector.anomaly.recipes import recipe_for
from sam_inspector.anomaly.settings import FewShotSettings, ReferenceChoice
from sam_inspector.commands.console import Console
from sam_inspector.commands.loading import loaded_inspector
from sam_inspector.commands.map_images import MapImages
from sam_inspector.commands.map_making import MapMaking, MapOptions, MapRow, ReadyMaps, check_shots, reference_facts
from sam_inspector.models.backbone_registry import get_backbone_spec
from sam_inspector.models.registry import get_model_spec


@dataclass(frozen=True, slots=True)
class _FewShotMaking:
    settings: FewShotSettings
    model: str
    device: str

    @property
    def references(self) -> ReferenceChoice:
        return self.settings.references

    def check(self, images: MapImages) -> None:
        """Everything was looked at before the images were."""

    def ready(self, console: Console, images: MapImages) -> ReadyMaps:
        """Load SAM and describe the normal images."""
        inspector = loaded_inspector(console, self.model, self.device)

        from sam_inspector.engine.few_shot import FewShotMapper
        from sam_inspector.engine.requests import BuildReferences

        mapper = FewShotMapper(inspector)
        work = BuildReferences(tuple(sample.path for sample in images.references), self.settings)
        began = time.perf_counter()
        with console.progress("Describing normal images") as report:
            for step in mapper.build(work):
                report(step.done / step.total, step.text)
        seconds = time.perf_counter() - began
        ready = mapper.ready(work)
        segmenter = inspector.segmenter
        facts = {
            "backbone": self.settings.backbone,
            "preset": self.settings.preset,
            "model": {"name": segmenter.spec.name, "sha256": segmenter.spec.sha256},
            "device": segmenter.device.device,
            "dtype": segmenter.device.precision,
            "seed": self.settings.references.seed,
            "references": {
                **reference_facts(images, ready.references, ready.calibration, ready.remarks, seconds),
                "bank_tokens": ready.bank_tokens,
            },
        }
        summary = f"normal images: {ready.references}"
        return ReadyMaps(mapper, facts, ready.calibration.threshold, summary, ready.remarks)


def _make(options: MapOptions) -> MapMaking:
    settings = options.few_shot
    check_shots(settings.references)
    get_backbone_spec(settings.backbone)
    recipe_for(settings, settings.references.count)
    get_model_spec(options.model)
    return _FewShotMaking(settings, options.model, options.device)


FEW_SHOT_ROW = MapRow("few-shot", frozenset({"--backbone", "--preset", "--rotations", "--model"}), _make)
