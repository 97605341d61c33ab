"""`sam-inspector map --method simplenet` and `sam2sim`: maps by a SimpleNet that is trained first, or was before."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sam_inspector.anomaly.clip_settings import ClipSettings
from sam_inspector.anomaly.settings import ReferenceChoice
from sam_inspector.anomaly.simplenet.manifest import SimpleNetManifest, read_simplenet_manifest
from sam_inspector.commands.console import Console
from sam_inspector.commands.learnt_options import learnt_from_options
from sam_inspector.commands.loading import loaded_inspector
from sam_inspector.commands.map_images import ALL_IMAGES, MapImages
from sam_inspector.commands.map_making import MapMaking, MapOptions, MapRow, ReadyMaps
from sam_inspector.core.errors import InputError
from sam_inspector.engine.map_methods import LearntSettings, check_map_methods
from sam_inspector.engine.requests import MapMethod
from sam_inspector.engine.simplenet_works import LearnSimpleNet
from sam_inspector.foreground.category_types import category_types
from sam_inspector.methods.sam2sim import ForegroundChoice, has_background
from sam_inspector.models.registry import get_model_spec


@dataclass(frozen=True, slots=True)
class _LearntMaking:
    """`checkpoint` and its manifest are None where a SimpleNet is trained."""

    method: MapMethod
    settings: LearntSettings
    checkpoint: Path | None
    manifest: SimpleNetManifest | None
    model: str
    device: str

    @property
    def references(self) -> ReferenceChoice | None:
        """All normal images are learnt from; none with a checkpoint."""
        return None if self.checkpoint is not None else ReferenceChoice("first", ALL_IMAGES)

    def check(self, images: MapImages) -> None:
        """Ask for the type of the category where it must be known, and refuse a SimpleNet that saw backgrounds."""
        self._removal(images)
        if self.method != "sam2sim" or self.manifest is None or self.manifest.preparation:
            return
        if category_types().type_of(self._category(images)).kind == "object":
            raise InputError(
                f"The SimpleNet {self.checkpoint} was trained with backgrounds, and Sam2Sim removes them: use it with "
                "--method simplenet, or leave --checkpoint out, and one without backgrounds is trained."
            )

    def ready(self, console: Console, images: MapImages) -> ReadyMaps:
        """Load SAM; train, or load what was trained."""
        inspector = loaded_inspector(console, self.model, self.device)

        from sam_inspector.engine.learnt_simplenet import LearntSimpleNetMapper

        mapper = LearntSimpleNetMapper(inspector)
        paths = tuple(sample.path for sample in images.references)
        work = LearnSimpleNet(
            paths, self._category(images), self.settings.simplenet, self._removal(images), self.checkpoint
        )
        began = time.perf_counter()
        doing = "Training" if self.checkpoint is None else "Loading SimpleNet"
        with console.progress(doing) as report:
            for step in mapper.build(work):
                report(step.done / max(1, step.total), step.text)
        ready = mapper.ready(work)
        made, segmenter = ready.manifest, inspector.segmenter
        facts = {
            "backbone": {"name": made.backbone, "sha256": made.backbone_sha256},
            "preset": made.preset,
            "model": {"name": segmenter.spec.name, "sha256": segmenter.spec.sha256},
            "device": segmenter.device.device,
            "dtype": segmenter.device.precision,
            "seed": made.seed,
            "checkpoint": str(ready.file),
            "preparation": made.preparation,
            "epochs": made.epochs_done,
            "trained_on": len(made.images),
            "seconds": time.perf_counter() - began,
        }
        summary = f"normal images: {len(made.images)}, epochs: {made.epochs_done}"
        return ReadyMaps(mapper, facts, ready.calibration.threshold, summary, ready.remarks)

    def _category(self, images: MapImages) -> str:
        return images.category or images.samples[0].category

    def _removal(self, images: MapImages) -> ForegroundChoice | None:
        """How foregrounds are found; None where the background stays, as it did in the training of a checkpoint."""
        if self.method != "sam2sim":
            return None
        if self.manifest is not None:
            return self.settings.foreground if self.manifest.preparation else None
        removes = has_background(self._category(images), category_types(), self.settings.unknown_kind)
        return self.settings.foreground if removes else None


def _make(method: MapMethod, options: MapOptions) -> MapMaking:
    get_model_spec(options.model)
    usual = options.few_shot
    backbone = usual.backbone
    manifest = None
    if options.checkpoint is not None:
        manifest = read_simplenet_manifest(options.checkpoint)
        for name in sorted(options.given & {"--backbone", "--preset", "--epochs", "--reference", "--category-type"}):
            raise InputError(f"{name} is for a training, and --checkpoint is one that is done: leave {name} out.")
        backbone = dict(manifest.settings).get("backbone", backbone)
    settings = learnt_from_options(
        backbone,
        usual.preset if manifest is None else manifest.preset,
        options.epochs,
        usual.references.seed,
        options.foreground,
        options.foreground_model,
        options.category_type,
    )
    check_map_methods([method], usual, ClipSettings(""), settings)
    return _LearntMaking(method, settings, options.checkpoint, manifest, options.model, options.device)


_OWN = frozenset({"--backbone", "--preset", "--model", "--epochs", "--checkpoint"})
SIMPLENET_ROW = MapRow("simplenet", _OWN, partial(_make, "simplenet"))
SAM2SIM_ROW = MapRow(
    "sam2sim", _OWN | {"--foreground", "--foreground-model", "--category-type"}, partial(_make, "sam2sim")
)
