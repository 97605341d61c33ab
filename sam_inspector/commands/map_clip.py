"""`sam-inspector map --method clip`: maps that compare with sentences, and with normal images where some are given."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sam_inspector.anomaly.clip_manifest import read_adapter_manifest
from sam_inspector.anomaly.clip_settings import ClipSettings
from sam_inspector.anomaly.settings import ReferenceChoice
from sam_inspector.commands.console import Console
from sam_inspector.commands.map_images import MapImages
from sam_inspector.commands.map_making import MapMaking, MapOptions, MapRow, ReadyMaps, check_shots, reference_facts
from sam_inspector.core.errors import InputError
from sam_inspector.core.text_prompts import checked_object_name, object_name_of
from sam_inspector.data.text_prompts import default_text_prompts, read_text_prompts
from sam_inspector.models.clip_registry import get_clip_spec, require_clip_weights

ASKS_FOR_REFERENCES = frozenset({"--shots", "--reference"})


@dataclass(frozen=True, slots=True)
class _ClipMaking:
    """The object's name is empty where each category's stands for it."""

    settings: ClipSettings
    texts: Path | None
    device: str
    seed: int

    @property
    def references(self) -> ReferenceChoice | None:
        return self.settings.references

    def check(self, images: MapImages) -> None:
        """Ask for a name where none is known, and for the weights."""
        self._named(images).check()
        require_clip_weights(get_clip_spec(self.settings.model))

    def ready(self, console: Console, images: MapImages) -> ReadyMaps:
        """Load CLIP, read the sentences, describe the normal images."""
        settings = self._named(images)

        from sam_inspector.engine.clip_mapper import ClipMapper
        from sam_inspector.engine.inspector import Inspector
        from sam_inspector.engine.requests import BuildClip
        from sam_inspector.models import clip_loading
        from sam_inspector.models.loading import load_segmenter

        spec = get_clip_spec(settings.model)
        with console.progress(f"Loading {spec.title}") as report:
            clip = clip_loading.load_clip(settings.model, device=self.device, report=report)
        # No prompt is answered, so SAM stays where it is.
        mapper = ClipMapper(Inspector(load_segmenter), lambda *_, **__: clip)
        work = BuildClip(settings, tuple(sample.path for sample in images.references))
        began = time.perf_counter()
        with console.progress("Reading sentences") as report:
            for step in mapper.build(work):
                report(step.done / step.total, step.text)
        seconds = time.perf_counter() - began
        ready = mapper.ready(work)
        references: dict[str, Any] | None = None
        threshold: float | None = None
        summary = f"object “{settings.object_name}”, sentences: {ready.sentences}"
        if ready.calibration is not None:
            references = reference_facts(images, ready.references, ready.calibration, ready.remarks, seconds)
            threshold = ready.calibration.threshold
            summary += f", normal images: {ready.references}"
        facts: dict[str, Any] = {
            "clip": {"name": clip.spec.name, "sha256": clip.weights_sha256},
            "object": settings.object_name,
            "texts": str(self.texts) if self.texts is not None else None,
            "sentences": ready.sentences,
            "adapter": str(settings.adapter) if settings.adapter is not None else None,
            "trained_on": list(ready.trained_on),
            "device": clip.device.device,
            "dtype": clip.device.precision,
            "seed": self.seed,
            "references": references,
        }
        return ReadyMaps(mapper, facts, threshold, summary, ready.remarks)

    def _named(self, images: MapImages) -> ClipSettings:
        if self.settings.object_name:
            return self.settings
        if images.category is None:
            raise InputError(
                f"{images.samples[0].path.parent} is no category of a dataset, so nobody knows what its images show: "
                "say it with --object, in English, as --object “metal nut”."
            )
        return replace(self.settings, object_name=object_name_of(images.category))


def _make(options: MapOptions) -> MapMaking:
    get_clip_spec(options.clip)
    is_compared = bool(options.given & ASKS_FOR_REFERENCES)
    if "--random" in options.given and not is_compared:
        raise InputError("--random draws normal images to compare with: say how many with --shots.")
    references = options.few_shot.references
    if is_compared:
        check_shots(references)
    name = checked_object_name(options.object_name) if options.object_name is not None else ""
    texts = read_text_prompts(options.texts) if options.texts is not None else default_text_prompts()
    if options.adapter is not None:
        read_adapter_manifest(options.adapter)
    settings = ClipSettings(name, options.clip, texts, options.adapter, references=references if is_compared else None)
    return _ClipMaking(settings, options.texts, options.device, references.seed)


CLIP_ROW = MapRow("clip", frozenset({"--object", "--texts", "--adapter", "--clip"}), _make)
