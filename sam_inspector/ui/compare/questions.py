"""What the panes ask for: their modes and models with all that an answer depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sam_inspector.core.errors import InputError
from sam_inspector.core.prompts import Prompts
from sam_inspector.engine.evaluate import EvaluateSettings
from sam_inspector.engine.map_methods import MapWork, MapWorks, map_works
from sam_inspector.engine.modes import AUTOMATIC_MODES, BY_HAND
from sam_inspector.engine.requests import CompareImage, ComparePane, MapMethod
from sam_inspector.methods.prompt_modes import RECOMMENDED
from sam_inspector.models.backbone_registry import SAM_BACKBONE
from sam_inspector.models.clip_registry import get_clip_spec
from sam_inspector.models.registry import MODELS, ModelSpec
from sam_inspector.ui.automatic_prompting import AutomaticPrompting
from sam_inspector.ui.compare.layout import SAME_MODEL, PaneChoice
from sam_inspector.ui.model_names import model_title
from sam_inspector.ui.session import OpenImage, Session
from sam_inspector.ui.settings import Settings

Work = MapWork


@dataclass(frozen=True, slots=True)
class Question:
    """One pane and what its answer depends on: equal questions have equal answers.

    Attributes
    ----------
    truth
        Counts up with every other ground truth of the session.
    work
        What the mode's map is made from; None for a mode without one.
    prompts
        Those on screen for the mode `BY_HAND`, else none.
    refused
        Why it can't be asked, or empty.
    by_hand
        The threshold of its map is the one that a person moved in Inspect, which `settings` say.
    tuned_sha256
        Of a tuned model its file's hash: tuned further under the same name, it answers otherwise.
    """

    pane: ComparePane
    image_id: str
    truth: int
    settings: EvaluateSettings
    device: str
    work: Work | None = None
    prompts: Prompts = field(default_factory=Prompts)
    refused: str = ""
    by_hand: bool = False
    tuned_sha256: str = ""


class Questions:
    """Reads questions off the session and the choices made in Inspect.

    Attributes
    ----------
    absent
        Models whose weights are not there; they are fetched by the tool bar only, where a person sees it.
    models
        Those that there are, tuned ones last.
    """

    def __init__(self, session: Session, automatic: AutomaticPrompting, settings: Settings) -> None:
        self._session = session
        self._automatic = automatic
        self._settings = settings
        self._truth: tuple[object, int] = (None, 0)
        self._works: dict[MapMethod, tuple[object, Work | str]] = {}
        self._normal: tuple[object, int] = (None, 0)
        self.absent: set[str] = set()
        self.models: tuple[ModelSpec, ...] = tuple(MODELS.values())

    def note_ready(self, model: str) -> None:
        """A model is loaded: its weights are there, and so are those of the models that were tuned on it."""
        weights = next((spec.weights for spec in self.models if spec.name == model), None)
        self.absent -= {model, *(spec.name for spec in self.models if spec.weights == weights)}

    def settings(self, category: str) -> EvaluateSettings:
        """How modes are answered: as chosen in Inspect."""
        session, automatic = self._session, self._automatic
        try:
            clip = automatic.clip.settings(category)
        except InputError:
            clip = EvaluateSettings(()).clip  # the panes that need it tell why
        return EvaluateSettings(
            (),
            preset=session.source.preset,
            points=session.source.points,
            options=replace(session.options, preset=RECOMMENDED),
            few_shot=automatic.few_shot,
            clip=clip,
            prompting=automatic.prompting,
            cascade=automatic.cascaded,
            map_method=automatic.map_choice or ("few-shot" if self._has_normal(category) else "clip"),
            three_passes=session.three_passes,
        )

    def _has_normal(self, category: str) -> bool:
        """Whether there are images to compare with; counted once a category, for a dataset can be long."""
        asked = (self._session.dataset, category)
        if self._normal[0] != asked:
            self._normal = (asked, self._automatic.normal_count)
        return self._normal[1] > 0 or bool(self._automatic.few_shot.references.picked)

    def of(self, panes: Sequence[PaneChoice], opened: OpenImage) -> list[Question]:
        """The question of each pane."""
        if opened.ground_truth is not self._truth[0]:
            self._truth = (opened.ground_truth, self._truth[1] + 1)
        settings = self.settings(opened.sample.category)
        return [self._question(pane, opened, settings) for pane in panes]

    def model_of(self, pane: PaneChoice) -> str:
        """The model that answers a pane."""
        return self._settings.model if pane.model == SAME_MODEL else pane.model

    def _tuned_sha256(self, model: str) -> str:
        return next((spec.tuned_sha256 for spec in self.models if spec.name == model), "")

    def _question(self, pane: PaneChoice, opened: OpenImage, settings: EvaluateSettings) -> Question:
        asked = Question(
            ComparePane(pane.mode, self.model_of(pane)),
            opened.image.image_id,
            self._truth[1],
            settings,
            self._settings.device,
            tuned_sha256=self._tuned_sha256(self.model_of(pane)),
        )
        if asked.pane.model in self.absent:
            title = model_title(asked.pane.model)
            return replace(
                asked,
                refused=f"The weights of {title} are not there: choose {title} in the tool bar, which fetches them.",
            )
        if pane.mode == BY_HAND:
            prompts = self._session.work.all_prompts
            lacks = (
                "" if prompts.decodable else "There are no prompts on this image yet: click or drag some in Inspect."
            )
            return replace(asked, prompts=prompts, refused=lacks)
        if pane.mode not in AUTOMATIC_MODES:
            return replace(asked, refused=_without_defect(opened))
        method = AUTOMATIC_MODES[pane.mode].map or settings.map_method
        threshold = self._threshold(method, asked.pane.model)
        if threshold is not None:
            asked = replace(asked, settings=_with_threshold(settings, threshold), by_hand=True)
        work = self._work(method, opened, settings)
        has_fallen_back = AUTOMATIC_MODES[pane.mode].map is None and self._automatic.map_choice is None
        if isinstance(work, str) and method == "clip" and has_fallen_back:
            # Normal images come first; without them sentences would do.
            work = "There are no normal images to compare with: choose some in Inspect, or fetch CLIP's weights there."
        return replace(asked, refused=work) if isinstance(work, str) else replace(asked, work=work)

    def _threshold(self, method: MapMethod, model: str) -> float | None:
        """The one that a person moved, where it holds for the model's maps too: each has raw scores of its own."""
        automatic = self._automatic
        is_of_sam = method == "few-shot" and automatic.few_shot.backbone == SAM_BACKBONE
        return None if is_of_sam and model != self._settings.model else automatic.thresholds_by_hand.get(method)

    def _work(self, method: MapMethod, opened: OpenImage, settings: EvaluateSettings) -> Work | str:
        """What the maps of a method are made from, or why there are none; remembered, for a dataset can be long."""
        made_of = settings.few_shot if method == "few-shot" else settings.clip
        category = opened.sample.category
        known = self._works.get(method)
        asked = (self._session.dataset, category, made_of)
        if method == "few-shot" and known is not None and known[0] == asked:
            return known[1]
        found = self._find_work(method, category, settings)
        self._works[method] = (asked, found)
        return found

    def _find_work(self, method: MapMethod, category: str, settings: EvaluateSettings) -> Work | str:
        dataset, automatic = self._session.dataset, self._automatic
        if dataset is None:
            return "No dataset is open: open a folder first."
        if method == "clip" and (error := automatic.clip.name_error(category)):
            return error
        model = settings.clip.model
        if method == "clip" and (lost := automatic.weights.lost_file(model)) is not None:
            return f"There is no file {lost} any more: put it back, or choose another CLIP model in Inspect."
        if method == "clip" and automatic.weights.is_missing(model):
            title = get_clip_spec(model).title
            command = f"sam-inspector models get {model}"
            return f"The weights of {title} are not there: fetch them in Inspect, or run “{command}”."
        try:
            return map_works([dataset], (category,), (method,), settings.few_shot, settings.clip)[category][method]
        except InputError as error:
            return str(error)


