"""The methods that make maps, as an evaluation uses them: what each is made from, and who makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from sam_inspector.anomaly.clip_manifest import read_adapter_manifest
from sam_inspector.anomaly.clip_settings import ClipSettings
from sam_inspector.anomaly.recipes import recipe_for
from sam_inspector.anomaly.settings import FewShotSettings
from sam_inspector.anomaly.simplenet.recipe import simplenet_recipe
from sam_inspector.anomaly.simplenet.settings import SimpleNetSettings
from sam_inspector.core.errors import InputError
from sam_inspector.core.text_prompts import object_name_of
from sam_inspector.data.datasets import Dataset
from sam_inspector.data.images import LoadedImage
from sam_inspector.engine.backbone_weights import require_backbone_weights
from sam_inspector.engine.foreground_checks import check_foreground
from sam_inspector.engine.references import choose_references, normal_samples
from sam_inspector.engine.requests import BuildClip, BuildReferences, JobProgress, MapMethod
from sam_inspector.engine.simplenet_works import LearnSimpleNet
from sam_inspector.foreground.category_types import CategoryKind, category_types
from sam_inspector.methods.sam2sim import ForegroundChoice, has_background
from sam_inspector.models.clip_registry import get_clip_spec, require_clip_weights

if TYPE_CHECKING:
    # What can't be evaluated is refused without waiting for torch.
    from sam_inspector.engine.few_shot import MapOutcome
    from sam_inspector.engine.inspector import Inspector

MapWork = BuildReferences | BuildClip | LearnSimpleNet
MapWorks = Mapping[MapMethod, MapWork]
"""What the maps of one category are made from."""

LEARNT_METHODS: frozenset[MapMethod] = frozenset({"simplenet", "sam2sim"})
"""Those that train a SimpleNet for each category."""


@dataclass(frozen=True, slots=True)
class LearntSettings:
    """What SimpleNet and Sam2Sim are made with.

    Attributes
    ----------
    foreground
        How foregrounds are found.
    unknown_kind
        What stands for the type of a category that the table of types does not know; `unknown` refuses it.
    """

    simplenet: SimpleNetSettings = field(default_factory=SimpleNetSettings)
    foreground: ForegroundChoice = field(default_factory=ForegroundChoice)
    unknown_kind: CategoryKind = "unknown"


class Mapper(Protocol):
    """Makes maps of images, once `build` has run to its end."""

    def build(self, work: Any, *, cancelled: Callable[[], bool] = ...) -> Iterator[JobProgress]:
        """Get ready, a step at a time; `cancelled` is asked within steps that take long."""
        ...

    def ready(self, work: Any) -> Any:
        """What `build` came to; its `remarks` are sentences for the user."""
        ...

    def map(self, image: LoadedImage) -> MapOutcome:
        """Map an image."""
        ...


def make_mapper(method: MapMethod, inspector: Inspector) -> Mapper:
    """The one that makes a method's maps; loads torch."""
    if method == "few-shot":
        from sam_inspector.engine.few_shot import FewShotMapper

        return FewShotMapper(inspector)
    if method in LEARNT_METHODS:
        from sam_inspector.engine.learnt_simplenet import LearntSimpleNetMapper

        return LearntSimpleNetMapper(inspector)
    from sam_inspector.engine.clip_mapper import ClipMapper

    return ClipMapper(inspector)


def check_map_methods(
    methods: Iterable[MapMethod],
    few_shot: FewShotSettings,
    clip: ClipSettings,
    learnt: LearntSettings | None = None,
) -> None:
    """Refuse settings that make no maps.

    Raises
    ------
    InputError
        For an unknown name, a number out of range, or an adapter that is none.
    WeightsError
        When CLIP's weights are not there, nor those that SimpleNet or the foreground needs.
    """
    learnt = learnt or LearntSettings()
    if LEARNT_METHODS & set(methods):
        simplenet_recipe(learnt.simplenet)
        require_backbone_weights(learnt.simplenet.backbone)
    if "sam2sim" in methods:
        check_foreground(learnt.foreground, learnt.unknown_kind)
    if "few-shot" in methods:
        recipe_for(few_shot, 1)
        if few_shot.references.count < 1:
            raise InputError(
                f"{few_shot.references.count} normal images were asked for to compare with; ask for at least 1."
            )
    if "clip" in methods:
        (clip if clip.object_name else replace(clip, object_name="object")).check()
        if clip.adapter is not None:
            read_adapter_manifest(clip.adapter)
        require_clip_weights(get_clip_spec(clip.model))


def map_works(
    datasets: Sequence[Dataset],
    categories: Sequence[str],
    methods: Sequence[MapMethod],
    few_shot: FewShotSettings,
    clip: ClipSettings,
    learnt: LearntSettings | None = None,
) -> dict[str, MapWorks]:
    """What the maps of each category are made from.

    Parameters
    ----------
    categories
        Only these; empty means all.
    clip
        Where it names no object, each category's name is taken.

    Raises
    ------
    InputError
        When a category has no normal images and a method needs them; when a category's type must be known and is not.
    """
    found: dict[str, MapWorks] = {}
    learnt = learnt or LearntSettings()
    for dataset in datasets:
        for category in dataset.categories:
            if category in found or (categories and category not in categories):
                continue
            works: dict[MapMethod, MapWork] = {}
            if "few-shot" in methods:
                chosen = choose_references(dataset, category, few_shot.references)
                works["few-shot"] = BuildReferences(tuple(sample.path for sample in chosen), few_shot)
            if "clip" in methods:
                named = clip if clip.object_name else replace(clip, object_name=object_name_of(category))
                normal = choose_references(dataset, category, clip.references) if clip.references is not None else ()
                works["clip"] = BuildClip(named, tuple(sample.path for sample in normal))
            for method in ("simplenet", "sam2sim"):
                if method in methods:
                    works[method] = learning_work(dataset, category, method, learnt)
            found[category] = works
    return found


def learning_work(dataset: Dataset, category: str, method: MapMethod, learnt: LearntSettings) -> LearnSimpleNet:
    """What a category's SimpleNet is trained on; for Sam2Sim without backgrounds where there are any.

    Raises
    ------
    InputError
        When the category has no normal images, or its type must be known and is not.
    """
    normal = normal_samples(dataset, category)
    if not normal:
        raise InputError(f"The category {category} has no normal images to learn from: put some in train/good.")
    removes = method == "sam2sim" and has_background(category, category_types(), learnt.unknown_kind)
    paths = tuple(sample.path for sample in normal)
    return LearnSimpleNet(paths, category, learnt.simplenet, learnt.foreground if removes else None)
