"""What a person chose for automatic prompts: the method, how its map is made, and how prompts are made from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from PySide6.QtCore import QObject, Signal

from sam_inspector.anomaly.settings import FewShotSettings, ReferenceChoice
from sam_inspector.core.errors import InputError, SamInspectorError
from sam_inspector.engine.references import normal_samples
from sam_inspector.engine.requests import MapMethod
from sam_inspector.foreground.category_types import CategoryKind, category_types, set_category_kind
from sam_inspector.prompting.automatic import AutomaticPrompts
from sam_inspector.prompting.cascade_settings import CASCADE_PRESETS, CascadedPrompting
from sam_inspector.prompting.from_anomaly_map import check_settings
from sam_inspector.ui.clip_choice import ClipChoice
from sam_inspector.ui.session import Session

AutomaticMethod = Literal["few-shot", "clip", "simplenet", "sam2sim", "cascade"]
TITLES: dict[AutomaticMethod, str] = {
    "few-shot": "Few-shot",
    "clip": "CLIP",
    "simplenet": "SimpleNet",
    "sam2sim": "Sam2Sim",
    "cascade": "Cascade",
}


class AutomaticChoice(QObject):
    """The part of automatic prompting that is about choices; what follows from them is done by its heir.

    Attributes
    ----------
    method
        All but `cascade` give every region of their map a box and a point; that looks for points on a map.
    cascaded, preset
        How the cascade works, and the preset that this began with.
    map_choice
        Whose map the cascade takes; None: few-shot's where there are normal images, else CLIP's.
    """

    settings_changed = Signal()
    """The method, its settings, or which references there are"""
    trouble = Signal(str, str)
    """Level and one sentence"""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._by_hand: dict[MapMethod, float] = {}
        self.method: AutomaticMethod = "few-shot"
        self.few_shot = FewShotSettings()
        self.clip = ClipChoice(self)
        self.prompting = AutomaticPrompts()
        self.map_choice: MapMethod | None = None
        self.preset = "recommended"
        self.cascaded: CascadedPrompting = CASCADE_PRESETS[self.preset]

    def refresh(self) -> None:
        """See to what the map is made from, and make the map."""
        raise NotImplementedError

    def make_prompts(self) -> None:
        """Make prompts from the map on screen."""
        raise NotImplementedError

    def take_way(self, method: AutomaticMethod, map_method: MapMethod) -> None:
        """Another method may hold now; `method` and `map_method` held before."""
        raise NotImplementedError

    @property
    def is_on(self) -> bool:
        """Whether prompts come from a map."""
        return self._session.source.kind == "auto"

    @property
    def map_method(self) -> MapMethod:
        """Whose map is shown."""
        if self.method != "cascade":
            return self.method
        has_references = self.normal_count > 0 or bool(self.few_shot.references.picked)
        return self.map_choice or ("few-shot" if has_references else "clip")

    @property
    def is_threshold_by_hand(self) -> bool:
        """Whether a person moved the threshold."""
        return self.map_method in self._by_hand

    @property
    def thresholds_by_hand(self) -> dict[MapMethod, float]:
        """Where a person moved the threshold, by the map it holds for."""
        return dict(self._by_hand)

    @property
    def normal_count(self) -> int:
        """Images of the category on screen that can be compared with."""
        dataset = self._session.dataset
        return len(normal_samples(dataset, self.category)) if dataset is not None else 0

    @property
    def category(self) -> str:
        """The category on screen, or the first one; empty without a dataset."""
        dataset, opened = self._session.dataset, self._session.opened
        if opened is not None:
            return opened.sample.category
        return dataset.categories[0] if dataset is not None else ""

    @property
    def category_kind(self) -> CategoryKind:
        """What the table of category types says of the category on screen; `unknown` where it can't be read, too."""
        try:
            return category_types().type_of(self.category).kind
        except InputError:
            return "unknown"

    def choose_kind(self, kind: CategoryKind) -> None:
        """Say what the category on screen shows; it is kept in the user's table."""
        try:
            set_category_kind(self.category, kind)
        except SamInspectorError as error:
            self.trouble.emit("error", str(error))
        self.settings_changed.emit()
        self.refresh()

    def choose_method(self, method: AutomaticMethod) -> None:
        """Make maps and prompts in another way; choosing the one that holds makes them again."""
        self._choose_way(method, self.map_choice)

    def choose_map(self, map_method: MapMethod) -> None:
        """Let the cascade look for points on another map."""
        self._choose_way(self.method, map_method)

    def choose_references(self, choice: ReferenceChoice) -> None:
        """Compare with other images."""
        self.choose_few_shot(replace(self.few_shot, references=choice))

    def pick(self, keys: Sequence[str]) -> None:
        """Compare with the images of these keys."""
        if not keys:
            self.trouble.emit("info", "Select normal images in the list (Ctrl-click for several), then press again.")
            return
        self.choose_references(replace(self.few_shot.references, kind="picked", picked=tuple(keys)))

    def choose_few_shot(self, settings: FewShotSettings) -> None:
        """Make few-shot maps in another way."""
        if settings != self.few_shot:
            if settings.backbone != self.few_shot.backbone:
                self._by_hand.pop("few-shot", None)  # every network has raw scores of its own
            self.few_shot = settings
            self.settings_changed.emit()
            self.refresh()

    def choose_prompting(self, prompting: AutomaticPrompts) -> None:
        """Make prompts from the map in another way."""
        try:
            check_settings(prompting)
        except InputError as error:
            self.trouble.emit("warning", str(error))
            self.settings_changed.emit()
            return
        if prompting != self.prompting:
            if prompting.policy != self.prompting.policy:
                self._by_hand.clear()
            self.prompting = prompting
            self.settings_changed.emit()
            self.make_prompts()

    def choose_preset(self, preset: str) -> None:
        """Let the cascade work as a preset has it."""
        self.preset = preset
        self.choose_cascade(CASCADE_PRESETS[preset])

    def choose_cascade(self, cascaded: CascadedPrompting) -> None:
        """Look for points, or ask SAM, in another way."""
        if cascaded.points.rule != self.cascaded.points.rule:
            self._by_hand.pop(self.map_method, None)
        self.cascaded = cascaded
        self.settings_changed.emit()
        self.make_prompts()

    def set_threshold(self, value: float | None) -> None:
        """Move the threshold by hand, for all images; None gives it back to the policy."""
        if value is None:
            self._by_hand.pop(self.map_method, None)
        else:
            self._by_hand[self.map_method] = value
        self.make_prompts()

    def _choose_way(self, method: AutomaticMethod, map_choice: MapMethod | None) -> None:
        before = (self.method, self.map_method)
        self.method, self.map_choice = method, map_choice
        self.take_way(*before)