def _with_threshold(settings: EvaluateSettings, threshold: float) -> EvaluateSettings:
    """As in Inspect, where no rule gives it any more."""
    cascade = settings.cascade
    return replace(
        settings,
        prompting=replace(settings.prompting, policy="fixed", threshold=threshold, factor=1.0),
        cascade=replace(cascade, points=replace(cascade.points, rule="threshold")),
    )


def _without_defect(opened: OpenImage) -> str:
    """Why a mode that starts from the ground truth has nothing to start from, or nothing."""
    truth = opened.ground_truth
    if truth is not None and truth.any():
        return ""
    if opened.sample.is_normal or truth is not None:
        return "This image has no defect that the mode could start from."
    return "This mode starts from the ground truth, and this image has none: open one with Ctrl+G."


def request_of(questions: Sequence[Question], all_of_them: Sequence[Question], opened: OpenImage) -> CompareImage:
    """Ask questions of equal settings, given those of all panes: what the others need stays loaded."""
    first = questions[0]
    works: MapWorks = {
        AUTOMATIC_MODES[question.pane.mode].map or question.settings.map_method: question.work
        for question in all_of_them
        if question.work is not None
    }
    by_category: Mapping[str, MapWorks] = {opened.sample.category: works} if works else {}
    return CompareImage(
        opened.image,
        tuple(question.pane for question in questions),
        first.settings,
        opened.ground_truth,
        opened.sample.category,
        by_category,
        next((question.prompts for question in questions if question.pane.mode == BY_HAND), Prompts()),
        first.device,
        tuple(dict.fromkeys(question.pane.model for question in all_of_them)),
    )
